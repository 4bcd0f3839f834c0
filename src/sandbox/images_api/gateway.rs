//! The gateway's own models: lenient, with replies in several forms.
//!
//! They refuse only what is documented as refused. What a model does not honour it ignores, as
//! the gateway's pages say of `quality`, `background`, `mask` and the rest on `-all`.

use serde_json::{Value, json};

use super::accepted::{AcceptedRequest, painted_format, pixels};
use super::body::RequestBody;
use super::references::decoded;
use super::sizes;
use crate::domain::{ImageFormat, Operation, Pixels};
use crate::sandbox::api_error::ApiError;
use crate::sandbox::models::{ModelFamily, SandboxModel};
use crate::sandbox::options::ReplyForm;
use crate::sandbox::painter::Encoding;
use crate::sandbox::tokens::{TokenCounts, output_tokens};

/// The limit for each input image.
pub(in crate::sandbox) const IMAGE_BYTES: usize = 10 * 1024 * 1024;
/// The formula of these models is not documented. The official one at medium stands in.
const FACTOR: u32 = 48;
/// The size of `-vip` without `size` (the gateway's comparison page).
const VIP_SIZE: Pixels = Pixels::new(2048, 2048);

/// Reads what the model honours and ignores the rest.
pub(super) fn accept(
    model: &'static SandboxModel,
    operation: Operation,
    body: &RequestBody,
) -> Result<AcceptedRequest, ApiError> {
    let prompt = body.text("prompt").ok_or_else(|| ApiError::missing("prompt"))?;
    if operation != Operation::Generate && body.images.is_empty() {
        return Err(ApiError::missing("image"));
    }
    let references = decoded(&body.images, IMAGE_BYTES)?;
    // The real models keep the shape of the image that the prompt names, the sandbox that of the first.
    let edited = references.first().map(pixels);
    let named = body.text("size").unwrap_or("auto");
    let native = || sizes::gateway_native(prompt, edited);
    let size = match model.family {
        // Since 2026-10-27 a target with a long edge of 512 to 1536.
        ModelFamily::Official | ModelFamily::All => {
            sizes::gateway_target(named, (512, 1536)).unwrap_or_else(native)
        }
        ModelFamily::All26 => sizes::gateway_target(named, (512, 3840)).unwrap_or_else(native),
        // Rounded to the grid or lifted, without an error.
        ModelFamily::Vip => Pixels::parse(named).map_or(VIP_SIZE, sizes::official_like),
    };
    let n = body.integer("n").ok().flatten().and_then(|n| u32::try_from(n).ok()).unwrap_or(1).max(1);
    // Each of n is charged, but `-all` and `-vip` return one image. 2.6 makes up to four.
    let (count, billed) = match model.family {
        ModelFamily::All26 => (n.min(4), n.min(4)),
        _ => (1, n),
    };
    let honours_background = matches!(model.family, ModelFamily::All26 | ModelFamily::Vip);
    let format = match (model.family, body.text("output_format").and_then(painted_format)) {
        (ModelFamily::All26, Some(ImageFormat::Jpeg)) => ImageFormat::Jpeg,
        _ => ImageFormat::Png,
    };
    let transparent =
        honours_background && format == ImageFormat::Png && body.text("background") == Some("transparent");
    let tokens = TokenCounts::of(prompt, &references, output_tokens(FACTOR, size) * u64::from(count));
    let encoding = Encoding { format, compression: 90, transparent };
    let request = AcceptedRequest::new(model, sizes::subject_of(prompt), size, references);
    Ok(AcceptedRequest { count, billed, encoding, tokens, ..request })
}

/// Accepts a request for one image by chat. Its only parameter is the prompt.
pub(in crate::sandbox) fn accept_chat(
    model: &'static SandboxModel,
    prompt: &str,
    references: Vec<image::DynamicImage>,
) -> AcceptedRequest {
    let size = sizes::gateway_native(prompt, references.first().map(pixels));
    let tokens = TokenCounts::of(prompt, &references, output_tokens(FACTOR, size));
    AcceptedRequest { tokens, ..AcceptedRequest::new(model, sizes::subject_of(prompt), size, references) }
}

/// The reply of the images endpoints; `link` gives an image an address. Its token counts have no
/// details.
pub(in crate::sandbox) fn reply(
    request: &AcceptedRequest,
    form: ReplyForm,
    response_format: Option<&str>,
    images: Vec<Vec<u8>>,
    created: u64,
    link: impl Fn(Vec<u8>) -> String,
) -> Value {
    let mime = request.encoding.format.mime();
    let entry = |image: Vec<u8>| match (form, response_format) {
        (ReplyForm::Base64, _) => json!({ "b64_json": request.base64(&image) }),
        (ReplyForm::Base64Prefixed, _) => {
            json!({ "b64_json": format!("data:{mime};base64,{}", request.base64(&image)) })
        }
        (ReplyForm::Url, _) | (_, Some("url")) => json!({ "url": link(image) }),
        _ => json!({ "b64_json": request.base64(&image) }),
    };
    let data: Vec<Value> = images.into_iter().map(entry).collect();
    let tokens = request.tokens;
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
