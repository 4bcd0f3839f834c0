//! What all handlers share: options, faults, the images behind links.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use axum::http::HeaderMap;

use super::api_error::ApiError;
use super::faults::{FaultSpec, Faults};
use super::files::{FileStore, name_in};
use super::models::ModelFamily;
use super::options::{ReplyForm, SandboxOptions};
use super::received::{ReceivedRequest, bearer};

/// The one token that is refused.
const REFUSED_TOKEN: &str = "sk-invalid";

/// The state of one sandbox; clones share it.
#[derive(Clone, Debug)]
pub(super) struct SandboxState(Arc<StateInner>);

#[derive(Debug)]
struct StateInner {
    base_url: String,
    options: SandboxOptions,
    faults: Faults,
    files: Mutex<FileStore>,
}

impl SandboxState {
    pub(super) fn new(base_url: String, options: SandboxOptions) -> Self {
        let faults = Faults::new(options.fault.clone());
        Self(Arc::new(StateInner { base_url, options, faults, files: Mutex::default() }))
    }

    pub(super) fn base_url(&self) -> &str {
        &self.0.base_url
    }

    pub(super) fn options(&self) -> &SandboxOptions {
        &self.0.options
    }

    pub(super) fn faults(&self) -> &Faults {
        &self.0.faults
    }

    pub(super) fn files(&self) -> MutexGuard<'_, FileStore> {
        self.0.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Passes the request on to whoever the options name.
    pub(super) fn record(&self, received: ReceivedRequest) {
        if let Some(requests) = &self.0.options.requests {
            // Nobody listens any more.
            let _ = requests.send(received);
        }
    }

    /// The form of a gateway model's reply: as the prompt asks, or else as the options say.
    pub(super) fn reply_form(&self, prompt: &str) -> ReplyForm {
        ReplyForm::named_in(prompt).unwrap_or(self.0.options.reply)
    }

    /// Stores an image and returns its link. A fault of downloads waits in the link.
    pub(super) fn link(&self, image: Vec<u8>, fault: Option<&FaultSpec>) -> String {
        let fault = fault.filter(|spec| spec.fault().is_download_fault());
        let path = self.files().keep(image, fault);
        if let Some(spec) = fault {
            self.0.faults.begin_link(spec, name_in(&path));
        }
        format!("{}{path}", self.0.base_url)
    }

    /// The image behind a link of this sandbox.
    pub(super) fn linked(&self, url: &str) -> Option<Bytes> {
        let (path, query) = url.strip_prefix(self.0.base_url.as_str())?.split_once('?')?;
        self.files().fetch(path, Some(query)).ok().map(|kept| kept.file)
    }
}

/// Accepts any bearer token but an empty one and `sk-invalid`.
pub(super) fn authorize(headers: &HeaderMap, family: ModelFamily) -> Result<(), ApiError> {
    match bearer(headers) {
        Some(token) if token != REFUSED_TOKEN => Ok(()),
        token => Err(ApiError::unauthorized(family, token)),
    }
}
