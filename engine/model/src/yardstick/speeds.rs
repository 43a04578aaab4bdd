//! How fast the stages of all models are on a device, turn by turn: a file for each build, and two of them compared.

use super::{Kernel, Size, median};
use crate::Entry;
use hanze_base::error::{Error, Result};
use hanze_device::Device;
use serde::{Deserialize, Serialize};
use std::io::Read;
use std::path::Path;
use std::time::Duration;

/// Turns of each stage that count; one before them warms it up.
pub const TURNS: usize = 7;
/// Largest file that is read, bytes.
const LARGEST: u64 = 1 << 20;
/// What to do about a file that is wrong.
const MEND: &str = "name a file that `hanze bench --all --json` wrote";

/// What a build was measured to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Speeds {
    /// Version of Hanze.
    pub version: String,
    /// `dev` or `release`.
    pub build: String,
    /// How large the loads were.
    pub size: Size,
    /// Devices, in the order in which they were measured.
    pub devices: Vec<DeviceSpeeds>,
}

/// What was measured on a device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeviceSpeeds {
    /// `cpu` or `gpu`.
    pub kind: String,
    /// Name of the processor or adapter, with its driver or threads.
    pub name: String,
    /// Bytes a second that it copies in its own memory, read and written ones both counted.
    pub bandwidth: f64,
    /// Stages of all models.
    pub rows: Vec<Row>,
}

/// A stage of a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The model.
    pub model: String,
    /// Name of the stage.
    pub stage: String,
    /// What its work is counted in.
    pub unit: String,
    /// Units a second, the median of all turns.
    pub per_second: f64,
    /// Bytes that a unit must move between memory and processor at least, where somebody has counted.
    pub bytes: Option<f64>,
    /// Seconds of a unit, turn by turn.
    pub seconds: Vec<f64>,
}

impl Row {
    /// Share of a bandwidth that it must use at least.
    pub fn share(&self, bandwidth: f64) -> Option<f64> {
        self.bytes.map(|bytes| bytes * self.per_second / bandwidth)
    }

    /// Half of the distance between the quarters of its turns, as a share of the median.
    pub fn spread(&self) -> f64 {
        let [low, high] = quarters(&self.seconds);
        (high - low) / (2.0 * median(self.seconds.clone()))
    }
}

impl DeviceSpeeds {
    /// The largest share of the bandwidth that any stage of each model must use, with the name of that stage.
    pub fn shares(&self) -> Vec<(&str, f64, &str)> {
        let mut all: Vec<(&str, f64, &str)> = Vec::new();
        for row in &self.rows {
            let Some(share) = row.share(self.bandwidth) else { continue };
            match all.iter_mut().find(|(model, ..)| *model == row.model) {
                Some(known) if known.1 >= share => {}
                Some(known) => (known.1, known.2) = (share, row.stage.as_str()),
                None => all.push((row.model.as_str(), share, row.stage.as_str())),
            }
        }
        all
    }
}

/// Measures all stages of some models on a device, turn by turn; what failed is told beside.
///
/// # Errors
/// Those of the device's copies of memory.
pub fn measure(models: &[Entry], device: &Device, size: Size, turn: Duration) -> Result<(DeviceSpeeds, Vec<String>)> {
    let record = device.record();
    let mut faults = Vec::new();
    let mut stages = Vec::new();
    let bandwidth = device.copy_bandwidth()?;
    for entry in models {
        match (entry.bench)(device, size) {
            Ok(kernels) => stages.extend(kernels.into_iter().map(|kernel| (String::from(entry.section()), kernel))),
            Err(error) => faults.push(format!("{}: {error}", entry.section())),
        }
    }
    let (rows, more) = in_turns(stages, turn);
    faults.extend(more);
    Ok((DeviceSpeeds { kind: record.kind.into(), name: record.to_string(), bandwidth, rows }, faults))
}

/// Lets stages work one after the other, turn by turn, so that what else the machine does meets all of them. One that fails
/// drops out.
fn in_turns(stages: Vec<(String, Kernel)>, turn: Duration) -> (Vec<Row>, Vec<String>) {
    let mut all: Vec<_> = stages.into_iter().map(|(model, kernel)| (model, kernel, Vec::new(), None)).collect();
    for count in 0..=TURNS {
        for (_, kernel, seconds, fault) in all.iter_mut().filter(|(.., fault)| fault.is_none()) {
            match (kernel.work)(turn) {
                Ok((units, took)) if units > 0.0 && took > 0.0 => {
                    if count > 0 {
                        seconds.push(took / units);
                    }
                }
                Ok((units, took)) => *fault = Some(format!("{}: did {units} units in {took} s", kernel.name)),
                Err(error) => *fault = Some(format!("{}: {error}", kernel.name)),
            }
        }
    }
    let (mut rows, mut faults) = (Vec::new(), Vec::new());
    for (model, kernel, seconds, fault) in all {
        if let Some(fault) = fault {
            faults.push(fault);
            continue;
        }
        rows.push(Row {
            model,
            stage: kernel.name.into(),
            unit: kernel.unit.into(),
            per_second: 1.0 / median(seconds.clone()),
            bytes: kernel.bytes,
            seconds,
        });
    }
    (rows, faults)
}

impl Speeds {
    /// Of this build, before anything is measured.
    pub fn here(size: Size) -> Speeds {
        Speeds {
            version: env!("CARGO_PKG_VERSION").into(),
            build: if cfg!(debug_assertions) { "dev" } else { "release" }.into(),
            size,
            devices: Vec::new(),
        }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// `Io` where there is none, and `Data` where it is wrong.
    pub fn read(file: &Path) -> Result<Speeds> {
        let mut text = String::new();
        let opened = std::fs::File::open(file).map_err(Error::io("reading", file))?;
        opened.take(LARGEST + 1).read_to_string(&mut text).map_err(Error::io("reading", file))?;
        let wrong = |problem: String| Error::data(file, problem, MEND);
        if text.len() as u64 > LARGEST {
            return Err(wrong("is larger than such a file can be (1 MiB)".into()));
        }
        let read: Speeds = serde_json::from_str(&text).map_err(|error| wrong(format!("holds no speeds: {error}")))?;
        for row in read.devices.iter().flat_map(|device| &device.rows) {
            if row.seconds.is_empty() || !row.seconds.iter().all(|seconds| *seconds > 0.0) {
                return Err(wrong(format!("the seconds of {} are not all above 0", row.stage)));
            }
        }
        Ok(read)
    }

    /// Writes a file.
    ///
    /// # Errors
    /// `Io` where the disk refuses.
    pub fn write(&self, file: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self).map_err(|error| Error::data(file, error.to_string(), MEND))?;
        std::fs::write(file, text + "\n").map_err(Error::io("writing", file))
    }

    /// All rows, each with a name that no other one has: device, model and stage. A second device of a kind has a number.
    fn rows(&self) -> Vec<(String, &Row)> {
        let mut all = Vec::new();
        for (k, device) in self.devices.iter().enumerate() {
            let before = self.devices[..k].iter().filter(|other| other.kind == device.kind).count();
            let number = if before > 0 { format!(" {}", before + 1) } else { String::new() };
            let name = |row: &Row| format!("{}{number}: {}, {}", device.kind, row.model, row.stage);
            all.extend(device.rows.iter().map(|row| (name(row), row)));
        }
        all
    }
}

/// A stage in two builds.
#[derive(Clone, Debug, PartialEq)]
pub struct Ratio {
    /// Device, model and stage.
    pub name: String,
    /// What its work is counted in.
    pub unit: String,
    /// Units a second of the old build and of the new one, medians of all turns.
    pub per_second: [f64; 2],
    /// The new one over the old one: above 1 the new build is faster.
    pub ratio: f64,
    /// The same between the quarters of the turns: the new build's slower turns over the old one's faster ones, and its
    /// faster ones over the old one's slower ones.
    pub between: [f64; 2],
}

/// Two builds.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Stages that both have.
    pub ratios: Vec<Ratio>,
    /// Stages that only the old one has, and only the new one.
    pub only: [Vec<String>; 2],
}

/// Compares two builds stage by stage.
///
/// # Errors
/// `Scenario` where their loads were not of one size.
pub fn compare(old: &Speeds, new: &Speeds) -> Result<Comparison> {
    if old.size != new.size {
        let problem = format!("names files whose loads were not of one size: {:?} and {:?}", old.size, new.size);
        return Err(Error::scenario("--compare", problem, "measure both with the same --size"));
    }
    let (old, new) = (old.rows(), new.rows());
    let of = |rows: &[(String, &Row)], name: &str| rows.iter().position(|(own, _)| own == name);
    let only = |rows: &[(String, &Row)], others: &[(String, &Row)]| -> Vec<String> {
        rows.iter().filter(|(name, _)| of(others, name).is_none()).map(|(name, _)| name.clone()).collect()
    };
    let only = [only(&old, &new), only(&new, &old)];
    let ratios = old.iter().filter_map(|(name, before)| of(&new, name).map(|at| ratio(name, before, new[at].1)));
    Ok(Comparison { ratios: ratios.collect(), only })
}

fn ratio(name: &str, old: &Row, new: &Row) -> Ratio {
    let [before, now] = [old, new].map(|row| median(row.seconds.clone()));
    let ([old_low, old_high], [new_low, new_high]) = (quarters(&old.seconds), quarters(&new.seconds));
    Ratio {
        name: name.into(),
        unit: new.unit.clone(),
        per_second: [1.0 / before, 1.0 / now],
        ratio: before / now,
        between: [old_low / new_high, old_high / new_low],
    }
}

/// The values a quarter and three quarters of the way through the sorted ones, between the two nearest where it must be.
fn quarters(values: &[f64]) -> [f64; 2] {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    [0.25, 0.75].map(|share| {
        let place = share * (sorted.len() as f64 - 1.0).max(0.0);
        let at = |k: f64| sorted.get(k as usize).copied().unwrap_or(f64::NAN);
        let part = place.fract();
        (1.0 - part) * at(place.floor()) + part * at(place.ceil())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(model: &str, stage: &str, seconds: &[f64]) -> Row {
        Row {
            model: model.into(),
            stage: stage.into(),
            unit: "cell".into(),
            per_second: 1.0 / median(seconds.to_vec()),
            bytes: Some(100.0),
            seconds: seconds.to_vec(),
        }
    }

    fn speeds(devices: &[(&str, Vec<Row>)]) -> Speeds {
        let device = |(kind, rows): &(&str, Vec<Row>)| DeviceSpeeds {
            kind: kind.to_string(),
            name: "P".into(),
            bandwidth: 1e9,
            rows: rows.clone(),
        };
        Speeds { devices: devices.iter().map(device).collect(), ..Speeds::here(Size::Small) }
    }

    #[test]
    fn quarters_lie_between_values() {
        assert_eq!(quarters(&[5.0, 1.0, 4.0, 2.0, 3.0]), [2.0, 4.0]);
        assert_eq!(quarters(&[4.0, 1.0, 3.0, 2.0]), [1.75, 3.25]);
        assert_eq!(quarters(&[7.0]), [7.0, 7.0]);
        assert!(quarters(&[]).iter().all(|value| value.is_nan()));
    }

    #[test]
    fn a_build_of_half_the_time_is_twice_as_fast() {
        let before = [4e-9, 5e-9, 3e-9, 90e-9, 4e-9];
        let now = before.map(|seconds| seconds / 2.0);
        let old = speeds(&[("cpu", vec![row("runoff", "order 1", &before), row("heat", "views", &[1.0])])]);
        let new = speeds(&[("cpu", vec![row("heat", "rays", &[1.0]), row("runoff", "order 1", &now)])]);
        let found = compare(&old, &new).unwrap();
        let [own] = &found.ratios[..] else { panic!("{found:?}") };
        let near = |found: f64, wanted: f64| (found / wanted - 1.0).abs() < 1e-12;
        assert_eq!((own.name.as_str(), own.unit.as_str()), ("cpu: runoff, order 1", "cell"));
        assert!(near(own.ratio, 2.0) && near(own.per_second[0], 2.5e8) && near(own.per_second[1], 5e8), "{own:?}");
        // Quarters are 4 and 5 ns, and half of that; the turn that was disturbed counts for nothing.
        assert!(near(own.between[0], 4.0 / 2.5) && near(own.between[1], 5.0 / 2.0), "{own:?}");
        assert_eq!(found.only, [vec!["cpu: heat, views".to_string()], vec!["cpu: heat, rays".to_string()]]);
    }

    #[test]
    fn devices_are_compared_with_their_like() {
        let all = |seconds: [f64; 3]| {
            let kinds = ["cpu", "gpu", "gpu"].into_iter().zip(seconds);
            let devices: Vec<_> = kinds.map(|(kind, own)| (kind, vec![row("heat", "views", &[own])])).collect();
            speeds(&devices)
        };
        let found = compare(&all([1.0, 2.0, 3.0]), &all([1.0, 1.0, 1.0])).unwrap();
        let ratios: Vec<_> = found.ratios.iter().map(|own| (own.name.as_str(), own.ratio.round())).collect();
        assert_eq!(ratios, [("cpu: heat, views", 1.0), ("gpu: heat, views", 2.0), ("gpu 2: heat, views", 3.0)]);
        let other = Speeds { size: Size::Large, ..all([1.0; 3]) };
        let error = compare(&all([1.0; 3]), &other).unwrap_err().to_string();
        assert!(error.contains("--compare") && error.contains("--size"), "{error}");
    }

    #[test]
    fn the_first_turn_does_not_count_and_what_fails_drops_out() {
        let mut calls = 0;
        let slow_at_first = Kernel::new("one", "cell", move |_| {
            calls += 1;
            Ok((2.0, if calls == 1 { 100.0 } else { 4.0 }))
        });
        let mut left = 3;
        let fails = Kernel::new("other", "cell", move |_| {
            left -= 1;
            if left == 0 { Err(Error::DeviceLost("gone".into())) } else { Ok((1.0, 1.0)) }
        });
        let idle = Kernel::new("idle", "cell", |_| Ok((0.0, 1.0)));
        let stages = vec![("m".into(), slow_at_first.moving(50.0)), ("m".into(), fails), ("n".into(), idle)];
        let (rows, faults) = in_turns(stages, Duration::ZERO);
        let wanted = Row { bytes: Some(50.0), per_second: 0.5, ..row("m", "one", &[2.0; TURNS]) };
        assert_eq!(rows, [wanted]);
        assert!(faults.len() == 2 && faults[0].contains("gone") && faults[1].starts_with("idle: did 0"), "{faults:?}");
    }

    #[test]
    fn the_share_of_a_model_is_that_of_its_best_stage() {
        let mut uncounted = row("traffic", "equilibrium", &[1e-9]);
        uncounted.bytes = None;
        let rows = vec![
            row("runoff", "order 1", &[4e-7]),
            row("runoff", "order 2", &[2e-7]),
            uncounted,
            row("heat", "v", &[1e-6]),
        ];
        let found = speeds(&[("gpu", rows)]);
        let shares = found.devices[0].shares();
        let told: Vec<_> =
            shares.iter().map(|(model, share, stage)| (*model, (100.0 * share).round(), *stage)).collect();
        assert_eq!(told, [("runoff", 50.0, "order 2"), ("heat", 10.0, "v")]);
    }

    #[test]
    fn files_come_back_and_wrong_ones_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("s.json");
        let own = speeds(&[("cpu", vec![row("heat", "views", &[0.5, 1.5])])]);
        own.write(&file).unwrap();
        assert_eq!(Speeds::read(&file).unwrap(), own);
        let text = std::fs::read_to_string(&file).unwrap();
        let check = |from: &str, to: &str, wanted: &str| {
            assert!(text.contains(from), "{from} is not in {text}");
            std::fs::write(&file, text.replacen(from, to, 1)).unwrap();
            let error = Speeds::read(&file).unwrap_err().to_string();
            assert!(error.contains("s.json: ") && error.contains(wanted) && error.contains(MEND), "{error}");
        };
        check("\"small\"", "\"huge\"", "unknown variant `huge`");
        check("\"stage\"", "\"Stage\"", "missing field `stage`");
        check("0.5", "-0.5", "the seconds of views are not all above 0");
        check("{", "[", "holds no speeds");
        std::fs::remove_file(&file).unwrap();
        assert!(matches!(Speeds::read(&file), Err(Error::Io { .. })));
    }
}
