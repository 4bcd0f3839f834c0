//! The listener and the routes.

use std::io;
use std::net::Ipv4Addr;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::api_error::{ApiError, stamp};
use super::connection::{ClientConnection, ConnectionListener};
use super::downloads::download;
use super::ids::request_id;
use super::models::{MODELS, ModelFamily};
use super::options::SandboxOptions;
use super::received::ReceivedRequest;
use super::state::{SandboxState, authorize};
use super::{chat, images_api, profiles};

/// The largest body: 16 images of the gateway's 10 MB, and a margin.
const BODY_BYTES: usize = 256 * 1024 * 1024;

/// A running sandbox on 127.0.0.1. Dropping it closes the listener; replies under way are still
/// sent.
#[derive(Debug)]
pub struct Sandbox {
    state: SandboxState,
    _running: DropGuard,
}

impl Sandbox {
    /// Starts a sandbox. Fails when its port is taken.
    pub async fn start(options: SandboxOptions) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
        let base_url = format!("http://{}{}", listener.local_addr()?, options.profile.base());
        let state = SandboxState::new(base_url, options);
        let stop = CancellationToken::new();
        let stopped = stop.clone().cancelled_owned();
        let service = router(state.clone()).into_make_service_with_connect_info::<ClientConnection>();
        tokio::spawn(async move {
            axum::serve(ConnectionListener(listener), service).with_graceful_shutdown(stopped).await
        });
        Ok(Self { state, _running: stop.drop_guard() })
    }

    /// The base URL for a client, `http://127.0.0.1:PORT/v1`.
    #[must_use]
    pub fn base_url(&self) -> String {
        self.state.base_url().to_owned()
    }
}

fn router(state: SandboxState) -> Router {
    let routes = match state.options().profile.definition() {
        Some(definition) => profiles::router(definition),
        None => reference(),
    };
    routes.layer(DefaultBodyLimit::max(BODY_BYTES)).with_state(state)
}

fn reference() -> Router<SandboxState> {
    // Written out rather than nested, so that handlers see the whole path.
    Router::new()
        .route("/v1/images/generations", post(images_api::generations))
        .route("/v1/images/edits", post(images_api::edits))
        .route("/v1/chat/completions", post(chat::completions))
        .route("/v1/models", get(models))
        .route("/v1/files/{name}", get(download))
        .fallback(no_such_route)
        .method_not_allowed_fallback(no_such_route)
}

async fn models(State(state): State<SandboxState>, request: Request) -> Response {
    state.record(ReceivedRequest::of(&request));
    let family = ModelFamily::Official;
    if let Err(error) = authorize(request.headers(), family) {
        return error.response(family, &request_id(family));
    }
    let entry = |id: &str| json!({ "id": id, "object": "model", "created": 0, "owned_by": "sandbox" });
    let data: Vec<Value> = MODELS.iter().map(|model| entry(model.id)).collect();
    let body = json!({ "object": "list", "data": data }).to_string();
    let mut response = ([(CONTENT_TYPE, "application/json")], body).into_response();
    stamp(&mut response, family, &request_id(family));
    response
}

async fn no_such_route(State(state): State<SandboxState>, request: Request) -> Response {
    let received = ReceivedRequest::of(&request);
    let error = ApiError::no_such_route(&received.method, &received.path);
    state.record(received);
    error.response(ModelFamily::Official, &request_id(ModelFamily::Official))
}
