//! Files of jobs by their checksums.

use super::{Store, Tx};
use sqlx::sqlite::SqliteRow;
use sqlx::{Error, Row};
use std::collections::HashSet;

/// A file that a job made.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// Its name in URLs.
    pub output: String,
    /// Its name on a disk.
    pub name: String,
    pub sha256: String,
    pub bytes: i64,
    pub media_type: String,
    pub description: String,
}

impl Output {
    /// Seconds in the name of a frame.
    pub fn seconds(&self) -> Option<f64> {
        let (_, stamp) = self.name.strip_prefix("frames/")?.strip_suffix("s.tif")?.rsplit_once('_')?;
        stamp.parse().ok()
    }
}

impl Store {
    /// Checksums of all results.
    pub async fn sums(&self) -> Result<HashSet<String>, Error> {
        let rows = sqlx::query("SELECT DISTINCT sha256 FROM results").fetch_all(&self.pool).await?;
        rows.iter().map(|row| row.try_get(0)).collect()
    }

    /// Bytes of all results of jobs that have ended; shared ones count once.
    pub async fn bytes(&self) -> Result<i64, Error> {
        let sum = "SELECT coalesce(sum(bytes), 0) FROM (SELECT DISTINCT sha256, bytes FROM results
                   WHERE job IN (SELECT id FROM jobs WHERE finished IS NOT NULL))";
        sqlx::query(sum).fetch_one(&self.pool).await?.try_get(0)
    }

    /// The job that ended first of those that have results.
    pub async fn oldest_with_results(&self) -> Result<Option<String>, Error> {
        let row = sqlx::query(
            "SELECT id FROM jobs WHERE finished IS NOT NULL AND EXISTS (SELECT 1 FROM results WHERE job = jobs.id)
             AND NOT EXISTS (SELECT 1 FROM jobs AS own WHERE own.id = jobs.whole AND own.state IN ('accepted', 'running'))
             ORDER BY (SELECT max(id) FROM events WHERE job = jobs.id) LIMIT 1",
        )
        .fetch_optional(&self.pool)
        .await?;
        row.map(|row| row.try_get(0)).transpose()
    }

    /// Files of a job by their names.
    pub async fn outputs(&self, id: &str) -> Result<Vec<Output>, Error> {
        let rows =
            sqlx::query("SELECT * FROM results WHERE job = ? ORDER BY name").bind(id).fetch_all(&self.pool).await?;
        rows.iter().map(output_of).collect()
    }

    /// Frames of a quantity of a job, in time.
    pub async fn frames(&self, id: &str, quantity: &str) -> Result<Vec<Output>, Error> {
        let (from, to) = (format!("frames/{quantity}_0"), format!("frames/{quantity}_:"));
        let rows = sqlx::query("SELECT * FROM results WHERE job = ? AND name >= ? AND name < ? ORDER BY name")
            .bind(id)
            .bind(from)
            .bind(to)
            .fetch_all(&self.pool)
            .await?;
        let mut frames: Vec<Output> = rows.iter().map(output_of).collect::<Result<_, _>>()?;
        frames.retain(|frame| frame.seconds().is_some());
        // Names of long runs have more digits, and not the order of their times.
        frames.sort_by(|a, b| a.seconds().partial_cmp(&b.seconds()).unwrap_or(std::cmp::Ordering::Equal));
        Ok(frames)
    }

    /// A file of a job.
    pub async fn output(&self, id: &str, output: &str) -> Result<Option<Output>, Error> {
        let row = sqlx::query("SELECT * FROM results WHERE job = ? AND output = ?")
            .bind(id)
            .bind(output)
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(output_of).transpose()
    }
}

pub(super) async fn insert_outputs(tx: &mut Tx<'_>, job: &str, outputs: &[Output]) -> Result<(), Error> {
    for output in outputs {
        sqlx::query("INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?, ?, ?, ?)")
            .bind(job)
            .bind(&output.output)
            .bind(&output.name)
            .bind(&output.sha256)
            .bind(output.bytes)
            .bind(&output.media_type)
            .bind(&output.description)
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

fn output_of(row: &SqliteRow) -> Result<Output, Error> {
    Ok(Output {
        output: row.try_get("output")?,
        name: row.try_get("name")?,
        sha256: row.try_get("sha256")?,
        bytes: row.try_get("bytes")?,
        media_type: row.try_get("media_type")?,
        description: row.try_get("description")?,
    })
}
