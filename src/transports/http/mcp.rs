//! Streamable HTTP at `/mcp`: limits, sessions and keep-alive around the service of rmcp.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use http_body_util::Full as FullBody;

use super::body;
use super::json_rpc_peek::JsonRpcPeek;
use super::keep_alive::early;
use super::load::{CallInFlight, LimitReached};
use super::refusal::HttpRefusal;
use super::sessions::{SessionSlot, SessionUse};
use super::state::{HttpState, caller};
use crate::tools::{Delivery, ToolCaller};

const SESSION_ID: &str = "mcp-session-id";

/// Everything at `/mcp`.
pub(super) async fn serve(State(state): State<Arc<HttpState>>, request: Request) -> Response {
    match answer(state, request).await {
        Ok(response) => response,
        Err(refusal) => refusal.into_response(),
    }
}

/// Held by the extensions of a request until its handler ends.
#[derive(Clone, Debug)]
#[expect(dead_code, reason = "held, not read")]
struct HeldRequest(Arc<(Option<SessionUse>, Option<CallInFlight>)>);

async fn answer(state: Arc<HttpState>, request: Request) -> Result<Response, HttpRefusal> {
    let (mut parts, body) = request.into_parts();
    let caller = caller(&parts).ok_or_else(HttpRefusal::no_token)?;
    let session = session_id(&parts.headers);
    let visit = match &session {
        Some(id) => {
            Some(state.sessions.visit(id, &caller.owner.name).ok_or_else(HttpRefusal::unknown_session)?)
        }
        None => None,
    };
    if parts.method != Method::POST {
        return Ok(other(&state, parts, session, visit).await);
    }
    require_json(&parts.headers)?;
    let limits = state.options.limits;
    let body = body::json(body, limits.body_bytes, state.options.clocks.body).await?;
    let peek = JsonRpcPeek::read(&body)?;
    let call = begin(&state, &peek, &caller)?;
    detach(&mut parts);
    // Only the protocol versions with a handshake have sessions.
    let begins = session.is_none() && peek.asks("initialize");
    let place = begins.then(|| place(&state)).transpose()?;
    let is_late_era = call.is_some() && session.is_none();
    let id = peek.id.clone();
    let under_way = HeldRequest(Arc::new((visit, call)));
    let delivery = Delivery::default();
    parts.extensions.insert(under_way.clone());
    parts.extensions.insert(delivery.clone());
    let asked = send(&state, parts, body);
    let response = if is_late_era { early(asked, state.options.clocks, id).await } else { asked.await };
    note_session(&state, &response, session.as_deref(), place, &caller);
    let kept = (under_way, state.answers.token());
    Ok(response.map(|body| body::keeping(body::confirming(body, delivery), kept)))
}

/// Copies the head of a request. The original keeps the connection's read buffer of 8 KB alive for
/// the minutes that a call takes.
fn detach(parts: &mut Parts) {
    for value in parts.headers.values_mut() {
        if let Ok(own) = HeaderValue::from_bytes(value.as_bytes()) {
            *value = own;
        }
    }
    if let Ok(own) = parts.uri.to_string().parse() {
        parts.uri = own;
    }
}

/// Opens or resumes a stream, or ends a session.
async fn other(
    state: &Arc<HttpState>,
    parts: Parts,
    session: Option<String>,
    visit: Option<SessionUse>,
) -> Response {
    let deletes = parts.method == Method::DELETE;
    let response = send(state, parts, Bytes::new()).await;
    if let Some(id) = session.filter(|_| deletes && response.status().is_success()) {
        state.sessions.end(&id);
    }
    let end = state.drained.clone();
    response.map(|body| body::ended_by(body::keeping(body, visit), end))
}

fn send(
    state: &Arc<HttpState>,
    parts: Parts,
    body: Bytes,
) -> futures_util::future::BoxFuture<'static, Response> {
    (state.mcp)(axum::http::Request::from_parts(parts, FullBody::from(body)))
}

/// Counts a call if the message is one.
pub(super) fn begin(
    state: &HttpState,
    peek: &JsonRpcPeek<'_>,
    caller: &ToolCaller,
) -> Result<Option<CallInFlight>, HttpRefusal> {
    if !peek.asks("tools/call") {
        return Ok(None);
    }
    if state.stopping.is_cancelled() {
        return Err(HttpRefusal::stopping());
    }
    let id = || peek.id.clone();
    state.load.begin(&caller.owner.name).map(Some).map_err(|full| match full {
        LimitReached::All(most) => HttpRefusal::too_many_calls("", most, id()),
        LimitReached::Token(most) => HttpRefusal::too_many_calls(" with this token", most, id()),
    })
}

/// Reserves room for a new session.
pub(super) fn place(state: &HttpState) -> Result<SessionSlot, HttpRefusal> {
    if state.stopping.is_cancelled() {
        return Err(HttpRefusal::stopping());
    }
    state.sessions.place().ok_or_else(|| HttpRefusal::too_many_sessions(state.options.limits.sessions))
}

/// Records a session that began, or one that ended.
fn note_session(
    state: &HttpState,
    response: &Response<Body>,
    asked: Option<&str>,
    place: Option<SessionSlot>,
    caller: &ToolCaller,
) {
    if let (Some(place), Some(id)) = (place, session_id(response.headers())) {
        place.take(&id, &caller.owner.name);
    }
    if let Some(id) = asked.filter(|_| response.status() == StatusCode::NOT_FOUND) {
        state.sessions.end(id);
    }
}

fn session_id(headers: &HeaderMap) -> Option<String> {
    headers.get(SESSION_ID).map(|id| String::from_utf8_lossy(id.as_bytes()).into_owned())
}

pub(super) fn require_json(headers: &HeaderMap) -> Result<(), HttpRefusal> {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(HttpRefusal::wrong_content_type("application/json"))
}
