//! The store: image files that people can find, and the record of where they came from.
//!
//! `destination` says where images go, `files` lands and names them there, `names` is how
//! names are made, `database` opens the record, `record` keeps images in it, `ancestry` walks back
//! through what they were made from, `jobs` keeps jobs, `claims` hands them on, `ledger` keeps their requests and money,
//! `history`, `gallery` and `spending` read them back, `prune` makes room,
//! `thumbnails` are small images of the kept
//! ones, `processes` tells which are alive, `leftovers` deals with what
//! killed ones leave, `uploads` with what owners put in,
//! `rows` is how its rows are spelled.

mod ancestry;
mod claims;
mod database;
mod encoded;
mod files;
mod gallery;
mod history;
mod ids;
mod jobs;
mod ledger;
mod leftovers;
mod names;
mod processes;
mod prune;
mod record;
mod rows;
mod spending;
mod thumbnails;
mod uploads;

#[cfg(test)]
mod tests;

pub use claims::Claimed;
pub use encoded::EncodedImage;
pub use files::{Kept, NotKept, keep};
pub use gallery::Exhibit;
pub use ids::{new_image_id, new_job_id};
pub use jobs::{LEASE, Opened};
pub use ledger::{AttemptEnd, AttemptRecord, Begun, Cap, CapHit, Period, Plan};
pub use prune::{FileFate, Going, PrunePlan, Rule};
pub use record::Store;
pub use rows::{JobEnd, JobRecord, Parent, ParentRole, StoredImage};
pub use spending::{Spent, Stretch, Sums};

pub use names::file_name;
