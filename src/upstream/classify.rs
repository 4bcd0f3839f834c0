//! From an error reply to its kind: status, code, type, `param` and message text together,
//! because gateways put the truth in any of them.
//!
//! Sources: the error tables of docs.apiyi.com (gpt-image-2 overview, content moderation,
//! connection drops), OpenAI's error guide, and bodies seen from servers that answer
//! `{"error":"text"}` or `{"detail":…}`. It never looks at anything but the reply.

use serde_json::Value;

use super::call::ReplyHeaders;
use super::failure::{Failure, FailureKind};
use super::reply::Body;

/// What an error body says, wherever it says it.
#[derive(Debug, Default)]
struct Said {
    message: String,
    code: String,
    param: String,
    details: String,
}

/// The failure that a reply with this status and body is.
#[must_use]
pub(super) fn classify(status: u16, headers: &ReplyHeaders, body: &Body) -> Failure {
    let said = match body {
        Body::Json(document) => said_in(&document.value),
        Body::Text(text) => Said { message: text_of_page(text), ..Said::default() },
        Body::Empty => Said::default(),
    };
    // A gateway that passes a failure on may keep its own status and hide the real one here.
    let hidden = said.param.parse::<u16>().ok().filter(|code| (400..600).contains(code));
    let status_said = if status >= 500 { hidden.unwrap_or(status) } else { status };
    let (kind, hint) = kind_of(status_said, &said, headers);
    let mut words = said.message.clone();
    if !said.details.is_empty() {
        words = format!("{words} [{}]", said.details);
    }
    let request_id = headers.request_id.clone().or_else(|| request_id_in(&said.message));
    Failure {
        hint,
        status: Some(status),
        wait: headers.retry_after,
        should_retry: headers.should_retry,
        request_id,
        ..Failure::new(kind, words)
    }
}

fn kind_of(status: u16, said: &Said, headers: &ReplyHeaders) -> (FailureKind, Option<String>) {
    use FailureKind as Kind;
    let message = said.message.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    let code = said.code.as_str();

    let refused = matches!(code, "moderation_blocked" | "content_policy_violation" | "content_filter")
        || status == 451
        || says(&[
            "safety system",
            "image_safety",
            "safety_violations",
            "image was not generated as expected",
        ]);
    if refused {
        return (Kind::RefusedContent, None);
    }
    let broke = code.starts_with("insufficient_")
        || code.ends_with("_limit_exceeded") && code != "rate_limit_exceeded"
        || matches!(code, "credit_balance_exhausted" | "billing_hard_limit_reached");
    if broke || status == 402 {
        return (Kind::NoCredit, None);
    }
    let billing_mode = says(&["按次", "按量", "计费", "billing mode", "billing"]);
    if matches!(status, 401 | 403 | 404 | 503) && billing_mode {
        return (Kind::Unauthorised, Some(TOKEN_TYPE.to_owned()));
    }
    let no_channel = says(&["channel", "渠道"]).then(|| TOKEN_TYPE.to_owned());
    match status {
        401 | 403 => (Kind::Unauthorised, no_channel),
        404 => (Kind::BadRequest, no_channel.or_else(|| Some(NOT_THERE.to_owned()))),
        408 | 504 | 524 => (Kind::TimedOut, None),
        429 => (Kind::RateLimited, None),
        300..=399 => (Kind::BadRequest, headers.location.as_ref().map(|location| redirected(location))),
        400..=499 => (Kind::BadRequest, None),
        _ => (Kind::UpstreamFailed, no_channel),
    }
}

const TOKEN_TYPE: &str = "Check that the key may be used for this model. At apiyi the official models want a token of \
    the type pay-per-use (priority), not one billed per call: make one and set APIYI_OFFICIAL_API_KEY to it.";
const NOT_THERE: &str = "The provider has no such model or path: check the model's name and the base URL, which \
    usually ends in /v1.";

fn redirected(location: &str) -> String {
    format!("The base URL redirects to {location}; set the provider's base URL to where it leads.")
}

fn said_in(value: &Value) -> Said {
    let text = |value: Option<&Value>| match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    match value.get("error") {
        Some(Value::Object(error)) => {
            let code = text(error.get("code"));
            Said {
                message: [error.get("message"), error.get("localized_message")]
                    .into_iter()
                    .map(text)
                    .find(|words| !words.is_empty())
                    .unwrap_or_default(),
                code: if code.is_empty() { text(error.get("type")) } else { code },
                param: text(error.get("param")),
                details: error.get("moderation_details").map(moderation).unwrap_or_default(),
            }
        }
        Some(Value::String(error)) => {
            let message = text(value.get("message"));
            Said { message: if message.is_empty() { error.clone() } else { message }, ..Said::default() }
        }
        _ => {
            let message = match value.get("detail") {
                Some(Value::String(detail)) => detail.clone(),
                Some(detail) => detail.to_string(),
                None => text(value.get("message")),
            };
            let message = if message.is_empty() { value.to_string() } else { message };
            Said { message, ..Said::default() }
        }
    }
}

fn moderation(details: &Value) -> String {
    let stage = details.get("moderation_stage").and_then(Value::as_str);
    let categories = details.get("categories").and_then(Value::as_array);
    let categories: Vec<_> = categories.into_iter().flatten().filter_map(Value::as_str).collect();
    [stage.map(|stage| format!("stage {stage}")), (!categories.is_empty()).then(|| categories.join(", "))]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(": ")
}

/// The readable part of an HTML page, or the text itself.
fn text_of_page(page: &str) -> String {
    let mut text = String::new();
    let mut inside_tag = false;
    for character in page.chars() {
        match character {
            '<' => {
                inside_tag = true;
                text.push(' ');
            }
            '>' if inside_tag => inside_tag = false,
            _ if inside_tag => {}
            other => text.push(other),
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `(request id: …)` or `(traceid: …)`, as the gateway appends it to its messages.
fn request_id_in(message: &str) -> Option<String> {
    ["request id:", "traceid:"].into_iter().find_map(|label| {
        let (_, rest) = message.split_once(label)?;
        let id: String = rest.trim_start().chars().take_while(|c| !c.is_whitespace() && *c != ')').collect();
        (!id.is_empty()).then_some(id)
    })
}
