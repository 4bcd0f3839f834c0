//! Tables for what is pure here: orders to calls, replies to steps, errors to kinds.

mod classify;
mod decode;
mod encode;
mod words;

use super::reply::Reader;
use super::{Reply, ReplyHeaders, Step, dialect};
use crate::catalog::Endpoint;
use crate::staging::Staging;

/// What a reply with this status and body means.
fn step(status: u16, body: &str) -> Step {
    let folder = tempfile::tempdir().unwrap();
    let mut reader = Reader::new(Staging::new(folder.path()));
    reader.push(body.as_bytes()).unwrap();
    let headers = ReplyHeaders { request_id: Some("req_1".to_owned()), ..ReplyHeaders::default() };
    let body = reader.finish().unwrap();
    dialect(Endpoint::Images).decode(Reply { status, headers, body })
}
