//! Streamable HTTP at `/mcp`: what the library leaves out, around what it does.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use http_body_util::Full as FullBody;

use super::body;
use super::json_rpc_peek::Envelope;
use super::keep_alive::early;
use super::load::{Call, Full};
use super::refusal::Refusal;
use super::sessions::{Place, Visit};
use super::shared::{Shared, caller};
use crate::tools::{Caller, Delivery};

const SESSION_ID: &str = "mcp-session-id";

/// Everything at `/mcp`.
pub(super) async fn serve(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    match answer(shared, request).await {
        Ok(response) => response,
        Err(refusal) => refusal.into_response(),
    }
}

/// What is under way with a request, in the extensions that its handler holds until it ends.
#[derive(Clone, Debug)]
#[expect(dead_code, reason = "held, not read")]
struct UnderWay(Arc<(Option<Visit>, Option<Call>)>);

async fn answer(shared: Arc<Shared>, request: Request) -> Result<Response, Refusal> {
    let (mut parts, body) = request.into_parts();
    let caller = caller(&parts).ok_or_else(Refusal::no_token)?;
    let session = session_id(&parts.headers);
    let visit = match &session {
        Some(id) => Some(shared.sessions.visit(id, &caller.owner.name).ok_or_else(Refusal::unknown_session)?),
        None => None,
    };
    if parts.method != Method::POST {
        return Ok(other(&shared, parts, session, visit).await);
    }
    require_json(&parts.headers)?;
    let limits = shared.options.limits;
    let body = body::json(body, limits.body_bytes, shared.options.clocks.body).await?;
    let envelope = Envelope::read(&body)?;
    let call = begin(&shared, &envelope, &caller)?;
    detach(&mut parts);
    // Only the eras with a handshake have sessions.
    let begins = session.is_none() && envelope.asks("initialize");
    let place = begins.then(|| place(&shared)).transpose()?;
    let is_late_era = call.is_some() && session.is_none();
    let id = envelope.id.clone();
    let under_way = UnderWay(Arc::new((visit, call)));
    let delivery = Delivery::default();
    parts.extensions.insert(under_way.clone());
    parts.extensions.insert(delivery.clone());
    let asked = send(&shared, parts, body);
    let response = if is_late_era { early(asked, shared.options.clocks, id).await } else { asked.await };
    note_session(&shared, &response, session.as_deref(), place, &caller);
    let kept = (under_way, shared.answers.token());
    Ok(response.map(|body| body::keeping(body::confirming(body, delivery), kept)))
}

/// Puts the head of a request into memory of its own. As it came it holds the connection's read
/// buffer of 8 KB, for the minutes that a call takes.
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

/// Streams that are opened or taken up again, and sessions that are ended.
async fn other(
    shared: &Arc<Shared>,
    parts: Parts,
    session: Option<String>,
    visit: Option<Visit>,
) -> Response {
    let deletes = parts.method == Method::DELETE;
    let response = send(shared, parts, Bytes::new()).await;
    if let Some(id) = session.filter(|_| deletes && response.status().is_success()) {
        shared.sessions.end(&id);
    }
    let end = shared.drained.clone();
    response.map(|body| body::ended_by(body::keeping(body, visit), end))
}

fn send(
    shared: &Arc<Shared>,
    parts: Parts,
    body: Bytes,
) -> futures_util::future::BoxFuture<'static, Response> {
    (shared.mcp)(axum::http::Request::from_parts(parts, FullBody::from(body)))
}

/// Begins a call where the message asks for one.
pub(super) fn begin(
    shared: &Shared,
    envelope: &Envelope<'_>,
    caller: &Caller,
) -> Result<Option<Call>, Refusal> {
    if !envelope.asks("tools/call") {
        return Ok(None);
    }
    if shared.stopping.is_cancelled() {
        return Err(Refusal::stopping());
    }
    let id = || envelope.id.clone();
    shared.load.begin(&caller.owner.name).map(Some).map_err(|full| match full {
        Full::All(most) => Refusal::too_many_calls("", most, id()),
        Full::Token(most) => Refusal::too_many_calls(" with this token", most, id()),
    })
}

/// A place for a new session.
pub(super) fn place(shared: &Shared) -> Result<Place, Refusal> {
    if shared.stopping.is_cancelled() {
        return Err(Refusal::stopping());
    }
    shared.sessions.place().ok_or_else(|| Refusal::too_many_sessions(shared.options.limits.sessions))
}

/// Notes a session that began, and one that is gone.
fn note_session(
    shared: &Shared,
    response: &Response<Body>,
    asked: Option<&str>,
    place: Option<Place>,
    caller: &Caller,
) {
    if let (Some(place), Some(id)) = (place, session_id(response.headers())) {
        place.take(&id, &caller.owner.name);
    }
    if let Some(id) = asked.filter(|_| response.status() == StatusCode::NOT_FOUND) {
        shared.sessions.end(id);
    }
}

fn session_id(headers: &HeaderMap) -> Option<String> {
    headers.get(SESSION_ID).map(|id| String::from_utf8_lossy(id.as_bytes()).into_owned())
}

pub(super) fn require_json(headers: &HeaderMap) -> Result<(), Refusal> {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    Err(Refusal::wrong_content_type("application/json"))
}
