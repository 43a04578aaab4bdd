//! Whom to call when something happens to a job, and calls that wait to be made.

use super::{Store, Tx, now};
use sqlx::{Error, Row};

/// Whom to call when a job moves on; none of them is needed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Subscriber {
    /// Gets the results.
    pub success: Option<String>,
    /// Gets the state while the job runs.
    pub progress: Option<String>,
    /// Gets the state when the job failed.
    pub failed: Option<String>,
}

/// A call to be made.
#[derive(Clone, Debug)]
pub struct Call {
    pub id: i64,
    pub job: String,
    /// successful, progress or failed.
    pub kind: String,
    pub url: String,
    /// Times that it was tried.
    pub attempts: i64,
}

/// Writes down whom to call for a job.
pub(super) async fn insert(tx: &mut Tx<'_>, job: &str, subscriber: &Subscriber) -> Result<(), Error> {
    if *subscriber == Subscriber::default() {
        return Ok(());
    }
    sqlx::query("INSERT INTO subscribers (job, success, progress, failed) VALUES (?, ?, ?, ?)")
        .bind(job)
        .bind(&subscriber.success)
        .bind(&subscriber.progress)
        .bind(&subscriber.failed)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Puts a call of a kind into the queue, if the job has someone to call. A newer word on progress replaces the older.
pub(super) async fn call(tx: &mut Tx<'_>, job: &str, kind: &str) -> Result<(), Error> {
    let row = sqlx::query("SELECT success, progress, failed FROM subscribers WHERE job = ?").bind(job);
    let Some(row) = row.fetch_optional(&mut **tx).await? else { return Ok(()) };
    let column = match kind {
        "successful" => "success",
        "failed" => "failed",
        _ => "progress",
    };
    sqlx::query("DELETE FROM calls WHERE job = ? AND kind = 'progress'").bind(job).execute(&mut **tx).await?;
    let Some(url) = row.try_get::<Option<String>, _>(column)? else { return Ok(()) };
    sqlx::query("INSERT INTO calls (job, kind, url, attempts, due) VALUES (?, ?, ?, 0, ?)")
        .bind(job)
        .bind(if column == "progress" { "progress" } else { kind })
        .bind(url)
        .bind(now())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

impl Store {
    /// Calls whose time has come, the oldest first.
    pub async fn calls(&self, most: i64) -> Result<Vec<Call>, Error> {
        // No call is put off by more than an hour: one that is due later was written by a clock that was ahead.
        let now = now();
        let rows = sqlx::query(
            "SELECT id, job, kind, url, attempts FROM calls WHERE due <= ? OR due > ? ORDER BY due, id LIMIT ?",
        )
        .bind(now)
        .bind(now + 3_660_000)
        .bind(most)
        .fetch_all(&self.pool)
        .await?;
        let call = |row: &sqlx::sqlite::SqliteRow| {
            Ok(Call {
                id: row.try_get("id")?,
                job: row.try_get("job")?,
                kind: row.try_get("kind")?,
                url: row.try_get("url")?,
                attempts: row.try_get("attempts")?,
            })
        };
        rows.iter().map(call).collect()
    }

    /// Puts a call off until a time.
    pub async fn put_off(&self, call: i64, due: i64) -> Result<(), Error> {
        let later = sqlx::query("UPDATE calls SET attempts = attempts + 1, due = ? WHERE id = ?").bind(due).bind(call);
        later.execute(&self.writer).await?;
        Ok(())
    }

    /// Takes a call that was made, or given up, from the queue.
    pub async fn called(&self, call: i64) -> Result<(), Error> {
        sqlx::query("DELETE FROM calls WHERE id = ?").bind(call).execute(&self.writer).await?;
        Ok(())
    }
}
