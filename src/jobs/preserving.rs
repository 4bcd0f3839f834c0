//! After an inpainting was kept as it came: the original put back around what was repainted.
//!
//! The image that was paid for is a file with a record before anything here begins, and
//! stays one whatever goes wrong.

use std::borrow::Cow;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::cpu_pool::cpu_pool;
use super::image::ImageWork;
use super::inputs::Masked;
use super::paid::Paid;
use crate::codec::{Changed, Form, ImageError, has_transparency, inspect, preserve};
use crate::domain::{Background, ImageFormat, ImageId};
use crate::references::Destination;
use crate::staging::Staging;
use crate::store::{Kept, Parent, ParentRole, StoredImage, keep, new_image_id};

/// What the model had done to what it was to keep, and where its own image is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Preserved {
    /// The id of the result.
    pub image: String,
    /// The id of what the model sent.
    pub raw: String,
    /// Its file.
    pub raw_path: PathBuf,
    /// Of the pixels outside the mask, the percentage that the model had visibly changed.
    pub outside_percent: f64,
    /// By how much they differed on average, of 255.
    pub outside_mean: f64,
    /// By how many pixels, to the right and down, the whole image had moved.
    pub shift: Option<(i32, i32)>,
    /// The size of what the model sent, where it had to be fitted.
    pub fitted_from: Option<String>,
}

impl Paid {
    /// Where an image goes as it comes: beside its place, where another will take that.
    pub(super) fn first_destination(&self) -> Cow<'_, Destination> {
        match &self.inputs.masked {
            Some(masked) if masked.preserve => Cow::Owned(self.destination.beside("raw")),
            _ => Cow::Borrowed(&self.destination),
        }
    }

    /// What its file is named by.
    pub(super) fn first_words(&self) -> Cow<'_, str> {
        let prompt = self.request.prompt.as_str();
        match &self.inputs.masked {
            Some(masked) if masked.preserve => Cow::Owned(format!("raw {prompt}")),
            _ => Cow::Borrowed(prompt),
        }
    }

    /// What is done with an image after it was kept: checks that it is transparent where that
    /// was asked for, and puts the original back around what was repainted.
    pub(super) async fn finish_kept(&self, work: &mut ImageWork) {
        if self.request.background == Background::Transparent
            && let Some(image) = work.images.last().cloned()
            && let Ok(Ok(false)) = cpu_pool(move || is_transparent(&image)).await
        {
            work.warnings.push(
                "background: transparent was asked for, and no pixel of the image is transparent".to_owned(),
            );
        }
        let Some(masked) = self.inputs.masked.as_ref().filter(|masked| masked.preserve) else { return };
        let Some(raw) = work.images.pop() else { return };
        match self.put_back(masked, &raw, work).await {
            Ok(image) => work.images.push(image),
            Err(error) => {
                work.warnings.push(format!(
                    "preserve failed ({error}): this is what the model sent, which may have changed outside the mask"
                ));
                work.images.push(raw);
            }
        }
    }

    async fn put_back(
        &self,
        masked: &Masked,
        raw: &StoredImage,
        work: &mut ImageWork,
    ) -> Result<StoredImage, ImageError> {
        let (original, marks) = (masked.original.clone(), Arc::clone(&masked.marks));
        let form = Form { format: self.request.output_format, percent: self.request.output_compression };
        let file = raw.open()?;
        // A staging of its own: room set aside is for what is paid, and a file that a killed process
        // leaves is none of the job's images.
        let (staging, destination) = (Staging::new(self.staging.folder()), self.destination.clone());
        let (id, prompt) = (new_image_id(), self.request.prompt.as_str().to_owned());
        let name = id.clone();
        let preserving = cpu_pool(move || -> Result<(Kept, Changed), ImageError> {
            let (bytes, changed) = preserve(&original, &marks, file, form)?;
            let unwritable = |error: std::io::Error| ImageError::writing(staging.folder(), &error);
            let mut writer = staging.begin();
            writer.write(&bytes).map_err(unwritable)?;
            let kept =
                keep(writer.finish(), &destination, &prompt, &name).map_err(|not_kept| not_kept.error)?;
            Ok((kept, changed))
        });
        let done = preserving.await.unwrap_or_else(|error| Err(ImageError::ReadFailed(error.what)));
        let (mut kept, changed) = done?;
        let image = Self::composite(id, raw, &kept, &changed);
        self.record_image(&image, &mut work.deferred_writes).await;
        kept.settle();
        if let Some(asked) = &kept.instead_of {
            work.warnings.push(format!(
                "save_to named {}; it was taken, or its ending did not fit, so the image is in {}",
                asked.display(),
                kept.path.display()
            ));
        }
        if let Some(sent) = changed.fitted_from.filter(|sent| !sent.is_shaped_as(changed.pixels)) {
            work.warnings.push(format!(
                "the model sent {sent}, of another shape than the {} of the original: it was stretched to fit",
                changed.pixels
            ));
        }
        if let Some((right, down)) = changed.shift {
            work.warnings.push(format!(
                "the model moved the whole image by {right} px to the right and {down} px down; at the edge of \
                 the mask it may not meet the original"
            ));
        }
        if changed.on_white {
            work.warnings.push(
                "a JPEG cannot be transparent: what was is on white; ask for output_format png or webp to keep it"
                    .to_owned(),
            );
        }
        if changed.halved {
            work.warnings.push("the original has 16 bits a channel and the result 8".to_owned());
        }
        work.preserved.push(Preserved {
            image: image.id.to_string(),
            raw: raw.id.to_string(),
            raw_path: raw.path.clone(),
            outside_percent: changed.outside_percent,
            outside_mean: changed.outside_mean,
            shift: changed.shift,
            fitted_from: changed.fitted_from.map(|pixels| pixels.to_string()),
        });
        self.shared.sync_soon(kept);
        Ok(image)
    }

    fn composite(id: ImageId, raw: &StoredImage, kept: &Kept, changed: &Changed) -> StoredImage {
        let own = Parent { id: raw.id.clone(), role: ParentRole::Raw };
        StoredImage {
            id,
            path: kept.path.clone(),
            format: changed.format,
            pixels: changed.pixels,
            bytes: kept.bytes,
            hash: kept.hash,
            created_at: Timestamp::now(),
            parents: raw.parents.iter().cloned().chain([own]).collect(),
            ..raw.clone()
        }
    }
}

fn is_transparent(image: &StoredImage) -> Result<bool, ImageError> {
    let file: File = image.open()?;
    let info = inspect(&file)?;
    if image.format == ImageFormat::Jpeg { Ok(false) } else { has_transparency(file, &info) }
}
