//! What a store says of itself: which one it is, how far it is, and when its clock was doubted.

use super::{Store, now};
use sqlx::{Error, Row};

impl Store {
    /// Which store this is: a random name that it keeps, made of `fresh` where it has none; and a number that rises with
    /// every event.
    pub async fn identity(&self, fresh: &str) -> Result<(String, i64), Error> {
        sqlx::query("INSERT OR IGNORE INTO marks (name, value) VALUES ('id', ?)")
            .bind(fresh)
            .execute(&self.writer)
            .await?;
        let id = self.mark("id").await?.unwrap_or_default();
        Ok((id, self.sequence().await?))
    }

    /// Number of the newest event that there ever was.
    pub async fn sequence(&self) -> Result<i64, Error> {
        let last = "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'events'), 0)";
        sqlx::query(last).fetch_one(&self.pool).await?.try_get(0)
    }

    /// Whether it knows any job.
    pub async fn has_jobs(&self) -> Result<bool, Error> {
        sqlx::query("SELECT EXISTS (SELECT 1 FROM jobs)").fetch_one(&self.pool).await?.try_get(0)
    }

    /// Time of the newest event, by the order of events and not by their times; none, where nothing ever happened.
    pub async fn newest_time(&self) -> Result<Option<i64>, Error> {
        let newest =
            "SELECT jobs.updated FROM events JOIN jobs ON jobs.id = events.job ORDER BY events.id DESC LIMIT 1";
        let row = sqlx::query(newest).fetch_optional(&self.pool).await?;
        row.map(|row| row.try_get(0)).transpose()
    }

    /// When the clock was last found too far ahead, as it said itself; none, where that was later than it says now.
    pub async fn doubted(&self) -> Result<Option<i64>, Error> {
        let at = self.mark("clock doubted").await?.and_then(|at| at.parse().ok());
        Ok(at.filter(|at| *at <= now()))
    }

    /// Notes that the clock is too far ahead.
    pub async fn doubt(&self) -> Result<(), Error> {
        sqlx::query("INSERT OR REPLACE INTO marks (name, value) VALUES ('clock doubted', ?)")
            .bind(now().to_string())
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    async fn mark(&self, name: &str) -> Result<Option<String>, Error> {
        let row = sqlx::query("SELECT value FROM marks WHERE name = ?").bind(name).fetch_optional(&self.pool).await?;
        row.map(|row| row.try_get(0)).transpose()
    }
}
