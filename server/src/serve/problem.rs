//! What went wrong, as `application/problem+json` (RFC 9457), with the types of OGC API – Processes.

use serde_json::json;
use warp::http::{HeaderValue, StatusCode};
use warp::reply::Response;

const OGC: &str = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/";

/// A problem.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    kind: String,
    detail: String,
    headers: Vec<(&'static str, String)>,
}

impl Problem {
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Problem {
        Problem { status, kind: "about:blank".into(), detail: detail.into(), headers: Vec::new() }
    }

    fn ogc(status: StatusCode, kind: &str, detail: impl Into<String>) -> Problem {
        Problem { kind: format!("{OGC}{kind}"), ..Problem::new(status, detail) }
    }

    pub fn bad(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::BAD_REQUEST, detail)
    }

    pub fn no_job(id: &str) -> Problem {
        let detail = format!("there is no job {}; /v1/jobs lists those that are there", shown(id));
        Problem::ogc(StatusCode::NOT_FOUND, "no-such-job", detail)
    }

    pub fn no_process(id: &str) -> Problem {
        let detail = format!("there is no process {}; /v1/processes lists those that are there", shown(id));
        Problem::ogc(StatusCode::NOT_FOUND, "no-such-process", detail)
    }

    pub fn not_ready(detail: impl Into<String>) -> Problem {
        Problem::ogc(StatusCode::NOT_FOUND, "result-not-ready", detail)
    }

    /// That a job failed, for a reason that the last part of the type tells.
    pub fn failed(kind: &str, detail: impl Into<String>) -> Problem {
        let status =
            if kind == "InvalidParameterValue" { StatusCode::BAD_REQUEST } else { StatusCode::INTERNAL_SERVER_ERROR };
        Problem::ogc(status, kind, detail)
    }

    /// With a header more.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Problem {
        self.headers.push((name, value.into()));
        self
    }

    pub fn into_response(self) -> Response {
        let body = json!({
            "type": self.kind,
            "title": self.status.canonical_reason().unwrap_or("Problem"),
            "status": self.status.as_u16(),
            "detail": self.detail,
        });
        let mut response = Response::new(body.to_string().into());
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert("content-type", HeaderValue::from_static("application/problem+json"));
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        }
        response
    }
}

/// A fault of ours: written down in full, told in general.
impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Problem {
        tracing::error!(%error, "the job store failed");
        let detail = "the job store does not answer; nothing was lost, try again in a minute";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail).with("retry-after", "60")
    }
}

/// Text from outside, short and without control characters.
fn shown(text: &str) -> String {
    let mut shown: String = text.chars().filter(|c| !c.is_control()).take(80).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    format!("\"{shown}\"")
}
