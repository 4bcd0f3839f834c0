//! The server over HTTP, asked over real sockets.

mod eras;
mod guards;
mod long_calls;
mod operations;
mod pictures;
mod sse;
mod tasks;
