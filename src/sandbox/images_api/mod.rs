//! The images endpoints, for the official and the gateway's models.
//!
//! - `endpoints`: from request to answer
//! - `body`: a body as parameters and files
//! - `references`: the pictures that come in
//! - `official`, `gateway`: what each family accepts and how it answers
//! - `sizes`: how many pixels come back
//! - `accepted`: a request that was found good
//! - `stream`: answers as server-sent events

mod endpoints;
mod gateway;
mod official;
mod accepted;
mod references;
mod sizes;
mod stream;
mod body;

pub(super) use accepted::{Order, Tokens, chunked, painted_format};
pub(super) use body::{Submission, data_url, json_object};
pub(super) use endpoints::{blocking, edits, generations, official_answer};
pub(super) use gateway::{IMAGE_BYTES, chat_order, reply as gateway_reply};
pub(super) use references::decoded;
