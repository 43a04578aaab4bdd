//! `hanze serve`: a queue of jobs behind HTTP, with one worker that owns the device.
//!
//! A request becomes a row (`store`), the worker (`worker`, a process of its own) makes its files, the files are kept by their
//! checksum (`artifacts`), and whoever asks gets rows and files (`routes`, `handlers`). A row is changed in one place and in
//! one transaction, and files come before the row that names them: whatever the machine does, nothing is half there.

mod archive;
mod artifacts;
mod callbacks;
mod door;
mod events;
mod files;
mod handlers;
mod identity;
mod kept;
mod keys;
mod listen;
mod maps;
mod origin;
mod paced;
mod packing;
mod pages;
mod places;
mod problem;
mod processes;
mod rates;
mod request;
mod retention;
mod routes;
mod store;
mod texts;
mod times;
mod token;
mod uploads;
mod worker;

pub use keys::{KeyCommand, command};
pub use texts::{is_control, shown};
pub use token::{of_data as token_of_data, of_server as token_of_server};
pub use worker::{Orders, work};

use artifacts::Artifacts;
use std::fs::File;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use store::Store;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// What the server keeps to.
#[derive(clap::Args, Clone, Debug)]
pub struct Args {
    /// Port; 0 takes a free one.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Address to listen on; 0.0.0.0 for all of the machine's.
    #[arg(long, default_value = "127.0.0.1")]
    address: IpAddr,
    /// Folder for jobs and their results.
    #[arg(long, default_value = "hanze-data")]
    data: PathBuf,
    /// auto, cpu, gpu, gpu:any, gpu:INDEX or gpu:NAME.
    #[arg(long, default_value = "auto")]
    device: String,
    /// Programs of this machine need no key until one is made; without it the first start makes a key for whoever starts it.
    #[arg(long)]
    open: bool,
    /// Anyone may read jobs and results without a key.
    #[arg(long)]
    public_read: bool,
    /// URL under which others reach the server, where a proxy stands before it; links in answers begin with it.
    #[arg(long)]
    public_url: Option<String>,
    /// Jobs that may wait; more are turned away for now.
    #[arg(long, default_value_t = 1000)]
    max_queue: u32,
    /// Jobs of one key that may wait.
    #[arg(long, default_value_t = 200)]
    max_queue_per_key: u32,
    /// Cells of a job at most.
    #[arg(long, default_value_t = 50_000_000)]
    max_cells: u64,
    /// Hours of computing that a job may be expected to take, and may take.
    #[arg(long, default_value_t = 12.0, value_parser = positive)]
    max_hours: f64,
    /// Megabytes of memory that a job may take; four fifths of what the machine or its container has, if none is given.
    #[arg(long, value_parser = clap::value_parser!(u64).range(64..=1 << 40))]
    memory_mb: Option<u64>,
    /// Start also where the job store does not know the results beside it: these are put aside, and kept for 14 days.
    #[arg(long)]
    put_aside: bool,
    /// Days that results are kept after a job has ended; for ever, if left out.
    #[arg(long)]
    keep_days: Option<f64>,
    /// Gigabytes that results may take; the oldest go first. No limit, if left out.
    #[arg(long)]
    max_gb: Option<f64>,
    /// Megabytes of an upload at most.
    #[arg(long, default_value_t = 1024)]
    max_upload_mb: u64,
    /// Take from a proxy before this server who asks (X-Forwarded-For) and where (X-Forwarded-Proto, -Host, -Port).
    #[arg(long)]
    trust_forwarded: bool,
    /// Days that uploads are kept which no scenario has named.
    #[arg(long, default_value_t = 30.0)]
    keep_uploads_days: f64,
    /// Gigabytes of uploads that are kept at most.
    #[arg(long, default_value_t = 50.0)]
    max_uploads_gb: f64,
    /// Requests a second on the average of one key, or of one address where anyone may read.
    #[arg(long, default_value_t = 200.0, value_parser = positive)]
    requests_per_second: f64,
    /// Scheme, host and port (scheme://host:port) of addresses that jobs may ask to be called; none, if left out.
    #[arg(long)]
    callback_allow: Vec<String>,
    /// Connections at once, shared among clients; fewer where the system lets a process have fewer files.
    #[arg(long, default_value_t = 2048, value_parser = clap::value_parser!(u32).range(16..=100_000))]
    max_connections: u32,
    /// Seconds that an idle connection is kept for the next request; more than a proxy before the server keeps it.
    #[arg(long, default_value_t = 75.0, value_parser = positive)]
    keep_alive_seconds: f64,
    /// Seconds after which a stalled client is disconnected.
    #[arg(long, default_value_t = 60.0, value_parser = positive)]
    stall_seconds: f64,
    /// Seconds of computing between checkpoints, from which a job continues after a crash.
    #[arg(long, default_value_t = 20.0)]
    checkpoint_seconds: f64,
    /// Cores that compute; one is left to HTTP, if none is given.
    #[arg(long)]
    threads: Option<usize>,
}

/// A number above 0 that a clock can count with.
fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number > 0.0 && number <= 1e9 => Ok(number),
        _ => Err("take a number above 0".into()),
    }
}

/// All that handlers and worker share.
pub struct State {
    args: Args,
    store: Store,
    artifacts: Arc<Artifacts>,
    maps: maps::Maps,
    rates: rates::Rates,
    uploads: uploads::Room,
    archives: archive::Checks,
    /// What signs calls, where some are allowed.
    signer: Option<callbacks::Signer>,
    /// Id of the newest event.
    newest: watch::Sender<i64>,
    /// Streams of events wait here, each for its job.
    followed: events::Followed,
    /// What computes.
    worker: worker::Line,
    /// Set when the server is on its way out.
    is_stopping: AtomicBool,
    /// Keys that were found good.
    known_keys: keys::Known,
}

impl State {
    /// Tells streams that there is something new of a job.
    fn announce(&self, job: &str, event: i64) {
        self.followed.announce(job, event);
        self.newest.send_if_modified(|newest| {
            let is_newer = event > *newest;
            *newest = event.max(*newest);
            is_newer
        });
    }
}

impl Args {
    /// Cores that compute. One stays with HTTP, so that status calls are quick while a job runs.
    fn compute_threads(&self) -> usize {
        let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
        self.threads.unwrap_or(cores.saturating_sub(1).max(1))
    }

    /// Megabytes of memory that a job may take.
    fn memory_mb(&self) -> u64 {
        self.memory_mb.unwrap_or_else(worker::usual_memory)
    }
}

/// Starts a log in lines of JSON on standard error.
fn log() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("HANZE_LOG").unwrap_or_else(|_| "info,sqlx=warn".into());
    tracing_subscriber::fmt()
        .json()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .log_internal_errors(false)
        .init();
}

/// Serves until it is told to stop.
pub fn serve(args: &Args) -> miette::Result<ExitCode> {
    log();
    places::raise_files();
    let pool = rayon_threads(args.compute_threads());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| miette::miette!("the server cannot start its threads: {error}"))?;
    let mut args = args.clone();
    // Messages leave this folder's name out, so it must be whole.
    args.data = std::path::absolute(&args.data).unwrap_or(args.data);
    let _held = lock(&args.data)?;
    let served = runtime.block_on(async {
        pool?;
        let address = SocketAddr::new(args.address, args.port);
        let listener = listen::bind(address).await?;
        // The worker of a server that was killed a moment ago ends at once.
        let alone = worker::alone(&args.data).map_err(|words| miette::miette!("{words}"))?;
        let artifacts = Artifacts::open(&args.data)
            .map_err(|error| miette::miette!("{} cannot be written: {error}", args.data.display()))?;
        identity::check_missing(&artifacts, &args)?;
        let store = Store::open(&args.data).await.map_err(|error| {
            miette::miette!("the job store in {} cannot be opened: {error}; is the folder yours?", args.data.display())
        })?;
        // However it ends: one file is the whole store, which can be copied and put back.
        let served = with_store(args, store.clone(), artifacts, listener, alone).await;
        store.close().await;
        served
    });
    // What still computes for someone who asked must not hold the process.
    runtime.shutdown_timeout(Duration::from_secs(5));
    served
}

/// Serves what is in a store, until it is told to stop; `alone` keeps workers out until the store is in order.
async fn with_store(
    args: Args,
    store: Store,
    artifacts: Artifacts,
    listener: TcpListener,
    alone: File,
) -> miette::Result<ExitCode> {
    identity::check(&store, &artifacts, &args).await?;
    let token = if args.open { None } else { Some(token::of_start(&store, &args.data).await?) };
    let newest = store.newest_event().await.map_err(|error| miette::miette!("{error}"))?;
    let signer = (!args.callback_allow.is_empty()).then(|| callbacks::Signer::open(&args.data)).transpose();
    let signer = signer.map_err(|error| miette::miette!("calls cannot be signed: {error}"))?;
    let state = Arc::new(State {
        store,
        artifacts: Arc::new(artifacts),
        maps: maps::Maps::new(),
        rates: rates::Rates::new(args.requests_per_second),
        uploads: uploads::Room::empty(args.max_uploads_gb),
        archives: archive::Checks::new(),
        signer,
        args,
        newest: watch::Sender::new(newest),
        followed: events::Followed::default(),
        worker: worker::Line::default(),
        is_stopping: AtomicBool::new(false),
        known_keys: keys::Known::default(),
    });
    state.store.requeue().await.map_err(|error| miette::miette!("{error}"))?;
    retention::tidy(&state).await.map_err(|error| miette::miette!("{error}"))?;
    identity::note(&state).await;
    state.uploads.count(&state.args.data);
    drop(alone);
    let (device, working) = worker::start(&state).await?;
    listen::run(state, listener, &device, working, token).await
}

/// Holds a folder for one server: two on the same would take each other's jobs.
fn lock(data: &Path) -> miette::Result<File> {
    let bad = |error: std::io::Error| {
        miette::miette!(help = "is the folder yours?", "{} cannot be written: {error}", data.display())
    };
    std::fs::create_dir_all(data).map_err(bad)?;
    let file = File::create(data.join("lock")).map_err(bad)?;
    file.try_lock().map_err(|_| {
        let help = "stop it, or take another folder with --data";
        miette::miette!(help = help, "another server runs on {}", data.display())
    })?;
    Ok(file)
}

/// The ending of a file that can be brought, such as `tif` or `osm.gz`.
pub fn ending_of_upload(name: &str) -> Option<String> {
    let name = name.to_ascii_lowercase();
    let mut endings = name.match_indices('.').map(|(dot, _)| &name[dot + 1..]);
    endings.find(|ending| uploads::is_name(&format!("x.{ending}"))).map(String::from)
}

/// Sets how many threads compute.
fn rayon_threads(threads: usize) -> miette::Result<()> {
    hanze_engine::device::compute_threads(threads).map_err(|error| miette::miette!("{error}"))
}
