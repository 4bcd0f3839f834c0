//! The responses to HTTP requests that the server refuses.

use std::time::Duration;

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::store::StoreError;

/// JSON-RPC error codes for bodies that are not requests.
const PARSE_ERROR: i32 = -32_700;
const INVALID_REQUEST: i32 = -32_600;
/// Our own code, outside the range of the protocol: a limit is reached.
const LIMITED: i32 = 429;

/// A refused request.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct HttpRefusal {
    status: StatusCode,
    words: Box<str>,
    /// For JSON-RPC clients: the error code and the id of the request.
    json_rpc: Option<Box<(i32, Value)>>,
    retry_after: Option<Duration>,
    /// A header that tells the client what is accepted.
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
        let words = "the Host header names another server: --allowed-host adds a name";
        Self::new(StatusCode::FORBIDDEN, words)
    }

    pub(super) fn foreign_origin() -> Self {
        let words = "pages of this Origin may not call the server: --allowed-origin adds an origin";
        Self::new(StatusCode::FORBIDDEN, words)
    }

    pub(super) fn no_token() -> Self {
        let words = "a token is required: send Authorization: Bearer TOKEN";
        Self::new(StatusCode::UNAUTHORIZED, words)
            .header("www-authenticate", "Bearer realm=\"gpt-image-mcp\"")
    }

    pub(super) fn wrong_token() -> Self {
        let words = "the server does not know this token";
        Self::new(StatusCode::UNAUTHORIZED, words)
            .header("www-authenticate", "Bearer realm=\"gpt-image-mcp\", error=\"invalid_token\"")
    }

    pub(super) fn too_many_requests(wait: Duration) -> Self {
        let words = "too many requests per minute: wait as long as Retry-After says";
        Self::new(StatusCode::TOO_MANY_REQUESTS, words).after(wait)
    }

    pub(super) fn too_many_calls(of: &str, most: usize, id: Value) -> Self {
        let words = format!("{most} calls{of} are running, the maximum: try again when one has ended");
        Self::new(StatusCode::TOO_MANY_REQUESTS, words).after(Duration::from_secs(10)).json_rpc(LIMITED, id)
    }

    pub(super) fn too_many_sessions(most: usize) -> Self {
        let words =
            format!("{most} sessions are open, the maximum: end one, or wait until an idle one expires");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, words).after(Duration::from_mins(1))
    }

    pub(super) fn stopping() -> Self {
        let words = "the server is stopping";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, words).after(Duration::from_secs(10))
    }

    pub(super) fn body_too_large(most: usize) -> Self {
        let words = format!("the body is larger than {most} bytes: --max-body-bytes raises the limit");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, words)
    }

    pub(super) fn body_too_slow() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "the body arrives too slowly")
    }

    pub(super) fn body_cut() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "the body ended early")
    }

    pub(super) fn not_json(problem: &str) -> Self {
        let words = format!("the body is not JSON: {problem}");
        Self::new(StatusCode::BAD_REQUEST, words).json_rpc(PARSE_ERROR, Value::Null)
    }

    pub(super) fn batch() -> Self {
        let words = "protocol 2025-06-18 removed batches: send one message per request";
        Self::new(StatusCode::BAD_REQUEST, words).json_rpc(INVALID_REQUEST, Value::Null)
    }

    pub(super) fn no_message() -> Self {
        let words = "the body is not a JSON-RPC message: it has no method and no result";
        Self::new(StatusCode::BAD_REQUEST, words).json_rpc(INVALID_REQUEST, Value::Null)
    }

    pub(super) fn wrong_content_type(wanted: &str) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, format!("the body's Content-Type must be {wanted}"))
    }

    pub(super) fn unknown_session() -> Self {
        Self::new(StatusCode::NOT_FOUND, "the session does not exist: initialize a new one")
    }

    pub(super) fn no_session_named() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "the query has no sessionId: open GET /sse and post to the address it sends",
        )
    }

    pub(super) fn no_such_image() -> Self {
        Self::new(StatusCode::NOT_FOUND, "no stored image has this id")
    }

    pub(super) fn gone() -> Self {
        Self::new(StatusCode::GONE, "the file of this image is missing or was changed")
    }

    pub(super) fn store_failed() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "the image store failed: see the log of the server")
    }

    pub(super) fn no_such_range(bytes: u64) -> Self {
        let words = format!("the requested range is outside the {bytes} bytes of the image");
        Self::new(StatusCode::RANGE_NOT_SATISFIABLE, words)
    }

    pub(super) fn no_image(error: &StoreError) -> Self {
        if matches!(
            error,
            StoreError::Database { .. }
                | StoreError::Unusable(..)
                | StoreError::Unwritable(..)
                | StoreError::NoRoom(_)
        ) {
            tracing::error!(%error, "cannot store an uploaded image");
            return Self::store_failed();
        }
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, format!("the body is not a usable image: {error}"))
    }

    pub(super) fn no_such_route() -> Self {
        let words =
            "unknown path: the server has /mcp, /sse, /messages, /images, /healthz, /readyz and /metrics";
        Self::new(StatusCode::NOT_FOUND, words)
    }

    pub(super) fn wrong_method(allow: &'static str) -> Self {
        let words = format!("this path allows {allow}");
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
