//! Where this server is, as whoever asks sees it: links in answers are whole URLs.

use super::State;
use super::request::Wish;
use super::store::Job;
use warp::http::HeaderMap;

/// Scheme, host and port, and what comes before `/v1`, without a slash at the end: what `--public-url` says; else what a proxy
/// that is trusted (`--trust-forwarded`) tells of the request that it got; else the host that was asked for.
pub fn origin(state: &State, headers: &HeaderMap) -> String {
    of(state.args.public_url.as_deref(), state.args.trust_forwarded, headers)
}

/// The same for a job, for those who are called and ask for nothing: where it was submitted.
pub fn of_job(state: &State, job: &Job) -> String {
    match &state.args.public_url {
        Some(url) => url.trim_end_matches('/').to_string(),
        None => serde_json::from_str::<Wish>(&job.wish).unwrap_or_default().origin,
    }
}

fn of(public_url: Option<&str>, trusts_proxy: bool, headers: &HeaderMap) -> String {
    if let Some(url) = public_url {
        return url.trim_end_matches('/').to_string();
    }
    // Of a list the last one is that of the nearest proxy, which is the one that is trusted.
    let told = |name: &str| {
        let list = headers.get_all(name).iter().next_back()?.to_str().ok()?;
        list.rsplit(',').next().map(str::trim).filter(|text| !text.is_empty())
    };
    let told = |name: &str| told(name).filter(|_| trusts_proxy);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '-' | '_' | '[' | ']');
    let plain = |host: &&str| host.chars().all(is_plain);
    let scheme = match told("x-forwarded-proto") {
        Some(scheme) if scheme.eq_ignore_ascii_case("https") => "https",
        _ => "http",
    };
    let asked = headers.get("host").and_then(|host| host.to_str().ok());
    let host = told("x-forwarded-host").filter(plain).or(asked.filter(plain)).unwrap_or("localhost");
    // Some proxies tell the port apart from the host.
    let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    let usual = if scheme == "https" { "443" } else { "80" };
    let is_port = |port: &&str| *port != usual && port.len() <= 5 && port.bytes().all(|byte| byte.is_ascii_digit());
    match told("x-forwarded-port").filter(is_port).filter(|_| !has_port && told("x-forwarded-host").is_some()) {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use warp::http::{HeaderName, HeaderValue};

    #[test]
    fn links_lead_to_where_whoever_asks_can_go() {
        const PROTO: &str = "x-forwarded-proto";
        const HOST: &str = "x-forwarded-host";
        const PORT: &str = "x-forwarded-port";
        type Told = [(&'static str, &'static str)];
        let cases: [(Option<&str>, bool, &Told, &str); 12] = [
            (None, false, &[], "http://127.0.0.1:8080"),
            (None, false, &[(PROTO, "https"), (HOST, "twin.nl")], "http://127.0.0.1:8080"),
            (None, true, &[(PROTO, "https"), (HOST, "twin.nl")], "https://twin.nl"),
            (None, true, &[(PROTO, "HTTPS")], "https://127.0.0.1:8080"),
            (None, true, &[(HOST, "twin.nl")], "http://twin.nl"),
            (None, true, &[(HOST, "evil.org, twin.nl"), (PROTO, "http, https")], "https://twin.nl"),
            (None, true, &[(HOST, "evil.org"), (HOST, "twin.nl")], "http://twin.nl"),
            (None, true, &[(HOST, "twin.nl"), (PROTO, "https"), (PORT, "8443")], "https://twin.nl:8443"),
            (None, true, &[(HOST, "twin.nl"), (PROTO, "https"), (PORT, "443")], "https://twin.nl"),
            (None, true, &[(HOST, "twin.nl:9000"), (PORT, "8443")], "http://twin.nl:9000"),
            (None, true, &[(HOST, "twin.nl/<script>"), (PROTO, "javascript")], "http://127.0.0.1:8080"),
            (Some("https://hanze.nl/model/"), true, &[(HOST, "twin.nl")], "https://hanze.nl/model"),
        ];
        for (public, trusts, told, expected) in cases {
            let mut headers = HeaderMap::new();
            headers.insert("host", HeaderValue::from_static("127.0.0.1:8080"));
            for (name, value) in told {
                headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
            }
            assert_eq!(of(public, trusts, &headers), expected, "{public:?} {told:?}");
        }
        let mut headers = HeaderMap::new();
        assert_eq!(of(None, false, &headers), "http://localhost");
        headers.insert("host", HeaderValue::from_static("a b\"c"));
        assert_eq!(of(None, false, &headers), "http://localhost");
    }
}
