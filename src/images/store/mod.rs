//! The library: picture files that people can find, and the record of where they came from.
//!
//! `destination` says where pictures go, `files` lands and names them there, `names` is how
//! names are made, `database` opens the record, `record` reads and writes it, `rows` is how
//! its rows are spelled.

mod database;
mod destination;
mod files;
mod names;
mod record;
mod rows;

#[cfg(test)]
mod tests;

pub use destination::Destination;
pub use files::{Kept, NotKept, keep};
pub use record::Library;
pub use rows::{JobEnd, JobRecord, JobState, Parent, ParentRole, StoredImage};

pub(super) use files::open;
pub(super) use names::file_name;
