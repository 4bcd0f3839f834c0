//! What arrived: a short memory of requests, so that a test can ask what was really sent.

use std::collections::VecDeque;

use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, RANGE};

use super::images_api::{Order, Submission};

/// How many requests are remembered; older ones are forgotten.
const REMEMBERED: usize = 1_000;

/// One request, as it came in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// `GET` or `POST`.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The query, without its `?`.
    pub query: Option<String>,
    /// The `Range` asked for, as it was sent.
    pub range: Option<String>,
    /// The content type without its parameters.
    pub content_type: Option<String>,
    /// Whether it carried a bearer token that is not empty.
    pub authorized: bool,
    /// The model it named.
    pub model: Option<String>,
    /// The prompt; on chat the text of the last user message.
    pub prompt: Option<String>,
    /// The names of the parameters sent, pictures and mask aside, in their order.
    pub parameters: Vec<String>,
    /// How many pictures came with it.
    pub images: usize,
    /// Whether a mask came with it.
    pub mask: bool,
    /// How many pictures were charged; 0 where the request was refused. One that was made and
    /// whose answer was lost is charged.
    pub billed: u32,
    /// The fault that befell it, as it is spelt. One that waits in a link befalls its download.
    pub fault: Option<String>,
}

impl Seen {
    /// What the head of a request says.
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
}

impl Seen {
    /// What the body says.
    pub(super) fn note(&mut self, submission: &Submission) {
        self.model = submission.text("model").map(str::to_owned);
        self.prompt = submission.text("prompt").map(str::to_owned);
        self.parameters = submission.names().map(str::to_owned).collect();
        self.images = submission.images.len();
        self.mask = submission.mask.is_some();
    }

    /// A request that was found good, and what befalls its answer.
    pub(super) fn charge(&mut self, order: &Order) {
        self.billed = order.billed;
        let befalls = order.fault.as_ref().filter(|spec| !spec.fault().is_of_files());
        self.fault = befalls.map(ToString::to_string);
    }
}

/// The bearer token, `None` where there is none or an empty one.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// The last requests, oldest first.
#[derive(Debug, Default)]
pub(super) struct Log(VecDeque<Seen>);

impl Log {
    pub(super) fn record(&mut self, seen: Seen) {
        if self.0.len() == REMEMBERED {
            self.0.pop_front();
        }
        self.0.push_back(seen);
    }

    pub(super) fn all(&self) -> Vec<Seen> {
        self.0.iter().cloned().collect()
    }
}
