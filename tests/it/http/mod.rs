//! The server over HTTP, asked over real sockets.

mod eras;
mod guards;
mod long_calls;
mod operations;
mod images;
mod sse;
mod tasks;

/// Logs what begins and ends in the server, for tests that wait for it.
const DEBUG: &str = "--log=gpt_image_mcp::transports=debug";
