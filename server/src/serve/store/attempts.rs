//! Attempts at jobs: claimed under a lease, followed, ended; and what becomes of a job whose worker died.

use super::results::insert_outputs;
use super::{
    End, Job, Output, Store, Tx, callbacks, fail_parents, insert_event, job_of, now, release_parents, status_data,
};
use sqlx::{Error, Row};

/// Hours over which the use of the device counts when the next job is picked.
const FAIR_HOURS: i64 = 24;

/// A job whose worker died, and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Death {
    pub job: String,
    /// It died so often that the job was given up.
    pub is_over: bool,
    /// The event that tells of it.
    pub event: i64,
}

impl Store {
    /// Takes the next job: the highest priority, then of whoever had the device for the fewest seconds in the last day, then
    /// the oldest.
    pub async fn claim(&self, lease: &str) -> Result<Option<Job>, Error> {
        let mut tx = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        // Read once no other can write: a job that came while this waited is not older than its start.
        let now = now();
        let hour = now.div_euclid(3_600_000);
        let row = sqlx::query(
            "WITH served AS (SELECT key, sum(seconds) AS seconds FROM spent WHERE hour > ? AND hour <= ? GROUP BY key)
             UPDATE jobs SET state = 'running', lease = ?, attempts = attempts + 1, updated = ?,
             started = coalesce(started, max(?, created)), message = 'being prepared' WHERE seq = (
                SELECT waits.seq FROM jobs AS waits LEFT JOIN served ON served.key = waits.key WHERE waits.state = 'accepted'
                AND waits.pending <= 0
                ORDER BY waits.priority DESC, coalesce(served.seconds, 0), waits.seq LIMIT 1
             ) RETURNING *",
        )
        .bind(hour - FAIR_HOURS)
        .bind(hour)
        .bind(lease)
        .bind(now)
        .bind(now)
        .fetch_optional(&mut *tx)
        .await?;
        let job = row.as_ref().map(job_of).transpose()?;
        if let Some(job) = &job {
            callbacks::call(&mut tx, &job.id, "progress").await?;
        }
        tx.commit().await?;
        Ok(job)
    }

    /// Puts jobs whose server fell back into the queue.
    pub async fn requeue(&self) -> Result<u64, Error> {
        let done = sqlx::query(
            "UPDATE jobs SET state = 'accepted', lease = NULL, updated = ?, falls = falls + 1,
             message = 'goes on where it stopped, as soon as the device is free' WHERE state = 'running'",
        )
        .bind(now())
        .execute(&self.writer)
        .await?;
        Ok(done.rows_affected())
    }

    /// Puts jobs whose worker died back into the queue, with the words `again`; those of which it died for the `most`th time
    /// since their last checkpoint end with the words `over`.
    pub async fn died(&self, most: i64, again: &str, over: &str) -> Result<Vec<Death>, Error> {
        let mut tx = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let rows = sqlx::query("SELECT id, crashes FROM jobs WHERE state = 'running'").fetch_all(&mut *tx).await?;
        let mut deaths = Vec::with_capacity(rows.len());
        for row in rows {
            let (id, crashes): (String, i64) = (row.try_get("id")?, row.try_get("crashes")?);
            let is_over = crashes + 1 >= most;
            let (state, message) = if is_over { ("failed", over) } else { ("accepted", again) };
            let now = now();
            sqlx::query(
                "UPDATE jobs SET state = ?, message = ?, crashes = crashes + 1, lease = NULL, updated = ?,
                 finished = CASE WHEN ? THEN max(?, coalesce(started, created)) END,
                 failure = CASE WHEN ? THEN 'NoApplicableCode' END,
                 scenario = CASE WHEN ? THEN '' ELSE scenario END WHERE id = ?",
            )
            .bind(state)
            .bind(message)
            .bind(now)
            .bind(is_over)
            .bind(now)
            .bind(is_over)
            .bind(is_over)
            .bind(&id)
            .execute(&mut *tx)
            .await?;
            callbacks::call(&mut tx, &id, if is_over { "failed" } else { "progress" }).await?;
            if is_over {
                let words = needed(&mut tx, &id, message).await?;
                fail_parents(&mut tx, &id, &words).await?;
            }
            let event = insert_event(&mut tx, &id, "status", &status_data(state, message)).await?;
            deaths.push(Death { job: id, is_over, event });
        }
        tx.commit().await?;
        Ok(deaths)
    }

    /// Writes how far a job is, with an event that replaces the progress before; `None` where the lease is no longer held. A
    /// job that `is_further` than before, by a checkpoint, has its deaths forgotten.
    pub async fn progress(
        &self,
        job: &Job,
        percent: i64,
        message: &str,
        data: &str,
        is_further: bool,
    ) -> Result<Option<i64>, Error> {
        let mut tx = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let done = sqlx::query(
            "UPDATE jobs SET progress = ?, message = ?, updated = ?, crashes = CASE WHEN ? THEN 0 ELSE crashes END,
             falls = CASE WHEN ? THEN 0 ELSE falls END WHERE id = ? AND lease = ? AND state = 'running'",
        )
        .bind(percent)
        .bind(message)
        .bind(now())
        .bind(is_further)
        .bind(is_further)
        .bind(&job.id)
        .bind(&job.lease)
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(None);
        }
        sqlx::query("DELETE FROM events WHERE job = ? AND kind = 'progress'").bind(&job.id).execute(&mut *tx).await?;
        let event = insert_event(&mut tx, &job.id, "progress", data).await?;
        tx.commit().await?;
        Ok(Some(event))
    }

    /// Adds files of a job that is running, with an event; `None` where the lease is no longer held.
    pub async fn frame(&self, job: &Job, outputs: &[Output], data: &str) -> Result<Option<i64>, Error> {
        let mut tx = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        if !holds_lease(&mut tx, job).await? {
            return Ok(None);
        }
        insert_outputs(&mut tx, &job.id, outputs).await?;
        let event = insert_event(&mut tx, &job.id, "frame", data).await?;
        callbacks::call(&mut tx, &job.id, "progress").await?;
        tx.commit().await?;
        Ok(Some(event))
    }

    /// Whether a worker still holds a job.
    pub async fn holds(&self, job: &Job) -> Result<bool, Error> {
        let mut tx = self.pool.begin().await?;
        holds_lease(&mut tx, job).await
    }

    /// Adds seconds of the device to what a job and its key have had.
    pub async fn spend(&self, job: &str, key: &str, seconds: f64) -> Result<(), Error> {
        let mut tx = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let hour = now().div_euclid(3_600_000);
        sqlx::query("UPDATE jobs SET seconds = coalesce(seconds, 0) + ? WHERE id = ?")
            .bind(seconds)
            .bind(job)
            .execute(&mut *tx)
            .await?;
        sqlx::query(
            "INSERT INTO spent (key, hour, seconds) VALUES (?, ?, ?)
             ON CONFLICT (key, hour) DO UPDATE SET seconds = seconds + excluded.seconds",
        )
        .bind(key)
        .bind(hour)
        .bind(seconds)
        .execute(&mut *tx)
        .await?;
        sqlx::query("DELETE FROM spent WHERE hour <= ?").bind(hour - 2 * FAIR_HOURS).execute(&mut *tx).await?;
        tx.commit().await
    }

    /// Puts a job that lost its device back into the queue, with the words `again`; for the `most`th time since its last
    /// checkpoint it ends with the words `over`. `None` where the lease is no longer held.
    pub async fn lost(&self, job: &Job, most: i64, again: &str, over: &str) -> Result<Option<i64>, Error> {
        let row = sqlx::query("SELECT crashes FROM jobs WHERE id = ?").bind(&job.id).fetch_optional(&self.pool).await?;
        // Whoever holds the lease is alone in changing it.
        let crashes: i64 = row.map_or(Ok(0), |row| row.try_get(0))?;
        let end = if crashes + 1 >= most { End::Failed(over, "NoApplicableCode") } else { End::Requeued(again) };
        self.finish(job, end, &[]).await
    }

    /// Ends a job that is running: state, message, files and event in one go. `None` where the lease is no longer held.
    pub async fn finish(&self, job: &Job, end: End<'_>, outputs: &[Output]) -> Result<Option<i64>, Error> {
        let (state, message, failure) = match end {
            End::Successful => ("successful", "finished", None),
            End::Failed(message, kind) => ("failed", message, Some(kind)),
            End::Requeued(message) | End::Stopped(message) => ("accepted", message, None),
        };
        let mut tx = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        if !holds_lease(&mut tx, job).await? {
            return Ok(None);
        }
        let now = now();
        sqlx::query(
            "UPDATE jobs SET state = ?, message = ?, progress = CASE WHEN ? = 'successful' THEN 100 ELSE progress END,
             finished = CASE WHEN ? = 'accepted' THEN NULL ELSE max(?, coalesce(started, created)) END, updated = ?,
             lease = NULL, scenario = CASE WHEN ? = 'accepted' THEN scenario ELSE '' END, failure = ?,
             attempts = max(attempts - ?, 0), crashes = crashes + ? WHERE id = ?",
        )
        .bind(state)
        .bind(message)
        .bind(state)
        .bind(state)
        .bind(now)
        .bind(now)
        .bind(state)
        .bind(failure)
        .bind(i64::from(matches!(end, End::Stopped(_))))
        .bind(i64::from(matches!(end, End::Requeued(_))))
        .bind(&job.id)
        .execute(&mut *tx)
        .await?;
        callbacks::call(&mut tx, &job.id, if state == "accepted" { "progress" } else { state }).await?;
        insert_outputs(&mut tx, &job.id, outputs).await?;
        match end {
            End::Successful => release_parents(&mut tx, &job.id).await?,
            End::Failed(message, _) => {
                let words = needed(&mut tx, &job.id, message).await?;
                fail_parents(&mut tx, &job.id, &words).await?;
            }
            End::Requeued(_) | End::Stopped(_) => {}
        }
        let event = insert_event(&mut tx, &job.id, "status", &status_data(state, message)).await?;
        tx.commit().await?;
        Ok(Some(event))
    }
}

/// Why those that wait for a job which failed fail, too.
async fn needed(tx: &mut Tx<'_>, id: &str, message: &str) -> Result<String, Error> {
    let title: String =
        sqlx::query("SELECT title FROM jobs WHERE id = ?").bind(id).fetch_one(&mut **tx).await?.try_get(0)?;
    Ok(format!("the run \"{title}\" failed: {message}"))
}

async fn holds_lease(tx: &mut Tx<'_>, job: &Job) -> Result<bool, Error> {
    sqlx::query("SELECT EXISTS (SELECT 1 FROM jobs WHERE id = ? AND lease = ? AND state = 'running')")
        .bind(&job.id)
        .bind(&job.lease)
        .fetch_one(&mut **tx)
        .await?
        .try_get(0)
}

#[cfg(test)]
mod tests {
    use super::super::{Added, Most, NewJob, Subscriber};
    use super::*;
    use std::time::{Duration, Instant};

    fn with_store<T: Future<Output = ()>>(check: impl FnOnce(Store) -> T) {
        let folder = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async { check(Store::open(folder.path()).await.unwrap()).await });
    }

    async fn add(store: &Store, id: &str, key: &str, priority: i64) {
        let subscriber = Subscriber::default();
        let job = NewJob {
            id,
            process: "echo",
            title: "t",
            key,
            scenario: "s",
            idempotency: None,
            body: "b",
            priority,
            message: "waits",
            wish: "{}",
            subscriber: &subscriber,
            parts: &[],
        };
        let most = Most { waiting: 100_000, waiting_of_key: 100_000, of_key_a_day: None };
        assert!(matches!(store.add(&job, &most).await.unwrap(), Added::Job(_, true)));
    }

    async fn claimed(store: &Store) -> Job {
        store.claim("lease").await.unwrap().unwrap()
    }

    #[test]
    fn seconds_of_the_device_count_and_not_jobs() {
        with_store(|store: Store| async move {
            for id in ["a1", "a2", "a3"] {
                add(&store, id, "alice", 0).await;
            }
            for id in ["b1", "b2", "b3"] {
                add(&store, id, "bob", 0).await;
            }
            add(&store, "urgent", "alice", 5).await;
            assert_eq!(claimed(&store).await.id, "urgent");
            assert_eq!(claimed(&store).await.id, "a1", "the oldest, where nobody was served");
            store.spend("a1", "alice", 10_800.0).await.unwrap();
            // Four jobs of ten seconds are less than one of three hours.
            for id in ["b1", "b2", "b3"] {
                assert_eq!(claimed(&store).await.id, id);
                store.spend(id, "bob", 10.0).await.unwrap();
            }
            // What was yesterday counts no more.
            sqlx::query("UPDATE spent SET hour = hour - 24 WHERE key = 'alice'").execute(&store.writer).await.unwrap();
            add(&store, "b4", "bob", 0).await;
            assert_eq!(claimed(&store).await.id, "a2");
            assert_eq!(store.job("a1").await.unwrap().unwrap().seconds, 10_800.0);
        });
    }

    #[test]
    fn a_claim_among_five_thousand_takes_milliseconds() {
        with_store(|store: Store| async move {
            let mut tx = store.writer.begin().await.unwrap();
            for k in 0..5000 {
                sqlx::query(
                    "INSERT INTO jobs (id, process, title, state, priority, key, scenario, body, created, started, updated,
                     progress, message, attempts, seq) VALUES (?, 'echo', 't', 'accepted', 0, ?, 's', 'b', 1, 1, 1, 0, 'm', 0, ?)",
                )
                .bind(format!("j{k}"))
                .bind(format!("key {}", k % 7))
                .bind(k)
                .execute(&mut *tx)
                .await
                .unwrap();
            }
            tx.commit().await.unwrap();
            let began = Instant::now();
            for _ in 0..10 {
                let job = claimed(&store).await;
                store.spend(&job.id, &job.key, 1.0).await.unwrap();
            }
            // 779 ms each when the jobs of a key were counted for every job that waits.
            assert!(began.elapsed() < Duration::from_secs(3), "{:?} for ten", began.elapsed());
        });
    }

    #[test]
    fn three_deaths_without_a_checkpoint_are_the_end() {
        with_store(|store: Store| async move {
            add(&store, "j", "k", 0).await;
            for death in 1..=4 {
                let job = claimed(&store).await;
                if death == 1 {
                    // It got further once, which forgets nothing yet.
                    assert!(store.progress(&job, 5, "m", "{}", false).await.unwrap().is_some());
                }
                if death == 2 {
                    // A checkpoint does.
                    assert!(store.progress(&job, 9, "m", "{}", true).await.unwrap().is_some());
                }
                let died = store.died(3, "again", "over").await.unwrap();
                assert_eq!((died.len(), died[0].is_over), (1, death == 4), "death {death}");
                // Whoever held the lease can write nothing more.
                assert_eq!(store.finish(&job, End::Successful, &[]).await.unwrap(), None);
            }
            let job = store.job("j").await.unwrap().unwrap();
            assert_eq!((job.state.as_str(), job.message.as_str(), job.attempts), ("failed", "over", 4));
            assert!(job.finished >= job.started && job.started >= Some(job.created));
        });
    }

    #[test]
    fn three_losses_of_the_device_without_a_checkpoint_are_the_end() {
        with_store(|store: Store| async move {
            add(&store, "j", "k", 0).await;
            for loss in 1..=5 {
                let job = claimed(&store).await;
                if loss == 3 {
                    assert!(store.progress(&job, 9, "m", "{}", true).await.unwrap().is_some());
                }
                assert!(store.lost(&job, 3, "again", "over").await.unwrap().is_some());
                let state = store.job("j").await.unwrap().unwrap();
                let expected = if loss == 5 { ("failed", "over") } else { ("accepted", "again") };
                assert_eq!(
                    (state.state.as_str(), state.message.as_str(), state.falls),
                    (expected.0, expected.1, 0),
                    "{loss}"
                );
            }
        });
    }

    #[test]
    fn planned_stops_give_the_attempt_back_and_falls_are_counted() {
        with_store(|store: Store| async move {
            add(&store, "j", "k", 0).await;
            for _ in 0..27 {
                let job = claimed(&store).await;
                assert_eq!((job.attempts, job.falls), (1, 0));
                assert!(store.finish(&job, End::Stopped("m"), &[]).await.unwrap().is_some());
            }
            for falls in 1..=3 {
                claimed(&store).await;
                assert_eq!(store.requeue().await.unwrap(), 1);
                assert_eq!(store.job("j").await.unwrap().unwrap().falls, falls);
            }
            let job = claimed(&store).await;
            assert!(store.progress(&job, 9, "m", "{}", true).await.unwrap().is_some());
            assert_eq!(store.job("j").await.unwrap().unwrap().falls, 0);
        });
    }
}
