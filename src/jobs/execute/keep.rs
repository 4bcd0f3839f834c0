//! Keeps what a reply brought: each image gets its file, its row, and what the request wants done with it.
//!
//! Whatever fails here, the bytes stay: they are paid for.

use std::borrow::Cow;

use base64_simd::STANDARD;
use jiff::Timestamp;

use super::exchange::Received;
use super::preserve::{check_transparency, other_name, preserve_original};
use super::result::ImageResult;
use crate::codec::ImageInfo;
use crate::jobs::context::JobContext;
use crate::jobs::outcome::Unstored;
use crate::references::Destination;
use crate::routing::Choice;
use crate::staging::{StagedBytes, StagedFile};
use crate::store::{Kept, NotKept, Parent, ParentRole, StoredImage, keep, new_image_id};
use crate::upstream::{Failure, FailureKind};

/// Keeps all images of a reply.
pub(super) async fn keep_images(
    context: &JobContext,
    choice: &Choice,
    received: Received,
    position: u32,
    result: &mut ImageResult,
) {
    let Received { images, request_id, warnings, usage: _ } = received;
    result.request_ids.extend(request_id.clone());
    result.warnings.extend(warnings);
    for (staged, info) in images {
        if let Err(failure) = keep_image(context, choice, staged, info, position, result).await {
            let failure = Failure { request_id: request_id.clone(), ..failure };
            result.problem = Some(failure.problem(&choice.model.name));
        }
    }
}

async fn keep_image(
    context: &JobContext,
    choice: &Choice,
    staged: StagedFile,
    info: ImageInfo,
    position: u32,
    result: &mut ImageResult,
) -> Result<(), Failure> {
    let id = new_image_id();
    let (destination, words) = name_as_received(context);
    let mut kept = match keep(staged, &destination, &words, &id) {
        Ok(kept) => kept,
        Err(not_kept) => {
            let unstored = unstored(*not_kept, info)?;
            tracing::error!(job = %context.record.id, why = unstored.why, "an image was not stored");
            result.unstored.push(unstored);
            return Ok(());
        }
    };
    warn_of_differences(context, choice, &kept, &info, &mut result.warnings);
    let inputs = &context.inputs;
    let role = if inputs.is_masked() { ParentRole::Masked } else { ParentRole::Reference };
    let image = StoredImage {
        id,
        job: Some(context.record.id.clone()),
        position,
        path: kept.path.clone(),
        format: kept.format,
        pixels: info.pixels,
        bytes: kept.bytes,
        hash: kept.hash,
        model: choice.model.name.clone(),
        prompt: context.request.prompt.as_str().to_owned(),
        created_at: Timestamp::now(),
        parents: inputs.parents.iter().map(|id| Parent { id: id.clone(), role }).collect(),
    };
    result.deferred_writes.record_image(context, &image).await;
    kept.settle();
    context.services.sync_soon(kept);
    check_transparency(context, &image, result).await;
    let image = preserve_original(context, image, result).await;
    result.images.push(image);
    Ok(())
}

/// Where an image goes as it was received, and the words of its file name. Where the original is put back, the result
/// takes the destination, and what the model sent goes beside it.
fn name_as_received(context: &JobContext) -> (Cow<'_, Destination>, Cow<'_, str>) {
    let prompt = context.request.prompt.as_str();
    if context.inputs.masked.as_ref().is_some_and(|masked| masked.preserve) {
        (Cow::Owned(context.destination.beside("raw")), Cow::Owned(format!("raw {prompt}")))
    } else {
        (Cow::Borrowed(&context.destination), Cow::Borrowed(prompt))
    }
}

fn warn_of_differences(
    context: &JobContext,
    choice: &Choice,
    kept: &Kept,
    info: &ImageInfo,
    warnings: &mut Vec<String>,
) {
    if let Some(asked) = choice.shape.pixels.filter(|asked| *asked != info.pixels) {
        warnings.push(format!("{asked} was asked for and {} came", info.pixels));
    }
    let ratio = context.request.aspect_ratio;
    if choice.shape.pixels.is_none() && !ratio.is_near(info.pixels) {
        warnings.push(format!("{ratio} was asked for and {} came", info.pixels));
    }
    if let Some(asked) = context.request.output_format.filter(|asked| *asked != kept.format) {
        warnings.push(format!("{asked} was asked for and {} came", kept.format));
    }
    warnings.extend(other_name(kept));
}

/// An image without a file name. Its bytes are delivered inline. The file it was received in stays where it is, unless
/// its folder is gone.
fn unstored(not_kept: NotKept, info: ImageInfo) -> Result<Unstored, Failure> {
    let NotKept { error, staged } = not_kept;
    let cut_short = |error: std::io::Error| Failure::new(FailureKind::CutShort, error.to_string());
    let bytes = staged.read().map_err(cut_short)?;
    let mut why = error.to_string();
    if let StagedBytes::File(file) = staged.place
        && let Ok((_, path)) = file.keep()
        && path.exists()
    {
        why = format!("{why}; it is whole in {}", path.display());
    }
    Ok(Unstored { base64: STANDARD.encode_to_string(bytes), format: info.format, pixels: info.pixels, why })
}
