//! The gateway's own models: lenient, and with answers in several shapes.
//!
//! Nothing is refused here that is not documented as refused. What a model does not honour it
//! ignores, as the gateway's pages say of `quality`, `background`, `mask` and the rest on `-all`.

use serde_json::{Value, json};

use super::accepted::{Order, Tokens, painted_format, pixels};
use super::body::Submission;
use super::references::decoded;
use super::sizes;
use crate::domain::{ImageFormat, Operation, Pixels};
use crate::routing::output_tokens;
use crate::sandbox::api_error::Refusal;
use crate::sandbox::models::{Family, Model};
use crate::sandbox::options::{ReplyForm, without_sandbox_words};
use crate::sandbox::painter::{Detail, Encoding};

/// The hard limit for each picture that goes in.
pub(in crate::sandbox) const IMAGE_BYTES: usize = 10 * 1024 * 1024;
/// These models report tokens of their own count; the real formula is not documented, and the
/// official one at medium stands in.
const FACTOR: u32 = 48;
/// What `-vip` makes of no size (the gateway's comparison page).
const VIP_SIZE: Pixels = Pixels::new(2048, 2048);

/// Reads what the model honours and ignores the rest.
pub(super) fn order(
    model: &'static Model,
    operation: Operation,
    submission: &Submission,
) -> Result<Order, Refusal> {
    let prompt = submission.text("prompt").ok_or_else(|| Refusal::missing("prompt"))?;
    if operation != Operation::Generate && submission.images.is_empty() {
        return Err(Refusal::missing("image"));
    }
    let references = decoded(&submission.images, IMAGE_BYTES)?;
    // The real ones keep the shape of the picture that the prompt names; here it is the first.
    let edited = references.first().map(pixels);
    let named = submission.text("size").unwrap_or("auto");
    let native = || sizes::gateway_native(prompt, edited);
    let size = match model.family {
        // Since 2026-10-27 a target with a long edge of 512 to 1536.
        Family::Official | Family::All => sizes::gateway_target(named, (512, 1536)).unwrap_or_else(native),
        Family::All26 => sizes::gateway_target(named, (512, 3840)).unwrap_or_else(native),
        // Rounded to the grid or lifted, without an error.
        Family::Vip => Pixels::parse(named).map_or(VIP_SIZE, sizes::official_like),
    };
    let asked =
        submission.integer("n").ok().flatten().and_then(|n| u32::try_from(n).ok()).unwrap_or(1).max(1);
    // Each of n is charged. `-all` and `-vip` return one all the same; 2.6 makes up to four.
    let (pictures, billed) = match model.family {
        Family::All26 => (asked.min(4), asked.min(4)),
        _ => (1, asked),
    };
    let honours_background = matches!(model.family, Family::All26 | Family::Vip);
    let format = match (model.family, submission.text("output_format").and_then(painted_format)) {
        (Family::All26, Some(ImageFormat::Jpeg)) => ImageFormat::Jpeg,
        _ => ImageFormat::Png,
    };
    let transparent = honours_background
        && format == ImageFormat::Png
        && submission.text("background") == Some("transparent");
    let output = output_tokens(FACTOR, size) * u64::from(pictures);
    Ok(Order {
        model,
        prompt: without_sandbox_words(sizes::subject_of(prompt)),
        size,
        detail: Detail::Plain,
        tokens: Tokens::of(prompt, &references, output),
        references,
        mask: None,
        pictures,
        billed,
        encoding: Encoding { format, compression: 90, transparent },
        fault: None,
    })
}

/// An order for one picture by chat, where there are no parameters but the prompt.
pub(in crate::sandbox) fn chat_order(
    model: &'static Model,
    prompt: &str,
    references: Vec<image::DynamicImage>,
) -> Order {
    let size = sizes::gateway_native(prompt, references.first().map(pixels));
    Order {
        model,
        prompt: without_sandbox_words(sizes::subject_of(prompt)),
        size,
        detail: Detail::Plain,
        tokens: Tokens::of(prompt, &references, output_tokens(FACTOR, size)),
        references,
        mask: None,
        pictures: 1,
        billed: 1,
        encoding: Encoding { format: ImageFormat::Png, compression: 100, transparent: false },
        fault: None,
    }
}

/// The answer of the images endpoints: `link` gives a picture an address. The token counts
/// come without details.
pub(in crate::sandbox) fn reply(
    order: &Order,
    form: ReplyForm,
    asked: Option<&str>,
    pictures: Vec<Vec<u8>>,
    created: u64,
    link: impl Fn(Vec<u8>) -> String,
) -> Value {
    let mime = order.encoding.format.mime();
    let entry = |picture: Vec<u8>| match (form, asked) {
        (ReplyForm::Base64, _) => json!({ "b64_json": order.base64(&picture) }),
        (ReplyForm::Base64Prefixed, _) => {
            json!({ "b64_json": format!("data:{mime};base64,{}", order.base64(&picture)) })
        }
        (ReplyForm::Url, _) | (_, Some("url")) => json!({ "url": link(picture) }),
        _ => json!({ "b64_json": order.base64(&picture) }),
    };
    let data: Vec<Value> = pictures.into_iter().map(entry).collect();
    let tokens = order.tokens;
    json!({
        "data": data,
        "created": created,
        "usage": {
            "input_tokens": tokens.input(),
            "output_tokens": tokens.output,
            "total_tokens": tokens.total(),
        },
    })
}
