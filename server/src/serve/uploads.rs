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
const ENDINGS: [&str; 5] = ["tif", "tiff", "asc", "txt", "csv"];

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

/// `POST /v1/inputs`: takes a file in, piece by piece.
pub async fn upload<S, B, E>(state: Arc<State>, headers: HeaderMap, body: S) -> Answer
where
    S: Stream<Item = Result<B, E>>,
    B: Buf,
{
    require(&state, &headers, Role::Submit).await?;
    let folder = folder(&state.args.data);
    let part = folder.join(format!("{}.part", random()));
    let taken = take(&folder, &part, state.args.max_upload_mb, body).await;
    if taken.is_err() {
        let _ = tokio::fs::remove_file(&part).await;
    }
    let (sum, bytes) = taken?;
    tracing::info!(sum, bytes, "uploaded");
    let named = format!("upload:{sum}");
    Ok(answer(StatusCode::CREATED, &json!({ "id": named, "sha256": sum, "bytes": bytes, "endings": ENDINGS })))
}

async fn take<S, B, E>(folder: &Path, part: &Path, most: u64, body: S) -> Result<(String, u64), Problem>
where
    S: Stream<Item = Result<B, E>>,
    B: Buf,
{
    let full = |error: std::io::Error| {
        tracing::error!(%error, "an upload cannot be written");
        Problem::new(StatusCode::INSUFFICIENT_STORAGE, "the file cannot be kept; tell whoever runs this server")
    };
    tokio::fs::create_dir_all(folder).await.map_err(full)?;
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
        sum.update(&piece);
        file.write_all(&piece).await.map_err(full)?;
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
