//! The server's side of its worker: starts it, hears what it says, tells it what it must know, and starts it again where it died.

use super::super::{Args, State};
use super::MOST_DEATHS;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

/// Lines at the end of what a worker writes that tell why it ended.
const LAST_LINES: usize = 20;
/// Time between two looks at whether a worker has ended.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// Pause before a worker is started again; it doubles with each that lived for a short time only.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
const SHORT_LIFE: Duration = Duration::from_secs(10);

/// What the server says to its worker.
#[derive(Default)]
pub struct Line(Mutex<Talk>);

#[derive(Default)]
struct Talk {
    to: Option<ChildStdin>,
    process: Option<Child>,
    /// It has said that it can work.
    is_ready: bool,
    /// The job that runs.
    running: Option<String>,
    /// The worker waits for a job.
    is_idle: bool,
    /// A job came since the worker was idle last.
    has_work: bool,
}

impl Talk {
    fn say(&mut self, words: &str) {
        if let Some(to) = &mut self.to {
            // A worker that is gone hears of it when it is started again.
            let _ = to.write_all(format!("{words}\n").as_bytes());
        }
    }
}

impl Line {
    fn held(&self) -> MutexGuard<'_, Talk> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Tells that a job may be waiting. Each is one word to a worker that listens, so the line is never full.
    pub fn wake(&self) {
        let mut talk = self.held();
        if std::mem::take(&mut talk.is_idle) {
            talk.say("work");
        } else {
            talk.has_work = true;
        }
    }

    /// Stops a job, if it is the one that runs.
    pub fn cancel(&self, job: &str) {
        let mut talk = self.held();
        if talk.running.as_deref() == Some(job) {
            talk.say(&format!("cancel {job}"));
        }
    }

    /// Stops the worker; the job that runs leaves a checkpoint and goes back into the queue.
    pub fn stop(&self) {
        self.held().say("stop");
    }

    /// Ends the worker whatever it does; the job that runs goes on from its last checkpoint at the next start.
    pub fn kill(&self) {
        if let Some(process) = &mut self.held().process {
            // One that has ended meanwhile is what was wanted.
            let _ = process.kill();
        }
    }

    /// Whether there is a worker that can work.
    pub fn is_ready(&self) -> bool {
        self.held().is_ready
    }

    /// How the worker has ended, if it has.
    fn ended(&self) -> std::io::Result<Option<ExitStatus>> {
        match &mut self.held().process {
            Some(process) => process.try_wait(),
            None => Err(std::io::Error::other("there is no worker")),
        }
    }
}

/// Who waits for the first word of the worker.
type Ready = oneshot::Sender<Result<String, String>>;

/// Starts the worker and what keeps it going, and waits until it is ready; gives its device in words.
pub async fn start(state: &Arc<State>) -> miette::Result<(String, JoinHandle<()>)> {
    let (sender, ready) = oneshot::channel();
    let (state, handle) = (state.clone(), Handle::current());
    let keeping = std::thread::Builder::new().name("worker".into()).spawn(move || keep(&state, &handle, sender));
    let keeping = keeping.map_err(|error| miette::miette!("the worker cannot start: {error}"))?;
    match ready.await {
        Ok(Ok(device)) => Ok((device, keeping)),
        Ok(Err(words)) => Err(miette::miette!("{words}")),
        Err(_) => Err(miette::miette!("the worker cannot start; its last messages are above")),
    }
}

/// Keeps a worker going until the server stops.
fn keep(state: &Arc<State>, handle: &Handle, ready: Ready) {
    let mut ready = Some(ready);
    let mut pause = FIRST_PAUSE;
    while !state.is_stopping.load(Ordering::Relaxed) {
        let began = Instant::now();
        let cause = match life(state, &mut ready) {
            Ok(end) => cause(&end, state.args.memory_mb()),
            Err(error) => Some(format!("the worker cannot start: {error}")),
        };
        if let Some(ready) = ready.take() {
            // A server without a worker is of no use.
            let _ = ready.send(Err(cause.unwrap_or_else(|| "the worker ended before it was ready".into())));
            return;
        }
        if state.is_stopping.load(Ordering::Relaxed) {
            return;
        }
        tracing::error!(cause, "the worker ended; it is started again");
        if began.elapsed() > SHORT_LIFE {
            pause = FIRST_PAUSE;
        }
        // No other worker takes a job before it is written down what became of the one that ran.
        while !mourned(state, handle, cause.as_deref()) && !state.is_stopping.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_secs(1));
        }
        let until = Instant::now() + pause;
        while Instant::now() < until && !state.is_stopping.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(50));
        }
        pause = (2 * pause).min(LONGEST_PAUSE);
    }
}

/// How a worker ended.
struct End {
    status: ExitStatus,
    /// Why it could not begin, in its own words.
    refused: Option<String>,
    /// It wanted more memory than it may have, and said so.
    wanted_memory: bool,
}

/// One worker from its start to its end.
fn life(state: &State, ready: &mut Option<Ready>) -> std::io::Result<End> {
    // This thread lives as long as the server: where it ends, the system ends the worker.
    let mut child = spawn(&state.args)?;
    let (to, from, words) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    *state.worker.held() = Talk { to, process: Some(child), ..Talk::default() };
    // Told to stop before there was someone to tell.
    if state.is_stopping.load(Ordering::Relaxed) {
        state.worker.stop();
    }
    let words = words.map(|from| std::thread::spawn(move || pass_on(from)));
    let mut refused = None;
    if let Some(from) = from {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            match line.strip_prefix("refused ") {
                Some(words) => refused = Some(words.to_string()),
                None => hear(state, ready, &line),
            }
        }
    }
    state.worker.held().is_ready = false;
    let status = loop {
        match state.worker.ended()? {
            Some(status) => break status,
            None => std::thread::sleep(LOOK_EVERY),
        }
    };
    let wanted_memory = words.and_then(|words| words.join().ok()).unwrap_or(false);
    *state.worker.held() = Talk::default();
    Ok(End { status, refused, wanted_memory })
}

/// Starts a worker with what it must know.
fn spawn(args: &Args) -> std::io::Result<Child> {
    // By this way it is the same program also after another was put in its place.
    let own = Path::new("/proc/self/exe");
    let program = if own.exists() { own.to_path_buf() } else { std::env::current_exe()? };
    let mut command = Command::new(program);
    #[cfg(unix)]
    std::os::unix::process::CommandExt::arg0(&mut command, "hanze");
    command.arg("worker").arg("--data").arg(&args.data).arg("--device").arg(&args.device);
    for (name, value) in [
        ("--max-cells", args.max_cells.to_string()),
        ("--max-hours", args.max_hours.to_string()),
        ("--checkpoint-seconds", args.checkpoint_seconds.to_string()),
        ("--threads", args.compute_threads().to_string()),
        ("--memory-mb", args.memory_mb().to_string()),
    ] {
        command.arg(format!("{name}={value}"));
    }
    // Where memory is short, words on where it ended need more of it, and may never come.
    command.env("RUST_BACKTRACE", "0").env("RUST_LIB_BACKTRACE", "0");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()
}

/// Hears a line of the worker.
fn hear(state: &State, ready: &mut Option<Ready>, line: &str) {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    match word {
        "ready" => {
            state.worker.held().is_ready = true;
            if let Some(ready) = ready.take() {
                let _ = ready.send(Ok(rest.to_string()));
            }
        }
        "idle" => {
            let mut talk = state.worker.held();
            if std::mem::take(&mut talk.has_work) {
                talk.say("work");
            } else {
                talk.is_idle = true;
            }
        }
        "begins" => state.worker.held().running = Some(rest.to_string()),
        "ends" => state.worker.held().running = None,
        "event" => {
            if let Some((event, job)) = rest.split_once(' ')
                && let Ok(event) = event.parse()
            {
                state.announce(job, event);
            }
        }
        _ => tracing::debug!(line, "the worker says what nobody understands"),
    }
}

/// What Rust, C++ and the system say where there is no more memory, also for the stack of another thread.
const SIGNS: [&str; 5] =
    ["memory allocation of ", "bad_alloc", "can't spawn", "failed to spawn thread", "Cannot allocate"];

/// Passes on what a worker writes into its log; true where it wanted more memory than it may have.
fn pass_on(from: impl Read) -> bool {
    let mut from = BufReader::new(from);
    // Lines since the last sign of that.
    let (mut line, mut since) = (Vec::new(), LAST_LINES);
    while matches!(from.read_until(b'\n', &mut line), Ok(1..)) {
        let has = |words: &&str| line.windows(words.len()).any(|part| part == words.as_bytes());
        since = if SIGNS.iter().any(has) { 0 } else { since.saturating_add(1) };
        let _ = std::io::stderr().lock().write_all(&line);
        line.clear();
    }
    since < LAST_LINES
}

/// Why a worker ended, in words for whoever submitted its job; none, where it was told to.
fn cause(end: &End, megabytes: u64) -> Option<String> {
    if let Some(words) = &end.refused {
        return Some(words.clone());
    }
    if end.status.success() {
        return None;
    }
    if end.wanted_memory {
        return Some(format!("it took more memory than the limit of {megabytes} MB"));
    }
    #[cfg(unix)]
    if std::os::unix::process::ExitStatusExt::signal(&end.status) == Some(9) {
        let words = "its process was killed, as happens where it takes more memory than there is";
        return Some(format!("{words} (its limit is {megabytes} MB)"));
    }
    Some(format!("its process ended without an error message ({})", end.status))
}

/// Writes down what became of the job of a worker that ended; false where that must be tried again.
fn mourned(state: &State, handle: &Handle, cause: Option<&str>) -> bool {
    let Some(cause) = cause else {
        // It was told to end, and its job went back into the queue.
        return handle.block_on(state.store.requeue()).is_ok();
    };
    let again = format!("begun again: {cause}");
    let over = format!(
        "given up after {MOST_DEATHS} attempts: {cause}; take a larger cell, a smaller part or a shorter time, or ask whoever \
         runs this server for more memory (--memory-mb)"
    );
    match handle.block_on(state.store.died(MOST_DEATHS, &again, &over)) {
        Ok(deaths) => {
            for death in deaths {
                tracing::warn!(job = death.job, is_over = death.is_over, cause, "its worker died");
                state.announce(&death.job, death.event);
                if death.is_over {
                    let _ = std::fs::remove_dir_all(state.artifacts.work(&death.job));
                }
            }
            true
        }
        Err(error) => {
            tracing::error!(%error, "what became of a job cannot be written yet");
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn ends_are_told_in_words() {
        let end = |script: &str| {
            let mut child = Command::new("sh").args(["-c", script]).stderr(Stdio::piped()).spawn().unwrap();
            let wanted_memory = pass_on(child.stderr.take().unwrap());
            cause(&End { status: child.wait().unwrap(), refused: None, wanted_memory }, 400)
        };
        assert_eq!(end("exit 0"), None);
        let words = end("echo memory allocation of 99 bytes failed >&2; kill -ABRT $$").unwrap();
        assert_eq!(words, "it took more memory than the limit of 400 MB");
        for sign in ["can't spawn worker thread", "Cannot allocate memory (os error 12)"] {
            let script = format!("echo \"{sign}\" >&2; exit 101");
            assert_eq!(end(&script).unwrap(), words);
            // One from long before is not why it ended.
            let script = format!("echo \"{sign}\" >&2; for k in $(seq 30); do echo $k >&2; done; exit 101");
            assert!(end(&script).unwrap().contains("without an error message"));
        }
        assert!(end("kill -KILL $$").unwrap().contains("memory"));
        assert!(end("exit 3").unwrap().contains("without an error message"));
    }
}
