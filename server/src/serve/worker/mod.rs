//! The worker: a process that owns the device and runs one job after the other. The server starts it (`supervisor`), so that a
//! job that takes too much memory takes nothing else along.
//!
//! Both speak in lines. The server says `work` (a job may be waiting), `cancel ID` and `stop`; the worker says `ready DEVICE` or
//! `refused WORDS`, then `idle`, `begins ID`, `ends ID`, and `event NUMBER ID` for each event that it has written. What
//! counts is in the store: a line that is lost costs a second at most. Where the server is gone, so is the worker.

mod compute;
mod memory;
mod supervisor;
mod teller;
mod whole;

pub use memory::usual as usual_memory;
pub use supervisor::{Line, start};

use super::artifacts::Artifacts;
use super::keys::random;
use super::store::{Job, Store};
use compute::{attend, end_late};
use hanze_engine::device::Device;
use std::fs::File;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};
use tokio::runtime::{Handle, Runtime};

/// Time between two looks at how long a job computes.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Seconds of the device after which they are written down.
const PAY_EVERY: f64 = 5.0;
/// Time that the worker of a server which is gone gets to end.
const OTHERS_END: Duration = Duration::from_secs(30);
/// Attempts that end with the death of the worker, or the loss of the device, without a checkpoint, after which a job is given up.
const MOST_DEATHS: i64 = 3;
/// Seconds that a job gets to stop after its hours; then the worker ends with it.
const LAST_WORDS: f64 = 120.0;

/// What the server tells its worker at the start.
#[derive(clap::Args, Clone, Debug)]
pub struct Orders {
    #[arg(long)]
    data: PathBuf,
    #[arg(long)]
    device: String,
    #[arg(long)]
    max_cells: u64,
    #[arg(long)]
    max_hours: f64,
    #[arg(long)]
    checkpoint_seconds: f64,
    #[arg(long)]
    threads: usize,
    #[arg(long)]
    memory_mb: u64,
}

/// All that the threads of a worker share.
struct Worker {
    orders: Orders,
    store: Store,
    artifacts: Artifacts,
    handle: Handle,
    running: Mutex<Option<Running>>,
    is_stopping: AtomicBool,
    /// Wakes the thread that computes, where it waits for a job.
    waker: Sender<()>,
}

/// The job that runs.
struct Running {
    job: Job,
    cancel: Arc<AtomicBool>,
    began: Instant,
    /// Seconds of the device before this attempt.
    before: f64,
    /// Seconds of this attempt that are written down.
    paid: f64,
    /// It has computed for longer than it may.
    is_late: bool,
}

impl Worker {
    /// A lock that a panic of another thread does not spoil: what it guards is whole between two calls.
    fn running(&self) -> MutexGuard<'_, Option<Running>> {
        self.running.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Relaxed)
    }

    /// Stops the job that runs, which leaves a checkpoint, and then the worker.
    fn stop(&self) {
        self.is_stopping.store(true, Ordering::Relaxed);
        if let Some(running) = &*self.running() {
            running.cancel.store(true, Ordering::Relaxed);
        }
        let _ = self.waker.send(());
    }

    /// Tells the server of an event.
    fn announce(&self, job: &str, event: i64) {
        say(&format!("event {event} {job}"));
    }

    /// Writes down what the job that runs has had of the device since the last time.
    fn pay(&self) {
        let due = self.running().as_mut().map(|running| {
            let seconds = running.began.elapsed().as_secs_f64() - running.paid;
            running.paid += seconds;
            (running.job.id.clone(), running.job.key.clone(), seconds)
        });
        // A blink is not worth a write.
        if let Some((job, key, seconds)) = due.filter(|(_, _, seconds)| *seconds > 0.02)
            && let Err(error) = self.handle.block_on(self.store.spend(&job, &key, seconds))
        {
            tracing::warn!(job, %error, "seconds of the device were not written down");
        }
    }
}

/// Says a line to the server.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // A server that hears nothing is gone, and that is noticed elsewhere.
    let _ = out.write_all(format!("{line}\n").as_bytes()).and_then(|()| out.flush());
}

/// Waits until no other worker computes in a folder of data; it is held until the file is dropped.
///
/// # Errors
/// In words, where the folder cannot be written or the other worker does not end.
pub fn alone(data: &Path) -> Result<File, String> {
    let opened = File::options().create(true).truncate(false).write(true).open(data.join("worker.lock"));
    let file = opened.map_err(|error| format!("{} cannot be written: {error}", data.display()))?;
    let began = Instant::now();
    let mut is_said = false;
    while file.try_lock().is_err() {
        if !std::mem::replace(&mut is_said, true) {
            tracing::warn!("another worker computes here still; it is waited for");
        }
        if began.elapsed() > OTHERS_END {
            return Err(format!(
                "the worker of an earlier server still computes in {} and does not end; end its process (hanze worker) and \
                 start again",
                data.display()
            ));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(file)
}

/// Works until the server says stop, or is gone.
pub fn work(orders: &Orders) -> miette::Result<ExitCode> {
    // It ends with the server, also where it hangs and hears nothing.
    #[cfg(target_os = "linux")]
    let bound = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL));
    super::log();
    #[cfg(target_os = "linux")]
    if let Err(error) = bound {
        tracing::warn!(%error, "the worker may outlive its server");
    }
    memory::limit(orders.memory_mb.saturating_mul(1 << 20));
    let (waker, inbox) = channel();
    let opened = open(orders, waker);
    let (worker, mut device, runtime, alone) = match opened {
        Ok(opened) => opened,
        Err(words) => {
            say(&format!("refused {}", words.replace('\n', " ")));
            return Ok(ExitCode::FAILURE);
        }
    };
    // A terminal and a service manager tell all processes at once.
    let told = worker.clone();
    if let Err(error) = ctrlc::set_handler(move || told.stop()) {
        tracing::warn!(%error, "the worker hears no signals");
    }
    let spawned = [("orders", listen as fn(&Worker)), ("hours", watch as fn(&Worker))].map(|(name, task)| {
        let worker = worker.clone();
        std::thread::Builder::new().name(name.into()).spawn(move || task(&worker))
    });
    if let Some(error) = spawned.into_iter().find_map(Result::err) {
        say(&format!("refused the worker cannot start: {error}"));
        return Ok(ExitCode::FAILURE);
    }
    say(&format!("ready {}", device.record()));
    run(&worker, &mut device, &inbox);
    runtime.block_on(worker.store.close());
    runtime.shutdown_timeout(Duration::from_secs(2));
    drop(alone);
    Ok(ExitCode::SUCCESS)
}

/// Opens all that a worker needs; else says why not.
fn open(orders: &Orders, waker: Sender<()>) -> Result<(Arc<Worker>, Device, Runtime, File), String> {
    let data = &orders.data;
    let unwritable = |error: std::io::Error| format!("{} cannot be written: {error}", data.display());
    let alone = alone(data)?;
    super::rayon_threads(orders.threads).map_err(|error| error.to_string())?;
    let device = Device::open(&orders.device).map_err(|error| error.to_string())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.map_err(|error| format!("the worker cannot start its threads: {error}"))?;
    let store = runtime.block_on(Store::open(data));
    let worker = Worker {
        orders: orders.clone(),
        store: store.map_err(|error| format!("the job store in {} cannot be opened: {error}", data.display()))?,
        artifacts: Artifacts::open(data).map_err(unwritable)?,
        handle: runtime.handle().clone(),
        running: Mutex::new(None),
        is_stopping: AtomicBool::new(false),
        waker,
    };
    Ok((Arc::new(worker), device, runtime, alone))
}

/// Runs jobs until the worker is told to stop.
fn run(worker: &Worker, device: &mut Device, inbox: &Receiver<()>) {
    let mut is_idle = false;
    while !worker.is_stopping() {
        match worker.handle.block_on(worker.store.claim(&random())) {
            Ok(Some(job)) => {
                is_idle = false;
                say(&format!("begins {}", job.id));
                let is_lost = attend(worker, device, &job);
                say(&format!("ends {}", job.id));
                if is_lost {
                    reopen(worker, device);
                }
            }
            Ok(None) => {
                if !is_idle {
                    say("idle");
                }
                // A wake-up can be missed, and then a second passes.
                is_idle = inbox.recv_timeout(Duration::from_secs(1)).is_err();
                while inbox.try_recv().is_ok() {}
            }
            Err(error) => {
                tracing::error!(%error, "the queue cannot be read");
                std::thread::sleep(Duration::from_secs(1));
            }
        }
    }
}

/// Opens the device again after it was lost; what it takes to come back is waited for.
fn reopen(worker: &Worker, device: &mut Device) {
    while !worker.is_stopping() {
        match Device::open(&worker.orders.device) {
            Ok(opened) => {
                *device = opened;
                return;
            }
            Err(error) => tracing::error!(%error, "the device does not come back"),
        }
        std::thread::sleep(Duration::from_secs(10));
    }
}

/// Hears what the server says, until it is gone.
fn listen(worker: &Worker) {
    for line in std::io::stdin().lock().lines() {
        let Ok(line) = line else { break };
        match line.split_once(' ').unwrap_or((line.as_str(), "")) {
            ("work", _) => {
                let _ = worker.waker.send(());
            }
            ("cancel", id) => {
                if let Some(running) = worker.running().as_ref().filter(|running| running.job.id == id) {
                    running.cancel.store(true, Ordering::Relaxed);
                }
            }
            ("stop", _) => worker.stop(),
            _ => {}
        }
    }
    vanish();
}

/// Ends the process at once, so that no other worker meets it in the folders of its job: the store and the folders are as a
/// crash of the machine would leave them.
fn vanish() -> ! {
    #[cfg(unix)]
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    std::process::exit(1)
}

/// Writes down what jobs have of the device, and stops the one that has computed for longer than it may.
fn watch(worker: &Worker) {
    let most = 3600.0 * worker.orders.max_hours;
    loop {
        std::thread::sleep(LOOK_EVERY);
        let mut is_due = false;
        let mut is_deaf = None;
        if let Some(running) = worker.running().as_mut() {
            let seconds = running.began.elapsed().as_secs_f64();
            is_due = seconds - running.paid >= PAY_EVERY;
            let late = running.before + seconds - most.max(running.before);
            if late > 0.0 {
                running.is_late = true;
                running.cancel.store(true, Ordering::Relaxed);
                is_deaf = (late > LAST_WORDS).then(|| running.job.clone());
            }
        }
        if is_due {
            worker.pay();
        }
        // It is in the midst of something long that hears nothing.
        if let Some(job) = is_deaf
            && end_late(worker, &job)
            && worker.running().as_ref().is_some_and(|running| running.job.lease == job.lease)
        {
            say(&format!("ends {}", job.id));
            vanish();
        }
    }
}
