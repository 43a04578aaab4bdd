//! The socket: a limit on connections, a time limit on heads, and a quiet end.

use super::door::{self, Door, Holding};
use super::paced::Paced;
use super::places::{Most, Places};
use super::{State, callbacks, identity, keys, retention, routes, token};
use hyper::body::Incoming;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::convert::Infallible;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_io_timeout::TimeoutStream;
use warp::http::Request;

/// Time that the head of a request may take to arrive.
const HEAD_TIME: Duration = Duration::from_secs(10);
/// Bytes of a head, and lines in it.
const LARGEST_HEAD: usize = 64 * 1024;
const MOST_LINES: usize = 100;
/// What Unix systems say when a process, or all of them, have too many files open.
const TOO_MANY_FILES: [i32; 2] = [23, 24];
/// Time that the worker gets to leave a checkpoint.
const CHECKPOINT_TIME: Duration = Duration::from_secs(60);
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
    token: Option<String>,
) -> miette::Result<ExitCode> {
    let address = listener.local_addr().map_err(|error| miette::miette!("{error}"))?;
    // For programs of this user, as long as the server runs.
    let _announced = token.as_deref().and_then(|token| token::announce(address, token));
    let _serving = token::announce_serving(&state.args.data, address);
    let has_keys = state.store.has_keys().await.map_err(|error| miette::miette!("{error}"))?;
    // For people and for programs that started the server on a free port, which read the first line.
    let is_alone = keys::is_open(&state) && state.args.address.is_loopback();
    let entrance = entrance(address, token.as_deref(), (is_alone, has_keys), &state.args.data);
    let _ = writeln!(std::io::stdout(), "Hanze serves http://{address}/v1 on {device}\n{entrance}");
    let _ = std::io::stdout().flush();
    let keeping = tokio::spawn(retention::keep(state.clone()));
    let calling = tokio::spawn(callbacks::keep(state.clone()));
    let service = TowerToHyperService::new(warp::service(routes::all(state.clone())));
    let stall = Duration::try_from_secs_f64(state.args.stall_seconds).ok();
    let seconds = state.args.keep_alive_seconds;
    let keep_alive = Duration::try_from_secs_f64(seconds).unwrap_or(HEAD_TIME);
    let graceful = GracefulShutdown::new();
    let places = Places::new(Most::of(state.args.max_connections as usize, state.args.trust_forwarded));
    let mut stop = std::pin::pin!(stopped());
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Too many files are open, or the peer has gone already.
                if error.raw_os_error().is_some_and(|code| TOO_MANY_FILES.contains(&code)) {
                    places.make_room();
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            }
        };
        let Some(entry) = places.enter(peer.ip()).map(Arc::new) else {
            tracing::debug!(peer = %peer.ip(), "an address has all of its connections at work");
            continue;
        };
        let _ = stream.set_nodelay(true);
        let mut stream = Box::pin(TimeoutStream::new(stream));
        // A reader that takes nothing holds what was read for it, and a place.
        stream.as_mut().set_write_timeout_pinned(stall);
        let stream = Paced::new(stream, entry.connection(), HEAD_TIME, keep_alive);
        let door = Door { state: state.clone(), places: places.clone(), entry: entry.clone(), peer: peer.ip() };
        let service = service.clone();
        let answering = service_fn(move |request: Request<Incoming>| {
            let is_kept = door::is_kept(&request);
            let (ticket, admitted) = door.admit(request);
            let service = service.clone();
            async move {
                let mut response = match admitted {
                    Ok(request) => service.call(request).await?,
                    Err(response) => response,
                };
                if is_kept {
                    door::keep_alive(response.headers_mut(), seconds);
                }
                Ok::<_, Infallible>(response.map(|body| Holding::new(body, Some(ticket))))
            }
        });
        let connection = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            // The stream keeps the time; this is for what it cannot see, such as half a head behind another request.
            .header_read_timeout(keep_alive + HEAD_TIME)
            .max_buf_size(LARGEST_HEAD)
            .max_headers(MOST_LINES)
            .serve_connection(TokioIo::new(stream), answering);
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            tokio::select! {
                ended = connection => if let Err(error) = ended {
                    tracing::debug!(%error, "a connection ended");
                },
                () = entry.closed() => tracing::debug!("a connection that waited made room"),
            }
        });
    }
    tracing::info!("stops");
    // Who asks a second time does not wait for the worker.
    let again = tokio::spawn(stopped());
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
    let mut working = tokio::task::spawn_blocking(move || drop(working.join()));
    let ended = tokio::select! {
        _ = &mut working => true,
        _ = again => false,
        () = tokio::time::sleep(CHECKPOINT_TIME) => false,
    };
    if !ended {
        tracing::warn!("the worker does not end and is killed; its job goes on from the last checkpoint");
        state.worker.kill();
        let _ = tokio::time::timeout(LAST_WORDS, working).await;
    }
    identity::note(&state).await;
    Ok(ExitCode::SUCCESS)
}

/// How to come in, in a line; `is_alone` where nobody but this machine can reach the server.
fn entrance(address: SocketAddr, token: Option<&str>, (is_alone, has_keys): (bool, bool), data: &Path) -> String {
    let Some(token) = token else {
        return if !is_alone {
            format!(
                "A key is needed although it was started with --open, as others may reach this server; hanze key --data '{}' new \
                 NAME makes one.",
                data.display()
            )
        } else if has_keys {
            "Keys were made here, so a key is needed although it was started with --open.".into()
        } else {
            "Programs of this machine need no key (--open).".into()
        };
    };
    // All addresses of the machine are no address to go to.
    let host = match address.ip() {
        IpAddr::V4(host) if host.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(host) if host.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        host => host,
    };
    format!(
        "Open http://{}/?key={token} in a browser; hanze submit and jobs find the key by themselves.",
        SocketAddr::new(host, address.port())
    )
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entrance_says_who_needs_a_key() {
        let address = SocketAddr::from(([0, 0, 0, 0], 8080));
        let line = |token, open| entrance(address, token, open, Path::new("my data"));
        assert!(line(Some("hanze_1"), (false, true)).starts_with("Open http://127.0.0.1:8080/?key=hanze_1 "));
        assert!(line(None, (true, false)).contains("need no key"));
        assert!(line(None, (true, true)).starts_with("Keys were made here"));
        for has_keys in [false, true] {
            let words = line(None, (false, has_keys));
            assert!(words.starts_with("A key is needed although") && words.contains("--data 'my data' new"), "{words}");
        }
    }
}
