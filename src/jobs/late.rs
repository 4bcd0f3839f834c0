//! What the record did not take in time, as it was locked: written down once more before the job ends.

use super::paid::Paid;
use crate::store::{StoredImage, TryEnd};

/// What is still to be written down.
#[derive(Default)]
pub(super) struct Late {
    ends: Vec<(i64, TryEnd)>,
    images: Vec<StoredImage>,
}

impl Late {
    pub(super) fn extend(&mut self, more: Self) {
        self.ends.extend(more.ends);
        self.images.extend(more.images);
    }
}

impl Paid {
    /// Writes down how a request ended.
    pub(super) async fn record_end(&self, number: i64, end: TryEnd, late: &mut Late) {
        if let Err(error) = self.shared.store.end_try(number, &end).await {
            tracing::error!(job = %self.record.id, %error, "the end of a request was not recorded");
            late.ends.push((number, end));
        }
    }

    /// Writes down an image that was kept.
    pub(super) async fn record_image(&self, image: &StoredImage, late: &mut Late) {
        if let Err(error) = self.shared.store.record_image(image).await {
            tracing::error!(job = %self.record.id, %error, "an image was kept and not recorded");
            late.images.push(image.clone());
        }
    }

    /// Tries once more, and says what the caller should know if it is in vain.
    pub(super) async fn catch_up(&self, late: Late) -> Option<String> {
        let store = &self.shared.store;
        let any_images = !late.images.is_empty();
        let caught_up = async {
            for (number, end) in &late.ends {
                store.end_try(*number, end).await?;
            }
            for image in &late.images {
                store.record_image(image).await?;
            }
            Ok::<_, crate::codec::ImageError>(())
        };
        let error = caught_up.await.err()?;
        tracing::error!(job = %self.record.id, %error, "nor was it later");
        any_images.then(|| format!("{error}; the file is there, its id will not be found later"))
    }
}
