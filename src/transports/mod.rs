//! The transports: stdio and HTTP. Know rmcp, and nothing about images.

#[cfg(feature = "conformance")]
mod conformance;
mod deliveries;
mod http;
mod stdio;
mod lone_surrogates;

#[cfg(feature = "conformance")]
pub use conformance::Fixtures;
pub use http::{BearerTokens, Clocks, HttpOptions, HttpServer, Limits, Metrics, TokenError};
pub use stdio::serve_stdio;
