//! Error replies, worded as in the documents where they quote them.
//!
//! OpenAI's envelope is `error{message,type,param,code}`; the gateway's own errors have the type
//! `shell_api_error`, an empty `param` and the request id at the end of the message.

use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::faults::InvalidFault;
use super::models::ModelFamily;

const REQUEST: &str = "invalid_request_error";
const USER: &str = "image_generation_user_error";

/// Why a request gets no image.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ApiError {
    pub(super) status: StatusCode,
    pub(super) kind: &'static str,
    pub(super) message: String,
    pub(super) param: Option<String>,
    pub(super) code: Option<&'static str>,
}

fn plain(status: StatusCode, message: impl Into<String>) -> ApiError {
    ApiError { status, kind: REQUEST, message: message.into(), param: None, code: None }
}

fn refusal(kind: &'static str, code: &'static str, param: &str, message: String) -> ApiError {
    let param = (!param.is_empty()).then(|| param.to_owned());
    ApiError { kind, param, code: Some(code), ..plain(StatusCode::BAD_REQUEST, message) }
}

impl ApiError {
    pub(super) fn unknown_parameter(name: &str) -> Self {
        refusal(REQUEST, "unknown_parameter", name, format!("Unknown parameter: '{name}'."))
    }

    pub(super) fn missing(name: &str) -> Self {
        refusal(REQUEST, "missing_required_parameter", name, format!("Missing required parameter: '{name}'."))
    }

    pub(super) fn invalid_value(param: &str, message: String) -> Self {
        refusal(REQUEST, "invalid_value", param, message)
    }

    pub(super) fn not_supported(param: &str, value: &str, supported: &[&str]) -> Self {
        let mut list: Vec<String> = supported.iter().map(|value| format!("'{value}'")).collect();
        if let Some(last) = list.last_mut() {
            *last = format!("and {last}");
        }
        let list = list.join(", ");
        Self::invalid_value(param, format!("Invalid value: '{value}'. Supported values are: {list}."))
    }

    pub(super) fn wrong_type(param: &str, expected: &str, value: &Value) -> Self {
        let got = match value {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(number) if number.is_f64() => "a decimal",
            Value::Number(_) => "an integer",
            Value::String(_) => "a string",
            Value::Array(_) => "an array",
            Value::Object(_) => "an object",
        };
        let message = format!("Invalid type for '{param}': expected {expected}, but got {got} instead.");
        refusal(REQUEST, "invalid_type", param, message)
    }

    /// A number outside `least` to `most`.
    pub(super) fn out_of_range(param: &str, (least, most): (i64, i64), value: i64) -> Self {
        let (code, side, bound) = if value < least {
            ("integer_below_min_value", "below minimum", format!(">= {least}"))
        } else {
            ("integer_above_max_value", "above maximum", format!("<= {most}"))
        };
        let message = format!(
            "Invalid '{param}': integer {side} value. Expected a value {bound}, but got {value} instead."
        );
        refusal(REQUEST, code, param, message)
    }

    pub(super) fn empty_prompt() -> Self {
        let message = "Invalid 'prompt': empty string. Expected a string with minimum length 1, but got an empty \
                       string instead.";
        refusal(REQUEST, "empty_string", "prompt", message.to_owned())
    }

    pub(super) fn prompt_too_long(maximum: usize, length: usize) -> Self {
        let message = format!(
            "Invalid 'prompt': string too long. Expected a string with maximum length {maximum}, but got a string \
             with length {length} instead."
        );
        refusal(REQUEST, "string_above_max_length", "prompt", message)
    }

    pub(super) fn too_many_images(maximum: usize, count: usize) -> Self {
        let message = format!(
            "Invalid 'image': array too long. Expected an array with maximum length {maximum}, but got an array \
             with length {count} instead."
        );
        refusal(REQUEST, "array_above_max_length", "image", message)
    }

    /// `number` counts from 1.
    pub(super) fn invalid_image_file(number: usize) -> Self {
        let message = format!("Invalid image file or mode for image {number}, please check your image file.");
        refusal(USER, "invalid_image_file", "", message)
    }

    /// Code and first words as the gateway's help pages quote them; `fault` completes the message.
    pub(super) fn invalid_mask(fault: &str) -> Self {
        refusal(USER, "invalid_mask_image_format", "", format!("Invalid mask image format - {fault}"))
    }

    pub(super) fn input_fidelity(model: &str) -> Self {
        let message = format!("The model '{model}' does not support the 'input_fidelity' parameter.");
        refusal(REQUEST, "invalid_input_fidelity_model", "input_fidelity", message)
    }

    pub(super) fn png_compression() -> Self {
        let message = "Compression less than 100 is not supported for PNG output format";
        refusal(USER, "invalid_png_output_compression", "", message.to_owned())
    }

    /// A link outside this sandbox, which stays on loopback.
    pub(super) fn unreachable_image(url: &str) -> Self {
        let shown: String = url.chars().take(120).collect();
        let message = format!(
            "Failed to download image from {shown}. Send the image as a data: URL, or a link that this \
             sandbox returned; the sandbox fetches nothing."
        );
        refusal(REQUEST, "invalid_image_url", "url", message)
    }

    pub(super) fn unreadable_json() -> Self {
        plain(StatusCode::BAD_REQUEST, "We could not parse the JSON body of your request.")
    }

    pub(super) fn unreadable_form(fault: &str) -> Self {
        plain(StatusCode::BAD_REQUEST, format!("Could not parse multipart form: {fault}"))
    }

    pub(super) fn too_large() -> Self {
        plain(StatusCode::PAYLOAD_TOO_LARGE, "Maximum content size limit exceeded.")
    }

    pub(super) fn content_type(sent: &str, accepted: &str) -> Self {
        let message = format!(
            "Unsupported content type: '{sent}'. This API method only accepts '{accepted}' requests, but you \
             specified the header 'Content-Type: {sent}'. Please try again with a supported content type."
        );
        refusal(REQUEST, "unsupported_content_type", "", message)
    }

    pub(super) fn model_not_found(model: &str) -> Self {
        let message = format!("The model '{model}' does not exist or you do not have access to it.");
        ApiError { status: StatusCode::NOT_FOUND, ..refusal(REQUEST, "model_not_found", "", message) }
    }

    pub(super) fn not_a_chat_model() -> Self {
        let message = "This is not a chat model and thus not supported in the v1/chat/completions endpoint. Did \
                       you mean to use v1/completions?";
        Self { param: Some("model".to_owned()), ..plain(StatusCode::NOT_FOUND, message) }
    }

    pub(super) fn no_such_route(method: &str, path: &str) -> Self {
        plain(StatusCode::NOT_FOUND, format!("Invalid URL ({method} {path})"))
    }

    /// A missing or refused key, in the words of the family.
    pub(super) fn unauthorized(family: ModelFamily, token: Option<&str>) -> Self {
        let message = match (family, token) {
            (ModelFamily::Official, None) => {
                "You didn't provide an API key. You need to provide your API key in \
                 an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY)."
                    .to_owned()
            }
            (ModelFamily::Official, Some(token)) => {
                let shown: String = token.chars().take(6).collect();
                format!(
                    "Incorrect API key provided: {shown}****. You can find your API key at \
                     https://platform.openai.com/account/api-keys."
                )
            }
            _ => "无效的令牌".to_owned(),
        };
        let code = (family == ModelFamily::Official).then_some("invalid_api_key");
        Self { code, ..plain(StatusCode::UNAUTHORIZED, message) }
    }

    /// Another server's message for a missing key.
    pub(super) fn no_key(message: &str) -> Self {
        Self { code: Some("invalid_api_key"), ..plain(StatusCode::UNAUTHORIZED, message) }
    }

    /// Another server's message for an unknown model.
    pub(super) fn no_model(message: String) -> Self {
        Self { code: Some("model_not_found"), ..plain(StatusCode::NOT_FOUND, message) }
    }

    /// Another server's message, without type and code.
    pub(super) fn bad_request(message: &str) -> Self {
        plain(StatusCode::BAD_REQUEST, message)
    }

    /// A fault that cannot be read.
    pub(super) fn invalid_fault(invalid: &InvalidFault) -> Self {
        Self::invalid_value(invalid.place, format!("Invalid sandbox fault: {}.", invalid.error))
    }

    /// The painter or an encoder failed.
    pub(super) fn internal(fault: &str) -> Self {
        let message =
            format!("The server had an error while processing your request. Sorry about that! ({fault})");
        Self { kind: "server_error", ..plain(StatusCode::INTERNAL_SERVER_ERROR, message) }
    }

    /// The reply in the form of `family`, with this request id.
    pub(super) fn response(self, family: ModelFamily, request_id: &str) -> Response {
        let error = match family {
            ModelFamily::Official => json!({
                "message": self.message, "type": self.kind, "param": self.param, "code": self.code,
            }),
            ModelFamily::All | ModelFamily::All26 | ModelFamily::Vip => json!({
                "message": format!("{} (request id: {request_id})", self.message),
                "type": "shell_api_error",
                "param": self.param.unwrap_or_default(),
                "code": self.code,
            }),
        };
        let body = json!({ "error": error }).to_string();
        let mut response = (self.status, [(CONTENT_TYPE, "application/json")], body).into_response();
        stamp(&mut response, family, request_id);
        response
    }
}

/// Adds the request id under the header that `family` uses.
pub(super) fn stamp(response: &mut Response, family: ModelFamily, request_id: &str) {
    if let Ok(id) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert(HeaderName::from_static(family.request_id_header()), id);
    }
}
