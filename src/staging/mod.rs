//! Files while they are received: the folder they are staged in, the disk space reserved for them, and the
//! lock that says their process lives.
//!
//! It must not know what sends the bytes or where a finished file is recorded.

mod staged_file;

pub use staged_file::{Readable, STAGED_PREFIX, StagedBytes, StagedFile, StagedWriter, Staging};
