//! What one of the `n` images of a job came to.

use super::deferred_writes::DeferredWrites;
use crate::domain::Problem;
use crate::jobs::outcome::{Cost, Preserved, Unstored};
use crate::store::StoredImage;

/// What became of one image. A reply may bring several images, so each field holds all of them.
#[derive(Default)]
pub(in crate::jobs) struct ImageResult {
    pub images: Vec<StoredImage>,
    /// Images that came and could not be stored.
    pub unstored: Vec<Unstored>,
    /// Why no image came.
    pub problem: Option<Problem>,
    /// Where the result differs from the request.
    pub warnings: Vec<String>,
    /// How the images differ from what the model sent.
    pub preserved: Vec<Preserved>,
    pub request_ids: Vec<String>,
    /// What each attempt cost that was charged or may have been.
    pub charges: Vec<Cost>,
    /// What the database did not take in time.
    pub deferred_writes: DeferredWrites,
}

impl ImageResult {
    /// Adds another image's result, without its problem and warnings.
    pub(in crate::jobs) fn append(&mut self, other: Self) {
        self.images.extend(other.images);
        self.unstored.extend(other.unstored);
        self.preserved.extend(other.preserved);
        self.request_ids.extend(other.request_ids);
        self.charges.extend(other.charges);
        self.deferred_writes.append(other.deferred_writes);
    }
}
