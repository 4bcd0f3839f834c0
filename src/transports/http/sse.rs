//! The HTTP+SSE transport of 2024: `GET /sse` for messages to the client, `POST /messages` for
//! messages from it.
//!
//! rmcp no longer has this transport, but accepts a pair of channels as one. The connection is the
//! session: when it ends, the session ends, its responses are dropped, and paid images are stored.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use futures_util::{Stream, StreamExt as _, stream};
use rmcp::RoleServer;
use rmcp::model::GetExtensions as _;
use rmcp::service::{RxJsonRpcMessage, TxJsonRpcMessage};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::body;
use super::json_rpc_peek::JsonRpcPeek;
use super::mcp::{begin, place, require_json};
use super::refusal::HttpRefusal;
use super::sessions::SessionUse;
use super::state::{HttpState, WAITING_MESSAGES, caller};
use crate::tools::Delivery;
use crate::transports::deliveries::Deliveries;

/// Ends the session with its connection.
struct Connection {
    state: Arc<HttpState>,
    id: String,
    _open: Option<SessionUse>,
    _end: tokio_util::sync::DropGuard,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.state.inboxes.close(&self.id);
        self.state.sessions.end(&self.id);
        tracing::debug!("an SSE connection ended");
    }
}

/// `GET /sse`: the first event is the address for messages.
pub(super) async fn open(State(state): State<Arc<HttpState>>, request: Request) -> Response {
    match connect(state, request) {
        Ok(response) => response,
        Err(refusal) => refusal.into_response(),
    }
}

fn connect(state: Arc<HttpState>, request: Request) -> Result<Response, HttpRefusal> {
    let (parts, _) = request.into_parts();
    let caller = caller(&parts).ok_or_else(HttpRefusal::no_token)?;
    let place = place(&state)?;
    let mut random = [0; 16];
    // An id without randomness could be guessed.
    getrandom::fill(&mut random).map_err(|_| HttpRefusal::stopping())?;
    let id = format!("{:032x}", u128::from_ne_bytes(random));
    place.take(&id, &caller.owner.name);
    let (to_client, outgoing) = mpsc::channel(WAITING_MESSAGES);
    let (from_client, incoming) = mpsc::channel(WAITING_MESSAGES);
    let end = state.drained.child_token();
    (state.serve)(incoming, to_client, end.clone());
    let deliveries = state.inboxes.open(&id, from_client);
    let sent = EventStreamState { keep_alive: state.options.clocks.keep_alive, deliveries, delivery: None };
    let first = format!("event: endpoint\ndata: {}/messages?sessionId={id}\n\n", state.path_prefix());
    let connection = Connection {
        _open: state.sessions.visit(&id, &caller.owner.name),
        _end: end.drop_guard(),
        state,
        id,
    };
    let events = stream::once(async move { Bytes::from(first) }).chain(events(outgoing, sent));
    let body = Body::from_stream(events.map(Ok::<_, Infallible>));
    let mut response = Response::new(body::keeping(body, connection));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

/// Messages as events, with keep-alive comments.
fn events(
    outgoing: mpsc::Receiver<TxJsonRpcMessage<RoleServer>>,
    sent: EventStreamState,
) -> impl Stream<Item = Bytes> + Send {
    stream::unfold((outgoing, sent), |(mut outgoing, mut sent)| async move {
        // A request for the next event means that the last one was written.
        if let Some(delivery) = sent.delivery.take() {
            delivery.confirm();
        }
        let event = match timeout(sent.keep_alive, outgoing.recv()).await {
            Err(_) => Bytes::from_static(b":\n\n"),
            Ok(None) => return None,
            Ok(Some(message)) => {
                sent.delivery = sent.deliveries.of(&message);
                event(&message)
            }
        };
        Some((event, (outgoing, sent)))
    })
}

fn event(message: &TxJsonRpcMessage<RoleServer>) -> Bytes {
    match serde_json::to_string(message) {
        Ok(message) => format!("event: message\ndata: {message}\n\n").into(),
        Err(error) => {
            tracing::error!(%error, "cannot serialize a message");
            Bytes::from_static(b":\n\n")
        }
    }
}

/// The state of the stream to the client.
struct EventStreamState {
    keep_alive: Duration,
    deliveries: Deliveries,
    delivery: Option<Delivery>,
}

/// `POST /messages`: accepts a message; the response goes over the SSE connection.
pub(super) async fn message(State(state): State<Arc<HttpState>>, request: Request) -> Response {
    match take(&state, request).await {
        Ok(()) => StatusCode::ACCEPTED.into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

async fn take(state: &Arc<HttpState>, request: Request) -> Result<(), HttpRefusal> {
    let (mut parts, body) = request.into_parts();
    let caller = caller(&parts).ok_or_else(HttpRefusal::no_token)?;
    let query = parts.uri.query().unwrap_or_default().as_bytes();
    let named = url::form_urlencoded::parse(query).find(|(name, _)| name == "sessionId");
    let (_, id) = named.ok_or_else(HttpRefusal::no_session_named)?;
    let visit = state.sessions.visit(&id, &caller.owner.name).ok_or_else(HttpRefusal::unknown_session)?;
    let inbox = state.inboxes.of(&id).ok_or_else(HttpRefusal::unknown_session)?;
    require_json(&parts.headers)?;
    let clocks = state.options.clocks;
    let body = body::json(body, state.options.limits.body_bytes, clocks.body).await?;
    let peek = JsonRpcPeek::read(&body)?;
    let call = begin(state, &peek, &caller)?;
    let mut message: RxJsonRpcMessage<RoleServer> =
        serde_json::from_slice(&body).map_err(|_| HttpRefusal::no_message())?;
    parts.extensions.insert(Arc::new((visit, call)));
    inbox.deliveries.drop_cancelled(&message);
    match &mut message {
        RxJsonRpcMessage::<RoleServer>::Request(request) => {
            parts.extensions.insert(inbox.deliveries.begin(request.id.clone()));
            request.request.extensions_mut().insert(parts);
        }
        RxJsonRpcMessage::<RoleServer>::Notification(notification) => {
            notification.notification.extensions_mut().insert(parts);
        }
        _ => {}
    }
    inbox.messages.send(message).await.map_err(|_| HttpRefusal::unknown_session())
}
