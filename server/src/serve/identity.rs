//! Whether the job store is the one that the results beside it belong to. A store that was lost, emptied, or put back from an
//! older copy does not know them, and they would look like what a crash of the machine left over.

use super::artifacts::{ASIDE_DAYS, Artifacts, on_disk};
use super::store::Store;
use super::{Args, State, keys};
use std::path::Path;

/// File that says which store was here last, and how far it was.
const NAME: &str = "store-id";

/// Refuses to start with a store that does not know the results beside it, unless they may be put aside.
///
/// # Errors
/// What is wrong, and what helps.
pub async fn check(store: &Store, artifacts: &Artifacts, args: &Args) -> miette::Result<()> {
    let unread = |error: sqlx::Error| miette::miette!("the job store cannot be read: {error}");
    let (id, sequence) = store.identity(&keys::random()).await.map_err(unread)?;
    let is_empty = !store.has_jobs().await.map_err(unread)?;
    let Some(problem) = problem(read(&args.data), &id, sequence, is_empty).filter(|_| artifacts.has_files()) else {
        return Ok(());
    };
    if args.put_aside {
        tracing::warn!(problem, "results that the job store does not know are put aside");
        return Ok(());
    }
    Err(refusal(problem, &args.data))
}

/// Refuses to make a store where there is none and results lie there: an empty one would be in the way of the right one.
///
/// # Errors
/// What is wrong, and what helps.
pub fn check_missing(artifacts: &Artifacts, args: &Args) -> miette::Result<()> {
    if args.put_aside || args.data.join("jobs.sqlite").exists() || !artifacts.has_files() {
        return Ok(());
    }
    Err(refusal("there is no job store, and there are results", &args.data))
}

fn refusal(problem: &str, data: &Path) -> miette::Report {
    let data = data.display();
    miette::miette!(
        help = format!(
            "stop the server, remove jobs.sqlite-wal and jobs.sqlite-shm, then put your newest copy of jobs.sqlite back; or add \
             --put-aside once, which moves what the store does not know to {data}/aside and keeps it for {ASIDE_DAYS} days"
        ),
        "{problem} ({data}/artifacts); nothing was removed"
    )
}

/// What is wrong with a store, of which `seen` was noted: name and number of the newest event.
fn problem(seen: Option<(String, i64)>, id: &str, sequence: i64, is_empty: bool) -> Option<&'static str> {
    match seen {
        Some((of, _)) if of != id => Some("the job store is another one than that of the results beside it"),
        Some((_, at)) if at > sequence => Some("the job store is older than the results beside it"),
        None if is_empty => Some("the job store is new, and there are results beside it"),
        _ => None,
    }
}

fn read(data: &Path) -> Option<(String, i64)> {
    let text = std::fs::read_to_string(data.join(NAME)).ok()?;
    let (id, sequence) = text.trim().split_once(' ')?;
    Some((id.to_string(), sequence.parse().ok()?))
}

/// Notes which store is here, and how far it is.
pub async fn note(state: &State) {
    let noted = async {
        let (id, sequence) = state.store.identity("").await?;
        let data = state.args.data.clone();
        let written = on_disk(move || {
            let part = data.join(format!("{NAME}.part"));
            std::fs::write(&part, format!("{id} {sequence}\n"))?;
            std::fs::rename(part, data.join(NAME))
        });
        written.await.map_err(sqlx::Error::Io)
    };
    if let Err(error) = noted.await {
        tracing::warn!(%error, "which store is here cannot be noted");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_forgot_is_found_out() {
        let seen = |id: &str, at| Some((id.to_string(), at));
        for (noted, sequence, is_empty, is_fine) in [
            (seen("a", 7), 7, false, true),
            (seen("a", 7), 9, false, true),
            // Put back from a copy.
            (seen("a", 7), 5, false, false),
            // Another one, with jobs or without.
            (seen("b", 1), 7, false, false),
            (seen("b", 7), 0, true, false),
            // Before there was a note.
            (None, 7, false, true),
            (None, 0, true, false),
        ] {
            assert_eq!(problem(noted.clone(), "a", sequence, is_empty).is_none(), is_fine, "{noted:?} {sequence}");
        }
    }
}
