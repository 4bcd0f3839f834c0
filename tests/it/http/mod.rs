//! The server over HTTP, asked over real sockets.

mod eras;
mod guards;
mod long_calls;
mod operations;
mod images;
mod sse;
mod tasks;
