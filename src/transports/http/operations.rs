//! What those who run the server look at.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};

use super::metrics::Now;
use super::shared::Shared;

/// `GET /healthz`: the process answers.
pub(super) async fn alive() -> &'static str {
    "alive\n"
}

/// `GET /readyz`: calls are taken on.
pub(super) async fn ready(State(shared): State<Arc<Shared>>) -> (StatusCode, &'static str) {
    if shared.stopping.is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n");
    }
    (StatusCode::OK, "ready\n")
}

/// `GET /metrics`: what is counted, in Prometheus' text form.
pub(super) async fn metrics(State(shared): State<Arc<Shared>>) -> Response {
    let now = Now {
        calls: shared.load.in_flight(),
        sessions: shared.sessions.count(),
        waiting: shared.manager.waiting(),
    };
    let kind = [(CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")];
    match shared.options.metrics.text(now) {
        Ok(text) => (kind, text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
