//! The routes, and what every request passes through before it reaches one: is it addressed to
//! this server, may its page call, who is it, and how often has it come.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, ORIGIN, VARY};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get, post};

use super::refusal::Refusal;
use super::shared::Shared;
use super::{images, mcp, operations, sse};
use crate::jobs::Owner;
use crate::tools::Caller;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/mcp", any(mcp::serve))
        .route("/sse", get(sse::open).fallback(|| async { Refusal::wrong_method("GET") }))
        .route("/messages", post(sse::message).fallback(|| async { Refusal::wrong_method("POST") }))
        .route("/images", post(images::put).fallback(|| async { Refusal::wrong_method("POST") }))
        .route("/images/{id}", get(images::fetch).fallback(|| async { Refusal::wrong_method("GET, HEAD") }))
        .route("/healthz", get(operations::alive))
        .route("/readyz", get(operations::ready))
        .route("/metrics", get(operations::metrics))
        .fallback(|| async { Refusal::no_such_route() })
        .layer(from_fn_with_state(Arc::clone(&shared), pass))
        .with_state(shared)
}

/// What every request passes through.
async fn pass(State(shared): State<Arc<Shared>>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let request_id = request_id(request.headers());
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let origin = request.headers().get(ORIGIN).cloned();
    let admitted = admit(&shared, &request, &request_id);
    let owner = admitted.as_ref().ok().and_then(|caller| Some(caller.as_ref()?.owner.name.clone()));
    let refused_origin = admitted.is_err() && !shared.access.allows_origin(request.headers());
    let mut response = match admitted {
        Err(refusal) => refusal.into_response(),
        Ok(_) if method == Method::OPTIONS && origin.is_some() => preflight(),
        Ok(caller) => {
            if let Some(caller) = caller {
                request.extensions_mut().insert(caller);
            }
            next.run(request).await
        }
    };
    let headers = response.headers_mut();
    if let Some(origin) = origin.filter(|_| !refused_origin) {
        headers.insert("access-control-allow-origin", origin);
        let exposed = "mcp-session-id, www-authenticate, x-request-id, etag, retry-after";
        headers.insert("access-control-expose-headers", HeaderValue::from_static(exposed));
        headers.append(VARY, HeaderValue::from_static("origin"));
    }
    if let Ok(id) = HeaderValue::from_str(&request_id) {
        headers.insert(REQUEST_ID, id);
    }
    shared.options.metrics.answered(response.status().as_u16());
    tracing::info!(
        request_id,
        %method,
        path,
        owner = owner.unwrap_or_default(),
        status = response.status().as_u16(),
        milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        "request"
    );
    response
}

/// The caller, or `None` for what anybody may see.
fn admit(shared: &Shared, request: &Request<Body>, request_id: &str) -> Result<Option<Caller>, Refusal> {
    let headers = request.headers();
    if !shared.access.allows_host(request.uri(), headers) {
        return Err(Refusal::foreign_host());
    }
    if !shared.access.allows_origin(headers) {
        return Err(Refusal::foreign_origin());
    }
    // A browser asks whether it may ask without its token; probes have none.
    let asks_first = request.method() == Method::OPTIONS && headers.contains_key(ORIGIN);
    if asks_first || matches!(request.uri().path(), "/healthz" | "/readyz") {
        return Ok(None);
    }
    let owner = owner(shared, headers)?;
    shared.load.request(&owner.name, Instant::now()).map_err(Refusal::too_many_requests)?;
    Ok(Some(Caller {
        owner,
        request_id: request_id.into(),
        images_url: shared.base_url(headers).map(|base| format!("{base}/images/").into()),
        paths: shared.options.paths,
    }))
}

/// Whose token it is. Without tokens, the caller is who started the server.
fn owner(shared: &Shared, headers: &HeaderMap) -> Result<Owner, Refusal> {
    let tokens = &shared.options.tokens;
    if tokens.is_empty() {
        return Ok(Owner::local());
    }
    let stated = headers.get(AUTHORIZATION).ok_or_else(Refusal::no_token)?;
    let token = stated.to_str().ok().and_then(|stated| {
        let (scheme, token) = stated.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
    });
    let name = token.and_then(|token| tokens.owner(token)).ok_or_else(Refusal::wrong_token)?;
    Ok(Owner { name: name.to_string(), caps: shared.options.caps_per_token })
}

/// The id that a proxy gave the request, where it is a plain one, else a new one.
fn request_id(headers: &HeaderMap) -> String {
    let plain = |id: &&str| {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        (1..=64).contains(&id.len()) && id.bytes().all(is_plain)
    };
    let given = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok()).filter(plain);
    given.map_or_else(|| format!("{:016x}", getrandom::u64().unwrap_or_default()), str::to_owned)
}

/// What a browser is told that asks before it sends.
fn preflight() -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        ("access-control-allow-methods", "GET, POST, DELETE, HEAD"),
        (
            "access-control-allow-headers",
            "authorization, content-type, accept, last-event-id, mcp-session-id, mcp-protocol-version, mcp-method, \
             mcp-name, range, if-none-match, x-request-id",
        ),
        ("access-control-max-age", "86400"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
