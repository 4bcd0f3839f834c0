//! The forms in which servers reply and refuse.

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Map, Value, json};

use crate::sandbox::api_error::ApiError;
use crate::sandbox::ids::{now, random};
use crate::sandbox::images_api::AcceptedRequest;
use crate::sandbox::tokens::text_tokens;

/// How an error is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ErrorEnvelope {
    /// As OpenAI's, of the type `new_api_error`, the request id in the message.
    NewApi,
    /// As OpenAI's, with Azure's codes.
    Azure,
    /// As OpenAI's, the status as the code.
    Localai,
    /// `{"error": "message"}`.
    Text,
    /// `FastAPI`'s `detail`: a list with 422 where a field is wrong, otherwise the message.
    Detail,
    /// The status as the code, and the message.
    Openrouter,
}

impl ErrorEnvelope {
    pub(super) fn response(self, error: &ApiError) -> Response {
        let mut status = error.status;
        let (message, param) = (&error.message, &error.param);
        let body = match self {
            Self::NewApi => json!({ "error": {
                "message": format!("{message} (request id: {}{:016x})", now(), random()),
                "type": "new_api_error",
                "param": param.clone().unwrap_or_default(),
                "code": error.code,
            } }),
            Self::Azure => {
                let code = match status {
                    StatusCode::UNAUTHORIZED => Some("401"),
                    StatusCode::NOT_FOUND if error.code.is_some() => Some("DeploymentNotFound"),
                    StatusCode::NOT_FOUND => Some("404"),
                    _ => error.code,
                };
                json!({ "error": { "code": code, "message": message, "type": error.kind, "param": param } })
            }
            Self::Localai => json!({ "error": {
                "code": status.as_u16(), "message": message, "type": "invalid_request_error",
            } }),
            Self::Text => json!({ "error": message }),
            Self::Detail => match param {
                Some(param) => {
                    status = StatusCode::UNPROCESSABLE_ENTITY;
                    json!({ "detail": [{ "type": error.code, "loc": ["body", param], "msg": message }] })
                }
                None => json!({ "detail": message }),
            },
            Self::Openrouter => json!({ "error": { "code": status.as_u16(), "message": message } }),
        };
        (status, [(CONTENT_TYPE, "application/json")], body.to_string()).into_response()
    }
}

/// The message with the name of the model in its place.
pub(super) fn with_model(message: &str, model: &str) -> String {
    message.replace("{model}", model)
}

/// OpenRouter's completion: text, and the image in `message.images` if `modalities` ask for one.
pub(super) fn chat_images(request: &AcceptedRequest, body: &Map<String, Value>) -> Result<Value, ApiError> {
    let modalities = body.get("modalities").and_then(Value::as_array);
    let wanted = modalities.is_some_and(|all| all.iter().any(|modality| modality == "image"));
    let text = "Here is your image.";
    let mut message = json!({ "role": "assistant", "content": text, "refusal": null, "reasoning": null });
    if let Some(message) = message.as_object_mut().filter(|_| wanted) {
        let image = request.paint(0)?;
        let url = format!("data:{};base64,{}", request.encoding.format.mime(), request.base64(&image));
        let images = json!([{ "type": "image_url", "image_url": { "url": url }, "index": 0 }]);
        message.insert("images".to_owned(), images);
    }
    let prompt_tokens = request.tokens.input();
    let completion_tokens = if wanted { request.tokens.output } else { text_tokens(text) };
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
