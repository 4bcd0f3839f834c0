//! The options of the HTTP transport: address, access, limits and timeouts.

use std::net::SocketAddr;
use std::time::Duration;

use super::metrics::Metrics;
use super::tokens::BearerTokens;
use crate::jobs::SpendingCaps;

/// The options of the HTTP transport.
#[derive(Debug)]
pub struct HttpOptions {
    /// The address to listen on; port 0 picks a free one.
    pub listen: SocketAddr,
    /// The tokens that may call. Without any, anyone who reaches the port may.
    pub tokens: BearerTokens,
    /// Allowed Host names in addition to loopback; with a port, only that port.
    pub hosts: Vec<String>,
    /// Allowed Origins in addition to loopback.
    pub origins: Vec<String>,
    /// The address that clients use, without a trailing slash, if it differs from `listen`.
    pub public_url: Option<String>,
    /// Whether callers may name paths on this machine.
    pub paths: bool,
    /// The spending caps of each token.
    pub caps_per_token: SpendingCaps,
    /// Limits on what is served.
    pub limits: Limits,
    /// Timeouts.
    pub clocks: Clocks,
    /// The metrics of the server.
    pub metrics: Metrics,
}

/// Limits on what is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a request body.
    pub body_bytes: usize,
    /// Open sessions, of the protocol versions that have them.
    pub sessions: usize,
    /// Running tool calls.
    pub calls: usize,
    /// Running tool calls of one token.
    pub calls_per_token: usize,
    /// Requests per minute of one token.
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

/// Timeouts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clocks {
    /// From the start of a connection, or its last response, to the end of the next request's headers.
    pub headers: Duration,
    /// For a request body; every 32 KiB received add a second.
    pub body: Duration,
    /// Silence before the headers of a response are sent without a message.
    pub early_headers: Duration,
    /// Between the keep-alive comments of a silent response.
    pub keep_alive: Duration,
    /// Idle timeout of a session.
    pub session_idle: Duration,
    /// How long a finished response can be fetched again over a new connection.
    pub resumable: Duration,
    /// Grace period for running calls on shutdown.
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
