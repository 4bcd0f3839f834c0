//! The deliveries of one connection, by request id, until the responses are written.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rmcp::RoleServer;
use rmcp::model::{ClientNotification, RequestId};
use rmcp::service::{RxJsonRpcMessage, TxJsonRpcMessage};

use crate::tools::Delivery;

/// The deliveries of running requests. Clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct Deliveries(Arc<Mutex<HashMap<RequestId, Delivery>>>);

impl Deliveries {
    /// The delivery of the response to this request.
    pub(super) fn begin(&self, request: RequestId) -> Delivery {
        let delivery = Delivery::default();
        self.lock().insert(request, delivery.clone());
        delivery
    }

    /// Drops the delivery of the request that this message cancels: it gets no response.
    pub(super) fn drop_cancelled(&self, message: &RxJsonRpcMessage<RoleServer>) {
        if let RxJsonRpcMessage::<RoleServer>::Notification(notification) = message
            && let ClientNotification::CancelledNotification(cancelled) = &notification.notification
            && let Some(id) = &cancelled.params.request_id
        {
            self.lock().remove(id);
        }
    }

    /// The delivery to confirm once this message is written.
    pub(super) fn of(&self, message: &TxJsonRpcMessage<RoleServer>) -> Option<Delivery> {
        match message {
            TxJsonRpcMessage::<RoleServer>::Response(answer) => self.lock().remove(&answer.id),
            TxJsonRpcMessage::<RoleServer>::Error(error) => {
                if let Some(id) = &error.id {
                    self.lock().remove(id);
                }
                None // an error delivers no images
            }
            _ => None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<RequestId, Delivery>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
