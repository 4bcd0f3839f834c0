//! What a request said, for tests of a client: what was sent, what was charged, what went wrong.

use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, RANGE};

use super::images_api::{AcceptedRequest, RequestBody};

/// One request to a sandbox.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReceivedRequest {
    /// `GET` or `POST`.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The query, without its `?`.
    pub query: Option<String>,
    /// The `Range` header.
    pub range: Option<String>,
    /// The content type without its parameters.
    pub content_type: Option<String>,
    /// Whether it carried a bearer token that is not empty.
    pub authorized: bool,
    /// The model it named.
    pub model: Option<String>,
    /// The prompt; on chat the text of the last user message.
    pub prompt: Option<String>,
    /// The names of the parameters in their order, without images and mask.
    pub parameters: Vec<String>,
    /// How many images came with it.
    pub images: usize,
    /// Whether a mask came with it.
    pub mask: bool,
    /// How many images were charged; 0 where the request was refused. An image that was made is
    /// charged even if its reply is lost.
    pub billed: u32,
    /// The fault that the reply had, as it is written. A fault of a download is noted there.
    pub fault: Option<String>,
}

impl ReceivedRequest {
    /// Reads the head of a request.
    pub(super) fn of(request: &Request) -> Self {
        let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
        Self {
            method: request.method().to_string(),
            path: request.uri().path().to_owned(),
            query: request.uri().query().map(str::to_owned),
            range: header(RANGE).map(str::to_owned),
            content_type: header(CONTENT_TYPE)
                .map(|full| full.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()),
            authorized: bearer(request.headers()).is_some(),
            ..Self::default()
        }
    }

    /// Reads its body.
    pub(super) fn note(&mut self, body: &RequestBody) {
        self.model = body.text("model").map(str::to_owned);
        self.prompt = body.text("prompt").map(str::to_owned);
        self.parameters = body.names().map(str::to_owned).collect();
        self.images = body.images.len();
        self.mask = body.mask.is_some();
    }

    /// Notes that the request was accepted, and the fault of its reply.
    pub(super) fn charge(&mut self, accepted: &AcceptedRequest) {
        self.billed = accepted.billed;
        let fault = accepted.fault.as_ref().filter(|spec| !spec.fault().is_download_fault());
        self.fault = fault.map(ToString::to_string);
    }
}

/// The bearer token; `None` if there is none or an empty one.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}
