//! Layer 3: the image APIs.
//!
//! A dialect encodes a request and decodes a reply and never sends; `client` sends and knows
//! no dialect; `reply` reads a body as it arrives and knows neither.

mod call;
mod chat;
mod classify;
mod client;
mod decode;
mod dialect;
mod encode;
mod failure;
mod ssrf;
mod images_api;
mod links;
pub mod reply;
mod retry;
#[cfg(test)]
mod tests;

pub use call::{Call, CallBody, Lost, Made, Order, Part, Path, Reply, ReplyHeaders, Step, Upload};
pub use client::{Client, ClientOptions, FetchError, ModelAddress, Probe};
pub use dialect::dialect;
pub use encode::Dialect;
pub use failure::{Failure, FailureKind};
pub use retry::{Next, RetrySettings, Skip, Tried, next};
