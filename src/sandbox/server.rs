//! The listener, the routes and what all answers share.

use std::io;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::api_error::{Refusal, stamp};
use super::connection::{Line, Lines};
use super::faults::{Asked, FaultSpec, Faults, Occasion, refusal};
use super::files::{Files, download, name_in};
use super::models::{Family, MODELS};
use super::options::{Options, ReplyForm};
use super::received::{Log, Seen, bearer};
use super::{chat, images_api, profiles};

/// The largest body: 16 pictures of the gateway's 10 MB, and room.
const BODY_BYTES: usize = 256 * 1024 * 1024;
/// The one token that is refused although it is there.
const REFUSED_TOKEN: &str = "sk-invalid";

/// A running sandbox on 127.0.0.1. Dropping it closes the listener; answers under way are
/// still given.
#[derive(Debug)]
pub struct Sandbox {
    shared: Shared,
    server: JoinHandle<io::Result<()>>,
    _running: DropGuard,
}

impl Sandbox {
    /// Starts one, or says why the port cannot be had.
    pub async fn start(options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
        let base_url = format!("http://{}{}", listener.local_addr()?, options.manner.base());
        let faults = Faults::new(options.fault.clone());
        let (log, files) = (Mutex::default(), Mutex::default());
        let shared = Shared(Arc::new(Inner { base_url, options, faults, log, files }));
        let stop = CancellationToken::new();
        let stopped = stop.clone().cancelled_owned();
        let service = router(shared.clone()).into_make_service_with_connect_info::<Line>();
        let server = tokio::spawn(async move {
            axum::serve(Lines(listener), service).with_graceful_shutdown(stopped).await
        });
        Ok(Self { shared, server, _running: stop.drop_guard() })
    }

    /// What a client takes for `https://api.openai.com/v1`: `http://127.0.0.1:PORT/v1`.
    #[must_use]
    pub fn base_url(&self) -> String {
        self.shared.0.base_url.clone()
    }

    /// The requests so far, oldest first, the last thousand of them.
    #[must_use]
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.log().all()
    }

    /// Serves until the listener fails; without a failure, for ever.
    pub async fn run_until_ended(mut self) -> io::Result<()> {
        (&mut self.server).await.map_err(io::Error::other)?
    }
}

/// What every handler sees.
#[derive(Clone, Debug)]
pub(super) struct Shared(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    base_url: String,
    options: Options,
    faults: Faults,
    log: Mutex<Log>,
    files: Mutex<Files>,
}

impl Shared {
    pub(super) fn record(&self, seen: Seen) {
        self.log().record(seen);
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.0.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn files(&self) -> MutexGuard<'_, Files> {
        self.0.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn options(&self) -> &Options {
        &self.0.options
    }

    /// The shape of a gateway model's answer: as the prompt asks, else as the sandbox was started.
    pub(super) fn reply_form(&self, prompt: &str) -> ReplyForm {
        ReplyForm::named_in(prompt).unwrap_or(self.0.options.reply)
    }

    pub(super) fn faults(&self) -> &Faults {
        &self.0.faults
    }

    /// Keeps a picture and returns its link, in which a fault of downloads waits.
    pub(super) fn link(&self, picture: Vec<u8>, fault: Option<&FaultSpec>) -> String {
        let fault = fault.filter(|spec| spec.fault().is_of_files());
        let path = self.files().keep(picture, fault);
        if let Some(spec) = fault {
            self.0.faults.begin_link(spec, name_in(&path));
        }
        format!("{}{path}", self.0.base_url)
    }

    /// The fault of a paid call, once its key is good.
    pub(super) fn fault_of(
        &self,
        headers: &HeaderMap,
        family: Family,
        occasion: Occasion<'_>,
    ) -> Result<Option<FaultSpec>, Refusal> {
        authorize(headers, family)?;
        self.0.faults.of_call(headers, occasion).map_err(|bad| Refusal::bad_fault(&bad))
    }

    /// The answer of a fault that makes no picture, noted in `seen`.
    pub(super) fn refused(
        &self,
        seen: &mut Seen,
        fault: &Result<Option<FaultSpec>, Refusal>,
        family: Family,
        request_id: &str,
    ) -> Option<Response> {
        let spec = fault.as_ref().ok()?.as_ref()?;
        let elsewhere = format!("{}/elsewhere", self.0.base_url);
        let model = seen.model.as_deref().unwrap_or_default();
        let answer = refusal(spec, Asked { family, model, request_id, elsewhere: &elsewhere })?;
        seen.fault = Some(spec.to_string());
        Some(answer)
    }

    /// The picture behind a link that this sandbox gave out.
    pub(super) fn linked(&self, url: &str) -> Option<axum::body::Bytes> {
        let (path, query) = url.strip_prefix(self.0.base_url.as_str())?.split_once('?')?;
        self.files().fetch(path, Some(query)).ok().map(|kept| kept.file)
    }
}

fn router(shared: Shared) -> Router {
    let routes = match shared.0.options.manner.traits() {
        Some(traits) => profiles::router(traits),
        None => reference(),
    };
    routes.layer(DefaultBodyLimit::max(BODY_BYTES)).with_state(shared)
}

fn reference() -> Router<Shared> {
    // Spelt out rather than nested, so that handlers and log see the whole path.
    Router::new()
        .route("/v1/images/generations", post(images_api::generations))
        .route("/v1/images/edits", post(images_api::edits))
        .route("/v1/chat/completions", post(chat::completions))
        .route("/v1/models", get(models))
        .route("/v1/files/{name}", get(download))
        .fallback(no_such_route)
        .method_not_allowed_fallback(no_such_route)
}

async fn models(State(shared): State<Shared>, request: Request) -> Response {
    shared.record(Seen::of(&request));
    if let Err(refusal) = authorize(request.headers(), Family::Official) {
        return refusal.answer(Family::Official, &request_id(Family::Official));
    }
    let entry = |id: &str| json!({ "id": id, "object": "model", "created": 0, "owned_by": "sandbox" });
    let data: Vec<Value> = MODELS.iter().map(|model| entry(model.id)).collect();
    let body = json!({ "object": "list", "data": data }).to_string();
    let mut response = ([(CONTENT_TYPE, "application/json")], body).into_response();
    stamp(&mut response, Family::Official, &request_id(Family::Official));
    response
}

async fn no_such_route(State(shared): State<Shared>, request: Request) -> Response {
    let seen = Seen::of(&request);
    let refusal = Refusal::no_such_route(&seen.method, &seen.path);
    shared.record(seen);
    refusal.answer(Family::Official, &request_id(Family::Official))
}

/// Any bearer token will do but an empty one and `sk-invalid`.
pub(super) fn authorize(headers: &HeaderMap, family: Family) -> Result<(), Refusal> {
    match bearer(headers) {
        Some(token) if token != REFUSED_TOKEN => Ok(()),
        token => Err(Refusal::unauthorized(family, token)),
    }
}

/// A new request id, in the look of the family's.
pub(super) fn request_id(family: Family) -> String {
    match family {
        Family::Official => format!("req_{:016x}{:016x}", random(), random()),
        Family::All | Family::All26 | Family::Vip => format!("{}{:016x}", now(), random()),
    }
}

/// A random number for an id; 0 where the system has no randomness to give.
pub(super) fn random() -> u64 {
    getrandom::u64().unwrap_or_default()
}

/// Seconds since 1970.
pub(super) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
