//! The SSE connections by session id: the channel for their messages, and the deliveries of their
//! responses.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rmcp::RoleServer;
use rmcp::service::RxJsonRpcMessage;
use tokio::sync::mpsc;

use crate::transports::deliveries::Deliveries;

type Messages = mpsc::Sender<RxJsonRpcMessage<RoleServer>>;

/// The open connections.
#[derive(Debug, Default)]
pub(super) struct Inboxes(Mutex<HashMap<String, Inbox>>);

/// One connection.
#[derive(Clone, Debug)]
pub(super) struct Inbox {
    pub messages: Messages,
    pub deliveries: Deliveries,
}

impl Inboxes {
    pub(super) fn open(&self, id: &str, messages: Messages) -> Deliveries {
        let deliveries = Deliveries::default();
        let inbox = Inbox { messages, deliveries: deliveries.clone() };
        self.lock().insert(id.to_owned(), inbox);
        deliveries
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
