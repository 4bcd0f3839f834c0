//! The two ends of a connection of the older SSE, by its session's id: where its messages go,
//! and which of its answers, once they are written, hand pictures over.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rmcp::RoleServer;
use rmcp::model::RequestId;
use rmcp::service::RxJsonRpcMessage;
use tokio::sync::mpsc;

use crate::tools::Handover;

type Messages = mpsc::Sender<RxJsonRpcMessage<RoleServer>>;

/// The connections that are open.
#[derive(Debug, Default)]
pub(super) struct Inboxes(Mutex<HashMap<String, Inbox>>);

/// Where the messages of one connection go.
#[derive(Clone, Debug)]
pub(super) struct Inbox {
    pub messages: Messages,
    pub handovers: Handovers,
}

/// What the answers to requests under way hand over.
#[derive(Clone, Debug, Default)]
pub(super) struct Handovers(Arc<Mutex<HashMap<RequestId, Handover>>>);

impl Inboxes {
    pub(super) fn open(&self, id: &str, messages: Messages) -> Handovers {
        let handovers = Handovers::default();
        let inbox = Inbox { messages, handovers: handovers.clone() };
        self.lock().insert(id.to_owned(), inbox);
        handovers
    }

    pub(super) fn of(&self, id: &str) -> Option<Inbox> {
        self.lock().get(id).cloned()
    }

    pub(super) fn close(&self, id: &str) {
        self.lock().remove(id);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Inbox>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Handovers {
    /// For the answer to this request.
    pub(super) fn begin(&self, request: RequestId) -> Handover {
        let handover = Handover::default();
        self.lock().insert(request, handover.clone());
        handover
    }

    /// That of the answer that is being written.
    pub(super) fn take(&self, request: &RequestId) -> Option<Handover> {
        self.lock().remove(request)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<RequestId, Handover>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
