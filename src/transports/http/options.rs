//! What the HTTP transport is told: where to listen, whom to serve, how much, and its clocks.

use std::net::SocketAddr;
use std::time::Duration;

use super::metrics::Metrics;
use super::tokens::BearerTokens;
use crate::jobs::SpendingCaps;

/// All that the transport needs to know.
#[derive(Debug)]
pub struct HttpOptions {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Who may call. Without any, everybody who reaches the port may.
    pub tokens: BearerTokens,
    /// Host names requests may be addressed to, beside loopback's; with a port, at that port only.
    pub hosts: Vec<String>,
    /// Web pages' origins that may call, beside those on loopback.
    pub origins: Vec<String>,
    /// The address clients reach the server at, without a slash at its end, where it is another
    /// than the one it listens on.
    pub public_url: Option<String>,
    /// Whether callers may name files of this machine.
    pub paths: bool,
    /// What each token may spend.
    pub caps_per_token: SpendingCaps,
    /// How much is served.
    pub limits: Limits,
    /// How long things may last.
    pub clocks: Clocks,
    /// What is counted.
    pub metrics: Metrics,
}

/// The most that is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a request's body.
    pub body_bytes: usize,
    /// Sessions of the older protocols, open at once.
    pub sessions: usize,
    /// Tool calls in flight at once.
    pub calls: usize,
    /// The same, of one token.
    pub calls_per_token: usize,
    /// Requests a minute of one token.
    pub requests_per_minute: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 64 * 1024 * 1024,
            sessions: 1_000,
            calls: 2_000,
            calls_per_token: 2_000,
            requests_per_minute: 6_000,
        }
    }
}

/// How long things may last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clocks {
    /// From a connection's start, or its last answer, to the end of the next request's headers.
    pub headers: Duration,
    /// For a request's body to begin with; every 32 KiB that come add a second.
    pub body: Duration,
    /// Silence before a call is answered with headers and no more.
    pub early_headers: Duration,
    /// Between bytes that keep a silent answer alive.
    pub keep_alive: Duration,
    /// Before a session that nobody uses ends.
    pub session_idle: Duration,
    /// For which a finished answer can be fetched again over a new connection.
    pub resumable: Duration,
    /// For calls in flight to end when the server is told to stop.
    pub stop: Duration,
}

impl Default for Clocks {
    fn default() -> Self {
        Self {
            headers: Duration::from_secs(30),
            body: Duration::from_secs(30),
            early_headers: Duration::from_millis(500),
            keep_alive: Duration::from_secs(15),
            session_idle: Duration::from_hours(1),
            resumable: Duration::from_mins(1),
            stop: Duration::from_mins(5),
        }
    }
}
