//! OpenAI's own models: what they accept, and their one shape of answer.
//!
//! Parameters and limits are those of OpenAI's Python client 3.54 and specification. Not played:
//! gif and svg output, and `markup`; they are refused as unknown.

use serde_json::{Value, json};

use super::accepted::{Order, Tokens, painted_format, pixels};
use super::body::Submission;
use super::references::{MOST_IMAGES, decoded, decoded_mask};
use super::sizes;
use crate::domain::{ImageFormat, Operation, Pixels};
use crate::routing::output_tokens;
use crate::sandbox::api_error::Refusal;
use crate::sandbox::models::Model;
use crate::sandbox::options::without_sandbox_words;
use crate::sandbox::painter::{Detail, Encoding};

const LONGEST_PROMPT: usize = 32_000;
const IMAGE_BYTES: usize = 50 * 1024 * 1024;
/// Output tokens that each partial picture of a stream adds.
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

/// What an answer repeats of the request, and whether it is streamed.
#[derive(Debug)]
pub(super) struct Terms {
    quality: String,
    background: &'static str,
    /// The number of partial pictures before each finished one, where a stream was asked for.
    pub partials: Option<u32>,
}

/// Judges a request as the real ones do: everything that is not documented is refused.
pub(super) fn order(
    model: &'static Model,
    operation: Operation,
    submission: &Submission,
) -> Result<(Order, Terms), Refusal> {
    known_parameters(model, operation, submission)?;
    let prompt = prompt(submission)?;
    let count = ranged(submission, "n", 1, 10)?.unwrap_or(1);
    let quality = one_of(submission, "quality", &supported_qualities(model))?.unwrap_or("auto");
    let factor = model.factor(quality).unwrap_or_default();
    let background = one_of(submission, "background", &["transparent", "opaque", "auto"])?.unwrap_or("auto");
    one_of(submission, "moderation", &["low", "auto"])?;
    one_of(submission, "complexity", &["low", "medium", "high"])?;
    let encoding = encoding(submission, background == "transparent")?;
    let stream = submission.boolean("stream")?;
    let partials = ranged(submission, "partial_images", 0, 3)?.unwrap_or(0);
    let partials = if stream { Some(partials) } else { None };
    let asked = match submission.strict_text("size")? {
        None | Some("auto") => None,
        Some(size) => Some(sizes::official(size)?),
    };
    if operation != Operation::Generate && submission.images.is_empty() {
        return Err(Refusal::missing("image"));
    }
    if submission.images.len() > MOST_IMAGES {
        return Err(Refusal::too_many_images(MOST_IMAGES, submission.images.len()));
    }
    let references = decoded(&submission.images, IMAGE_BYTES)?;
    let mask = match (&submission.mask, references.first()) {
        (Some(mask), Some(first)) => Some(decoded_mask(mask, pixels(first))?),
        _ => None,
    };
    let edited = references.first().map(|first| sizes::official_like(pixels(first)));
    let size = asked.or(edited).unwrap_or(Pixels::new(1024, 1024));
    let each = output_tokens(factor, size) + PARTIAL_TOKENS * u64::from(partials.unwrap_or(0));
    let order = Order {
        model,
        prompt: without_sandbox_words(prompt),
        size,
        detail: detail(quality),
        tokens: Tokens::of(prompt, &references, each * u64::from(count)),
        references,
        mask,
        pictures: count,
        billed: count,
        encoding,
        fault: None,
    };
    let quality = if quality == "auto" { "medium" } else { quality };
    let background = if encoding.transparent { "transparent" } else { "opaque" };
    Ok((order, Terms { quality: quality.to_owned(), background, partials }))
}

/// The answer: all pictures as bare base64, with the token counts in detail.
pub(super) fn reply(order: &Order, terms: &Terms, pictures: &[Vec<u8>], created: u64) -> Value {
    let data: Vec<Value> =
        pictures.iter().map(|picture| json!({ "b64_json": order.base64(picture) })).collect();
    let mut reply = json!({ "created": created, "data": data });
    if let (Some(reply), Value::Object(mut echo)) = (reply.as_object_mut(), echo(order, terms)) {
        reply.append(&mut echo);
        reply.insert("usage".to_owned(), usage(order));
    }
    reply
}

/// The settings a reply repeats, as they were decided.
pub(super) fn echo(order: &Order, terms: &Terms) -> Value {
    json!({
        "background": terms.background,
        "output_format": order.encoding.format.name(),
        "quality": terms.quality,
        "size": order.size.to_string(),
    })
}

/// The token counts of a reply.
pub(super) fn usage(order: &Order) -> Value {
    let tokens = order.tokens;
    json!({
        "input_tokens": tokens.input(),
        "input_tokens_details": { "text_tokens": tokens.text, "image_tokens": tokens.images },
        "output_tokens": tokens.output,
        "output_tokens_details": { "image_tokens": tokens.output, "text_tokens": 0 },
        "total_tokens": tokens.total(),
    })
}

fn known_parameters(model: &Model, operation: Operation, submission: &Submission) -> Result<(), Refusal> {
    for name in submission.names() {
        let known = match name {
            "moderation" => operation == Operation::Generate,
            "complexity" => model.knows_complexity(),
            name => PARAMETERS.contains(&name),
        };
        if !known {
            return Err(Refusal::unknown_parameter(name));
        }
        if name == "input_fidelity" {
            return Err(Refusal::input_fidelity(model.id));
        }
    }
    for name in ["user", "safety_identifier"] {
        submission.strict_text(name)?;
    }
    Ok(())
}

fn prompt(submission: &Submission) -> Result<&str, Refusal> {
    let prompt = submission.strict_text("prompt")?.ok_or_else(|| Refusal::missing("prompt"))?;
    let length = prompt.chars().count();
    match length {
        0 => Err(Refusal::empty_prompt()),
        1..=LONGEST_PROMPT => Ok(prompt),
        _ => Err(Refusal::prompt_too_long(LONGEST_PROMPT, length)),
    }
}

fn encoding(submission: &Submission, transparent: bool) -> Result<Encoding, Refusal> {
    let format = one_of(submission, "output_format", &["png", "webp", "jpeg"])?
        .and_then(painted_format)
        .unwrap_or(ImageFormat::Png);
    if transparent && format == ImageFormat::Jpeg {
        let message = "Transparent background is not supported for JPEG output format";
        return Err(Refusal::invalid_value("background", message.to_owned()));
    }
    let compression = ranged(submission, "output_compression", 0, 100)?.unwrap_or(100);
    if format == ImageFormat::Png && compression < 100 {
        return Err(Refusal::png_compression());
    }
    Ok(Encoding { format, compression: u8::try_from(compression).unwrap_or(100), transparent })
}

fn supported_qualities(model: &Model) -> Vec<&'static str> {
    model.qualities.iter().map(|(name, _)| *name).chain(["auto"]).collect()
}

fn one_of<'a>(submission: &'a Submission, name: &str, values: &[&str]) -> Result<Option<&'a str>, Refusal> {
    match submission.strict_text(name)? {
        Some(value) if !values.contains(&value) => Err(Refusal::not_supported(name, value, values)),
        value => Ok(value),
    }
}

fn ranged(submission: &Submission, name: &str, least: i64, most: i64) -> Result<Option<u32>, Refusal> {
    match submission.integer(name)? {
        None => Ok(None),
        Some(value) if value < least => Err(Refusal::below_minimum(name, least, value)),
        Some(value) if value > most => Err(Refusal::above_maximum(name, most, value)),
        Some(value) => Ok(u32::try_from(value).ok()),
    }
}

fn detail(quality: &str) -> Detail {
    match quality {
        "low" => Detail::Coarse,
        "high" | "xhigh" | "max" => Detail::Fine,
        _ => Detail::Plain,
    }
}
