//! The contract of a dialect, and the list of them.
//!
//! A dialect is pure: it turns an order into a call and a reply into a step, and never
//! sends. Encoding differs by dialect; decoding is one lenient reading for all of them,
//! because gateways answer either endpoint in either shape.

use serde_json::{Map, Value};

use super::call::{Call, Order, Reply, Step};
use super::chat::Chat;
use super::decode;
use super::images_api::ImagesApi;
use crate::catalog::{Endpoint, Model};

/// A wire format of image APIs.
pub trait Dialect: Sync {
    /// The call that asks for one picture.
    fn encode(&self, order: &Order<'_>) -> Call;

    /// What a reply means.
    fn decode(&self, reply: Reply) -> Step {
        decode::decode(reply)
    }
}

/// The dialect an endpoint speaks.
#[must_use]
pub fn dialect(endpoint: Endpoint) -> &'static dyn Dialect {
    match endpoint {
        Endpoint::Images => &ImagesApi,
        Endpoint::Chat => &Chat,
    }
}

/// Adds the model's extra fields to a body. What the call itself says goes before them.
pub(super) fn add_extra(body: &mut Map<String, Value>, model: &Model) {
    for (name, value) in &model.extra {
        body.entry(name.as_str()).or_insert_with(|| value.clone());
    }
}

/// The prompt as sent: the prefix that steers the shape first, then the dialect's intent,
/// then the caller's words untouched.
pub(super) fn prompt_text(order: &Order<'_>, intent: Option<&str>) -> String {
    let words = order.request.prompt.as_str();
    let words = intent.map_or_else(|| words.to_owned(), |intent| format!("{intent} {words}"));
    match &order.shape.prompt_prefix {
        Some(prefix) => format!("{prefix}, {words}"),
        None => words,
    }
}
