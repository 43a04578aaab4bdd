//! The socket: a limit on connections, a time limit on heads, and a quiet end.

use super::{State, callbacks, identity, keys, retention, routes};
use hyper::body::Incoming;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::io::Write;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_io_timeout::TimeoutStream;
use warp::http::{HeaderValue, Request};

/// Connections at once.
const MOST_CONNECTIONS: usize = 1024;
/// Time that the head of a request may take to arrive.
const HEAD_TIME: Duration = Duration::from_secs(10);
/// Bytes of a head, and lines in it.
const LARGEST_HEAD: usize = 64 * 1024;
const MOST_LINES: usize = 100;
/// Time that readers get to end when the server stops.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Takes an address.
pub async fn bind(address: SocketAddr) -> miette::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        miette::miette!(
            help = "choose another with --port, or --port 0 for a free one",
            "cannot listen on {address}: {error}"
        )
    })
}

/// Serves until SIGTERM or Ctrl-C; then the job that runs leaves a checkpoint and goes back into the queue, for which `working`,
/// the thread that keeps the worker going, is waited for.
pub async fn run(
    state: Arc<State>,
    listener: TcpListener,
    device: &str,
    working: JoinHandle<()>,
) -> miette::Result<ExitCode> {
    let address = listener.local_addr().map_err(|error| miette::miette!("{error}"))?;
    // The one line on standard output, for people and for programs that started the server on a free port.
    let _ = writeln!(std::io::stdout(), "Hanze serves http://{address}/v1 on {device}");
    let _ = std::io::stdout().flush();
    let keeping = tokio::spawn(retention::keep(state.clone()));
    let calling = tokio::spawn(callbacks::keep(state.clone()));
    let service = TowerToHyperService::new(warp::service(routes::all(state.clone())));
    let stall = Duration::try_from_secs_f64(state.args.stall_seconds).ok();
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let mut stop = std::pin::pin!(stopped());
    loop {
        let place = places.clone().acquire_owned();
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = async { (place.await, listener.accept().await) } => accepted,
        };
        let (Ok(place), Ok((stream, peer))) = accepted else {
            // Too many files are open, or the peer has gone already.
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        let mut stream = Box::pin(TimeoutStream::new(stream));
        // A reader that takes nothing holds what was read for it, and a place.
        stream.as_mut().set_write_timeout_pinned(stall);
        let service = service.clone();
        let told = HeaderValue::from_str(&peer.ip().to_string());
        let answering = service_fn(move |mut request: Request<Incoming>| {
            if let Ok(told) = &told {
                request.headers_mut().insert(keys::PEER, told.clone());
            }
            service.call(request)
        });
        let connection = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIME)
            .max_buf_size(LARGEST_HEAD)
            .max_headers(MOST_LINES)
            .serve_connection(TokioIo::new(stream), answering);
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended");
            }
            drop(place);
        });
    }
    tracing::info!("stops");
    state.is_stopping.store(true, Ordering::Relaxed);
    state.worker.stop();
    state.followed.wake();
    state.newest.send_modify(|_| {});
    keeping.abort();
    drop(listener);
    let _ = tokio::time::timeout(LAST_WORDS, graceful.shutdown()).await;
    // A call that is being made is written down when it is answered.
    let _ = tokio::time::timeout(LAST_WORDS, calling).await;
    // The worker leaves its checkpoint.
    let _ = tokio::task::spawn_blocking(move || working.join()).await;
    identity::note(&state).await;
    Ok(ExitCode::SUCCESS)
}

/// Waits for Ctrl-C, or for SIGTERM where there are signals.
async fn stopped() {
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated() => {}
    }
}

#[cfg(unix)]
async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut signal) => {
            signal.recv().await;
        }
        Err(_) => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn terminated() {
    std::future::pending().await
}
