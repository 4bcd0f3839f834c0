//! The delivery of a result: its images count as delivered once the transport has written it.
//!
//! A transport that knows when a result is written puts a [`Delivery`] into the extensions of the
//! request or of its HTTP parts, and confirms it then. If it is dropped unconfirmed, the next caller
//! that asks receives the images. Without a `Delivery`, a result counts as written at once.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use rmcp::RoleServer;
use rmcp::service::RequestContext;

type OnDelivery = Box<dyn FnOnce() + Send>;

/// Actions to run once a result is written. Clones share them.
#[derive(Clone, Default)]
pub struct Delivery(Arc<Mutex<Vec<OnDelivery>>>);

impl Delivery {
    /// Runs the actions: the result was written.
    pub fn confirm(&self) {
        let actions = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        for action in actions {
            action();
        }
    }
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Delivery")
    }
}

/// Runs the action once the result of the request is written, and never if the request was cancelled.
pub(super) fn once_written(context: &RequestContext<RoleServer>, action: impl FnOnce() + Send + 'static) {
    if context.ct.is_cancelled() {
        return;
    }
    let request = context.extensions.get::<http::request::Parts>();
    let over_http = || request.and_then(|request| request.extensions.get::<Delivery>());
    match context.extensions.get::<Delivery>().or_else(over_http) {
        Some(delivery) => delivery.0.lock().unwrap_or_else(PoisonError::into_inner).push(Box::new(action)),
        None => action(),
    }
}
