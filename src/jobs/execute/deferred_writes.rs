//! Writes that the database did not take in time, because it was locked. They are repeated before the job ends.

use crate::jobs::context::JobContext;
use crate::store::StoreError;
use crate::store::{AttemptEnd, StoredImage};

/// What is still to be written.
#[derive(Default)]
pub(in crate::jobs) struct DeferredWrites {
    ends: Vec<(i64, AttemptEnd)>,
    images: Vec<StoredImage>,
}

impl DeferredWrites {
    pub(super) fn append(&mut self, other: Self) {
        self.ends.extend(other.ends);
        self.images.extend(other.images);
    }

    /// Records how an attempt ended.
    pub(super) async fn end_attempt(&mut self, context: &JobContext, attempt: i64, end: AttemptEnd) {
        if let Err(error) = context.services.store.end_attempt(attempt, &end).await {
            tracing::error!(job = %context.record.id, %error, "the end of an attempt was not recorded");
            self.ends.push((attempt, end));
        }
    }

    /// Records an image that was kept.
    pub(super) async fn record_image(&mut self, context: &JobContext, image: &StoredImage) {
        if let Err(error) = context.services.store.record_image(image).await {
            tracing::error!(job = %context.record.id, %error, "an image was kept and not recorded");
            self.images.push(image.clone());
        }
    }
}

/// Repeats the writes. Returns what the caller has to know if they fail again.
pub(in crate::jobs) async fn write_deferred(context: &JobContext, writes: DeferredWrites) -> Option<String> {
    let store = &context.services.store;
    let write = async {
        for (attempt, end) in &writes.ends {
            store.end_attempt(*attempt, end).await?;
        }
        for image in &writes.images {
            store.record_image(image).await?;
        }
        Ok::<_, StoreError>(())
    };
    let error = write.await.err()?;
    tracing::error!(job = %context.record.id, %error, "deferred writes failed again");
    (!writes.images.is_empty())
        .then(|| format!("{error}; the file is kept, but its id will not be found later"))
}
