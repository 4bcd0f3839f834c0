//! The routes, and the checks of every request before its route: the Host, the Origin, the token and
//! the request rate.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, ORIGIN, VARY};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get, post};

use super::metrics::GaugeValues;
use super::refusal::HttpRefusal;
use super::state::HttpState;
use super::{images, mcp, sse};
use crate::jobs::Owner;
use crate::tools::ToolCaller;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

pub(super) fn router(state: Arc<HttpState>) -> Router {
    Router::new()
        .route("/mcp", any(mcp::serve))
        .route("/sse", get(sse::open).fallback(|| async { HttpRefusal::wrong_method("GET") }))
        .route("/messages", post(sse::message).fallback(|| async { HttpRefusal::wrong_method("POST") }))
        .route("/images", post(images::put).fallback(|| async { HttpRefusal::wrong_method("POST") }))
        .route(
            "/images/{id}",
            get(images::fetch).fallback(|| async { HttpRefusal::wrong_method("GET, HEAD") }),
        )
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .fallback(|| async { HttpRefusal::no_such_route() })
        .layer(from_fn_with_state(Arc::clone(&state), pass))
        .with_state(state)
}

/// Checks a request, runs its route, and adds the headers of every response.
async fn pass(State(state): State<Arc<HttpState>>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let request_id = request_id(request.headers());
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let origin = request.headers().get(ORIGIN).cloned();
    let admitted = admit(&state, &request, &request_id);
    let owner = admitted.as_ref().ok().and_then(|caller| Some(caller.as_ref()?.owner.name.clone()));
    let refused_origin = admitted.is_err() && !state.access.allows_origin(request.headers());
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
    state.options.metrics.answered(response.status().as_u16());
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

/// The caller, or `None` for routes that need no token.
fn admit(
    state: &HttpState,
    request: &Request<Body>,
    request_id: &str,
) -> Result<Option<ToolCaller>, HttpRefusal> {
    let headers = request.headers();
    if !state.access.allows_host(request.uri(), headers) {
        return Err(HttpRefusal::foreign_host());
    }
    if !state.access.allows_origin(headers) {
        return Err(HttpRefusal::foreign_origin());
    }
    // Preflight requests and probes have no token.
    let asks_first = request.method() == Method::OPTIONS && headers.contains_key(ORIGIN);
    if asks_first || matches!(request.uri().path(), "/healthz" | "/readyz") {
        return Ok(None);
    }
    let owner = owner(state, headers)?;
    state.load.request(&owner.name, Instant::now()).map_err(HttpRefusal::too_many_requests)?;
    Ok(Some(ToolCaller {
        owner,
        request_id: request_id.into(),
        images_url: state.base_url(headers).map(|base| format!("{base}/images/").into()),
        paths: state.options.paths,
    }))
}

/// The owner of the token. Without tokens, the caller is the user who started the server.
fn owner(state: &HttpState, headers: &HeaderMap) -> Result<Owner, HttpRefusal> {
    let tokens = &state.options.tokens;
    if tokens.is_empty() {
        return Ok(Owner::local());
    }
    let stated = headers.get(AUTHORIZATION).ok_or_else(HttpRefusal::no_token)?;
    let token = stated.to_str().ok().and_then(|stated| {
        let (scheme, token) = stated.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
    });
    let name = token.and_then(|token| tokens.owner(token)).ok_or_else(HttpRefusal::wrong_token)?;
    Ok(Owner { name: name.to_string(), caps: state.options.caps_per_token })
}

/// The request id of a proxy if it has only plain characters, else a new one.
fn request_id(headers: &HeaderMap) -> String {
    let plain = |id: &&str| {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        (1..=64).contains(&id.len()) && id.bytes().all(is_plain)
    };
    let given = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok()).filter(plain);
    given.map_or_else(|| format!("{:016x}", getrandom::u64().unwrap_or_default()), str::to_owned)
}

/// The response to a preflight request of a browser.
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

/// `GET /healthz`: the process answers.
async fn alive() -> &'static str {
    "alive\n"
}

/// `GET /readyz`: the server accepts calls.
async fn ready(State(state): State<Arc<HttpState>>) -> (StatusCode, &'static str) {
    if state.stopping.is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n");
    }
    (StatusCode::OK, "ready\n")
}

/// `GET /metrics`: the metrics as text.
async fn metrics(State(state): State<Arc<HttpState>>) -> Response {
    let now = GaugeValues {
        calls: state.load.in_flight(),
        sessions: state.sessions.count(),
        waiting: state.manager.waiting(),
    };
    let kind = [(CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")];
    match state.options.metrics.text(now) {
        Ok(text) => (kind, text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
