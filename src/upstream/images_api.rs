//! The Images API: JSON to make an image, a form to change one.
//!
//! Source: OpenAI's API reference for images, and the gateway's pages for its models.
//! A parameter is sent only when it was asked for and the model has it, because the real
//! servers answer 400 to what they do not know (`response_format` above all).

use serde_json::{Map, Value};

use super::call::{Call, CallBody, Order, Part, Path};
use super::encode::{Dialect, add_extra, prompt_text};
use crate::catalog::ImageField;
use crate::domain::{Background, Moderation, Quality};

/// `/images/generations` and `/images/edits`.
#[derive(Debug)]
pub struct ImagesApi;

impl Dialect for ImagesApi {
    fn encode(&self, order: &Order<'_>) -> Call {
        if order.images.is_empty() { generation(order) } else { edit(order) }
    }
}

fn generation(order: &Order<'_>) -> Call {
    let mut body = Map::new();
    for (name, value) in fields(order) {
        let value = match name {
            "output_compression" | "partial_images" => {
                value.parse::<u32>().map_or(Value::String(value), Value::from)
            }
            "stream" => Value::Bool(true),
            _ => Value::String(value),
        };
        body.insert(name.to_owned(), value);
    }
    add_extra(&mut body, order.model);
    Call { path: Path::Generations, body: CallBody::Json(Value::Object(body).to_string().into()) }
}

fn edit(order: &Order<'_>) -> Call {
    let image_field = match order.model.image_field {
        ImageField::Indexed if order.images.len() > 1 => "image[]",
        ImageField::Indexed | ImageField::Repeated => "image",
    };
    let fields = fields(order);
    let extra: Vec<_> = order
        .model
        .extra
        .iter()
        .filter(|(extra, _)| fields.iter().all(|(name, _)| name != extra))
        .map(|(name, value)| {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            Part::Text { name: name.clone().into(), value }
        })
        .collect();
    let texts = fields.into_iter().map(|(name, value)| Part::Text { name: name.into(), value }).chain(extra);
    let images = order.images.iter().map(|image| Part::File { name: image_field, file: image.clone() });
    let mask = order.mask.map(|mask| Part::File { name: "mask", file: super::Upload::mask(mask.clone()) });
    Call { path: Path::Edits, body: CallBody::Form(texts.chain(images).chain(mask).collect()) }
}

/// The parameters both forms share, in the order the reference lists them. `n` is never
/// among them: several images are several calls.
fn fields(order: &Order<'_>) -> Vec<(&'static str, String)> {
    let Order { request, model, provider, shape, .. } = order;
    let asked = |condition: bool, value: &str| condition.then(|| value.to_owned());
    let partials = model.partial_images.filter(|count| *count > 0);
    [
        ("model", asked(provider.send_model, &model.wire_id)),
        ("prompt", Some(prompt_text(order, None))),
        ("size", shape.pixels.map(|pixels| pixels.to_string())),
        ("quality", asked(request.quality != Quality::Auto, request.quality.name())),
        ("background", asked(request.background != Background::Auto, request.background.name())),
        ("moderation", asked(request.moderation != Moderation::Auto, request.moderation.name())),
        ("output_format", request.output_format.map(|format| format.name().to_owned())),
        ("output_compression", request.output_compression.map(|percent| percent.to_string())),
        ("response_format", model.response_format.clone()),
        ("stream", partials.map(|_| "true".to_owned())),
        ("partial_images", partials.map(|count| count.to_string())),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
    .collect()
}
