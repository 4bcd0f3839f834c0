//! The images endpoints, for the official and the gateway's models.
//!
//! - `endpoints`: from request to reply
//! - `body`: a body as parameters and files
//! - `references`: the images that come in
//! - `official`, `gateway`: what each family accepts and how it replies
//! - `sizes`: how many pixels come back
//! - `accepted`: a request that was accepted
//! - `stream`: replies as server-sent events

mod endpoints;
mod gateway;
mod official;
mod accepted;
mod blocking;
mod references;
mod sizes;
mod stream;
mod body;

pub(super) use accepted::{AcceptedRequest, chunked, painted_format};
pub(super) use blocking::blocking;
pub(super) use body::{RequestBody, data_url, json_object};
pub(super) use endpoints::{edits, generations, official_reply};
pub(super) use gateway::{IMAGE_BYTES, accept_chat, reply as gateway_reply};
pub(super) use references::decoded;
