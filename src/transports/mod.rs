//! Layer 7: how a client's bytes reach the tools. Knows rmcp, and nothing about images.

mod deliveries;
mod http;
mod stdio;
mod lone_surrogates;

pub use http::{Clocks, HttpOptions, HttpServer, Limits, Metrics, TokenError, Tokens};
pub use stdio::serve_stdio;
