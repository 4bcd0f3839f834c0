//! After an image was kept: checks that it is transparent where that was asked for, and puts the original back around
//! what was repainted.
//!
//! What the model sent is a file with a row before anything here begins, and stays one whatever fails.

use std::sync::Arc;

use jiff::Timestamp;

use super::result::ImageResult;
use crate::codec::{Changed, CodecError, Form, has_transparency, inspect, preserve};
use crate::domain::{Background, ImageFormat, ImageId};
use crate::jobs::context::JobContext;
use crate::jobs::cpu_pool::cpu_pool;
use crate::jobs::outcome::Preserved;
use crate::jobs::prepare::Masked;
use crate::staging::Staging;
use crate::store::StoreError;
use crate::store::{Kept, Parent, ParentRole, StoredImage, keep, new_image_id};

/// Warns where transparency was asked for and none came.
pub(super) async fn check_transparency(context: &JobContext, image: &StoredImage, result: &mut ImageResult) {
    if context.request.background != Background::Transparent {
        return;
    }
    let image = image.clone();
    if let Ok(Ok(false)) = cpu_pool(move || is_transparent(&image)).await {
        result.warnings.push(
            "background: transparent was asked for, and no pixel of the image is transparent".to_owned(),
        );
    }
}

/// Returns the result of the job for what the model sent: the composite with the original where `preserve` is on, else
/// the image itself.
pub(super) async fn preserve_original(
    context: &JobContext,
    raw: StoredImage,
    result: &mut ImageResult,
) -> StoredImage {
    let Some(masked) = context.inputs.masked.as_ref().filter(|masked| masked.preserve) else { return raw };
    match put_back(context, masked, &raw, result).await {
        Ok(composite) => composite,
        Err(error) => {
            result.warnings.push(format!(
                "preserve failed ({error}): this is what the model sent, which may have changed outside the mask"
            ));
            raw
        }
    }
}

async fn put_back(
    context: &JobContext,
    masked: &Masked,
    raw: &StoredImage,
    result: &mut ImageResult,
) -> Result<StoredImage, StoreError> {
    let (original, marks) = (masked.original.clone(), Arc::clone(&masked.marks));
    let form = Form { format: context.request.output_format, percent: context.request.output_compression };
    let file = raw.open()?;
    // Not the job's own staging: its reserved space is for what is paid, and a file that a killed process leaves is
    // none of the job's images.
    let (staging, destination) = (Staging::new(context.staging.folder()), context.destination.clone());
    let (id, prompt) = (new_image_id(), context.request.prompt.as_str().to_owned());
    let name = id.clone();
    let work = cpu_pool(move || -> Result<(Kept, Changed), StoreError> {
        let (bytes, changed) = preserve(&original, &marks, file, form)?;
        let unwritable = |error: std::io::Error| StoreError::writing(staging.folder(), error);
        let mut writer = staging.begin();
        writer.write(&bytes).map_err(unwritable)?;
        let kept = keep(writer.finish(), &destination, &prompt, &name).map_err(|not_kept| not_kept.error)?;
        Ok((kept, changed))
    });
    let done = work
        .await
        .unwrap_or_else(|error| Err(CodecError::ReadFailed(std::io::Error::other(error.what)).into()));
    let (mut kept, changed) = done?;
    let image = composite(id, raw, &kept, &changed);
    result.deferred_writes.record_image(context, &image).await;
    kept.settle();
    result.warnings.extend(other_name(&kept));
    result.warnings.extend(differences(&changed));
    result.preserved.push(Preserved {
        image: image.id.to_string(),
        raw: raw.id.to_string(),
        raw_path: raw.path.clone(),
        outside_percent: changed.outside_percent,
        outside_mean: changed.outside_mean,
        shift: changed.shift,
        fitted_from: changed.fitted_from.map(|pixels| pixels.to_string()),
    });
    context.services.sync_soon(kept);
    Ok(image)
}

/// How the composite differs from the original, beside the repainted part.
fn differences(changed: &Changed) -> Vec<String> {
    let mut warnings = Vec::new();
    if let Some(sent) = changed.fitted_from.filter(|sent| !sent.is_shaped_as(changed.pixels)) {
        warnings.push(format!(
            "the model sent {sent}, of another shape than the {} of the original: it was stretched to fit",
            changed.pixels
        ));
    }
    if let Some((right, down)) = changed.shift {
        warnings.push(format!(
            "the model moved the whole image by {right} px to the right and {down} px down; at the edge of \
             the mask it may not meet the original"
        ));
    }
    if changed.on_white {
        warnings.push(
            "a JPEG cannot be transparent, so transparent parts became white; pass output_format png or webp to keep them"
                .to_owned(),
        );
    }
    if changed.halved {
        warnings.push("the original has 16 bits a channel and the result 8".to_owned());
    }
    warnings
}

/// The warning for an image that could not have the file name that was asked for.
pub(super) fn other_name(kept: &Kept) -> Option<String> {
    let asked = kept.instead_of.as_ref()?.display();
    Some(format!(
        "save_to named {asked}; it was taken, or its ending did not fit, so the image is in {}",
        kept.path.display()
    ))
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

fn is_transparent(image: &StoredImage) -> Result<bool, StoreError> {
    let file = image.open()?;
    let info = inspect(&file)?;
    if image.format == ImageFormat::Jpeg { Ok(false) } else { Ok(has_transparency(file, &info)?) }
}
