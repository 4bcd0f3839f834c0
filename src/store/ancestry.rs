//! What an image was made from, and what that was made from, back to the first.

use std::collections::VecDeque;

use super::error::StoreError;
use super::images::Store;
use super::{ParentRole, StoredImage};

/// More generations and siblings than anyone reads.
const MOST: usize = 32;

impl Store {
    /// The images of this owner's that an image goes back to, nearest first, each once; those
    /// no longer in the database are left out, and so is what a model sent before the original was
    /// put back around it.
    ///
    /// # Errors
    /// A record that cannot be read.
    pub async fn ancestry(&self, image: &StoredImage, owner: &str) -> Result<Vec<StoredImage>, StoreError> {
        let mut ancestry: Vec<StoredImage> = Vec::new();
        let mut pending: VecDeque<_> = parents(image).collect();
        while let Some(id) = pending.pop_front() {
            if ancestry.len() >= MOST || id == image.id || ancestry.iter().any(|known| known.id == id) {
                continue;
            }
            match self.image(&id, owner).await {
                Ok(parent) => {
                    pending.extend(parents(&parent));
                    ancestry.push(parent);
                }
                Err(StoreError::UnknownId(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(ancestry)
    }
}

fn parents(image: &StoredImage) -> impl Iterator<Item = crate::domain::ImageId> {
    image.parents.iter().filter(|parent| parent.role != ParentRole::Raw).map(|parent| parent.id.clone())
}
