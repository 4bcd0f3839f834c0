//! Server profiles: what other image servers expect and reply where they differ from the
//! reference, to try the configuration of a provider without it.
//!
//! - `profile`: their names
//! - `definitions`: each profile as data, from its documents or its source
//! - `serve`: from request to reply
//! - `local`: the servers that people run themselves, which read few parameters
//! - `answers`: the forms of replies and errors
//!
//! A profile is strict where a document says so. Faults work at the reference only.

mod answers;
mod local;
mod profile;
mod serve;
mod definitions;

pub use profile::ServerProfile;
pub(super) use serve::router;
