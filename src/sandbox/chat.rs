//! `POST /chat/completions`, as the gateway's `-all` models answer it.
//!
//! Only the last user message counts: pictures of earlier turns are ignored, as documented.
//! `stream`, `temperature` and `response_format` are ignored too.

use axum::body::Bytes;
use axum::extract::{ConnectInfo, Request, State};
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::api_error::{Refusal, stamp};
use super::connection::Line;
use super::faults::{Fault, FaultSpec, Occasion, spoilt};
use super::images_api::{
    IMAGE_BYTES, Order, blocking, chat_order, chunked, data_url, decoded, gateway_reply, json_object,
};
use super::models::{self, Family};
use super::options::ReplyForm;
use super::received::Seen;
use super::server::{Shared, now, random, request_id};
use crate::routing::text_tokens;

const SOFT_REFUSAL: &str = "Sorry, I can't do that.";

/// The last user message.
#[derive(Debug, Default)]
pub(super) struct Turn {
    pub(super) text: String,
    pub(super) links: Vec<String>,
}

/// Answers one completion.
pub(super) async fn completions(
    State(shared): State<Shared>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: Request,
) -> Response {
    let mut seen = Seen::of(&request);
    let headers = request.headers().clone();
    let body = json_object(request).await;
    if let Ok(body) = &body {
        seen.model = body.get("model").and_then(Value::as_str).map(str::to_owned);
        seen.parameters = body.keys().cloned().collect();
        if let Ok(turn) = last_turn(body) {
            seen.images = turn.links.len();
            seen.prompt = Some(turn.text);
        }
    }
    let family = seen.model.as_deref().and_then(models::find).map_or(Family::Official, |model| model.family);
    let id = request_id(family);
    let occasion = Occasion { chat: true, model: seen.model.as_deref(), prompt: seen.prompt.as_deref() };
    let fault = shared.fault_of(&headers, family, occasion);
    if let Some(answer) = shared.refused(&mut seen, &fault, family, &id) {
        shared.record(seen);
        return answer;
    }
    let accepted = match fault.clone() {
        Ok(fault) => accept(&shared, family, body, fault).await,
        Err(refusal) => Err(refusal),
    };
    if let Ok((order, _)) = &accepted {
        seen.charge(order);
    }
    shared.record(seen);
    let answer = match accepted {
        Ok((order, form)) => {
            tokio::time::sleep(shared.options().delay).await;
            blocking(move || Ok(chunked(&reply(&shared, &order, form)?))).await
        }
        Err(refusal) => Err(refusal),
    };
    match answer {
        Ok(mut response) => {
            stamp(&mut response, family, &id);
            match fault {
                Ok(Some(spec)) => spoilt(response, &spec, &line).await,
                _ => response,
            }
        }
        Err(refusal) => refusal.answer(family, &id),
    }
}

async fn accept(
    shared: &Shared,
    family: Family,
    body: Result<Map<String, Value>, Refusal>,
    fault: Option<FaultSpec>,
) -> Result<(Order, ReplyForm), Refusal> {
    let body = body?;
    let id = body.get("model").and_then(Value::as_str).ok_or_else(|| Refusal::missing("model"))?;
    let model = models::find(id).ok_or_else(|| Refusal::model_not_found(id))?;
    if !matches!(family, Family::All | Family::All26) {
        return Err(Refusal::not_a_chat_model());
    }
    let turn = last_turn(&body)?;
    let files = turn.links.iter().map(|url| picture(shared, url)).collect::<Result<Vec<Bytes>, _>>()?;
    let form = match &fault {
        Some(spec) if spec.fault() == Fault::Words => ReplyForm::Words,
        _ => shared.reply_form(&turn.text),
    };
    blocking(move || {
        let order = chat_order(model, &turn.text, decoded(&files, IMAGE_BYTES)?);
        Ok((Order { fault, ..order }, form))
    })
    .await
}

pub(super) fn last_turn(body: &Map<String, Value>) -> Result<Turn, Refusal> {
    let messages =
        body.get("messages").and_then(Value::as_array).ok_or_else(|| Refusal::missing("messages"))?;
    let is_user = |message: &&Value| message.get("role").and_then(Value::as_str) == Some("user");
    let message = messages.iter().rfind(is_user).ok_or_else(|| Refusal::missing("messages"))?;
    let mut turn = Turn::default();
    match message.get("content") {
        Some(Value::String(text)) => turn.text.clone_from(text),
        Some(Value::Array(parts)) => {
            for part in parts {
                match part.get("type").and_then(Value::as_str) {
                    Some("text") => {
                        let text = part.get("text").and_then(Value::as_str);
                        turn.text.push_str(text.ok_or_else(|| Refusal::missing("messages.content.text"))?);
                    }
                    Some("image_url") => {
                        let url = part.pointer("/image_url/url").and_then(Value::as_str);
                        let url = url.ok_or_else(|| Refusal::missing("messages.content.image_url.url"))?;
                        turn.links.push(url.to_owned());
                    }
                    kind => {
                        let kind = kind.unwrap_or_default();
                        return Err(Refusal::not_supported(
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
            return Err(Refusal::wrong_type("messages.content", "a string or an array", sent));
        }
    }
    Ok(turn)
}

/// The bytes behind a link: of a data: URL, or of a picture this sandbox made before.
pub(super) fn picture(shared: &Shared, url: &str) -> Result<Bytes, Refusal> {
    data_url(url).or_else(|| shared.linked(url)).ok_or_else(|| Refusal::unreachable_image(url))
}

fn reply(shared: &Shared, order: &Order, form: ReplyForm) -> Result<Value, Refusal> {
    if form == ReplyForm::Words {
        let message = json!({ "role": "assistant", "content": SOFT_REFUSAL });
        return Ok(completion(order, &message, text_tokens(SOFT_REFUSAL)));
    }
    let picture = order.paint(0)?;
    let link = |picture| shared.link(picture, order.fault.as_ref());
    if form == ReplyForm::ImagesShaped {
        return Ok(gateway_reply(order, form, Some("url"), vec![picture], now(), link));
    }
    let inline =
        |picture: &[u8]| format!("data:{};base64,{}", order.encoding.format.mime(), order.base64(picture));
    let message = match form {
        ReplyForm::Base64 | ReplyForm::Base64Prefixed => {
            json!({ "role": "assistant", "content": format!("![image]({})", inline(&picture)) })
        }
        ReplyForm::ContentParts => json!({ "role": "assistant", "content": [
            { "type": "text", "text": "Here is the image." },
            { "type": "image_url", "image_url": { "url": link(picture) } },
        ] }),
        // As OpenRouter and its like send it.
        ReplyForm::MessageImages => json!({ "role": "assistant", "content": "", "images": [
            { "type": "image_url", "image_url": { "url": inline(&picture) } },
        ] }),
        ReplyForm::AsDocumented | ReplyForm::Url | ReplyForm::ImagesShaped | ReplyForm::Words => {
            json!({ "role": "assistant", "content": format!("![image]({})\n\n", link(picture)) })
        }
    };
    Ok(completion(order, &message, order.tokens.output))
}

fn completion(order: &Order, message: &Value, completion_tokens: u64) -> Value {
    let prompt_tokens = order.tokens.input();
    json!({
        "id": format!("chatcmpl-{:016x}", random()),
        "object": "chat.completion",
        "created": now(),
        "model": order.model.id,
        "choices": [{ "index": 0, "message": message, "finish_reason": "stop" }],
        "usage": {
            "prompt_tokens": prompt_tokens,
            "completion_tokens": completion_tokens,
            "total_tokens": prompt_tokens + completion_tokens,
        },
    })
}
