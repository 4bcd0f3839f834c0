//! Answers to requests that are not served, in words.

use std::time::Duration;

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::codec::ImageError;

/// JSON-RPC's numbers for what is no request.
const PARSE_ERROR: i32 = -32_700;
const INVALID_REQUEST: i32 = -32_600;
/// A number of our own, outside the protocol's range: a limit is reached.
const LIMITED: i32 = 429;

/// A request that is not served.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct HttpRefusal {
    status: StatusCode,
    words: Box<str>,
    /// For answers that a JSON-RPC client reads: its number for the fault and the request's id.
    json_rpc: Option<Box<(i32, Value)>>,
    retry_after: Option<Duration>,
    /// A header that says how to do better.
    header: Option<(&'static str, &'static str)>,
}

impl HttpRefusal {
    fn new(status: StatusCode, words: impl Into<Box<str>>) -> Self {
        Self { status, words: words.into(), json_rpc: None, retry_after: None, header: None }
    }

    fn json_rpc(self, code: i32, id: Value) -> Self {
        Self { json_rpc: Some(Box::new((code, id))), ..self }
    }

    fn after(self, wait: Duration) -> Self {
        Self { retry_after: Some(wait), ..self }
    }

    fn header(self, name: &'static str, value: &'static str) -> Self {
        Self { header: Some((name, value)), ..self }
    }

    pub(super) fn foreign_host() -> Self {
        let words = "this server is not known by that Host: --allowed-host adds names";
        Self::new(StatusCode::FORBIDDEN, words)
    }

    pub(super) fn foreign_origin() -> Self {
        let words = "pages of that Origin may not call this server: --allowed-origin adds origins";
        Self::new(StatusCode::FORBIDDEN, words)
    }

    pub(super) fn no_token() -> Self {
        let words = "a token is needed: send Authorization: Bearer TOKEN";
        Self::new(StatusCode::UNAUTHORIZED, words)
            .header("www-authenticate", "Bearer realm=\"gpt-image-mcp\"")
    }

    pub(super) fn wrong_token() -> Self {
        let words = "the token is not one of this server's";
        Self::new(StatusCode::UNAUTHORIZED, words)
            .header("www-authenticate", "Bearer realm=\"gpt-image-mcp\", error=\"invalid_token\"")
    }

    pub(super) fn too_many_requests(wait: Duration) -> Self {
        let words = "too many requests in a minute";
        Self::new(StatusCode::TOO_MANY_REQUESTS, words).after(wait)
    }

    pub(super) fn too_many_calls(of: &str, most: usize, id: Value) -> Self {
        let words =
            format!("{most} calls{of} are in flight, the most there may be: try again when one has ended");
        Self::new(StatusCode::TOO_MANY_REQUESTS, words).after(Duration::from_secs(10)).json_rpc(LIMITED, id)
    }

    pub(super) fn too_many_sessions(most: usize) -> Self {
        let words =
            format!("{most} sessions are open, the most there may be: end one, or wait until one is idle");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, words).after(Duration::from_mins(1))
    }

    pub(super) fn stopping() -> Self {
        let words = "the server is stopping";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, words).after(Duration::from_secs(10))
    }

    pub(super) fn body_too_large(most: usize) -> Self {
        let words =
            format!("the body has more than the {most} bytes accepted: --max-body-bytes changes that");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, words)
    }

    pub(super) fn body_too_slow() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "the body comes too slowly")
    }

    pub(super) fn body_cut() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "the body ended early")
    }

    pub(super) fn not_json(problem: &str) -> Self {
        let words = format!("the body is no JSON: {problem}");
        Self::new(StatusCode::BAD_REQUEST, words).json_rpc(PARSE_ERROR, Value::Null)
    }

    pub(super) fn batch() -> Self {
        let words = "batches ended with protocol 2025-06-18: send one message a request";
        Self::new(StatusCode::BAD_REQUEST, words).json_rpc(INVALID_REQUEST, Value::Null)
    }

    pub(super) fn no_message() -> Self {
        let words = "the body is no JSON-RPC message: it has neither a method nor a result";
        Self::new(StatusCode::BAD_REQUEST, words).json_rpc(INVALID_REQUEST, Value::Null)
    }

    pub(super) fn wrong_content_type(wanted: &str) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, format!("the body's Content-Type must be {wanted}"))
    }

    pub(super) fn unknown_session() -> Self {
        Self::new(StatusCode::NOT_FOUND, "there is no such session: initialize a new one")
    }

    pub(super) fn no_session_named() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "the query names no sessionId: open GET /sse, and post where it says",
        )
    }

    pub(super) fn no_such_image() -> Self {
        Self::new(StatusCode::NOT_FOUND, "nothing stored has this id")
    }

    pub(super) fn gone() -> Self {
        Self::new(StatusCode::GONE, "the file of this image is no longer there")
    }

    pub(super) fn store_failed() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "the library failed: the log says how")
    }

    pub(super) fn no_such_range(bytes: u64) -> Self {
        let words = format!("the image has {bytes} bytes, and none of the range asked for");
        Self::new(StatusCode::RANGE_NOT_SATISFIABLE, words)
    }

    pub(super) fn no_image(error: &ImageError) -> Self {
        if matches!(error, ImageError::Record(..) | ImageError::Unwritable(..) | ImageError::NoRoom(_)) {
            tracing::error!(%error, "an image could not be kept");
            return Self::store_failed();
        }
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, format!("the body is no image that can be used: {error}"))
    }

    pub(super) fn no_such_route() -> Self {
        let words = "there is nothing here: /mcp, /sse, /messages, /images, /healthz, /readyz and /metrics are served";
        Self::new(StatusCode::NOT_FOUND, words)
    }

    pub(super) fn wrong_method(allow: &'static str) -> Self {
        let words = format!("the methods here are {allow}");
        Self::new(StatusCode::METHOD_NOT_ALLOWED, words).header("allow", allow)
    }
}

impl IntoResponse for HttpRefusal {
    fn into_response(self) -> Response {
        let body = match self.json_rpc.map(|fault| *fault) {
            Some((code, id)) => {
                json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": self.words } })
            }
            None => json!({ "error": self.words }),
        };
        let mut response = (self.status, body.to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(wait) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
        }
        if let Some((name, value)) = self.header {
            headers.insert(name, HeaderValue::from_static(value));
        }
        response
    }
}
