//! The servers that people run themselves: what they read of a request, and their replies.

use image::{DynamicImage, RgbaImage};
use serde_json::{Value, json};

use super::definitions::{LocalReply, LocalServer};
use crate::domain::{ImageFormat, Operation, Pixels};
use crate::sandbox::api_error::ApiError;
use crate::sandbox::ids::{now, random};
use crate::sandbox::images_api::{AcceptedRequest, RequestBody, decoded, painted_format};
use crate::sandbox::models::SandboxModel;
use crate::sandbox::painter::Encoding;

/// Far above the limit of any of them.
const IMAGE_BYTES: usize = 50 * 1024 * 1024;

/// Accepts a request: what the server does not read is refused or ignored.
pub(super) fn accept(
    painter: &'static SandboxModel,
    server: &LocalServer,
    operation: Operation,
    body: &RequestBody,
) -> Result<AcceptedRequest, ApiError> {
    let reads = if operation == Operation::Generate { server.reads } else { server.reads_in_edits };
    let unread = |name: &&str| *name != "model" && !reads.contains(name);
    if let Some(name) = body.names().find(unread).filter(|_| server.refuses_others) {
        return Err(ApiError::unknown_parameter(name));
    }
    if server.reply == LocalReply::VllmOmni
        && body.text("response_format").is_some_and(|form| form != "b64_json")
    {
        let message = "Scope 'b64_json' response format is supported now.".to_owned();
        return Err(ApiError::invalid_value("response_format", message));
    }
    let prompt = body.text("prompt").filter(|prompt| !prompt.is_empty());
    let prompt = prompt.ok_or_else(|| match server.reply {
        LocalReply::StableDiffusionCpp => ApiError::bad_request("prompt required"),
        LocalReply::Localai | LocalReply::VllmOmni => ApiError::missing("prompt"),
    })?;
    if operation != Operation::Generate && body.images.is_empty() {
        return Err(ApiError::missing("image"));
    }
    let references = decoded(&body.images, IMAGE_BYTES)?;
    let size = body.text("size").and_then(Pixels::parse).unwrap_or(server.default_size);
    let mask = match (&body.mask, references.first()) {
        (Some(mask), Some(first)) if server.masks => Some(white_repaints(mask, first)?),
        _ => None,
    };
    let usual = server.formats.first().copied().unwrap_or(ImageFormat::Png);
    let format = body.text("output_format").and_then(painted_format);
    let format = format.filter(|format| server.formats.contains(format)).unwrap_or(usual);
    let count = body.integer("n").ok().flatten().and_then(|n| u32::try_from(n).ok()).unwrap_or(1);
    let encoding = Encoding { format, compression: 90, transparent: false };
    let request = AcceptedRequest::new(painter, prompt, size, references);
    Ok(AcceptedRequest { mask, count, billed: count, encoding, ..request })
}

/// A mask as one grey channel at the image's size, without regard to its alpha. White becomes
/// alpha 0, which the painter repaints.
fn white_repaints(mask: &[u8], first: &DynamicImage) -> Result<DynamicImage, ApiError> {
    let mask = image::load_from_memory(mask).map_err(|_| ApiError::bad_request("invalid mask image"))?;
    let filter = image::imageops::FilterType::Nearest;
    let grey = mask.resize_exact(first.width(), first.height(), filter).into_luma8();
    let kept = RgbaImage::from_fn(grey.width(), grey.height(), |x, y| {
        image::Rgba([0, 0, 0, 255 - grey.get_pixel(x, y).0[0]])
    });
    Ok(DynamicImage::ImageRgba8(kept))
}

/// The reply; `link` gives an image an address.
pub(super) fn reply(
    server: &LocalServer,
    request: &AcceptedRequest,
    response_format: Option<&str>,
    link: impl Fn(Vec<u8>) -> String,
) -> Result<Value, ApiError> {
    let images = request.paint_all()?;
    let data: Vec<Value> = images
        .into_iter()
        .enumerate()
        .map(|(index, image)| match server.reply {
            LocalReply::Localai if response_format == Some("b64_json") => {
                json!({ "embedding": null, "index": index, "b64_json": request.base64(&image) })
            }
            LocalReply::Localai => json!({ "embedding": null, "index": index, "url": link(image) }),
            LocalReply::StableDiffusionCpp => json!({ "b64_json": request.base64(&image) }),
            LocalReply::VllmOmni => {
                json!({ "b64_json": request.base64(&image), "url": null, "revised_prompt": null })
            }
        })
        .collect();
    Ok(match server.reply {
        LocalReply::Localai => json!({
            "created": now(),
            "id": format!("{:016x}{:016x}", random(), random()),
            "data": data,
            "usage": {
                "prompt_tokens": 0,
                "completion_tokens": 0,
                "total_tokens": 0,
                "input_tokens": 0,
                "output_tokens": 0,
                "input_tokens_details": { "text_tokens": 0, "image_tokens": 0 },
            },
        }),
        LocalReply::StableDiffusionCpp => {
            json!({ "created": now(), "data": data, "output_format": request.encoding.format.name() })
        }
        LocalReply::VllmOmni => json!({ "created": now(), "data": data }),
    })
}
