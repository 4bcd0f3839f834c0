//! When an answer's images count as handed over: once the transport has written the answer.
//!
//! A transport that knows when that is puts a [`Delivery`] among a request's extensions, or those
//! of its HTTP parts, and confirms it then; dropped unconfirmed, the images still belong to the next who asks. On
//! a transport that puts none there, an answer given to it counts as written.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use rmcp::RoleServer;
use rmcp::service::RequestContext;

type Served = Box<dyn FnOnce() + Send>;

/// What is to happen once an answer is written. Clones are one.
#[derive(Clone, Default)]
pub struct Delivery(Arc<Mutex<Vec<Served>>>);

impl Delivery {
    /// The answer was written.
    pub fn confirm(&self) {
        let served = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        for served in served {
            served();
        }
    }
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Delivery")
    }
}

/// Does this once the answer to the request is written, and never if the request was cancelled.
pub(super) fn once_written(context: &RequestContext<RoleServer>, served: impl FnOnce() + Send + 'static) {
    if context.ct.is_cancelled() {
        return;
    }
    let request = context.extensions.get::<http::request::Parts>();
    let over_http = || request.and_then(|request| request.extensions.get::<Delivery>());
    match context.extensions.get::<Delivery>().or_else(over_http) {
        Some(delivery) => delivery.0.lock().unwrap_or_else(PoisonError::into_inner).push(Box::new(served)),
        None => served(),
    }
}
