//! The manners of other servers: what an image server of another make wants and answers, where
//! that is not what the reference does. For trying a provider's configuration without it.
//!
//! - `profile`: their names
//! - `definitions`: each as data, from its documents or its source
//! - `serve`: from request to answer
//! - `local`: the servers that people run themselves, which read few parameters
//! - `answers`: the shapes of success and refusal
//!
//! Strict where a document says so. Faults are for the reference alone.

mod answers;
mod local;
mod profile;
mod serve;
mod definitions;

pub use profile::Manner;
pub(super) use serve::router;
