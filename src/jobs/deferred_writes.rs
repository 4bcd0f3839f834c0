//! What the record did not take in time, as it was locked: written down once more before the job ends.

use super::paid::Paid;
use crate::store::{AttemptEnd, StoredImage};

/// What is still to be written down.
#[derive(Default)]
pub(super) struct DeferredWrite {
    ends: Vec<(i64, AttemptEnd)>,
    images: Vec<StoredImage>,
}

impl DeferredWrite {
    pub(super) fn extend(&mut self, more: Self) {
        self.ends.extend(more.ends);
        self.images.extend(more.images);
    }
}

impl Paid {
    /// Writes down how a request ended.
    pub(super) async fn record_end(&self, number: i64, end: AttemptEnd, deferred_writes: &mut DeferredWrite) {
        if let Err(error) = self.shared.store.end_try(number, &end).await {
            tracing::error!(job = %self.record.id, %error, "the end of a request was not recorded");
            deferred_writes.ends.push((number, end));
        }
    }

    /// Writes down an image that was kept.
    pub(super) async fn record_image(&self, image: &StoredImage, deferred_writes: &mut DeferredWrite) {
        if let Err(error) = self.shared.store.record_image(image).await {
            tracing::error!(job = %self.record.id, %error, "an image was kept and not recorded");
            deferred_writes.images.push(image.clone());
        }
    }

    /// Tries once more, and says what the caller should know if it is in vain.
    pub(super) async fn catch_up(&self, deferred_writes: DeferredWrite) -> Option<String> {
        let store = &self.shared.store;
        let any_images = !deferred_writes.images.is_empty();
        let caught_up = async {
            for (number, end) in &deferred_writes.ends {
                store.end_try(*number, end).await?;
            }
            for image in &deferred_writes.images {
                store.record_image(image).await?;
            }
            Ok::<_, crate::codec::ImageError>(())
        };
        let error = caught_up.await.err()?;
        tracing::error!(job = %self.record.id, %error, "nor was it later");
        any_images.then(|| format!("{error}; the file is there, its id will not be found later"))
    }
}
