//! Jobs, attempts, images and money on record, and the image files.
//!
//! | files | what they do |
//! | --- | --- |
//! | `database`, `schema`, `rows`, `folders` | open the database, update it, spell its rows |
//! | `jobs`, `transitions`, `claims`, `processes` | record jobs, change their status, pass them on, tell which processes live |
//! | `attempts`, `spending` | the ledger and its sums |
//! | `images`, `files`, `names`, `uploads`, `thumbnails`, `encoded` | images: rows, files, names, small versions |
//! | `ancestry`, `history`, `gallery` | read back what was made |
//! | `leftovers`, `prune` | keep what killed processes left, delete what is old |
//!
//! It must not know image APIs or who calls.

mod ancestry;
mod attempts;
mod claims;
mod database;
mod encoded;
mod error;
mod files;
mod folders;
mod gallery;
mod history;
mod ids;
mod images;
mod jobs;
mod leftovers;
mod names;
mod processes;
mod prune;
mod rows;
mod schema;
mod spending;
mod thumbnails;
mod transitions;
mod uploads;

#[cfg(test)]
mod tests;

pub use attempts::{AttemptEnd, AttemptRecord, BegunAttempt, Cap, CapHit, Period, PlannedAttempt};
pub use claims::ClaimedJob;
pub use encoded::EncodedImage;
pub use error::StoreError;
pub use files::{Kept, NotKept, keep};
pub use gallery::Exhibit;
pub use ids::{new_image_id, new_job_id};
pub use images::Store;
pub use jobs::OpenedJob;
pub use prune::{FileFate, Going, PrunePlan, Rule};
pub use rows::{JobEnd, JobRecord, LEASE, Parent, ParentRole, StoredImage};
pub use spending::{Spent, Stretch, Sums};

pub use names::file_name;
