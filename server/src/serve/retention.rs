//! What goes when: results of jobs that ended long ago, and the oldest where the disk would not hold all.
//!
//! Ages go by the machine's clock. Where it disagrees with what the store has seen, nothing goes by its age.

use super::artifacts::{ASIDE_DAYS, on_disk};
use super::store::{Filter, now};
use super::{State, identity};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Time between two looks.
const EVERY: Duration = Duration::from_secs(60);
/// Time between two words on a clock that is not trusted.
const SAID_EVERY: Duration = Duration::from_secs(6 * 3600);

/// Days that a job which was dismissed is remembered, at least.
const DISMISSED_DAYS: f64 = 30.0;

/// Milliseconds: what a clock may be set back by, how long nothing may happen, and how long a clock that was too far ahead must
/// have been right.
const BACK: i64 = 60_000;
const SILENCE: i64 = 30 * 86_400_000;
const PROBATION: i64 = 86_400_000;

/// Looks now and again, until the server stops.
pub async fn keep(state: Arc<State>) {
    let mut said = None;
    while !state.is_stopping.load(Ordering::Relaxed) {
        identity::note(&state).await;
        if let Err(error) = sweep(&state, &mut said).await {
            tracing::warn!(%error, "old results could not be looked for");
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Clears away, before anything runs, what a crash of the machine left between two steps.
pub async fn tidy(state: &State) -> Result<(), sqlx::Error> {
    let (newest, doubted) = (state.store.newest_time().await?, state.store.doubted().await?);
    // Whoever asks for it has thought of it.
    match mistrust(newest, doubted, now()).filter(|_| !state.args.put_aside) {
        Some(reason) => {
            tracing::warn!("what no job names stays where it is: {reason}; is the clock of this machine right?")
        }
        None => put_aside(state).await?,
    }
    let inputs = std::fs::read_dir(super::uploads::folder(&state.args.data)).into_iter().flatten().flatten();
    let parts = inputs.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|ending| ending == "part"));
    parts.for_each(|path| drop(std::fs::remove_file(path)));
    Ok(())
}

/// Puts aside what no job names.
async fn put_aside(state: &State) -> Result<(), sqlx::Error> {
    let filter = Filter { states: vec!["accepted".into()], limit: i64::MAX, ..Filter::default() };
    let unfinished = state.store.jobs(&filter).await?.into_iter().map(|job| job.id).collect();
    let orphans = state.artifacts.tidy(&state.store.sums().await?, &unfinished, &state.store.ids().await?);
    if orphans > 0 {
        tracing::warn!(orphans, days = ASIDE_DAYS, "what no job names was put aside, in the folder aside");
    }
    Ok(())
}

/// Removes what has to go; `said` is when it was said last that the clock is not trusted.
async fn sweep(state: &State, said: &mut Option<Instant>) -> Result<(), sqlx::Error> {
    if let Some(gigabytes) = state.args.max_gb {
        while state.store.bytes().await? as f64 > gigabytes * 1e9 {
            let Some(id) = state.store.oldest_with_results().await? else { break };
            remove(state, &id, "its results were removed to make room for newer ones").await?;
        }
    }
    let (newest, doubted) = (state.store.newest_time().await?, state.store.doubted().await?);
    if let Some(reason) = mistrust(newest, doubted, now()) {
        if newest.is_some_and(|newest| now() - newest > SILENCE) {
            state.store.doubt().await?;
        }
        if said.is_none_or(|said| said.elapsed() > SAID_EVERY) {
            tracing::warn!("nothing is removed by its age: {reason}; is the clock of this machine right?");
            *said = Some(Instant::now());
        }
        return Ok(());
    }
    *said = None;
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
    let artifacts = state.artifacts.clone();
    on_disk(move || artifacts.clear_aside(now())).await.map_err(sqlx::Error::Io)
}

/// Why a clock that says `now` is not trusted, if it is not: it is before the `newest` event of the store, or long after it, or
/// was so less than a day ago (`doubted`): an event that was written by a wrong clock makes it no better.
fn mistrust(newest: Option<i64>, doubted: Option<i64>, now: i64) -> Option<String> {
    let since = now - newest?;
    let days = |milliseconds: i64| format!("{:.1} days", milliseconds as f64 / 86_400_000.0);
    if since < -BACK {
        Some(format!("the clock is {} before the newest event of the job store", days(-since)))
    } else if since > SILENCE {
        Some(format!("the clock is {} after the newest event of the job store", days(since)))
    } else {
        doubted
            .filter(|doubted| (0..PROBATION).contains(&(now - doubted)))
            .map(|doubted| format!("the clock was too far ahead {} ago", days(now - doubted)))
    }
}

/// Dismisses a job, whatever it does, with its results.
pub async fn remove(state: &State, id: &str, message: &str) -> Result<(), sqlx::Error> {
    let _held = state.artifacts.hold().await.map_err(sqlx::Error::Io)?;
    let (events, own) = state.store.dismiss(id, message).await?;
    // The rows are gone from the queue; what computes for them stops within a step or two.
    events.iter().for_each(|(id, _)| state.worker.cancel(id));
    let (artifacts, gone) = (state.artifacts.clone(), own.clone());
    let removed = on_disk(move || {
        artifacts.remove(&gone);
        Ok(())
    });
    removed.await.map_err(sqlx::Error::Io)?;
    state.maps.forget(&own);
    events.iter().for_each(|(id, event)| state.announce(id, *event));
    tracing::info!(job = id, message, "removed");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_go_by_a_clock_that_agrees_with_the_store() {
        const DAY: i64 = 86_400_000;
        let now = 20_000 * DAY;
        for (newest, doubted, is_trusted) in [
            (None, None, true),
            (Some(now), None, true),
            (Some(now - 29 * DAY), None, true),
            (Some(now + 30_000), None, true),
            // Set back; set ahead, or nothing happened for long.
            (Some(now + DAY), None, false),
            (Some(now - 31 * DAY), None, false),
            (Some(now - 400 * DAY), None, false),
            // An event was written by the clock that is doubted.
            (Some(now), Some(now - DAY / 2), false),
            (Some(now), Some(now - DAY), true),
        ] {
            assert_eq!(mistrust(newest, doubted, now).is_none(), is_trusted, "{newest:?} {doubted:?}");
        }
    }
}
