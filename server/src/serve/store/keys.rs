//! Keys by their hashes.

use super::{Store, now};
use sqlx::sqlite::SqliteRow;
use sqlx::{Error, Row};

/// A key, without its secret.
#[derive(Clone, Debug)]
pub struct Key {
    pub name: String,
    pub role: String,
    pub is_revoked: bool,
    /// Requests a second on the average; the server's own limit, if none is set.
    pub requests_per_second: Option<f64>,
    /// Jobs in 24 hours; no limit, if none is set.
    pub jobs_per_day: Option<i64>,
}

impl Store {
    /// Adds a key by its hash.
    pub async fn add_key(&self, hash: &str, key: &Key) -> Result<(), Error> {
        sqlx::query(
            "INSERT INTO keys (hash, name, role, created, requests_per_second, jobs_per_day) VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(hash)
        .bind(&key.name)
        .bind(&key.role)
        .bind(now())
        .bind(key.requests_per_second)
        .bind(key.jobs_per_day)
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    /// All keys with their hashes.
    pub async fn keys(&self) -> Result<Vec<(String, Key)>, Error> {
        let rows = sqlx::query("SELECT * FROM keys ORDER BY created").fetch_all(&self.pool).await?;
        rows.iter().map(|row| Ok((row.try_get("hash")?, key_of(row)?))).collect()
    }

    /// A key that is not revoked.
    pub async fn key(&self, hash: &str) -> Result<Option<Key>, Error> {
        let row = sqlx::query("SELECT * FROM keys WHERE hash = ? AND revoked IS NULL")
            .bind(hash)
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(key_of).transpose()
    }

    /// Whether any key was ever made besides the token of the server itself.
    pub async fn has_keys(&self) -> Result<bool, Error> {
        let any = sqlx::query("SELECT EXISTS (SELECT 1 FROM keys WHERE name != ?)").bind(crate::serve::token::NAME);
        any.fetch_one(&self.pool).await?.try_get(0)
    }

    /// Takes a key away that nobody has seen.
    pub async fn forget_key(&self, hash: &str) -> Result<(), Error> {
        sqlx::query("DELETE FROM keys WHERE hash = ?").bind(hash).execute(&self.writer).await?;
        Ok(())
    }

    /// Revokes keys by their name; gives how many.
    pub async fn revoke(&self, name: &str) -> Result<u64, Error> {
        let done = sqlx::query("UPDATE keys SET revoked = ? WHERE name = ? AND revoked IS NULL")
            .bind(now())
            .bind(name)
            .execute(&self.writer)
            .await?;
        Ok(done.rows_affected())
    }
}

fn key_of(row: &SqliteRow) -> Result<Key, Error> {
    Ok(Key {
        name: row.try_get("name")?,
        role: row.try_get("role")?,
        is_revoked: row.try_get::<Option<i64>, _>("revoked")?.is_some(),
        requests_per_second: row.try_get("requests_per_second")?,
        jobs_per_day: row.try_get("jobs_per_day")?,
    })
}
