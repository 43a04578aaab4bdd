//! Jobs and events in SQLite; attempts, results, keys and callbacks in the files beside. All times are milliseconds since 1970
//! (UTC) by the machine's clock, which may be wrong: they are shown, and order comes from `seq` and from the ids of events.

mod attempts;
mod callbacks;
mod keys;
mod marks;
mod results;

pub use callbacks::{Call, Subscriber};
pub use keys::Key;
pub use results::Output;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use sqlx::{Connection, Error, Row};
use std::collections::HashSet;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// Each list of statements takes a store from one version to the next; `user_version` counts them.
const MIGRATIONS: &[&[&str]] = &[
    &[
        "CREATE TABLE IF NOT EXISTS jobs (
            id TEXT PRIMARY KEY, process TEXT NOT NULL, title TEXT NOT NULL, state TEXT NOT NULL, priority INTEGER NOT NULL,
            key TEXT NOT NULL, scenario TEXT NOT NULL, idempotency TEXT, body TEXT NOT NULL, created INTEGER NOT NULL,
            started INTEGER, finished INTEGER, updated INTEGER NOT NULL, progress INTEGER NOT NULL, message TEXT NOT NULL,
            attempts INTEGER NOT NULL, lease TEXT, cells INTEGER, seconds REAL) STRICT",
        "CREATE UNIQUE INDEX IF NOT EXISTS once ON jobs (key, idempotency) WHERE idempotency IS NOT NULL",
        "CREATE INDEX IF NOT EXISTS by_state ON jobs (state, priority, created)",
        "CREATE INDEX IF NOT EXISTS by_age ON jobs (created, id)",
        "CREATE INDEX IF NOT EXISTS by_key ON jobs (key, started)",
        "CREATE TABLE IF NOT EXISTS events (
            id INTEGER PRIMARY KEY AUTOINCREMENT, job TEXT NOT NULL, kind TEXT NOT NULL, data TEXT NOT NULL) STRICT",
        "CREATE INDEX IF NOT EXISTS by_job ON events (job, id)",
        "CREATE TABLE IF NOT EXISTS results (
            job TEXT NOT NULL, output TEXT NOT NULL, name TEXT NOT NULL, sha256 TEXT NOT NULL, bytes INTEGER NOT NULL,
            media_type TEXT NOT NULL, description TEXT NOT NULL, PRIMARY KEY (job, output)) STRICT",
        "CREATE INDEX IF NOT EXISTS by_sum ON results (sha256)",
        "CREATE TABLE IF NOT EXISTS keys (
            hash TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, created INTEGER NOT NULL, revoked INTEGER) STRICT",
    ],
    &[
        "ALTER TABLE jobs ADD COLUMN wish TEXT NOT NULL DEFAULT '{}'",
        "ALTER TABLE jobs ADD COLUMN failure TEXT",
        "ALTER TABLE keys ADD COLUMN requests_per_second REAL",
        "ALTER TABLE keys ADD COLUMN jobs_per_day INTEGER",
        "CREATE TABLE subscribers (
            job TEXT PRIMARY KEY, success TEXT, progress TEXT, failed TEXT) STRICT",
        "CREATE TABLE calls (
            id INTEGER PRIMARY KEY AUTOINCREMENT, job TEXT NOT NULL, kind TEXT NOT NULL, url TEXT NOT NULL,
            attempts INTEGER NOT NULL, due INTEGER NOT NULL) STRICT",
        "CREATE INDEX calls_by_due ON calls (due)",
    ],
    &[
        // Order of submission. Row numbers are that, and may change when a store is compacted.
        "ALTER TABLE jobs ADD COLUMN seq INTEGER NOT NULL DEFAULT 0",
        "UPDATE jobs SET seq = rowid",
        "CREATE UNIQUE INDEX by_seq ON jobs (seq)",
        // Since the last checkpoint: deaths of the worker alone, and of the whole server.
        "ALTER TABLE jobs ADD COLUMN crashes INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE jobs ADD COLUMN falls INTEGER NOT NULL DEFAULT 0",
        // All that a claim looks at.
        "CREATE INDEX waiting ON jobs (state, priority, key, seq)",
        "DROP INDEX IF EXISTS by_state",
        // Seconds of the device by key and hour since 1970.
        "CREATE TABLE spent (
            key TEXT NOT NULL, hour INTEGER NOT NULL, seconds REAL NOT NULL, PRIMARY KEY (key, hour)) STRICT, WITHOUT ROWID",
        "CREATE TABLE marks (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
    ],
    &[
        // A run of a whole scenario: the job of the whole, its place among the runs, its variant and section as JSON.
        "ALTER TABLE jobs ADD COLUMN whole TEXT",
        "ALTER TABLE jobs ADD COLUMN part INTEGER",
        "ALTER TABLE jobs ADD COLUMN role TEXT",
        // Jobs that it still waits for.
        "ALTER TABLE jobs ADD COLUMN pending INTEGER NOT NULL DEFAULT 0",
        "CREATE INDEX by_whole ON jobs (whole, part) WHERE whole IS NOT NULL",
        // Which job waits for which.
        "CREATE TABLE deps (parent TEXT NOT NULL, child TEXT NOT NULL, PRIMARY KEY (parent, child)) STRICT, WITHOUT ROWID",
        "CREATE INDEX deps_by_child ON deps (child)",
    ],
];

/// A job.
#[derive(Clone, Debug)]
pub struct Job {
    pub id: String,
    /// Place in the order of submission.
    pub seq: i64,
    pub process: String,
    pub title: String,
    /// accepted, running, successful, failed or dismissed.
    pub state: String,
    /// Who submitted it.
    pub key: String,
    /// The scenario, as `kept` has it.
    pub scenario: String,
    /// Checksum of the request's body.
    pub body: String,
    pub created: i64,
    pub started: Option<i64>,
    pub finished: Option<i64>,
    pub updated: i64,
    /// Percent.
    pub progress: i64,
    pub message: String,
    /// Times that it was begun; a planned stop does not count.
    pub attempts: i64,
    /// Times that the server fell while it ran, since its last checkpoint.
    pub falls: i64,
    /// Seconds of the device so far.
    pub seconds: f64,
    /// Fences the worker that runs it.
    pub lease: Option<String>,
    /// What the request asked of the answer, JSON.
    pub wish: String,
    /// Why it failed: the last part of the exception's type.
    pub failure: Option<String>,
    /// The job of the whole scenario of which it is a run.
    pub whole: Option<String>,
    /// Its place among the runs of the whole.
    pub part: Option<i64>,
    /// Variant and section of the run, JSON.
    pub role: Option<String>,
}

/// A run of a whole scenario, which becomes a job of its own.
#[derive(Clone, Debug)]
pub struct NewPart {
    pub id: String,
    pub process: &'static str,
    pub title: String,
    /// Variant and section, JSON.
    pub role: String,
    /// Runs that it waits for, by their places.
    pub needs: Vec<usize>,
}

/// A job to be.
pub struct NewJob<'a> {
    pub id: &'a str,
    pub process: &'a str,
    pub title: &'a str,
    pub key: &'a str,
    pub scenario: &'a str,
    pub idempotency: Option<&'a str>,
    pub body: &'a str,
    pub priority: i64,
    pub message: &'a str,
    pub wish: &'a str,
    pub subscriber: &'a Subscriber,
    /// The runs of a whole scenario, for which it waits.
    pub parts: &'a [NewPart],
}

/// Jobs that may wait, in all and of one key, and that a key may submit in a day.
pub struct Most {
    pub waiting: u32,
    pub waiting_of_key: u32,
    pub of_key_a_day: Option<i64>,
}

/// What became of a job to be.
pub enum Added {
    /// It is there, and whether it is new.
    Job(Box<Job>, bool),
    /// The queue is full.
    Full,
    /// The key has its share of the queue.
    FullForKey,
    /// The key has had its jobs of this day.
    Spent,
}

/// How a run of a job ends.
#[derive(Clone, Copy)]
pub enum End<'a> {
    Successful,
    /// With a message, and the last part of the exception's type.
    Failed(&'a str, &'a str),
    /// The device went away; it goes on later.
    Requeued(&'a str),
    /// The server was told to stop; it goes on later, and this attempt does not count.
    Stopped(&'a str),
}

/// Something that happened to a job.
#[derive(Clone, Debug)]
pub struct Event {
    pub id: i64,
    pub kind: String,
    /// JSON.
    pub data: String,
}

/// Which jobs to list.
#[derive(Default)]
pub struct Filter {
    pub states: Vec<String>,
    pub processes: Vec<String>,
    /// Earliest and latest creation.
    pub created: [Option<i64>; 2],
    /// Shortest and longest time since the start, or from start to end, s.
    pub seconds: [Option<i64>; 2],
    /// `seq` of the last job of the page before.
    pub after: Option<i64>,
    pub limit: i64,
}

/// The store.
#[derive(Clone)]
pub struct Store {
    /// Readers, who wait for no writer.
    pool: SqlitePool,
    /// One connection for all that writes, so that writers wait here and hold no connection meanwhile.
    writer: SqlitePool,
}

/// Connections that read.
const READERS: u32 = 5;
/// Time that connections get to come back when the store is closed.
const CLOSING: Duration = Duration::from_secs(10);

/// Now by the machine's clock, in milliseconds since 1970.
pub fn now() -> i64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}

impl Store {
    /// Opens the store in a folder, and makes it where there is none.
    pub async fn open(folder: &Path) -> Result<Store, Error> {
        std::fs::create_dir_all(folder).map_err(Error::Io)?;
        let options = SqliteConnectOptions::new()
            .filename(folder.join("jobs.sqlite"))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(20));
        // Where a full disk broke a transaction off, SQLite has left it and sqlx still counts it: such a connection would
        // refuse every further one.
        let connections = |most: u32| {
            let pool = SqlitePoolOptions::new().max_connections(most);
            pool.before_acquire(|connection, _| Box::pin(async move { Ok(!connection.is_in_transaction()) }))
        };
        let writer = connections(1).connect_with(options.clone()).await?;
        let opened = migrate(&writer).await;
        if let Err(error) = opened {
            writer.close().await;
            return Err(error);
        }
        let pool = connections(READERS).connect_with(options.create_if_missing(false)).await?;
        Ok(Store { pool, writer })
    }

    /// Puts all into the one file of the store and closes it: where no other process has it open, nothing lies beside the file
    /// afterwards.
    pub async fn close(&self) {
        let closing = async {
            self.pool.close().await;
            if let Err(error) = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&self.writer).await
                && !self.writer.is_closed()
            {
                tracing::warn!(%error, "what was written last stays in the file beside the job store");
            }
            self.writer.close().await;
        };
        if tokio::time::timeout(CLOSING, closing).await.is_err() {
            tracing::warn!("the job store is in use still and is not closed");
        }
    }

    /// Adds a job; gives the one that is already there under the same key and idempotency key. Refuses where it would be one
    /// too many.
    pub async fn add(&self, job: &NewJob<'_>, most: &Most) -> Result<Added, Error> {
        let mut tx = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        if let Some(idempotency) = job.idempotency {
            let there = sqlx::query("SELECT * FROM jobs WHERE key = ? AND idempotency = ?")
                .bind(job.key)
                .bind(idempotency)
                .fetch_optional(&mut *tx)
                .await?;
            if let Some(row) = there {
                return Ok(Added::Job(Box::new(job_of(&row)?), false));
            }
        }
        let waiting: i64 =
            sqlx::query("SELECT count(*) FROM jobs WHERE state = 'accepted'").fetch_one(&mut *tx).await?.try_get(0)?;
        let parts = job.parts.len() as i64;
        if waiting + parts >= i64::from(most.waiting) {
            return Ok(Added::Full);
        }
        let own: i64 = sqlx::query("SELECT count(*) FROM jobs WHERE state = 'accepted' AND key = ?")
            .bind(job.key)
            .fetch_one(&mut *tx)
            .await?
            .try_get(0)?;
        if own + parts >= i64::from(most.waiting_of_key) {
            return Ok(Added::FullForKey);
        }
        let now = now();
        if let Some(most) = most.of_key_a_day {
            // Times ahead are those of a clock that was wrong.
            let today: i64 = sqlx::query("SELECT count(*) FROM jobs WHERE key = ? AND created > ? AND created < ?")
                .bind(job.key)
                .bind(now - 86_400_000)
                .bind(now + 3_600_000)
                .fetch_one(&mut *tx)
                .await?
                .try_get(0)?;
            if today + parts >= most {
                return Ok(Added::Spent);
            }
        }
        // Runs come before their whole: they are older, and lists show the whole first.
        for (k, part) in job.parts.iter().enumerate() {
            let message = if part.needs.is_empty() { job.message } else { "waits for other runs" };
            sqlx::query(
                "INSERT INTO jobs (id, process, title, state, priority, key, scenario, body, created, updated, progress, message,
                 attempts, wish, seq, whole, part, role, pending) VALUES (?, ?, ?, 'accepted', ?, ?, ?, ?, ?, ?, 0, ?, 0, '{}',
                 (SELECT coalesce(max(seq), 0) + 1 FROM jobs), ?, ?, ?, ?)",
            )
            .bind(&part.id)
            .bind(part.process)
            .bind(&part.title)
            .bind(job.priority)
            .bind(job.key)
            .bind(job.scenario)
            .bind(job.body)
            .bind(now)
            .bind(now)
            .bind(message)
            .bind(job.id)
            .bind(k as i64)
            .bind(&part.role)
            .bind(part.needs.len() as i64)
            .execute(&mut *tx)
            .await?;
            let needed = part.needs.iter().filter_map(|need| job.parts.get(*need));
            for (parent, child) in
                needed.map(|need| (part.id.as_str(), need.id.as_str())).chain([(job.id, part.id.as_str())])
            {
                sqlx::query("INSERT INTO deps (parent, child) VALUES (?, ?)")
                    .bind(parent)
                    .bind(child)
                    .execute(&mut *tx)
                    .await?;
            }
        }
        sqlx::query(
            "INSERT INTO jobs (id, process, title, state, priority, key, scenario, idempotency, body, created, updated,
             progress, message, attempts, wish, seq, pending) VALUES (?, ?, ?, 'accepted', ?, ?, ?, ?, ?, ?, ?, 0, ?, 0, ?,
             (SELECT coalesce(max(seq), 0) + 1 FROM jobs), ?)",
        )
        .bind(job.id)
        .bind(job.process)
        .bind(job.title)
        .bind(job.priority)
        .bind(job.key)
        .bind(job.scenario)
        .bind(job.idempotency)
        .bind(job.body)
        .bind(now)
        .bind(now)
        .bind(job.message)
        .bind(job.wish)
        .bind(parts)
        .execute(&mut *tx)
        .await?;
        callbacks::insert(&mut tx, job.id, job.subscriber).await?;
        let row = sqlx::query("SELECT * FROM jobs WHERE id = ?").bind(job.id).fetch_one(&mut *tx).await?;
        tx.commit().await?;
        Ok(Added::Job(Box::new(job_of(&row)?), true))
    }

    /// A job.
    pub async fn job(&self, id: &str) -> Result<Option<Job>, Error> {
        let row = sqlx::query("SELECT * FROM jobs WHERE id = ?").bind(id).fetch_optional(&self.pool).await?;
        row.as_ref().map(job_of).transpose()
    }

    /// Jobs, the newest first.
    pub async fn jobs(&self, filter: &Filter) -> Result<Vec<Job>, Error> {
        let listed = |list: &[String]| if list.is_empty() { "*".to_string() } else { format!(",{},", list.join(",")) };
        let (states, processes) = (listed(&filter.states), listed(&filter.processes));
        // Scenarios may be long, and no list shows them.
        let rows = sqlx::query(
            "SELECT id, seq, process, title, state, key, '' AS scenario, body, created, started, finished, updated, progress,
             message, attempts, falls, seconds, lease, wish, failure, whole, part, role FROM jobs WHERE seq < ? AND (? = '*' OR instr(?, ',' || state || ',') > 0)
             AND (? = '*' OR instr(?, ',' || process || ',') > 0) AND created BETWEEN ? AND ?
             AND (? IS NULL OR state != 'accepted' AND coalesce(finished, ?) - started >= 1000 * ?)
             AND (? IS NULL OR state != 'accepted' AND coalesce(finished, ?) - started <= 1000 * ?) ORDER BY seq DESC LIMIT ?",
        )
        .bind(filter.after.unwrap_or(i64::MAX))
        .bind(&states)
        .bind(&states)
        .bind(&processes)
        .bind(&processes)
        .bind(filter.created[0].unwrap_or(i64::MIN))
        .bind(filter.created[1].unwrap_or(i64::MAX))
        .bind(filter.seconds[0])
        .bind(now())
        .bind(filter.seconds[0])
        .bind(filter.seconds[1])
        .bind(now())
        .bind(filter.seconds[1])
        .bind(filter.limit)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(job_of).collect()
    }

    /// How many jobs are in each state.
    pub async fn counts(&self) -> Result<Vec<(String, i64)>, Error> {
        let rows = sqlx::query("SELECT state, count(*) FROM jobs GROUP BY state").fetch_all(&self.pool).await?;
        rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
    }

    /// The runs of a whole scenario, in their order.
    pub async fn parts(&self, whole: &str) -> Result<Vec<Job>, Error> {
        let rows =
            sqlx::query("SELECT * FROM jobs WHERE whole = ? ORDER BY part").bind(whole).fetch_all(&self.pool).await?;
        rows.iter().map(job_of).collect()
    }

    /// Dismisses a job, whatever it does, and of a whole scenario all runs; those that wait for it fail. Gives the events, by job, and the
    /// checksums of files that no other job has.
    pub async fn dismiss(&self, id: &str, message: &str) -> Result<(Vec<(String, i64)>, Vec<String>), Error> {
        let mut tx = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let rows = sqlx::query("SELECT id FROM jobs WHERE whole = ?").bind(id).fetch_all(&mut *tx).await?;
        let parts = rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<String>, Error>>()?;
        let (mut events, mut own) = (Vec::new(), Vec::new());
        for job in [id.to_string()].into_iter().chain(parts) {
            let (event, sums) = dismiss_one(&mut tx, &job, message).await?;
            events.push((job, event));
            own.extend(sums);
        }
        let words = "a run that this one needs was dismissed";
        events.extend(fail_parents(&mut tx, id, words).await?);
        tx.commit().await?;
        Ok((events, own))
    }

    /// Ids of all jobs.
    pub async fn ids(&self) -> Result<HashSet<String>, Error> {
        let rows = sqlx::query("SELECT id FROM jobs").fetch_all(&self.pool).await?;
        rows.iter().map(|row| row.try_get(0)).collect()
    }

    /// Scenarios of jobs that have not ended.
    pub async fn waiting_scenarios(&self) -> Result<Vec<String>, Error> {
        let rows = sqlx::query("SELECT scenario FROM jobs WHERE state IN ('accepted', 'running')");
        rows.fetch_all(&self.pool).await?.iter().map(|row| row.try_get(0)).collect()
    }

    /// Forgets jobs that were dismissed before a time, and gives how many.
    pub async fn forget(&self, time: i64) -> Result<u64, Error> {
        let mut tx = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let old = "state = 'dismissed' AND updated < ?";
        for table in ["events", "calls", "subscribers", "results"] {
            let statement = format!("DELETE FROM {table} WHERE job IN (SELECT id FROM jobs WHERE {old})");
            sqlx::query(sqlx::AssertSqlSafe(statement)).bind(time).execute(&mut *tx).await?;
        }
        for side in ["parent", "child"] {
            let statement = format!("DELETE FROM deps WHERE {side} IN (SELECT id FROM jobs WHERE {old})");
            sqlx::query(sqlx::AssertSqlSafe(statement)).bind(time).execute(&mut *tx).await?;
        }
        let statement = format!("DELETE FROM jobs WHERE {old}");
        let done = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(time).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(done.rows_affected())
    }

    /// Jobs that ended before a time and still have results.
    pub async fn ended_before(&self, time: i64) -> Result<Vec<String>, Error> {
        let rows = sqlx::query(
            "SELECT id FROM jobs WHERE finished < ? AND state IN ('successful', 'failed') AND NOT EXISTS (SELECT 1 FROM jobs AS own
             WHERE own.id = jobs.whole AND own.state IN ('accepted', 'running')) ORDER BY finished LIMIT 1000",
        )
        .bind(time)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(|row| row.try_get(0)).collect()
    }

    /// Events of a job after one.
    pub async fn events(&self, id: &str, after: i64) -> Result<Vec<Event>, Error> {
        let rows = sqlx::query("SELECT id, kind, data FROM events WHERE job = ? AND id > ? ORDER BY id LIMIT 500")
            .bind(id)
            .bind(after)
            .fetch_all(&self.pool)
            .await?;
        let event = |row: &SqliteRow| Ok(Event { id: row.try_get(0)?, kind: row.try_get(1)?, data: row.try_get(2)? });
        rows.iter().map(event).collect()
    }

    /// Id of the newest event.
    pub async fn newest_event(&self) -> Result<i64, Error> {
        sqlx::query("SELECT coalesce(max(id), 0) FROM events").fetch_one(&self.pool).await?.try_get(0)
    }
}

/// Brings a store to the newest version.
async fn migrate(writer: &SqlitePool) -> Result<(), Error> {
    let mut tx = writer.begin_with("BEGIN IMMEDIATE").await?;
    let version: i64 = sqlx::query("PRAGMA user_version").fetch_one(&mut *tx).await?.try_get(0)?;
    let version = usize::try_from(version).unwrap_or(usize::MAX);
    if version > MIGRATIONS.len() {
        return Err(Error::Configuration("the store was made by a newer version of Hanze".into()));
    }
    for statement in MIGRATIONS[version..].iter().copied().flatten() {
        sqlx::query(*statement).execute(&mut *tx).await?;
    }
    let set = format!("PRAGMA user_version = {}", MIGRATIONS.len());
    sqlx::query(sqlx::AssertSqlSafe(set)).execute(&mut *tx).await?;
    tx.commit().await
}

fn status_data(state: &str, message: &str) -> String {
    serde_json::json!({ "status": state, "message": message }).to_string()
}

type Tx<'a> = sqlx::Transaction<'a, sqlx::Sqlite>;

async fn insert_event(tx: &mut Tx<'_>, job: &str, kind: &str, data: &str) -> Result<i64, Error> {
    sqlx::query("INSERT INTO events (job, kind, data) VALUES (?, ?, ?) RETURNING id")
        .bind(job)
        .bind(kind)
        .bind(data)
        .fetch_one(&mut **tx)
        .await?
        .try_get(0)
}

/// Dismisses one job.
async fn dismiss_one(tx: &mut Tx<'_>, id: &str, message: &str) -> Result<(i64, Vec<String>), Error> {
    let now = now();
    sqlx::query(
        "UPDATE jobs SET state = 'dismissed', message = ?, finished = coalesce(finished, max(?, coalesce(started, created))),
         updated = ?, lease = NULL, scenario = '' WHERE id = ?",
    )
    .bind(message)
    .bind(now)
    .bind(now)
    .bind(id)
    .execute(&mut **tx)
    .await?;
    let rows = sqlx::query(
        "SELECT DISTINCT sha256 FROM results WHERE job = ? AND sha256 NOT IN (SELECT sha256 FROM results WHERE job != ?)",
    )
    .bind(id)
    .bind(id)
    .fetch_all(&mut **tx)
    .await?;
    let own = rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<String>, Error>>()?;
    sqlx::query("DELETE FROM results WHERE job = ?").bind(id).execute(&mut **tx).await?;
    for table in ["events", "calls", "subscribers"] {
        let statement = format!("DELETE FROM {table} WHERE job = ?");
        sqlx::query(sqlx::AssertSqlSafe(statement)).bind(id).execute(&mut **tx).await?;
    }
    let event = insert_event(tx, id, "status", &status_data("dismissed", message)).await?;
    Ok((event, own))
}

/// Fails all jobs that wait for one that gave nothing, and those that wait for them; gives the events, by job.
async fn fail_parents(tx: &mut Tx<'_>, id: &str, words: &str) -> Result<Vec<(String, i64)>, Error> {
    let rows = sqlx::query(
        "WITH RECURSIVE waits (id) AS (SELECT parent FROM deps WHERE child = ? UNION SELECT parent FROM deps JOIN waits ON child = waits.id)
         UPDATE jobs SET state = 'failed', message = ?, failure = 'NoApplicableCode', updated = ?, finished = max(?, created),
         scenario = '' WHERE id IN (SELECT id FROM waits) AND state = 'accepted' RETURNING id",
    )
    .bind(id)
    .bind(words)
    .bind(now())
    .bind(now())
    .fetch_all(&mut **tx)
    .await?;
    let mut events = Vec::with_capacity(rows.len());
    for row in rows {
        let id: String = row.try_get(0)?;
        callbacks::call(tx, &id, "failed").await?;
        let event = insert_event(tx, &id, "status", &status_data("failed", words)).await?;
        events.push((id, event));
    }
    Ok(events)
}

/// Lets those go on that wait for a job which is done, and says of its whole how many runs are.
async fn release_parents(tx: &mut Tx<'_>, id: &str) -> Result<(), Error> {
    sqlx::query(
        "UPDATE jobs SET pending = pending - 1, updated = ? WHERE id IN (SELECT parent FROM deps WHERE child = ?)",
    )
    .bind(now())
    .bind(id)
    .execute(&mut **tx)
    .await?;
    let row = sqlx::query(
        "SELECT whole, (SELECT count(*) FROM jobs AS run WHERE run.whole = jobs.whole AND run.state = 'successful') AS done,
         (SELECT count(*) FROM jobs AS run WHERE run.whole = jobs.whole) AS runs FROM jobs WHERE id = ? AND whole IS NOT NULL",
    )
    .bind(id)
    .fetch_optional(&mut **tx)
    .await?;
    let Some(row) = row else { return Ok(()) };
    let (whole, done, runs): (String, i64, i64) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    let (percent, message) = (95 * done / runs.max(1), format!("{done} of {runs} runs are done"));
    let told =
        sqlx::query("UPDATE jobs SET progress = ?, message = ?, updated = ? WHERE id = ? AND state = 'accepted'")
            .bind(percent)
            .bind(&message)
            .bind(now())
            .bind(&whole)
            .execute(&mut **tx)
            .await?;
    if told.rows_affected() > 0 {
        sqlx::query("DELETE FROM events WHERE job = ? AND kind = 'progress'").bind(&whole).execute(&mut **tx).await?;
        let data = serde_json::json!({ "progress": percent, "message": message }).to_string();
        insert_event(tx, &whole, "progress", &data).await?;
    }
    Ok(())
}

fn job_of(row: &SqliteRow) -> Result<Job, Error> {
    Ok(Job {
        id: row.try_get("id")?,
        seq: row.try_get("seq")?,
        process: row.try_get("process")?,
        title: row.try_get("title")?,
        state: row.try_get("state")?,
        key: row.try_get("key")?,
        scenario: row.try_get("scenario")?,
        body: row.try_get("body")?,
        created: row.try_get("created")?,
        started: row.try_get("started")?,
        finished: row.try_get("finished")?,
        updated: row.try_get("updated")?,
        progress: row.try_get("progress")?,
        message: row.try_get("message")?,
        attempts: row.try_get("attempts")?,
        falls: row.try_get("falls")?,
        seconds: row.try_get::<Option<f64>, _>("seconds")?.unwrap_or(0.0),
        lease: row.try_get("lease")?,
        wish: row.try_get("wish")?,
        failure: row.try_get("failure")?,
        whole: row.try_get("whole")?,
        part: row.try_get("part")?,
        role: row.try_get("role")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_of_the_first_version_keeps_what_it_has() {
        let folder = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let options = SqliteConnectOptions::new().filename(folder.path().join("jobs.sqlite")).create_if_missing(true);
            let pool = SqlitePool::connect_with(options).await.unwrap();
            // As the first version wrote it, without a number.
            for statement in MIGRATIONS[0] {
                sqlx::query(*statement).execute(&pool).await.unwrap();
            }
            for row in [
                "INSERT INTO jobs VALUES ('a', 'echo', 't', 'accepted', 0, 'k', 's', NULL, 'b', 1, NULL, NULL, 2, 0, 'm', 0,
                 NULL, NULL, NULL)",
                "INSERT INTO events (job, kind, data) VALUES ('a', 'status', '{}')",
                "INSERT INTO results VALUES ('a', 'o', 'n', 'f00', 7, 'text/plain', 'd')",
                "INSERT INTO keys VALUES ('h', 'alice', 'submit', 1, NULL)",
            ] {
                sqlx::query(row).execute(&pool).await.unwrap();
            }
            pool.close().await;
            for _ in 0..2 {
                let store = Store::open(folder.path()).await.unwrap();
                let job = store.job("a").await.unwrap().unwrap();
                assert_eq!((job.seq, job.falls, job.seconds), (1, 0, 0.0));
                assert_eq!((job.wish.as_str(), job.failure, job.state.as_str()), ("{}", None, "accepted"));
                assert_eq!(store.key("h").await.unwrap().unwrap().jobs_per_day, None);
                assert_eq!(store.outputs("a").await.unwrap()[0].bytes, 7);
                assert_eq!(store.events("a", 0).await.unwrap().len(), 1);
                store.close().await;
                let beside = ["jobs.sqlite-wal", "jobs.sqlite-shm"].map(|name| folder.path().join(name).exists());
                assert_eq!(beside, [false, false], "all is in one file");
            }
            // One of a later version is not touched.
            let options = SqliteConnectOptions::new().filename(folder.path().join("jobs.sqlite"));
            let pool = SqlitePool::connect_with(options).await.unwrap();
            sqlx::query("PRAGMA user_version = 99").execute(&pool).await.unwrap();
            pool.close().await;
            let refused = Store::open(folder.path()).await.err().unwrap().to_string();
            assert!(refused.contains("newer version"), "{refused}");
        });
    }
}
