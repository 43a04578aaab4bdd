//! Sending what has a strong ETag and a length, files first: one range, 304 and 206 and 416 (RFC 9110, sections 13 and 14).

use super::problem::Problem;
use super::store::Output;
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use futures_util::stream::poll_fn;
use std::io::{SeekFrom, Write};
use std::path::Path;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio::sync::mpsc;
use warp::http::{HeaderMap, HeaderValue, StatusCode};
use warp::reply::{Reply, Response};

/// Bytes that are read at once; two such pieces wait for each reader.
pub const PIECE: usize = 64 * 1024;

/// What a range asks for.
#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    All,
    Part { from: u64, to: u64 },
    Nothing,
}

/// The range that a header asks for of so many bytes. Several at once are answered with the whole, as a server may.
fn wanted(range: Option<&str>, length: u64) -> Wanted {
    let Some(range) = range.and_then(|range| range.trim().strip_prefix("bytes=")) else { return Wanted::All };
    if range.contains(',') {
        return Wanted::All;
    }
    let Some((from, to)) = range.trim().split_once('-') else { return Wanted::All };
    let number = |text: &str| {
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
            None
        } else {
            text.parse::<u64>().ok().or(Some(u64::MAX))
        }
    };
    match (number(from), number(to)) {
        (Some(from), to) if to.is_some() || is_open(range) => {
            let to = to.unwrap_or(u64::MAX);
            match (from > to, from < length) {
                // Reversed: no range at all.
                (true, _) => Wanted::All,
                (false, true) => Wanted::Part { from, to: to.min(length - 1) },
                (false, false) => Wanted::Nothing,
            }
        }
        // The last bytes.
        (None, Some(last)) if from.is_empty() => match last.min(length) {
            0 => Wanted::Nothing,
            last => Wanted::Part { from: length - last, to: length - 1 },
        },
        _ => Wanted::All,
    }
}

/// Whether a range has no end.
fn is_open(range: &str) -> bool {
    range.ends_with('-')
}

/// Whether files of a media type become much smaller when they are packed; rasters and pictures are packed already.
pub fn is_compressible(media_type: &str) -> bool {
    let kind = media_type.split(';').next().unwrap_or_default().trim();
    kind.starts_with("text/") || kind.ends_with("json") || kind == "model/gltf-binary"
}

/// Whether an Accept-Encoding takes gzip (RFC 9110, section 12.5.3).
pub fn takes_gzip(accepted: &str) -> bool {
    let weight = |name: &str| {
        accepted.split(',').find_map(|coding| {
            let (coding, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
            let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.trim().parse::<f64>().ok());
            coding.trim().eq_ignore_ascii_case(name).then_some(weight.unwrap_or(0.0))
        })
    };
    weight("gzip").or(weight("*")).is_some_and(|weight| weight > 0.0)
}

/// Whether a list of entity tags holds one (weak ones compare equal for this).
pub fn names(list: &str, etag: &str) -> bool {
    list.split(',').map(|tag| tag.trim().trim_start_matches("W/")).any(|tag| tag == etag || tag == "*")
}

/// What of something with a tag and a length is to be sent.
pub enum Asked {
    /// Whoever asks has it already.
    Known,
    All,
    /// The bytes from one to another, both among them.
    Part(u64, u64),
}

/// What a request asks for of so many bytes.
///
/// # Errors
/// 416 where the range lies beyond them.
pub fn asked(headers: &HeaderMap, etag: &str, length: u64, is_head: bool) -> Result<Asked, Problem> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if text("if-none-match").is_some_and(|list| names(list, etag)) {
        return Ok(Asked::Known);
    }
    let is_same = text("if-range").is_none_or(|tag| tag.trim() == etag);
    // A range means nothing to HEAD.
    match wanted(text("range").filter(|_| is_same && !is_head), length) {
        Wanted::Nothing => {
            let problem = Problem::new(StatusCode::RANGE_NOT_SATISFIABLE, format!("the file has {length} bytes"));
            Err(problem.with("content-range", format!("bytes */{length}")))
        }
        Wanted::All => Ok(Asked::All),
        Wanted::Part { from, to } => Ok(Asked::Part(from, to)),
    }
}

/// Answers with a file.
pub async fn send(path: &Path, output: &Output, headers: &HeaderMap, is_head: bool) -> Result<Response, Problem> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    // A range is one of the file as it is.
    let is_small = is_compressible(&output.media_type) && output.bytes > 1024;
    let is_packed = is_small && text("range").is_none() && text("accept-encoding").is_some_and(takes_gzip);
    // Other bytes have another tag.
    let etag = format!("\"{}{}\"", output.sha256, if is_packed { "-gzip" } else { "" });
    let length = output.bytes as u64;
    let mut response = match asked(headers, &etag, length, is_head)? {
        Asked::Known => status(StatusCode::NOT_MODIFIED),
        Asked::All if is_packed => {
            let mut response = body(path, 0, length, is_head, true, StatusCode::OK).await?;
            set(&mut response, "content-encoding", "gzip");
            response
        }
        Asked::All => body(path, 0, length, is_head, false, StatusCode::OK).await?,
        Asked::Part(from, to) => {
            let mut response = body(path, from, to + 1 - from, is_head, false, StatusCode::PARTIAL_CONTENT).await?;
            set(&mut response, "content-range", &format!("bytes {from}-{to}/{length}"));
            response
        }
    };
    if response.status() != StatusCode::NOT_MODIFIED {
        set(&mut response, "content-type", &output.media_type);
        let name = output.name.rsplit('/').next().unwrap_or_default();
        set(&mut response, "content-disposition", &format!("inline; filename=\"{name}\""));
    }
    if is_small {
        set(&mut response, "vary", "accept-encoding");
    }
    tagged(&mut response, &etag);
    Ok(response)
}

/// Says of an answer that it is known again by its tag and comes in parts, too.
pub fn tagged(response: &mut Response, etag: &str) {
    set(response, "etag", etag);
    set(response, "accept-ranges", "bytes");
    // What a checksum names never changes, and the name of an output of a finished job neither.
    set(response, "cache-control", "private, max-age=3600");
}

/// An answer without a body.
pub fn status(status: StatusCode) -> Response {
    let mut response = Response::new(Bytes::new().into());
    *response.status_mut() = status;
    response
}

/// Sets a header, where its value is one.
pub fn set(response: &mut Response, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// Some bytes of a file, read as fast as they are taken, packed if asked for.
async fn body(
    path: &Path,
    from: u64,
    count: u64,
    is_head: bool,
    is_packed: bool,
    code: StatusCode,
) -> Result<Response, Problem> {
    let gone = |error: std::io::Error| {
        tracing::error!(%error, path = %path.display(), "a kept file cannot be read");
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the file cannot be read; tell whoever runs this server")
    };
    let mut file = tokio::fs::File::open(path).await.map_err(gone)?;
    file.seek(SeekFrom::Start(from)).await.map_err(gone)?;
    let mut response = if is_head {
        Response::new(Bytes::new().into())
    } else {
        let (sender, mut receiver) = mpsc::channel::<std::io::Result<Bytes>>(2);
        tokio::spawn(async move {
            if let Err(error) = pieces(file, count, is_packed, &sender).await {
                // The connection breaks off, so that nobody takes half a file for a whole one.
                let _ = sender.send(Err(error)).await;
            }
        });
        warp::reply::stream(poll_fn(move |cx| receiver.poll_recv(cx))).into_response()
    };
    *response.status_mut() = code;
    if !is_packed {
        set(&mut response, "content-length", &count.to_string());
    }
    Ok(response)
}

/// Sends some bytes of a file in pieces; ends early where nobody takes them.
pub async fn pieces(
    mut file: tokio::fs::File,
    count: u64,
    is_packed: bool,
    sender: &mpsc::Sender<std::io::Result<Bytes>>,
) -> std::io::Result<()> {
    // A small piece at a low level keeps others waiting for less than a millisecond.
    let mut packer = is_packed.then(|| GzEncoder::new(Vec::new(), Compression::new(3)));
    let size = if is_packed { PIECE / 4 } else { PIECE };
    let mut left = count;
    while left > 0 {
        let mut piece = vec![0; size.min(left as usize)];
        let read = file.read(&mut piece).await?;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        piece.truncate(read);
        left -= read as u64;
        if let Some(packer) = &mut packer {
            packer.write_all(&piece)?;
            piece = std::mem::take(packer.get_mut());
            tokio::task::yield_now().await;
        }
        if !piece.is_empty() && sender.send(Ok(piece.into())).await.is_err() {
            return Ok(());
        }
    }
    if let Some(packer) = packer {
        let _ = sender.send(Ok(packer.finish()?.into())).await;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_those_of_the_standard() {
        let part = |from, to| Wanted::Part { from, to };
        for (range, expected) in [
            ("bytes=0-0", part(0, 0)),
            ("bytes=10-19", part(10, 19)),
            ("bytes=90-", part(90, 99)),
            ("bytes=-5", part(95, 99)),
            ("bytes=-500", part(0, 99)),
            ("bytes=50-99999999999999999999999999", part(50, 99)),
            ("bytes=100-", Wanted::Nothing),
            ("bytes=-0", Wanted::Nothing),
            ("bytes=20-10", Wanted::All),
            ("bytes=", Wanted::All),
            ("bytes=-", Wanted::All),
            ("bytes=a-b", Wanted::All),
            ("bytes=1-b", Wanted::All),
            ("bytes=0-1,5-6", Wanted::All),
            ("lines=0-1", Wanted::All),
        ] {
            assert_eq!(wanted(Some(range), 100), expected, "{range}");
        }
        assert_eq!(wanted(None, 100), Wanted::All);
        assert_eq!(wanted(Some("bytes=0-"), 0), Wanted::Nothing);
    }

    #[test]
    fn only_who_takes_gzip_gets_it() {
        for (accepted, takes) in [
            ("gzip", true),
            ("gzip, deflate, br", true),
            ("deflate, GZIP;q=0.5", true),
            ("*", true),
            ("gzip;q=0", false),
            ("gzip;q=0, *", false),
            ("identity", false),
            ("br", false),
            ("", false),
            ("gzip;q=often", false),
        ] {
            assert_eq!(takes_gzip(accepted), takes, "{accepted}");
        }
        assert!(is_compressible("text/csv") && is_compressible("application/geo+json; charset=utf-8"));
        assert!(!is_compressible("image/png") && !is_compressible("image/tiff; application=geotiff"));
    }

    #[test]
    fn tags_are_found_in_lists() {
        assert!(names("\"a\", W/\"b\"", "\"b\"") && names("*", "\"b\"") && !names("\"a\"", "\"b\""));
    }
}
