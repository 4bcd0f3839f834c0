//! The state that every HTTP handler shares.

use std::sync::Arc;
use std::time::Instant;

use axum::body::Bytes;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Request};
use axum::response::{IntoResponse as _, Response};
use futures_util::future::BoxFuture;
use http_body_util::Full;
use rmcp::RoleServer;
use rmcp::ServerHandler;
use rmcp::service::{RxJsonRpcMessage, ServiceExt as _, TxJsonRpcMessage};
use rmcp::transport::streamable_http_server::session::SessionManager as _;
use rmcp::transport::streamable_http_server::session::local::{LocalSessionManager, SessionConfig};
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, PollSender};
use tokio_util::task::TaskTracker;

use super::access::Access;
use super::inboxes::Inboxes;
use super::load::Load;
use super::options::HttpOptions;
use super::sessions::Sessions;
use crate::jobs::Manager;
use crate::tools::ToolCaller;

/// Capacity of the message channels of an SSE connection, in each direction.
pub(super) const WAITING_MESSAGES: usize = 16;

type Mcp = Box<dyn Fn(Request<Full<Bytes>>) -> BoxFuture<'static, Response> + Send + Sync>;
type Serve = Box<dyn Fn(Inbox, Outbox, CancellationToken) + Send + Sync>;

/// Messages from a client.
pub(super) type Inbox = mpsc::Receiver<RxJsonRpcMessage<RoleServer>>;
/// Messages to a client.
pub(super) type Outbox = mpsc::Sender<TxJsonRpcMessage<RoleServer>>;

/// The state of one HTTP server.
pub(super) struct HttpState {
    pub options: HttpOptions,
    pub manager: Manager,
    pub access: Access,
    pub load: Load,
    pub sessions: Sessions,
    pub inboxes: Inboxes,
    /// The responses to POST requests that are being sent.
    pub answers: TaskTracker,
    /// Cancelled when the server accepts no new calls.
    pub stopping: CancellationToken,
    /// Cancelled when every call has ended or the grace period is over: streams end.
    pub drained: CancellationToken,
    /// The Streamable HTTP service of rmcp.
    pub mcp: Mcp,
    /// Serves an SSE connection until its token is cancelled.
    pub serve: Serve,
    rmcp_sessions: Arc<LocalSessionManager>,
}

impl HttpState {
    pub(super) fn new<Handler>(handler: Handler, manager: Manager, options: HttpOptions) -> Self
    where
        Handler: ServerHandler + Clone,
    {
        let clocks = options.clocks;
        let drained = CancellationToken::new();
        let mut sessions = SessionConfig::default();
        sessions.keep_alive = None; // `Sessions` has its own idle timeout
        sessions.completed_cache_ttl = clocks.resumable;
        let mut kept = LocalSessionManager::default();
        kept.session_config = sessions;
        let rmcp_sessions = Arc::new(kept);
        let config = StreamableHttpServerConfig::default()
            .with_sse_keep_alive(Some(clocks.keep_alive))
            .with_max_request_body_bytes(options.limits.body_bytes)
            .with_cancellation_token(drained.clone())
            // The router checks both for every route.
            .disable_allowed_hosts()
            .disable_allowed_origins();
        let for_each = handler.clone();
        let service =
            StreamableHttpService::new(move || Ok(for_each.clone()), Arc::clone(&rmcp_sessions), config);
        let mcp: Mcp = Box::new(move |request| {
            let service = service.clone();
            Box::pin(async move { service.handle(request).await.into_response() })
        });
        let serve: Serve = Box::new(move |mut inbox, outbox, end| {
            let handler = handler.clone();
            tokio::spawn(async move {
                let incoming = futures_util::stream::poll_fn(move |context| inbox.poll_recv(context));
                let transport = (PollSender::new(outbox), incoming);
                match handler.serve_with_ct(transport, end).await {
                    Ok(running) => drop(running.waiting().await),
                    Err(error) => tracing::debug!(%error, "a connection ended before its handshake"),
                }
            });
        });
        let public = options.public_url.as_deref();
        let public_host = public.and_then(|url| Some(url.split_once("://")?.1.split('/').next()?.to_owned()));
        let own = (!options.listen.ip().is_unspecified()).then(|| match options.listen.ip() {
            std::net::IpAddr::V4(ip) => ip.to_string(),
            std::net::IpAddr::V6(ip) => format!("[{ip}]"),
        });
        let hosts = options.hosts.iter().chain(&public_host).chain(&own).map(String::as_str);
        let origin = public.and_then(|url| {
            let (scheme, rest) = url.split_once("://")?;
            Some(format!("{scheme}://{}", rest.split('/').next()?))
        });
        let origins = options.origins.iter().chain(&origin).map(String::as_str);
        Self {
            access: Access::new(hosts, origins),
            load: Load::new(options.limits, options.metrics.clone()),
            sessions: Sessions::new(options.limits.sessions),
            inboxes: Inboxes::default(),
            answers: TaskTracker::new(),
            stopping: CancellationToken::new(),
            drained,
            mcp,
            serve,
            manager,
            rmcp_sessions,
            options,
        }
    }

    /// The address of the server for clients, without a trailing slash.
    pub(super) fn base_url(&self, headers: &HeaderMap) -> Option<String> {
        let named = || Some(format!("http://{}", headers.get("host")?.to_str().ok()?));
        self.options.public_url.clone().or_else(named)
    }

    /// The path that a proxy puts before every route.
    pub(super) fn path_prefix(&self) -> &str {
        let rest = self.options.public_url.as_deref().and_then(|url| url.split_once("://"));
        rest.and_then(|(_, rest)| rest.find('/').and_then(|at| rest.get(at..))).unwrap_or_default()
    }

    /// Ends idle sessions, and drops responses that were kept for resuming.
    pub(super) async fn sweep(&self) {
        for id in self.sessions.end_idle(self.options.clocks.session_idle, Instant::now()) {
            if let Err(error) = self.rmcp_sessions.close_session(&id).await {
                tracing::warn!(%error, "cannot close an idle session");
            }
            tracing::debug!("an idle session ended");
        }
        // rmcp drops old responses only when it handles an event of their session. Closing a channel that
        // does not exist is such an event. A session before its handshake accepts none.
        let known = self.rmcp_sessions.sessions.read().await;
        let ids = self.sessions.ids();
        let sessions: Vec<_> = ids.iter().filter_map(|id| known.get(id)).cloned().collect();
        drop(known);
        for session in sessions {
            let _ = session.close_request_wise_channel(u64::MAX).await;
        }
    }
}

/// The caller of this request.
pub(super) fn caller(parts: &Parts) -> Option<ToolCaller> {
    parts.extensions.get::<ToolCaller>().cloned()
}
