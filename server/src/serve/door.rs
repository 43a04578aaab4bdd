//! What is seen to before a request meets a route: that it says one host, from where and how it came, and that there is a place.

use super::places::{Entry, Kind, Place, Places};
use super::problem::Problem;
use super::{State, keys, places, routes};
use headers::{Connection, HeaderMapExt};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use warp::http::header::HOST;
use warp::http::{HeaderMap, HeaderValue, Method, Request, Uri, Version};
use warp::reply::Response;

/// What a connection asks through.
pub struct Door {
    pub state: Arc<State>,
    pub places: Arc<Places>,
    pub entry: Arc<Entry>,
    /// The other end of the connection.
    pub peer: IpAddr,
}

/// What is held until an answer has gone.
pub struct Ticket {
    _request: places::Request,
    _place: Option<Place>,
}

/// A request that may go on to the routes.
type Admitted = Request<Holding<Incoming, Place>>;

impl Door {
    /// Lets a request in, or answers it.
    pub fn admit(&self, request: Request<Incoming>) -> (Ticket, Result<Admitted, Response>) {
        let began = self.entry.begin();
        match self.check(request) {
            Ok((place, request)) => (Ticket { _request: began, _place: place }, Ok(request)),
            Err(problem) => {
                let request = &keys::random()[..12];
                let response = problem.into_response();
                tracing::info!(request, status = response.status().as_u16(), "turned away");
                (Ticket { _request: began, _place: None }, Err(routes::with_headers(response, request)))
            }
        }
    }

    fn check(&self, mut request: Request<Incoming>) -> Result<(Option<Place>, Admitted), Problem> {
        one_host(&mut request)?;
        let version = HeaderValue::from_static(if request.version() == Version::HTTP_11 { "1.1" } else { "1.0" });
        let peer = HeaderValue::from_str(&self.peer.to_string()).unwrap_or(HeaderValue::from_static("unknown"));
        request.headers_mut().insert(keys::VERSION, version);
        request.headers_mut().insert(keys::PEER, peer);
        let who = keys::who(&self.state, request.headers());
        let kind = kind(request.method(), request.uri());
        let place = kind.map(|kind| self.places.take(&who, self.peer, kind)).transpose()?;
        let body =
            if request.body().is_end_stream() { None } else { Some(self.places.take(&who, self.peer, Kind::Body)?) };
        Ok((place, request.map(|incoming| Holding::new(incoming, body))))
    }
}

/// Sees that a request names one host (RFC 9112, section 3.2), which is the one in its target where there is one.
fn one_host<B>(request: &mut Request<B>) -> Result<(), Problem> {
    let count = request.headers().get_all(HOST).iter().count();
    if count > 1 {
        return Err(Problem::bad("the request has more than one Host line; send one"));
    }
    if count == 0 && request.version() == Version::HTTP_11 {
        return Err(Problem::bad("the request has no Host line; HTTP/1.1 needs one"));
    }
    let authority = request.uri().authority().and_then(|host| HeaderValue::from_str(host.as_str()).ok());
    if let Some(host) = authority {
        request.headers_mut().insert(HOST, host);
    }
    Ok(())
}

/// The place that a request needs; none to ask for the server's health.
fn kind(method: &Method, uri: &Uri) -> Option<Kind> {
    let path = uri.path();
    match *method {
        _ if matches!(path, "/healthz" | "/readyz") => None,
        Method::GET if path.ends_with("/events") => Some(Kind::Stream),
        // Statistics within outlines are read with a body.
        Method::POST | Method::DELETE if !path.starts_with("/maps/") => Some(Kind::Write),
        _ => Some(Kind::Read),
    }
}

/// Whether the connection is kept after a request.
pub fn is_kept<B>(request: &Request<B>) -> bool {
    let closes = request.headers().typed_get::<Connection>().is_some_and(|options| options.contains("close"));
    request.version() == Version::HTTP_11 && !closes
}

/// Says how long a connection is kept for the next request.
pub fn keep_alive(headers: &mut HeaderMap, seconds: f64) {
    if let Ok(value) = HeaderValue::from_str(&format!("timeout={}", seconds.floor().max(1.0))) {
        headers.insert("keep-alive", value);
    }
}

/// A body that holds something until it has ended.
pub struct Holding<B, H> {
    body: B,
    held: Option<H>,
}

impl<B, H> Holding<B, H> {
    pub fn new(body: B, held: Option<H>) -> Holding<B, H> {
        Holding { body, held }
    }
}

impl<B: Body + Unpin, H: Unpin> Body for Holding<B, H> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.body).poll_frame(cx);
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) || this.body.is_end_stream() {
            this.held = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_need_the_place_of_what_they_do() {
        for (method, path, expected) in [
            (Method::GET, "/healthz", None),
            (Method::HEAD, "/readyz", None),
            (Method::GET, "/v1/jobs", Some(Kind::Read)),
            (Method::GET, "/v1/jobs/x/events", Some(Kind::Stream)),
            (Method::POST, "/v1/processes/echo/execution", Some(Kind::Write)),
            (Method::DELETE, "/v1/jobs/x", Some(Kind::Write)),
            (Method::POST, "/maps/x/max_depth/statistics", Some(Kind::Read)),
            (Method::OPTIONS, "/v1/jobs", Some(Kind::Read)),
        ] {
            assert_eq!(kind(&method, &path.parse().unwrap()), expected, "{method} {path}");
        }
    }

    #[test]
    fn a_request_has_one_host() {
        let host = |lines: &[&str], target: &str, version: Version| {
            let mut request = Request::builder().uri(target).version(version);
            for line in lines {
                request = request.header(HOST, *line);
            }
            let mut request = request.body(()).unwrap();
            one_host(&mut request).map(|()| request.headers().get(HOST).cloned()).ok()
        };
        let one = |host: &'static str| Some(Some(HeaderValue::from_static(host)));
        assert_eq!(host(&["localhost"], "/v1", Version::HTTP_11), one("localhost"));
        assert_eq!(host(&["localhost"], "http://evil.example/v1", Version::HTTP_11), one("evil.example"));
        assert_eq!(host(&[], "/v1", Version::HTTP_10), Some(None));
        assert_eq!(host(&[], "/v1", Version::HTTP_11), None);
        assert_eq!(host(&["localhost", "localhost"], "/v1", Version::HTTP_11), None);
    }
}
