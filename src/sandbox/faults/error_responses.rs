//! Faults that reply with an error and no image, so that nothing is charged.

use std::time::{Duration, SystemTime};

use axum::http::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER};
use axum::http::{HeaderName, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Response};
use serde_json::{Value, json};

use super::kinds::Fault;
use super::spec::FaultSpec;
use crate::sandbox::api_error::{ApiError, stamp};
use crate::sandbox::models::ModelFamily;

/// The page of a web server that is not the API.
const PAGE: &str = "<!DOCTYPE html>\n<html><head><title>Welcome</title></head>\
    <body><h1>Welcome</h1><p>There is no API here.</p></body></html>\n";

/// What the text of an error depends on.
#[derive(Clone, Copy, Debug)]
pub(in crate::sandbox) struct ErrorContext<'a> {
    pub family: ModelFamily,
    pub model: &'a str,
    pub request_id: &'a str,
    /// The target of a redirect.
    pub elsewhere: &'a str,
}

/// The error, if this fault is one of these.
pub(in crate::sandbox) fn error_response(spec: &FaultSpec, context: ErrorContext<'_>) -> Option<Response> {
    let ErrorContext { family, model, request_id, elsewhere } = context;
    let gateway = family != ModelFamily::Official;
    let suffixed = |text: &str| format!("{text} (request id: {request_id})");
    let wait = spec.amount();
    let rate_limited = |header: HeaderName, value: String| {
        let message = format!(
            "Rate limit reached for {model} on input-images per min (IPM): Limit 5, Used 5, Requested 1. Please \
             try again later."
        );
        let error = openai(&message, "input-images", None, Some("rate_limit_exceeded"));
        (StatusCode::TOO_MANY_REQUESTS, AppendHeaders([(header, value)]), error).into_response()
    };
    let in_text = |status, text: &str| in_json(status, &shell(&suffixed(text), "", None));
    let overloaded = || {
        let message = "The server is currently overloaded with other requests. Sorry about that! Please try again later.";
        openai(message, "service_unavailable_error", None, Some("server_is_overloaded"))
    };
    let mut response = match spec.fault() {
        Fault::Unauthorised => {
            ApiError::unauthorized(family, Some("sk-sandbox")).response(family, request_id)
        }
        Fault::TokenType => in_text(
            StatusCode::FORBIDDEN,
            &format!("该令牌的计费模式为按次计费，无权访问模型 {model}，请使用按量计费的令牌"),
        ),
        Fault::NoCredit => in_json(StatusCode::TOO_MANY_REQUESTS, &no_credit()),
        Fault::NoCredit403 => in_json(StatusCode::FORBIDDEN, &no_credit()),
        Fault::NoCreditOpenai => {
            let message = "You exceeded your current quota, please check your plan and billing details.";
            let error = openai(message, "insufficient_quota", None, Some("credit_balance_exhausted"));
            (StatusCode::TOO_MANY_REQUESTS, error).into_response()
        }
        Fault::RateLimited => rate_limited(RETRY_AFTER, wait.to_string()),
        Fault::RateLimitedMs => rate_limited(HeaderName::from_static("retry-after-ms"), wait.to_string()),
        Fault::RateLimitedDate => rate_limited(
            RETRY_AFTER,
            httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(wait.into())),
        ),
        Fault::Saturated => in_text(StatusCode::TOO_MANY_REQUESTS, "当前分组上游负载已饱和，请稍后再试"),
        Fault::NoChannel => in_text(
            StatusCode::SERVICE_UNAVAILABLE,
            &format!("No available channel for model {model} under current group Default"),
        ),
        Fault::Overloaded => (StatusCode::SERVICE_UNAVAILABLE, overloaded()).into_response(),
        Fault::ShouldRetryFalse => {
            let header = (HeaderName::from_static("x-should-retry"), "false");
            (StatusCode::SERVICE_UNAVAILABLE, AppendHeaders([header]), overloaded()).into_response()
        }
        Fault::ShouldRetryTrue => {
            let header = (HeaderName::from_static("x-should-retry"), "true");
            let error = openai(
                "The request could not be completed. Please try again.",
                "invalid_request_error",
                None,
                None,
            );
            (StatusCode::BAD_REQUEST, AppendHeaders([header]), error).into_response()
        }
        Fault::ServerError => {
            let message = "The server had an error while processing your request. Sorry about that!";
            (StatusCode::INTERNAL_SERVER_ERROR, openai(message, "server_error", None, None)).into_response()
        }
        Fault::BadGateway => {
            in_json(StatusCode::BAD_GATEWAY, &shell("", "502", Some("bad_response_status_code")))
        }
        Fault::WriteFailed => in_json(StatusCode::INTERNAL_SERVER_ERROR, &write_failed()),
        Fault::Html200 => page(StatusCode::OK, PAGE),
        Fault::Empty502 => StatusCode::BAD_GATEWAY.into_response(),
        Fault::Detail => in_json(
            StatusCode::SERVICE_UNAVAILABLE,
            &json!({ "detail": "Diffusion engine not initialized." }),
        ),
        Fault::ErrorString => in_json(StatusCode::BAD_REQUEST, &json!({ "error": "prompt required" })),
        Fault::Moderation => in_json(StatusCode::BAD_REQUEST, &moderation(gateway, request_id)),
        Fault::Moderation451 => in_text(
            StatusCode::UNAVAILABLE_FOR_LEGAL_REASONS,
            "The generated image was blocked by image_safety",
        ),
        Fault::Refusal500 => in_json(StatusCode::INTERNAL_SERVER_ERROR, &hard_block(request_id)),
        Fault::BadParameter => ApiError::unknown_parameter("response_format").response(family, request_id),
        Fault::Redirect => {
            (StatusCode::TEMPORARY_REDIRECT, AppendHeaders([(LOCATION, elsewhere.to_owned())]))
                .into_response()
        }
        _ => return None,
    };
    // These servers do not know the ids of the gateway.
    let foreign = [Fault::Html200, Fault::Empty502, Fault::Detail, Fault::ErrorString, Fault::Redirect];
    if !foreign.contains(&spec.fault()) {
        stamp(&mut response, family, request_id);
    }
    Some(response)
}

/// OpenAI's envelope.
fn openai(message: &str, kind: &str, param: Option<&str>, code: Option<&str>) -> axum::Json<Value> {
    axum::Json(json!({ "error": { "message": message, "type": kind, "param": param, "code": code } }))
}

/// The gateway's own errors.
fn shell(message: &str, param: &str, code: Option<&str>) -> Value {
    json!({ "error": { "message": message, "type": "shell_api_error", "param": param, "code": code } })
}

/// The gateway sometimes repeats a status in the body.
fn insert_status(body: &mut Value, status: u16) {
    if let Some(body) = body.as_object_mut() {
        body.insert("status_code".to_owned(), status.into());
    }
}

fn no_credit() -> Value {
    json!({ "error": {
        "message": "user [1] quota [10] preConsumedQuota [99] is not enough",
        "localized_message": "Insufficient user quota",
        "type": "shell_api_error", "param": "", "code": "insufficient_user_quota",
    } })
}

fn write_failed() -> Value {
    let words = "write tcp 10.0.0.7:443->10.0.0.9:51234: write: connection reset by peer";
    let mut error = shell(words, "", Some("write_response_body_failed"));
    insert_status(&mut error, 500);
    error
}

fn hard_block(trace: &str) -> Value {
    let words = "Image was not generated as expected. Please adjust the prompt and retry";
    json!({ "error": {
        "message": format!("{words} (traceid: {trace})"),
        "localized_message": "Unknown error",
        "type": "invalid_request_error", "param": "", "code": null,
    } })
}

fn moderation(gateway: bool, request_id: &str) -> Value {
    let words = "Your request was rejected by the safety system. If you believe this is an error, contact us at \
                 help.openai.com and include the request ID";
    let message = format!("{words} {request_id}. safety_violations=[sexual].");
    if gateway {
        let mut error = shell(&message, "", Some("moderation_blocked"));
        insert_status(&mut error, 400);
        return error;
    }
    json!({ "error": {
        "message": message,
        "type": "image_generation_user_error", "param": null, "code": "moderation_blocked",
        "moderation_details": { "moderation_stage": "output", "categories": ["sexual"] },
    } })
}

fn in_json(status: StatusCode, body: &Value) -> Response {
    (status, axum::Json(body)).into_response()
}

/// A web page.
pub(super) fn page(status: StatusCode, html: &'static str) -> Response {
    (status, [(CONTENT_TYPE, "text/html; charset=UTF-8")], html).into_response()
}
