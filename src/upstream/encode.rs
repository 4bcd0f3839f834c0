//! The contract of a dialect, and what their encoders share.
//!
//! A dialect is pure: it turns an order into a call and a reply into a step, and never
//! sends. Encoding differs by dialect; decoding is one lenient reading for all of them,
//! because gateways answer either endpoint in either shape.

use serde_json::{Map, Value};

use super::call::{Call, Order, Reply, Step};
use super::decode;
use crate::catalog::Model;

/// A wire format of image APIs.
pub trait Dialect: Sync {
    /// The call that asks for one image.
    fn encode(&self, order: &Order<'_>) -> Call;

    /// What a reply means.
    fn decode(&self, reply: Reply) -> Step {
        decode::decode(reply)
    }
}

/// Adds the model's extra fields to a body. What the call itself says goes before them.
pub(super) fn add_extra(body: &mut Map<String, Value>, model: &Model) {
    for (name, value) in &model.extra {
        body.entry(name.as_str()).or_insert_with(|| value.clone());
    }
}

/// The prompt as sent: the prefix that steers the shape first, then the dialect's intent,
/// then the caller's words untouched, then which of several images is which.
pub(super) fn prompt_text(order: &Order<'_>, intent: Option<&str>) -> String {
    let words = order.request.prompt.as_str();
    let words = intent.map_or_else(|| words.to_owned(), |intent| format!("{intent} {words}"));
    let words = match &order.shape.prompt_prefix {
        Some(prefix) => format!("{prefix}, {words}"),
        None => words,
    };
    match naming(order) {
        Some(naming) => format!("{words}\n\n{naming}"),
        None => words,
    }
}

/// Names several images in their order: models know them as image 1, image 2 (docs.apiyi.com,
/// gpt-image-2-all/image-edit), and people by what their files are called. Nothing is said where
/// the prompt already speaks so.
fn naming(order: &Order<'_>) -> Option<String> {
    if order.images.len() < 2 || numbers_images(order.request.prompt.as_str()) {
        return None;
    }
    let names = order.images.iter().enumerate().map(|(index, image)| {
        let stem = image.name.rsplit_once('.').map_or(image.name.as_str(), |(stem, _)| stem);
        let name = if stem == "image" { String::new() } else { format!(" is {}", image.name) };
        format!("image {}{name}", index + 1)
    });
    Some(format!("The images, in order: {}.", names.collect::<Vec<_>>().join(", ")))
}

/// Whether a text names an image by its number: `image 1`, `image1`, `Image 2`, `图1`.
fn numbers_images(text: &str) -> bool {
    let lower = text.to_lowercase();
    ["image", "picture", "photo", "reference", "图", "图片"].iter().any(|word| {
        lower.match_indices(word).any(|(at, word)| {
            let rest = lower.get(at + word.len()..).unwrap_or_default();
            rest.trim_start_matches([' ', '#', '_', '-']).starts_with(|next: char| next.is_ascii_digit())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_that_numbers_its_images_is_known() {
        let numbered =
            ["put image1 into image 2", "Image #1 as is", "the photo 2", "把图1放到图2里", "REFERENCE_1"];
        let plain = ["put the cat into the room", "an image of 12 cats", "images", "photorealistic 4K", ""];
        for text in numbered {
            assert!(numbers_images(text), "{text}");
        }
        for text in plain {
            assert!(!numbers_images(text), "{text}");
        }
    }
}
