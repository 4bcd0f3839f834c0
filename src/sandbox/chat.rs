//! `POST /chat/completions`, as the gateway's `-all` models reply to it.
//!
//! Only the last user message counts. Images of earlier messages, `stream`, `temperature` and
//! `response_format` are ignored, as documented.

use axum::body::Bytes;
use axum::extract::{ConnectInfo, Request, State};
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::api_error::ApiError;
use super::connection::ClientConnection;
use super::faults::{Fault, FaultSpec};
use super::ids::{now, random};
use super::images_api::{
    AcceptedRequest, IMAGE_BYTES, accept_chat, blocking, chunked, data_url, decoded, gateway_reply,
    json_object,
};
use super::models::{self, ModelFamily};
use super::options::ReplyForm;
use super::paid_call::PaidCall;
use super::received::ReceivedRequest;
use super::state::SandboxState;
use super::tokens::text_tokens;

const SOFT_REFUSAL: &str = "Sorry, I can't do that.";

/// The last user message.
#[derive(Debug, Default)]
pub(super) struct ChatTurn {
    pub(super) text: String,
    pub(super) links: Vec<String>,
}

pub(super) async fn completions(
    State(state): State<SandboxState>,
    ConnectInfo(connection): ConnectInfo<ClientConnection>,
    request: Request,
) -> Response {
    let mut received = ReceivedRequest::of(&request);
    let headers = request.headers().clone();
    let body = json_object(request).await;
    if let Ok(body) = &body {
        received.model = body.get("model").and_then(Value::as_str).map(str::to_owned);
        received.parameters = body.keys().cloned().collect();
        if let Ok(turn) = last_turn(body) {
            received.images = turn.links.len();
            received.prompt = Some(turn.text);
        }
    }
    let call = PaidCall { state: &state, connection: &connection, headers, received, chat: true };
    let accept = |fault| accept(&state, body, fault);
    let reply = async |request: AcceptedRequest, form| {
        tokio::time::sleep(state.options().delay).await;
        let state = state.clone();
        blocking(move || Ok(chunked(&reply(&state, &request, form)?))).await
    };
    call.serve(accept, reply).await
}

async fn accept(
    state: &SandboxState,
    body: Result<Map<String, Value>, ApiError>,
    fault: Option<FaultSpec>,
) -> Result<(AcceptedRequest, ReplyForm), ApiError> {
    let body = body?;
    let id = body.get("model").and_then(Value::as_str).ok_or_else(|| ApiError::missing("model"))?;
    let model = models::find(id).ok_or_else(|| ApiError::model_not_found(id))?;
    if !matches!(model.family, ModelFamily::All | ModelFamily::All26) {
        return Err(ApiError::not_a_chat_model());
    }
    let turn = last_turn(&body)?;
    let files = turn.links.iter().map(|url| linked_image(state, url)).collect::<Result<Vec<Bytes>, _>>()?;
    let form = match &fault {
        Some(spec) if spec.fault() == Fault::Words => ReplyForm::Words,
        _ => state.reply_form(&turn.text),
    };
    blocking(move || {
        let request = accept_chat(model, &turn.text, decoded(&files, IMAGE_BYTES)?);
        Ok((AcceptedRequest { fault, ..request }, form))
    })
    .await
}

pub(super) fn last_turn(body: &Map<String, Value>) -> Result<ChatTurn, ApiError> {
    let messages =
        body.get("messages").and_then(Value::as_array).ok_or_else(|| ApiError::missing("messages"))?;
    let is_user = |message: &&Value| message.get("role").and_then(Value::as_str) == Some("user");
    let message = messages.iter().rfind(is_user).ok_or_else(|| ApiError::missing("messages"))?;
    let mut turn = ChatTurn::default();
    match message.get("content") {
        Some(Value::String(text)) => turn.text.clone_from(text),
        Some(Value::Array(parts)) => {
            for part in parts {
                match part.get("type").and_then(Value::as_str) {
                    Some("text") => {
                        let text = part.get("text").and_then(Value::as_str);
                        turn.text.push_str(text.ok_or_else(|| ApiError::missing("messages.content.text"))?);
                    }
                    Some("image_url") => {
                        let url = part.pointer("/image_url/url").and_then(Value::as_str);
                        let url = url.ok_or_else(|| ApiError::missing("messages.content.image_url.url"))?;
                        turn.links.push(url.to_owned());
                    }
                    kind => {
                        let kind = kind.unwrap_or_default();
                        return Err(ApiError::not_supported(
                            "messages.content.type",
                            kind,
                            &["text", "image_url"],
                        ));
                    }
                }
            }
        }
        other => {
            let sent = other.unwrap_or(&Value::Null);
            return Err(ApiError::wrong_type("messages.content", "a string or an array", sent));
        }
    }
    Ok(turn)
}

/// The bytes of a data: URL, or of an image that this sandbox made before.
pub(super) fn linked_image(state: &SandboxState, url: &str) -> Result<Bytes, ApiError> {
    data_url(url).or_else(|| state.linked(url)).ok_or_else(|| ApiError::unreachable_image(url))
}

fn reply(state: &SandboxState, request: &AcceptedRequest, form: ReplyForm) -> Result<Value, ApiError> {
    if form == ReplyForm::Words {
        let message = json!({ "role": "assistant", "content": SOFT_REFUSAL });
        return Ok(completion(request, &message, text_tokens(SOFT_REFUSAL)));
    }
    let image = request.paint(0)?;
    let link = |image| state.link(image, request.fault.as_ref());
    if form == ReplyForm::ImagesShaped {
        return Ok(gateway_reply(request, form, Some("url"), vec![image], now(), link));
    }
    let inline =
        |image: &[u8]| format!("data:{};base64,{}", request.encoding.format.mime(), request.base64(image));
    let message = match form {
        ReplyForm::Base64 | ReplyForm::Base64Prefixed => {
            json!({ "role": "assistant", "content": format!("![image]({})", inline(&image)) })
        }
        ReplyForm::ContentParts => json!({ "role": "assistant", "content": [
            { "type": "text", "text": "Here is the image." },
            { "type": "image_url", "image_url": { "url": link(image) } },
        ] }),
        // As OpenRouter sends it.
        ReplyForm::MessageImages => json!({ "role": "assistant", "content": "", "images": [
            { "type": "image_url", "image_url": { "url": inline(&image) } },
        ] }),
        ReplyForm::AsDocumented | ReplyForm::Url | ReplyForm::ImagesShaped | ReplyForm::Words => {
            json!({ "role": "assistant", "content": format!("![image]({})\n\n", link(image)) })
        }
    };
    Ok(completion(request, &message, request.tokens.output))
}

fn completion(request: &AcceptedRequest, message: &Value, completion_tokens: u64) -> Value {
    let prompt_tokens = request.tokens.input();
    json!({
        "id": format!("chatcmpl-{:016x}", random()),
        "object": "chat.completion",
        "created": now(),
        "model": request.model.id,
        "choices": [{ "index": 0, "message": message, "finish_reason": "stop" }],
        "usage": {
            "prompt_tokens": prompt_tokens,
            "completion_tokens": completion_tokens,
            "total_tokens": prompt_tokens + completion_tokens,
        },
    })
}
