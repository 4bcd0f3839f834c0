//! The images endpoints, for the official and the gateway's models.
//!
//! - `endpoints`: from request to answer
//! - `submission`: a body as parameters and files
//! - `references`: the pictures that come in
//! - `official`, `gateway`: what each family accepts and how it answers
//! - `sizes`: how many pixels come back
//! - `order`: a request that was found good
//! - `stream`: answers as server-sent events

mod endpoints;
mod gateway;
mod official;
mod order;
mod references;
mod sizes;
mod stream;
mod submission;

pub(super) use endpoints::{blocking, edits, generations, official_answer};
pub(super) use gateway::{IMAGE_BYTES, chat_order, reply as gateway_reply};
pub(super) use order::{Order, Tokens, chunked, painted_format};
pub(super) use references::decoded;
pub(super) use submission::{Submission, data_url, json_object};
