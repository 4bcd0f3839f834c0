//! Images over chat/completions, as the flat-price models speak it.
//!
//! Only the `image_url` parts of the last user message are used as a base, and history is
//! ignored, so a call is always one fresh user message (docs.apiyi.com,
//! gpt-image-2-all/chat-completions). References travel as data URLs.

use base64_simd::STANDARD;
use serde_json::{Map, Value, json};

use super::call::{Call, CallBody, Order, Path, Upload};
use super::encode::{Dialect, add_extra, prompt_text};

/// Said before the prompt, because a weak wish for an image is answered with words, which
/// are charged (docs.apiyi.com, gpt-image-2-all/overview).
const INTENT: &str = "Generate image:";

/// `/chat/completions`.
#[derive(Debug)]
pub struct Chat;

impl Dialect for Chat {
    fn encode(&self, order: &Order<'_>) -> Call {
        let text = prompt_text(order, Some(INTENT));
        let content = if order.images.is_empty() {
            Value::String(text)
        } else {
            let images = order
                .images
                .iter()
                .map(|image| json!({ "type": "image_url", "image_url": { "url": data_url(image) } }));
            std::iter::once(json!({ "type": "text", "text": text })).chain(images).collect()
        };
        let mut body = Map::new();
        body.insert("messages".to_owned(), json!([{ "role": "user", "content": content }]));
        if order.provider.send_model {
            body.insert("model".to_owned(), Value::String(order.model.wire_id.clone()));
        }
        add_extra(&mut body, order.model);
        Call { path: Path::Chat, body: CallBody::Json(Value::Object(body).to_string().into()) }
    }
}

fn data_url(image: &Upload) -> String {
    let mut url = format!("data:{};base64,", image.format.mime());
    STANDARD.encode_append(&image.bytes, &mut url);
    url
}
