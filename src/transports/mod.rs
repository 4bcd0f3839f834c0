//! The transports: stdio and HTTP. Know rmcp, and nothing about images.

mod deliveries;
mod http;
mod stdio;
mod lone_surrogates;

pub use http::{BearerTokens, Clocks, HttpOptions, HttpServer, Limits, Metrics, TokenError};
pub use stdio::serve_stdio;
