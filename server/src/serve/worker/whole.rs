//! Whole scenarios: a run of one on the files of others, a run that is there already, and what differs between all of them.

use super::super::store::{Job, Output};
use super::Worker;
use super::compute::{Done, Failure};
use hanze_engine::checksum::of_file;
use hanze_engine::device::Device;
use hanze_engine::models::{Basis, Left};
use hanze_engine::output::folder::Artifact;
use hanze_engine::scenario::{self, Scenario, Spec};
use hanze_engine::simulation;
use hanze_engine::whole::{self, Part};
use hanze_engine::words::Language;
use std::collections::HashMap;
use std::path::Path;

/// The record of a run, of a comparison and of the whole.
const RUN: &str = "run.json";
const COMPARISON: &str = "comparison.json";

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::from(error.to_string())
}

/// The jobs of the same whole with their files.
fn others(worker: &Worker, whole: &str) -> Result<Vec<(Job, Vec<Output>)>, Failure> {
    let jobs = worker.handle.block_on(worker.store.parts(whole)).map_err(failed)?;
    let with = |job: Job| {
        let outputs = worker.handle.block_on(worker.store.outputs(&job.id)).map_err(failed)?;
        Ok((job, outputs))
    };
    jobs.into_iter().map(with).collect()
}

/// The scenario of a run of a whole, and what it stands on.
pub(super) fn run(
    worker: &Worker,
    job: &Job,
    file: &Path,
    spec: &Spec,
    part: i64,
) -> Result<(Scenario, Basis), Failure> {
    let mut all = whole::order(scenario::all_of(file, spec)?);
    let gone = || failed("the scenario has lost this run; submit it again");
    let place = usize::try_from(part).ok().filter(|place| *place < all.len()).ok_or_else(gone)?;
    let others = others(worker, job.whole.as_deref().unwrap_or_default())?;
    let needed = whole::needed(&all).swap_remove(place);
    // Under their own names, by whose endings files are read.
    let stands = worker.artifacts.work(&job.id).join("stands_on");
    let _ = std::fs::remove_dir_all(&stands);
    let basis = whole::basis(&needed, |run, file| {
        let outputs = others.iter().find(|(job, _)| job.part == i64::try_from(run).ok()).map(|(_, outputs)| outputs);
        let output = outputs.and_then(|outputs| outputs.iter().find(|output| output.name == file));
        let Some(output) = output else { return Ok(None) };
        let path = stands.join(run.to_string()).join(file);
        let linked = path.parent().map_or(Ok(()), std::fs::create_dir_all);
        let linked = linked.and_then(|()| std::fs::hard_link(worker.artifacts.path(&output.sha256), &path));
        linked.map_err(hanze_engine::Error::io("linking", &path))?;
        Ok(Some(Left { path, sha256: output.sha256.clone() }))
    })?;
    Ok((all.swap_remove(place), basis))
}

/// The files of another run of the same whole that has the same name, if one is done.
pub(super) fn there(
    worker: &Worker,
    job: &Job,
    scenario: &Scenario,
    device: &Device,
    basis: &Basis,
) -> Result<Option<Done>, Failure> {
    let Some(whole) = &job.whole else { return Ok(None) };
    let name = simulation::name_of(scenario, device, basis)?;
    for (other, outputs) in others(worker, whole)? {
        let record = outputs.iter().find(|output| output.name == RUN && other.state == "successful");
        let record = record.and_then(|output| std::fs::read(worker.artifacts.path(&output.sha256)).ok());
        let record = record.and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok());
        if record.is_some_and(|record| record["run_id"] == name.as_str()) {
            tracing::info!(job = job.id, other = other.id, "is the same run");
            return Ok(Some(Done::There(outputs)));
        }
    }
    Ok(None)
}

/// What differs between the runs of a whole, and its record.
pub(super) fn compare(worker: &Worker, job: &Job, folder: &Path) -> Result<Done, Failure> {
    let (runs, out) = (folder.join("runs"), folder.join("whole"));
    for old in [&runs, &out] {
        let _ = std::fs::remove_dir_all(old);
        std::fs::create_dir_all(old).map_err(failed)?;
    }
    let mut parts = Vec::new();
    let mut jobs = HashMap::new();
    for (k, (other, outputs)) in others(worker, &job.id)?.into_iter().enumerate() {
        let own = runs.join(k.to_string());
        for output in &outputs {
            let path = own.join(&output.name);
            path.parent().map_or(Ok(()), std::fs::create_dir_all).map_err(failed)?;
            std::fs::hard_link(worker.artifacts.path(&output.sha256), &path).map_err(failed)?;
        }
        let record = std::fs::read(own.join(RUN)).map_err(failed)?;
        let record: serde_json::Value = serde_json::from_slice(&record).map_err(failed)?;
        let text = |value: &serde_json::Value| value.as_str().map(String::from);
        parts.push(Part {
            variant: text(&record["variant"]),
            section: text(&record["section"]),
            model: text(&record["model"]).unwrap_or_default(),
            folder: own.clone(),
            run_id: text(&record["run_id"]).unwrap_or_default(),
            computed: true,
        });
        jobs.insert(own, other);
    }
    // A run that is the same as another has its record, and so the variant of that: what it is here says its job.
    for part in &mut parts {
        let role = jobs.get(&part.folder).and_then(|job| job.role.as_deref());
        let role: serde_json::Value = role.and_then(|role| serde_json::from_str(role).ok()).unwrap_or_default();
        part.variant = role["variant"].as_str().map(String::from);
        part.section = role["section"].as_str().map(String::from);
    }
    let mut seen = std::collections::HashSet::new();
    parts.iter_mut().for_each(|part| part.computed = seen.insert(part.run_id.clone()));
    let compared = whole::compare(&parts, &out, Language::English)?;
    let mut artifacts = Vec::new();
    for own in &compared {
        let within = own.folder.strip_prefix(&out).unwrap_or(&own.folder).to_string_lossy().replace('\\', "/");
        let named = |artifact: &Artifact| Artifact { name: format!("{within}/{}", artifact.name), ..artifact.clone() };
        artifacts.extend(own.artifacts.iter().map(named));
        if own.section.is_some() {
            artifacts.push(described(&out, &format!("{within}/{COMPARISON}"), "what was compared, and what it means")?);
        }
    }
    // Runs are told by their jobs, not by folders.
    for part in &mut parts {
        if let Some(job) = jobs.get(&part.folder) {
            part.folder = out.join("jobs").join(&job.id);
        }
    }
    whole::record(&job.title, &parts, &compared, &out)?;
    artifacts.push(described(&out, whole::RECORD, "runs by variant and section, and what changes in words")?);
    Ok(Done::Finished(out, artifacts))
}

/// A record as a file of a job.
fn described(folder: &Path, name: &str, description: &str) -> Result<Artifact, Failure> {
    let (sha256, bytes) = of_file(&folder.join(name))?;
    let (media_type, description) = ("application/json".into(), description.into());
    Ok(Artifact { name: name.into(), media_type, description, sha256, bytes })
}
