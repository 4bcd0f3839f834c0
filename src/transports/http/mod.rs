//! MCP over HTTP: Streamable HTTP in both its eras at `/mcp`, the older SSE at `/sse` and
//! `/messages`, images at `/images`, and what operators look at.
//!
//! Knows axum, and nothing about models or money. What rmcp leaves to the server is here: who
//! may call, from which page and under which host name, how much, how long a silence may last,
//! and that a session with a call in flight is never cut.

mod access;
mod body;
mod connections;
mod images;
mod inboxes;
mod json_rpc_peek;
mod keep_alive;
mod load;
mod mcp;
mod metrics;
mod options;
mod range;
mod refusal;
mod router;
mod server;
mod sessions;
mod sse;
mod state;
mod tokens;

pub use metrics::Metrics;
pub use options::{Clocks, HttpOptions, Limits};
pub use server::HttpServer;
pub use tokens::{BearerTokens, TokenError};
