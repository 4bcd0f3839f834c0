//! MCP over HTTP: Streamable HTTP of both protocol eras at `/mcp`, the older HTTP+SSE at `/sse` and
//! `/messages`, images at `/images`, health checks and metrics.
//!
//! Knows axum, and nothing about models or money. Adds what rmcp leaves to the server: tokens, Host
//! and Origin checks, limits, keep-alive, and sessions that last as long as their calls.

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
