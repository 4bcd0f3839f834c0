//! Small images of the stored ones, each made once and kept in the store's folder.
//!
//! They are for looking over many images at once; what a call answers is `preview`'s.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::folders::create_private;
use super::{Store, StoredImage};
use crate::codec::preview::{Preview, PreviewBudget, make};
use crate::codec::{inspect, inspect_bytes};
use crate::domain::{ImageFormat, ImageId};
use crate::store::error::StoreError;

/// 320 px for cards half as wide on a dense screen; a thousand are 12 MB of page at most.
const USUAL: PreviewBudget = PreviewBudget { long_edge: 320, base64_bytes: 12_000 };
/// An image that is transparent in part is kept as PNG, and would become tiny.
const TRANSPARENT: PreviewBudget = PreviewBudget { base64_bytes: 48_000, ..USUAL };
/// As small as that, an image says nothing.
const TINY: u32 = 200;

impl Store {
    /// A small image of this one. Takes up to a few hundred milliseconds where it was never
    /// made before: not for an async task. Where it cannot be kept, it is made all the same.
    ///
    /// # Errors
    /// The image's file is gone, or cannot be read as an image, and no thumbnail was kept.
    pub fn thumbnail(&self, image: &StoredImage) -> Result<Preview, StoreError> {
        let folder = self.thumbnails();
        if let Some(kept) = kept(&folder, &image.id) {
            return Ok(kept);
        }
        let info = inspect(image.open()?)?;
        let made = make(image.open()?, &info, &USUAL)?;
        let tiny = made.pixels.long_edge() < TINY.min(info.pixels.long_edge());
        let made = if tiny { make(image.open()?, &info, &TRANSPARENT)? } else { made };
        if let Err(error) = keep(&folder, &image.id, &made) {
            tracing::debug!(image = %image.id, %error, "a thumbnail was not kept");
        }
        Ok(made)
    }

    /// The folder they are kept in.
    pub(super) fn thumbnails(&self) -> PathBuf {
        self.root().join("thumbnails")
    }
}

/// Where the thumbnail of an image may be kept, by format.
pub(super) fn places(folder: &Path, id: &ImageId) -> [PathBuf; 3] {
    [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::Webp].map(|format| place(folder, id, format))
}

fn place(folder: &Path, id: &ImageId, format: ImageFormat) -> PathBuf {
    folder.join(format!("{id}.{}", format.extension()))
}

fn kept(folder: &Path, id: &ImageId) -> Option<Preview> {
    let bytes = places(folder, id).iter().find_map(|path| fs::read(path).ok())?;
    let info = inspect_bytes(&bytes).ok()?;
    Some(Preview { bytes, format: info.format, pixels: info.pixels })
}

fn keep(folder: &Path, id: &ImageId, made: &Preview) -> Result<(), StoreError> {
    create_private(folder)?;
    let path = place(folder, id, made.format);
    let written = tempfile::NamedTempFile::new_in(folder).and_then(|mut file| {
        file.write_all(&made.bytes)?;
        file.persist(&path).map_err(|failed| failed.error)
    });
    written.map(drop).map_err(|error| StoreError::writing(&path, error))
}
