//! The servers that people run themselves: what they make of a request, and their answers.

use image::{DynamicImage, RgbaImage};
use serde_json::{Value, json};

use super::definitions::{Local, LocalReply};
use crate::domain::{ImageFormat, Operation, Pixels};
use crate::sandbox::api_error::Refusal;
use crate::sandbox::images_api::{Order, Submission, Tokens, decoded, painted_format};
use crate::sandbox::models::Model;
use crate::sandbox::options::without_sandbox_words;
use crate::sandbox::painter::{Detail, Encoding};
use crate::sandbox::server::{now, random};

/// Far above what any of them takes.
const IMAGE_BYTES: usize = 50 * 1024 * 1024;

/// Reads what the server reads.
pub(super) fn order(
    painter: &'static Model,
    server: &Local,
    operation: Operation,
    submission: &Submission,
) -> Result<Order, Refusal> {
    let reads = if operation == Operation::Generate { server.reads } else { server.reads_in_edits };
    let unread = |name: &&str| *name != "model" && !reads.contains(name);
    if let Some(name) = submission.names().find(unread).filter(|_| server.refuses_others) {
        return Err(Refusal::unknown_parameter(name));
    }
    if server.reply == LocalReply::VllmOmni
        && submission.text("response_format").is_some_and(|form| form != "b64_json")
    {
        let message = "Only 'b64_json' response format is supported now.".to_owned();
        return Err(Refusal::invalid_value("response_format", message));
    }
    let prompt = submission.text("prompt").filter(|prompt| !prompt.is_empty());
    let prompt = prompt.ok_or_else(|| match server.reply {
        LocalReply::StableDiffusionCpp => Refusal::in_words("prompt required"),
        LocalReply::Localai | LocalReply::VllmOmni => Refusal::missing("prompt"),
    })?;
    if operation != Operation::Generate && submission.images.is_empty() {
        return Err(Refusal::missing("image"));
    }
    let references = decoded(&submission.images, IMAGE_BYTES)?;
    let size = submission.text("size").and_then(Pixels::parse).unwrap_or(server.usual_size);
    let mask = match (&submission.mask, references.first()) {
        (Some(mask), Some(first)) if server.masks => Some(white_repainted(mask, first)?),
        _ => None,
    };
    let usual = server.formats.first().copied().unwrap_or(ImageFormat::Png);
    let format = submission.text("output_format").and_then(painted_format);
    let format = format.filter(|format| server.formats.contains(format)).unwrap_or(usual);
    let pictures = submission.integer("n").ok().flatten().and_then(|n| u32::try_from(n).ok()).unwrap_or(1);
    Ok(Order {
        model: painter,
        prompt: without_sandbox_words(prompt),
        size,
        detail: Detail::Plain,
        tokens: Tokens { text: 0, images: 0, output: 0 },
        references,
        mask,
        pictures,
        billed: pictures,
        encoding: Encoding { format, compression: 90, transparent: false },
        fault: None,
    })
}

/// A mask as one grey channel, whatever alpha it has, at the picture's size; the painter wants
/// alpha 0 where it paints.
fn white_repainted(mask: &[u8], first: &DynamicImage) -> Result<DynamicImage, Refusal> {
    let mask = image::load_from_memory(mask).map_err(|_| Refusal::in_words("invalid mask image"))?;
    let filter = image::imageops::FilterType::Nearest;
    let grey = mask.resize_exact(first.width(), first.height(), filter).into_luma8();
    let kept = RgbaImage::from_fn(grey.width(), grey.height(), |x, y| {
        image::Rgba([0, 0, 0, 255 - grey.get_pixel(x, y).0[0]])
    });
    Ok(DynamicImage::ImageRgba8(kept))
}

/// The answer; `link` gives a picture an address.
pub(super) fn reply(
    server: &Local,
    order: &Order,
    asked: Option<&str>,
    link: impl Fn(Vec<u8>) -> String,
) -> Result<Value, Refusal> {
    let pictures = order.paint_all()?;
    let data: Vec<Value> = pictures
        .into_iter()
        .enumerate()
        .map(|(index, picture)| match server.reply {
            LocalReply::Localai if asked == Some("b64_json") => {
                json!({ "embedding": null, "index": index, "b64_json": order.base64(&picture) })
            }
            LocalReply::Localai => json!({ "embedding": null, "index": index, "url": link(picture) }),
            LocalReply::StableDiffusionCpp => json!({ "b64_json": order.base64(&picture) }),
            LocalReply::VllmOmni => {
                json!({ "b64_json": order.base64(&picture), "url": null, "revised_prompt": null })
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
            json!({ "created": now(), "data": data, "output_format": order.encoding.format.name() })
        }
        LocalReply::VllmOmni => json!({ "created": now(), "data": data }),
    })
}
