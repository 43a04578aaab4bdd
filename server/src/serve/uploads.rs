//! Layers that callers bring: kept by their checksum, named `upload:CHECKSUM.tif` in scenarios.

use super::State;
use super::handlers::{Answer, answer, drain};
use super::keys::{Role, random, require};
use super::problem::Problem;
use bytes::Buf;
use futures_util::{Stream, StreamExt};
use hanze_engine::checksum::hex;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use warp::http::{HeaderMap, StatusCode};

/// Time in which a further piece must arrive.
const PIECE_TIME: Duration = Duration::from_secs(30);
/// Endings of files that a scenario can name.
pub const ENDINGS: [&str; 6] = ["tif", "tiff", "asc", "txt", "csv", "geojson"];

/// Folder of uploads.
pub fn folder(data: &Path) -> PathBuf {
    data.join("inputs")
}

/// The checksum in the name of an upload, such as `upload:0123….tif`.
pub fn checksum(name: &str) -> Option<&str> {
    let (sum, ending) = name.strip_prefix("upload:")?.split_once('.')?;
    let is_sum = sum.len() == 64 && sum.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    (is_sum && ENDINGS.contains(&ending)).then_some(sum)
}

/// Whether a name is one that a file of a request may have: plain, with a known ending.
pub fn is_name(name: &str) -> bool {
    let Some((stem, ending)) = name.rsplit_once('.') else { return false };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    !stem.is_empty() && stem.len() <= 100 && stem.chars().all(is_plain) && ENDINGS.contains(&ending)
}

/// Keeps files that came with a request; gives each name with that of the upload that it became.
pub async fn keep(state: &State, files: Vec<(String, Vec<u8>)>) -> Result<Vec<(String, String)>, Problem> {
    let mut named = Vec::new();
    for (name, bytes) in files {
        let folder = folder(&state.args.data);
        let part = folder.join(format!("{}.part", random()));
        let body = futures_util::stream::iter([Ok::<_, std::convert::Infallible>(bytes::Bytes::from(bytes))]);
        let taken = take(state, &folder, &part, body).await;
        if taken.is_err() {
            let _ = tokio::fs::remove_file(&part).await;
        }
        let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
        named.push((name.clone(), format!("upload:{}.{ending}", taken?.0)));
    }
    Ok(named)
}

/// Bytes of all uploads.
fn bytes_of_all(folder: &Path) -> u64 {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    files.filter_map(|file| file.metadata().ok()).map(|file| file.len()).sum()
}

/// Removes uploads that were not named for a time and that no job which is waiting names.
pub async fn tidy(state: &State, age: Duration) -> Result<(), sqlx::Error> {
    let waiting = state.store.waiting_scenarios().await?;
    for file in std::fs::read_dir(folder(&state.args.data)).into_iter().flatten().flatten() {
        let name = file.file_name().to_string_lossy().into_owned();
        // The file's own clock and the machine's are one; a file from the future is not old.
        let time = file.metadata().and_then(|file| file.modified()).ok();
        let is_old = time.and_then(|time| time.elapsed().ok()).is_some_and(|since| since > age);
        if is_old && !waiting.iter().any(|scenario| scenario.contains(&name)) {
            let _ = std::fs::remove_file(file.path());
        }
    }
    Ok(())
}

/// Notes that an upload is still of use.
pub fn touch(data: &Path, names: &[&str]) {
    for sum in names.iter().filter_map(|name| checksum(name)) {
        let file = std::fs::File::options().append(true).open(folder(data).join(sum));
        // One that is gone meanwhile is told when it is read.
        let _ = file.and_then(|file| file.set_modified(std::time::SystemTime::now()));
    }
}

/// `POST /v1/inputs`: takes a file in, piece by piece.
pub async fn upload<S, B, E>(state: Arc<State>, headers: HeaderMap, body: S) -> Answer
where
    S: Stream<Item = Result<B, E>>,
    B: Buf,
{
    require(&state, &headers, Role::Submit).await?;
    let folder = folder(&state.args.data);
    let part = folder.join(format!("{}.part", random()));
    let taken = take(&state, &folder, &part, body).await;
    if taken.is_err() {
        let _ = tokio::fs::remove_file(&part).await;
    }
    let (sum, bytes) = taken?;
    tracing::info!(sum, bytes, "uploaded");
    let named = format!("upload:{sum}");
    Ok(answer(StatusCode::CREATED, &json!({ "id": named, "sha256": sum, "bytes": bytes, "endings": ENDINGS })))
}

async fn take<S, B, E>(state: &State, folder: &Path, part: &Path, body: S) -> Result<(String, u64), Problem>
where
    S: Stream<Item = Result<B, E>>,
    B: Buf,
{
    let full = |error: std::io::Error| {
        tracing::error!(%error, "an upload cannot be written");
        Problem::new(StatusCode::INSUFFICIENT_STORAGE, "the file cannot be kept; tell whoever runs this server")
    };
    let most = state.args.max_upload_mb;
    tokio::fs::create_dir_all(folder).await.map_err(full)?;
    let (all, most_of_all) = (bytes_of_all(folder), (state.args.max_uploads_gb * 1e9) as u64);
    let no_room = || {
        let detail = format!("uploads take their {} GB here; try again when some have gone", state.args.max_uploads_gb);
        Problem::new(StatusCode::INSUFFICIENT_STORAGE, detail)
    };
    let mut file = tokio::fs::File::create(part).await.map_err(full)?;
    let (mut sum, mut bytes) = (Sha256::new(), 0u64);
    let mut body = pin!(body);
    loop {
        let slow = |_| Problem::new(StatusCode::REQUEST_TIMEOUT, "the next piece of the file took too long to arrive");
        let Some(piece) = tokio::time::timeout(PIECE_TIME, body.next()).await.map_err(slow)? else { break };
        let mut piece = piece.map_err(|_| Problem::bad("the file ended before it was whole"))?;
        let piece = piece.copy_to_bytes(piece.remaining());
        bytes += piece.len() as u64;
        if bytes > most << 20 {
            let _ = tokio::time::timeout(PIECE_TIME, drain(body)).await;
            let detail = format!("a file may have {most} MB here; take larger cells or a smaller part");
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail));
        }
        let written =
            if all + bytes > most_of_all { Err(no_room()) } else { file.write_all(&piece).await.map_err(full) };
        if let Err(problem) = written {
            // Who still sends would not hear why.
            let _ = tokio::time::timeout(PIECE_TIME, drain(body)).await;
            return Err(problem);
        }
        sum.update(&piece);
    }
    if bytes == 0 {
        return Err(Problem::bad("the file is empty"));
    }
    file.sync_all().await.map_err(full)?;
    let sum = hex(&sum.finalize());
    tokio::fs::rename(part, folder.join(&sum)).await.map_err(full)?;
    super::artifacts::sync(folder).map_err(full)?;
    Ok((sum, bytes))
}

/// Puts the uploads that a scenario names beside it, and gives the scenario with their plain names.
pub fn place(data: &Path, work: &Path, text: &str, names: &[&str]) -> std::io::Result<String> {
    let mut text = text.to_string();
    for name in names {
        let (Some(sum), Some(plain)) = (checksum(name), name.strip_prefix("upload:")) else { continue };
        match std::fs::hard_link(folder(data).join(sum), work.join(plain)) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            other => other?,
        }
        text = text.replace(&format!("\"{name}\""), &format!("\"{plain}\""));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_uploads_are_names_of_uploads() {
        let sum = "0123456789abcdef".repeat(4);
        assert_eq!(checksum(&format!("upload:{sum}.tif")), Some(sum.as_str()));
        for bad in
            [format!("upload:{sum}"), format!("upload:{sum}.exe"), format!("upload:../{sum}.tif"), format!("{sum}.tif")]
        {
            assert_eq!(checksum(&bad), None, "{bad}");
        }
        assert_eq!(checksum(&format!("upload:{}.tif", sum.to_uppercase())), None);
    }
}
