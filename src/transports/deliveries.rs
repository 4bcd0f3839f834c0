//! What the answers to a connection's requests hand over, by the request's id, until they are written.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rmcp::RoleServer;
use rmcp::model::{ClientNotification, RequestId};
use rmcp::service::{RxJsonRpcMessage, TxJsonRpcMessage};

use crate::tools::Delivery;

/// What the answers to requests under way hand over. Clones are the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Deliveries(Arc<Mutex<HashMap<RequestId, Delivery>>>);

impl Deliveries {
    /// For the answer to this request.
    pub(super) fn begin(&self, request: RequestId) -> Delivery {
        let delivery = Delivery::default();
        self.lock().insert(request, delivery.clone());
        delivery
    }

    /// Forgets the request that this message cancels: it gets no answer.
    pub(super) fn heed(&self, message: &RxJsonRpcMessage<RoleServer>) {
        if let RxJsonRpcMessage::<RoleServer>::Notification(notification) = message
            && let ClientNotification::CancelledNotification(cancelled) = &notification.notification
            && let Some(id) = &cancelled.params.request_id
        {
            self.lock().remove(id);
        }
    }

    /// What this message hands over once it is written.
    pub(super) fn of(&self, message: &TxJsonRpcMessage<RoleServer>) -> Option<Delivery> {
        match message {
            TxJsonRpcMessage::<RoleServer>::Response(answer) => self.lock().remove(&answer.id),
            TxJsonRpcMessage::<RoleServer>::Error(error) => {
                if let Some(id) = &error.id {
                    self.lock().remove(id);
                }
                None // nothing is handed over with an error
            }
            _ => None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<RequestId, Delivery>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
