//! The images of an answer as blocks: whole, small, or not at all.
//!
//! A result stays under 1 MiB, the most that the strictest known client takes, unless the
//! settings say that more may be. An image that cannot be shown is still there as a file.

use rmcp::model::{ContentBlock, Resource};

use super::args::OutputForm;
use super::deferred::{DeferredImages, base64};
use crate::codec::{ImageError, Preview, PreviewBudget, inspect, make_preview};
use crate::store::StoredImage;

/// How results are made up.
#[derive(Clone, Copy, Debug)]
pub struct ReplyOptions {
    /// The form where a call names none.
    pub output: OutputForm,
    /// What a preview may be at most; several share the bytes.
    pub preview: PreviewBudget,
    /// The most bytes of a result with whole images in it.
    pub inline_bytes: usize,
    /// Whether results link to their images as resources.
    pub resource_links: bool,
}

impl ReplyOptions {
    /// 1 MiB: the most that the strictest known client takes of a result.
    pub const USUAL_INLINE_BYTES: usize = 1_048_576;
}

/// Room for the text beside the images.
const TEXT_BYTES: usize = 64 * 1024;

/// The address a stored image is read at as a resource.
pub(super) fn uri(image: &StoredImage) -> String {
    format!("image://{}", image.id)
}

/// The blocks that show the images in the wanted form, and what the caller should know of
/// them. An image that cannot be shown is still there as a file.
pub(super) async fn image_blocks(
    images: &[StoredImage],
    options: &ReplyOptions,
    output: Option<OutputForm>,
    deferred: Option<&DeferredImages>,
) -> (Vec<ContentBlock>, Vec<String>) {
    let (mut blocks, mut warnings) = (Vec::new(), Vec::new());
    let count = images.len().max(1);
    let whole_bytes: u64 = images.iter().map(|image| image.bytes.div_ceil(3) * 4).sum();
    let room = options.inline_bytes.saturating_sub(TEXT_BYTES);
    let mut form = output.unwrap_or(options.output);
    if form == OutputForm::Inline && usize::try_from(whole_bytes).is_ok_and(|bytes| bytes > room) {
        warnings.push(format!(
            "inline: {whole_bytes} bytes of base64 are more than the {room} that fit in a result; a preview is \
             shown, the whole image is at its path and at image://ID"
        ));
        form = OutputForm::Preview;
    }
    let budget = PreviewBudget {
        base64_bytes: options
            .preview
            .base64_bytes
            .min((ReplyOptions::USUAL_INLINE_BYTES - TEXT_BYTES) / count),
        ..options.preview
    };
    for image in images {
        let shown = match form {
            OutputForm::File => None,
            OutputForm::Inline => {
                let deferred = deferred.cloned();
                Some(blocking(image.clone(), move |image| whole(image, deferred.as_ref())).await)
            }
            OutputForm::Preview => Some(blocking(image.clone(), move |image| preview(image, &budget)).await),
        };
        match shown {
            Some(Ok(block)) => blocks.push(block),
            Some(Err(error)) => warnings.push(format!("{} is not shown: {error}", image.id)),
            None => {}
        }
        if options.resource_links {
            let name = image.path.file_name().unwrap_or_default().to_string_lossy();
            let link =
                Resource::new(uri(image), name).with_mime_type(image.format.mime()).with_size(image.bytes);
            blocks.push(ContentBlock::resource_link(link));
        }
    }
    (blocks, warnings)
}

/// Images are read and shrunk off the async threads: it takes tens of milliseconds.
async fn blocking(
    image: StoredImage,
    show: impl FnOnce(&StoredImage) -> Result<ContentBlock, ImageError> + Send + 'static,
) -> Result<ContentBlock, ImageError> {
    let path = image.path.clone();
    let shown = tokio::task::spawn_blocking(move || show(&image)).await;
    shown.unwrap_or_else(|error| Err(ImageError::Unreadable(path, error.to_string())))
}

fn whole(image: &StoredImage, deferred: Option<&DeferredImages>) -> Result<ContentBlock, ImageError> {
    Ok(ContentBlock::image(base64(image, deferred)?, image.format.mime()))
}

fn preview(image: &StoredImage, budget: &PreviewBudget) -> Result<ContentBlock, ImageError> {
    let file = image.open()?;
    let info = inspect(&file)?;
    let Preview { bytes, format, .. } = make_preview(file, &info, budget)?;
    Ok(ContentBlock::image(base64_simd::STANDARD.encode_to_string(&bytes), format.mime()))
}
