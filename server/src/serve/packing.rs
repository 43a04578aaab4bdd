//! Answers that are texts and lie in memory, packed for those who take it. Files are packed where they are sent (`files`).

use super::files::{is_compressible, takes_gzip};
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use http_body_util::BodyExt;
use hyper::body::Body;
use std::io::Write;
use warp::http::{HeaderMap, HeaderValue};
use warp::reply::Response;

/// Bytes below which packing gains nothing.
const SMALLEST: u64 = 1024;
/// Bytes from which packing takes longer than others should wait.
const LONG: usize = 64 * 1024;

/// The answer, packed if it is a text that is worth it and whoever `asked` takes gzip. What has a tag of its own or is a part of
/// a file stays as it is.
pub async fn packed(response: Response, asked: &HeaderMap) -> Response {
    let headers = response.headers();
    let kind = headers.get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let is_bare = ["content-encoding", "content-range", "etag"].iter().all(|name| !headers.contains_key(*name));
    // A body whose length is not known is a stream.
    let size = response.body().size_hint().exact().unwrap_or(0);
    if !is_bare || size < SMALLEST || !is_compressible(kind) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    parts.headers.append("vary", HeaderValue::from_static("accept-encoding"));
    if !asked.get("accept-encoding").and_then(|value| value.to_str().ok()).is_some_and(takes_gzip) {
        return Response::from_parts(parts, body);
    }
    let Ok(whole) = body.collect().await else {
        tracing::error!("an answer that lies in memory cannot be read");
        parts.status = warp::http::StatusCode::INTERNAL_SERVER_ERROR;
        return Response::from_parts(parts, Bytes::new().into());
    };
    let whole = whole.to_bytes();
    let small = if whole.len() < LONG {
        gzip(&whole)
    } else {
        let whole = whole.clone();
        tokio::task::spawn_blocking(move || gzip(&whole)).await.unwrap_or(None)
    };
    let Some(small) = small else { return Response::from_parts(parts, whole.into()) };
    parts.headers.insert("content-encoding", HeaderValue::from_static("gzip"));
    parts.headers.remove("content-length");
    Response::from_parts(parts, small.into())
}

fn gzip(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut packer = GzEncoder::new(Vec::with_capacity(bytes.len() / 4), Compression::new(3));
    packer.write_all(bytes).ok()?;
    packer.finish().ok()
}
