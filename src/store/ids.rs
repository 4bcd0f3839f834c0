//! New ids: where the randomness that `domain` lacks comes from.

use std::hash::{BuildHasher, Hasher, RandomState};

use crate::domain::{ImageId, JobId};

/// An id for an image about to be kept.
#[must_use]
pub fn new_image_id() -> ImageId {
    ImageId::from_entropy(entropy())
}

/// An id for a job about to be recorded.
#[must_use]
pub fn new_job_id() -> JobId {
    JobId::from_entropy(entropy())
}

fn entropy() -> u64 {
    // Ids need to differ, not to be secret: the hasher's random keys do where the system's source fails.
    getrandom::u64().unwrap_or_else(|_| RandomState::new().build_hasher().finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_ids_differ() {
        let ids: std::collections::HashSet<_> = (0..1000).map(|_| new_image_id()).collect();
        assert_eq!(ids.len(), 1000);
        assert_ne!(new_job_id(), new_job_id());
    }
}
