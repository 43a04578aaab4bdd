//! What goes when: results of jobs that ended long ago, and the oldest where the disk would not hold all.

use super::State;
use super::store::{Filter, now};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Time between two looks.
const EVERY: Duration = Duration::from_secs(60);

/// Days that a job which was dismissed is remembered, at least.
const DISMISSED_DAYS: f64 = 30.0;

/// Looks now and again, until the server stops.
pub async fn keep(state: Arc<State>) {
    while !state.is_stopping.load(Ordering::Relaxed) {
        if let Err(error) = sweep(&state).await {
            tracing::warn!(%error, "old results could not be looked for");
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Clears away, before anything runs, what a fall of the machine left between two steps.
pub async fn tidy(state: &State) -> Result<(), sqlx::Error> {
    let filter = Filter { states: vec!["accepted".into()], limit: i64::MAX, ..Filter::default() };
    let unfinished = state.store.jobs(&filter).await?.into_iter().map(|job| job.id).collect();
    state.artifacts.tidy(&state.store.sums().await?, &unfinished);
    let inputs = std::fs::read_dir(super::uploads::folder(&state.args.data)).into_iter().flatten().flatten();
    let parts = inputs.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|ending| ending == "part"));
    parts.for_each(|path| drop(std::fs::remove_file(path)));
    Ok(())
}

/// Removes what has to go.
async fn sweep(state: &State) -> Result<(), sqlx::Error> {
    if let Some(days) = state.args.keep_days {
        let before = now() - (days * 86_400_000.0) as i64;
        let message = format!("its results were removed after {days} days");
        for id in state.store.ended_before(before).await? {
            remove(state, &id, &message).await?;
        }
    }
    super::uploads::tidy(state).await?;
    let days = state.args.keep_days.unwrap_or(0.0).max(DISMISSED_DAYS);
    let forgotten = state.store.forget(now() - (days * 86_400_000.0) as i64).await?;
    if forgotten > 0 {
        tracing::info!(forgotten, "jobs that were dismissed long ago are forgotten");
    }
    if let Some(gigabytes) = state.args.max_gb {
        while state.store.bytes().await? as f64 > gigabytes * 1e9 {
            let Some(id) = state.store.oldest_with_results().await? else { break };
            remove(state, &id, "its results were removed to make room for newer ones").await?;
        }
    }
    Ok(())
}

/// Dismisses a job, whatever it does, with its results.
pub async fn remove(state: &State, id: &str, message: &str) -> Result<(), sqlx::Error> {
    let _held = state.artifacts.lock.lock().await;
    let (event, own) = state.store.dismiss(id, message).await?;
    // The row is gone from the queue; what computes for it stops within a step or two.
    if let Some((running, cancel)) = &*state.running()
        && running == id
    {
        cancel.store(true, Ordering::Relaxed);
    }
    state.artifacts.remove(&own);
    state.maps.forget(&own);
    state.announce(event);
    tracing::info!(job = id, message, "removed");
    Ok(())
}
