//! Floor 7: how a client's bytes reach the tools. Knows rmcp, and nothing about pictures.

mod stdio;

pub use stdio::serve_stdio;
