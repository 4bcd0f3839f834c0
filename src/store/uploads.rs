//! Images that no job made: put in by their owner, to be named by their id from then on.

use jiff::Timestamp;

use super::images::Store;
use super::rows::{signed, time};
use super::{Kept, StoredImage, keep};
use crate::codec::inspect_bytes;
use crate::domain::{ImageId, ModelName};
use crate::references::Destination;
use crate::store::error::StoreError;
use crate::store::new_image_id;

/// In the names of their files, where those of drawn images have the prompt.
const UPLOAD: &str = "upload";

impl Store {
    /// Keeps and records an image of this owner's, if it is one.
    pub async fn record_upload(&self, bytes: bytes::Bytes, owner: &str) -> Result<StoredImage, StoreError> {
        let store = self.clone();
        let written = tokio::task::spawn_blocking(move || store.write_upload(&bytes)).await;
        let stopped = |error: tokio::task::JoinError| StoreError::NoRoom(std::io::Error::other(error));
        let (image, mut kept) = written.map_err(stopped)??;
        let recorded = self.insert_upload(&image, owner).await;
        if recorded.is_err() {
            // Nobody could ever name it.
            let _ = std::fs::remove_file(&kept.path);
        }
        kept.settle();
        recorded?;
        tokio::task::spawn_blocking(move || {
            if let Err(error) = kept.sync() {
                tracing::warn!(path = %kept.path.display(), %error, "an image may not survive a power cut");
            }
        });
        Ok(image)
    }

    fn write_upload(&self, bytes: &[u8]) -> Result<(StoredImage, Kept), StoreError> {
        let info = inspect_bytes(bytes)?;
        let mut writer = self.staging(&Destination::Store)?.begin();
        writer.write(bytes).map_err(|error| StoreError::NoRoom(std::io::Error::other(error)))?;
        let id: ImageId = new_image_id();
        let kept =
            keep(writer.finish(), &Destination::Store, UPLOAD, &id).map_err(|not_kept| not_kept.error)?;
        let image = StoredImage {
            id,
            job: None,
            position: 0,
            path: kept.path.clone(),
            format: kept.format,
            pixels: info.pixels,
            bytes: kept.bytes,
            hash: kept.hash,
            model: ModelName { provider: String::new(), model: String::new() },
            prompt: String::new(),
            created_at: Timestamp::now(),
            parents: Vec::new(),
        };
        Ok((image, kept))
    }

    async fn insert_upload(&self, image: &StoredImage, owner: &str) -> Result<(), StoreError> {
        let query = sqlx::query(
            "INSERT INTO images (id, job_id, position, owner, path, format, width, height, bytes, hash, provider, \
             model, prompt, created_at) VALUES (?, NULL, 0, ?, ?, ?, ?, ?, ?, ?, '', '', '', ?)",
        )
        .bind(image.id.as_str())
        .bind(owner)
        .bind(image.path.to_string_lossy())
        .bind(image.format.name())
        .bind(image.pixels.width)
        .bind(image.pixels.height)
        .bind(signed(image.bytes))
        .bind(image.hash.to_hex().as_str())
        .bind(time(image.created_at));
        query.execute(&mut *self.connection().await?).await.map_err(|error| self.failed(error))?;
        Ok(())
    }
}
