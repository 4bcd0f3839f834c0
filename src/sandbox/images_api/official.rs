//! OpenAI's own models: what they accept, and their one form of reply.
//!
//! Parameters and limits are those of OpenAI's Python client 3.54 and specification. gif
//! and svg output and `markup` are not implemented; they are refused as unknown.

use serde_json::{Value, json};

use super::accepted::{AcceptedRequest, painted_format, pixels};
use super::body::RequestBody;
use super::references::{MOST_IMAGES, decoded, decoded_mask};
use super::sizes;
use crate::domain::{ImageFormat, Operation, Pixels};
use crate::sandbox::api_error::ApiError;
use crate::sandbox::models::SandboxModel;
use crate::sandbox::painter::{Detail, Encoding};
use crate::sandbox::tokens::{TokenCounts, output_tokens};

const LONGEST_PROMPT: usize = 32_000;
const IMAGE_BYTES: usize = 50 * 1024 * 1024;
/// Output tokens that each partial image of a stream adds.
const PARTIAL_TOKENS: u64 = 100;
const PARAMETERS: [&str; 13] = [
    "model",
    "prompt",
    "n",
    "size",
    "quality",
    "background",
    "output_format",
    "output_compression",
    "stream",
    "partial_images",
    "safety_identifier",
    "user",
    "input_fidelity",
];

/// What a reply repeats of the request, and whether it is streamed.
#[derive(Debug)]
pub(super) struct Terms {
    quality: String,
    background: &'static str,
    /// The number of partial images before each finished one, if the reply is a stream.
    pub partials: Option<u32>,
}

/// Judges a request as the real models do: everything that is not documented is refused.
pub(super) fn accept(
    model: &'static SandboxModel,
    operation: Operation,
    body: &RequestBody,
) -> Result<(AcceptedRequest, Terms), ApiError> {
    known_parameters(model, operation, body)?;
    let prompt = prompt(body)?;
    let count = ranged(body, "n", 1, 10)?.unwrap_or(1);
    let quality = one_of(body, "quality", &supported_qualities(model))?.unwrap_or("auto");
    let factor = model.factor(quality).unwrap_or_default();
    let background = one_of(body, "background", &["transparent", "opaque", "auto"])?.unwrap_or("auto");
    one_of(body, "moderation", &["low", "auto"])?;
    one_of(body, "complexity", &["low", "medium", "high"])?;
    let encoding = encoding(body, background == "transparent")?;
    let stream = body.boolean("stream")?;
    let partials = ranged(body, "partial_images", 0, 3)?.unwrap_or(0);
    let partials = if stream { Some(partials) } else { None };
    let asked = match body.strict_text("size")? {
        None | Some("auto") => None,
        Some(size) => Some(sizes::official(size)?),
    };
    if operation != Operation::Generate && body.images.is_empty() {
        return Err(ApiError::missing("image"));
    }
    if body.images.len() > MOST_IMAGES {
        return Err(ApiError::too_many_images(MOST_IMAGES, body.images.len()));
    }
    let references = decoded(&body.images, IMAGE_BYTES)?;
    let mask = match (&body.mask, references.first()) {
        (Some(mask), Some(first)) => Some(decoded_mask(mask, pixels(first))?),
        _ => None,
    };
    let edited = references.first().map(|first| sizes::official_like(pixels(first)));
    let size = asked.or(edited).unwrap_or(Pixels::new(1024, 1024));
    let each = output_tokens(factor, size) + PARTIAL_TOKENS * u64::from(partials.unwrap_or(0));
    let tokens = TokenCounts::of(prompt, &references, each * u64::from(count));
    let (detail, billed) = (detail(quality), count);
    let request = AcceptedRequest::new(model, prompt, size, references);
    let request = AcceptedRequest { detail, mask, count, billed, encoding, tokens, ..request };
    let quality = if quality == "auto" { "medium" } else { quality };
    let background = if encoding.transparent { "transparent" } else { "opaque" };
    Ok((request, Terms { quality: quality.to_owned(), background, partials }))
}

/// The reply: all images as bare base64, with the token counts in detail.
pub(super) fn reply(request: &AcceptedRequest, terms: &Terms, images: &[Vec<u8>], created: u64) -> Value {
    let data: Vec<Value> = images.iter().map(|image| json!({ "b64_json": request.base64(image) })).collect();
    let mut reply = json!({ "created": created, "data": data });
    if let (Some(reply), Value::Object(mut echo)) = (reply.as_object_mut(), echo(request, terms)) {
        reply.append(&mut echo);
        reply.insert("usage".to_owned(), usage(request));
    }
    reply
}

/// The settings a reply repeats, as they were decided.
pub(super) fn echo(request: &AcceptedRequest, terms: &Terms) -> Value {
    json!({
        "background": terms.background,
        "output_format": request.encoding.format.name(),
        "quality": terms.quality,
        "size": request.size.to_string(),
    })
}

/// The token counts of a reply.
pub(super) fn usage(request: &AcceptedRequest) -> Value {
    let tokens = request.tokens;
    json!({
        "input_tokens": tokens.input(),
        "input_tokens_details": { "text_tokens": tokens.text, "image_tokens": tokens.images },
        "output_tokens": tokens.output,
        "output_tokens_details": { "image_tokens": tokens.output, "text_tokens": 0 },
        "total_tokens": tokens.total(),
    })
}

fn known_parameters(model: &SandboxModel, operation: Operation, body: &RequestBody) -> Result<(), ApiError> {
    for name in body.names() {
        let known = match name {
            "moderation" => operation == Operation::Generate,
            "complexity" => model.knows_complexity(),
            name => PARAMETERS.contains(&name),
        };
        if !known {
            return Err(ApiError::unknown_parameter(name));
        }
        if name == "input_fidelity" {
            return Err(ApiError::input_fidelity(model.id));
        }
    }
    for name in ["user", "safety_identifier"] {
        body.strict_text(name)?;
    }
    Ok(())
}

fn prompt(body: &RequestBody) -> Result<&str, ApiError> {
    let prompt = body.strict_text("prompt")?.ok_or_else(|| ApiError::missing("prompt"))?;
    let length = prompt.chars().count();
    match length {
        0 => Err(ApiError::empty_prompt()),
        1..=LONGEST_PROMPT => Ok(prompt),
        _ => Err(ApiError::prompt_too_long(LONGEST_PROMPT, length)),
    }
}

fn encoding(body: &RequestBody, transparent: bool) -> Result<Encoding, ApiError> {
    let format = one_of(body, "output_format", &["png", "webp", "jpeg"])?
        .and_then(painted_format)
        .unwrap_or(ImageFormat::Png);
    if transparent && format == ImageFormat::Jpeg {
        let message = "Transparent background is not supported for JPEG output format";
        return Err(ApiError::invalid_value("background", message.to_owned()));
    }
    let compression = ranged(body, "output_compression", 0, 100)?.unwrap_or(100);
    if format == ImageFormat::Png && compression < 100 {
        return Err(ApiError::png_compression());
    }
    Ok(Encoding { format, compression: u8::try_from(compression).unwrap_or(100), transparent })
}

fn supported_qualities(model: &SandboxModel) -> Vec<&'static str> {
    model.qualities.iter().map(|(name, _)| *name).chain(["auto"]).collect()
}

fn one_of<'a>(body: &'a RequestBody, name: &str, values: &[&str]) -> Result<Option<&'a str>, ApiError> {
    match body.strict_text(name)? {
        Some(value) if !values.contains(&value) => Err(ApiError::not_supported(name, value, values)),
        value => Ok(value),
    }
}

fn ranged(body: &RequestBody, name: &str, least: i64, most: i64) -> Result<Option<u32>, ApiError> {
    match body.integer(name)? {
        Some(value) if !(least..=most).contains(&value) => {
            Err(ApiError::out_of_range(name, (least, most), value))
        }
        value => Ok(value.and_then(|value| u32::try_from(value).ok())),
    }
}

fn detail(quality: &str) -> Detail {
    match quality {
        "low" => Detail::Coarse,
        "high" | "xhigh" | "max" => Detail::Fine,
        _ => Detail::Plain,
    }
}
