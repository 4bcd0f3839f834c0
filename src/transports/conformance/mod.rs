//! What the public conformance suite asks of a server beside its own tools: fixtures with names
//! and answers that the suite prescribes (modelcontextprotocol/conformance, its scenarios'
//! descriptions). Only with the feature `conformance`, never in a release.
//!
//! They stand around the real server, so that the suite meets the same transports, guards and
//! limits as a client does.

#![expect(deprecated, reason = "the suite tests what older revisions require")]

mod calls;
mod inputs;
mod prompts;
mod resources;
mod server;
mod tasks;
mod tools;

pub use server::Fixtures;
