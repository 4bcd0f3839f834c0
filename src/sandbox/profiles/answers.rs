//! The shapes in which servers answer and refuse.

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Map, Value, json};

use crate::routing::text_tokens;
use crate::sandbox::api_error::Refusal;
use crate::sandbox::images_api::Order;
use crate::sandbox::server::{now, random};

/// How a refusal is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Envelope {
    /// As OpenAI's, of the type `new_api_error`, the request id in the message.
    NewApi,
    /// As OpenAI's, with Azure's codes.
    Azure,
    /// As OpenAI's, the status as the code.
    Localai,
    /// `{"error": "words"}`.
    Text,
    /// `FastAPI`'s: `detail`, a list with 422 where a field is wrong, else words.
    Detail,
    /// The status as the code, and words.
    Openrouter,
}

impl Envelope {
    /// The answer.
    pub(super) fn answer(self, refusal: &Refusal) -> Response {
        let mut status = refusal.status;
        let (message, param) = (&refusal.message, &refusal.param);
        let body = match self {
            Self::NewApi => json!({ "error": {
                "message": format!("{message} (request id: {}{:016x})", now(), random()),
                "type": "new_api_error",
                "param": param.clone().unwrap_or_default(),
                "code": refusal.code,
            } }),
            Self::Azure => {
                let code = match status {
                    StatusCode::UNAUTHORIZED => Some("401"),
                    StatusCode::NOT_FOUND if refusal.code.is_some() => Some("DeploymentNotFound"),
                    StatusCode::NOT_FOUND => Some("404"),
                    _ => refusal.code,
                };
                json!({ "error": { "code": code, "message": message, "type": refusal.kind, "param": param } })
            }
            Self::Localai => json!({ "error": {
                "code": status.as_u16(), "message": message, "type": "invalid_request_error",
            } }),
            Self::Text => json!({ "error": message }),
            Self::Detail => match param {
                Some(param) => {
                    status = StatusCode::UNPROCESSABLE_ENTITY;
                    json!({ "detail": [{ "type": refusal.code, "loc": ["body", param], "msg": message }] })
                }
                None => json!({ "detail": message }),
            },
            Self::Openrouter => json!({ "error": { "code": status.as_u16(), "message": message } }),
        };
        (status, [(CONTENT_TYPE, "application/json")], body.to_string()).into_response()
    }
}

/// The words with the model's name in their place.
pub(super) fn localised(words: &str, model: &str) -> String {
    words.replace("{model}", model)
}

/// OpenRouter's completion: words, and the picture in `message.images` where `modalities` ask
/// for one.
pub(super) fn chat_images(order: &Order, body: &Map<String, Value>) -> Result<Value, Refusal> {
    let modalities = body.get("modalities").and_then(Value::as_array);
    let wanted = modalities.is_some_and(|all| all.iter().any(|modality| modality == "image"));
    let words = "Here is your picture.";
    let mut message = json!({ "role": "assistant", "content": words, "refusal": null, "reasoning": null });
    if let Some(message) = message.as_object_mut().filter(|_| wanted) {
        let picture = order.paint(0)?;
        let url = format!("data:{};base64,{}", order.encoding.format.mime(), order.base64(&picture));
        let images = json!([{ "type": "image_url", "image_url": { "url": url }, "index": 0 }]);
        message.insert("images".to_owned(), images);
    }
    let prompt_tokens = order.tokens.input();
    let completion_tokens = if wanted { order.tokens.output } else { text_tokens(words) };
    Ok(json!({
        "id": format!("gen-{}-{:016x}", now(), random()),
        "provider": "Google",
        "model": body.get("model"),
        "object": "chat.completion",
        "created": now(),
        "choices": [{
            "index": 0, "finish_reason": "stop", "native_finish_reason": "STOP", "message": message,
        }],
        "usage": {
            "prompt_tokens": prompt_tokens,
            "completion_tokens": completion_tokens,
            "total_tokens": prompt_tokens + completion_tokens,
        },
    }))
}
