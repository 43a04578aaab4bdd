//! All results of a job in one ZIP file, made while it is sent: nothing of it lies on a disk or in memory.

use super::State;
use super::problem::Problem;
use super::store::Output;
use bytes::Bytes;
use futures_util::stream::poll_fn;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc};
use warp::http::{HeaderValue, StatusCode};
use warp::reply::{Reply, Response};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Archives that are sent at once: each takes a thread.
static PLACES: Semaphore = Semaphore::const_new(64);
/// Bytes that are sent at once; two such pieces wait for each reader.
const PIECE: usize = 64 * 1024;
/// Sizes from which a file needs the longer numbers of ZIP64.
const LARGE: i64 = 0xffff_0000;

/// Sends the files under their names in the run's folder.
pub async fn send(state: &Arc<State>, job: &str, outputs: Vec<Output>, is_head: bool) -> Result<Response, Problem> {
    let mut response = if is_head {
        Response::default()
    } else {
        let place = PLACES.try_acquire().map_err(|_| {
            let detail = "many archives are being sent already; try again in a minute, or fetch the files one by one";
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail).with("retry-after", "60")
        })?;
        let files: Vec<(String, PathBuf, bool)> = outputs
            .into_iter()
            .map(|output| (output.name, state.artifacts.path(&output.sha256), output.bytes > LARGE))
            .collect();
        let (sender, mut receiver) = mpsc::channel::<io::Result<Bytes>>(2);
        tokio::task::spawn_blocking(move || {
            let _place = place;
            if let Err(error) = write(&files, &sender) {
                // The connection breaks off, so that nobody takes half an archive for a whole one.
                let _ = sender.blocking_send(Err(error));
            }
        });
        warp::reply::stream(poll_fn(move |cx| receiver.poll_recv(cx))).into_response()
    };
    let headers = response.headers_mut();
    headers.insert("content-type", HeaderValue::from_static("application/zip"));
    headers.insert("cache-control", HeaderValue::from_static("private, max-age=3600"));
    let name = format!("attachment; filename=\"hanze-{}.zip\"", &job[..job.len().min(8)]);
    if let Ok(name) = HeaderValue::from_str(&name) {
        headers.insert("content-disposition", name);
    }
    Ok(response)
}

/// Rasters, pictures and meshes are packed already, so files go in as they are.
fn write(files: &[(String, PathBuf, bool)], sender: &mpsc::Sender<io::Result<Bytes>>) -> io::Result<()> {
    let mut archive = ZipWriter::new_stream(BufWriter::with_capacity(PIECE, Sink(sender)));
    for (name, path, is_large) in files {
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored).large_file(*is_large);
        archive.start_file(name.as_str(), options)?;
        io::copy(&mut std::fs::File::open(path)?, &mut archive)?;
    }
    archive.finish()?.into_inner().flush()
}

/// What is written here is sent.
struct Sink<'a>(&'a mpsc::Sender<io::Result<Bytes>>);

impl Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let gone = |_| io::Error::from(io::ErrorKind::BrokenPipe);
        self.0.blocking_send(Ok(Bytes::copy_from_slice(bytes))).map_err(gone)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
