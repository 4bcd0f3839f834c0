//! The images of a result as content blocks: whole, as a preview, or not at all.
//!
//! A result stays under 1 MiB, the limit of the strictest known client, unless the settings allow
//! more. An image that cannot be shown remains available as a file.

use rmcp::model::{ContentBlock, Resource};

use super::args::OutputForm;
use super::deferred::{DeferredImages, base64};
use crate::codec::{Preview, PreviewBudget, inspect, make_preview};
use crate::store::StoreError;
use crate::store::StoredImage;

/// What results contain.
#[derive(Clone, Copy, Debug)]
pub struct ReplyOptions {
    /// The form if a call names none.
    pub output: OutputForm,
    /// The limits of a preview; several previews share the bytes.
    pub preview: PreviewBudget,
    /// The maximum size of a result with whole images, in bytes.
    pub inline_bytes: usize,
    /// Whether results link to their images as resources.
    pub resource_links: bool,
}

impl ReplyOptions {
    /// 1 MiB, the limit of the strictest known client.
    pub const USUAL_INLINE_BYTES: usize = 1_048_576;
}

/// Reserved for the text of a result.
const TEXT_BYTES: usize = 64 * 1024;

/// The resource address of a stored image.
pub(super) fn uri(image: &StoredImage) -> String {
    format!("image://{}", image.id)
}

/// The blocks that show the images in the requested form, and warnings about them.
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
            "inline: the whole image is {whole_bytes} bytes of base64 and a result holds {room}, so a preview is \
             shown; the whole image is at its path and at image://ID"
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

/// Reads and scales an image on a blocking thread: it takes tens of milliseconds.
async fn blocking(
    image: StoredImage,
    show: impl FnOnce(&StoredImage) -> Result<ContentBlock, StoreError> + Send + 'static,
) -> Result<ContentBlock, StoreError> {
    let path = image.path.clone();
    let shown = tokio::task::spawn_blocking(move || show(&image)).await;
    shown.unwrap_or_else(|error| Err(StoreError::reading(&path, std::io::Error::other(error))))
}

fn whole(image: &StoredImage, deferred: Option<&DeferredImages>) -> Result<ContentBlock, StoreError> {
    Ok(ContentBlock::image(base64(image, deferred)?, image.format.mime()))
}

fn preview(image: &StoredImage, budget: &PreviewBudget) -> Result<ContentBlock, StoreError> {
    let file = image.open()?;
    let info = inspect(&file)?;
    let Preview { bytes, format, .. } = make_preview(file, &info, budget)?;
    Ok(ContentBlock::image(base64_simd::STANDARD.encode_to_string(&bytes), format.mime()))
}
