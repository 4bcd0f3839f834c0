//! Checks the Host and Origin headers of a request.
//!
//! Any web page can make a browser send requests to loopback, and with DNS rebinding also read the
//! responses. The headers of the browser reveal both.

use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, Uri};

const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// The hosts and origins that are allowed in addition to loopback.
#[derive(Clone, Debug, Default)]
pub(super) struct Access {
    hosts: Vec<(String, Option<u16>)>,
    origins: Vec<String>,
}

impl Access {
    /// These hosts, `name` or `name:port`, and these origins, `scheme://host[:port]`.
    pub(super) fn new<'a>(
        hosts: impl IntoIterator<Item = &'a str>,
        origins: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let lower = |text: &str| text.trim().trim_end_matches('/').to_ascii_lowercase();
        Self {
            hosts: hosts.into_iter().filter_map(|host| authority(&lower(host))).collect(),
            origins: origins.into_iter().map(lower).collect(),
        }
    }

    /// Whether the request is addressed to this server. A request without a Host is not.
    pub(super) fn allows_host(&self, uri: &Uri, headers: &HeaderMap) -> bool {
        let mut stated = headers.get_all(HOST).iter();
        let (Some(host), None) = (stated.next(), stated.next()) else { return false };
        // An absolute URL in the request line overrides the header.
        let host = uri.authority().map_or_else(|| host.to_str().ok(), |authority| Some(authority.as_str()));
        let Some((name, port)) = host.and_then(|host| authority(&host.to_ascii_lowercase())) else {
            return false;
        };
        LOOPBACK.contains(&name.as_str())
            || self.hosts.iter().any(|(known, at)| *known == name && (at.is_none() || *at == port))
    }

    /// Whether the page that sends the request may call. Other clients send no Origin.
    pub(super) fn allows_origin(&self, headers: &HeaderMap) -> bool {
        headers.get_all(ORIGIN).iter().all(|origin| {
            let Ok(origin) = origin.to_str().map(str::to_ascii_lowercase) else { return false };
            let Some((scheme, rest)) = origin.split_once("://") else { return false };
            let of_loopback = authority(rest).is_some_and(|(name, _)| LOOPBACK.contains(&name.as_str()));
            (of_loopback && matches!(scheme, "http" | "https")) || self.origins.contains(&origin)
        })
    }
}

/// The name, IPv6 in its brackets, and the port of `name[:port]`.
fn authority(text: &str) -> Option<(String, Option<u16>)> {
    let port_at = match text.rfind(']') {
        Some(end) => text.get(end + 1..)?.starts_with(':').then_some(end + 1),
        None => text.find(':'),
    };
    let (name, port) = match port_at {
        Some(at) => (text.get(..at)?, Some(text.get(at + 1..)?.parse().ok()?)),
        None => (text, None),
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_[]:".contains(&byte);
    (!name.is_empty() && name.bytes().all(plain)).then(|| (name.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &axum::http::HeaderName, values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn requests_must_be_addressed_to_loopback_or_to_what_is_allowed() {
        let access = Access::new(["Images.Example.com", "other.example:8443", "192.0.2.7"], []);
        let cases: [(&[&str], bool); 20] = [
            (&["localhost"], true),
            (&["LOCALHOST:8787"], true),
            (&["127.0.0.1:1"], true),
            (&["[::1]:8787"], true),
            (&["[::1]"], true),
            (&["images.example.com"], true),
            (&["images.example.com:443"], true),
            (&["other.example:8443"], true),
            (&["192.0.2.7:8787"], true),
            (&["other.example"], false),
            (&["other.example:8444"], false),
            (&["evil.example"], false),
            (&["localhost.evil.example"], false),
            (&["localhost@evil.example"], false),
            (&["127.0.0.1:port"], false),
            (&["[::2]"], false),
            (&["[::1"], false),
            (&[""], false),
            (&[], false),
            (&["localhost", "evil.example"], false),
        ];
        for (hosts, allowed) in cases {
            let uri = Uri::from_static("/mcp");
            assert_eq!(access.allows_host(&uri, &headers(&HOST, hosts)), allowed, "{hosts:?}");
        }
        let absolute = Uri::from_static("http://evil.example/mcp");
        assert!(!access.allows_host(&absolute, &headers(&HOST, &["localhost"])));
    }

    #[test]
    fn pages_of_loopback_and_of_the_list_may_call() {
        let access = Access::new([], ["https://App.Example.com/", "http://other.example:8080"]);
        let cases: [(&[&str], bool); 13] = [
            (&[], true),
            (&["http://localhost:6274"], true),
            (&["https://127.0.0.1"], true),
            (&["http://[::1]:3000"], true),
            (&["https://app.example.com"], true),
            (&["http://other.example:8080"], true),
            (&["http://app.example.com"], false),
            (&["https://app.example.com:444"], false),
            (&["https://evil.example"], false),
            (&["https://localhost.evil.example"], false),
            (&["null"], false),
            (&["file://localhost"], false),
            (&["http://localhost", "https://evil.example"], false),
        ];
        for (origins, allowed) in cases {
            assert_eq!(access.allows_origin(&headers(&ORIGIN, origins)), allowed, "{origins:?}");
        }
    }
}
