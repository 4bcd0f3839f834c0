//! Listens, serves, and on shutdown lets running calls end first.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rmcp::ServerHandler;
use tokio::net::TcpListener;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use super::connections;
use super::options::HttpOptions;
use super::router::router;
use super::state::HttpState;
use super::tokens::TokenError;
use crate::jobs::Manager;

/// How long connections may take to close once every call has ended.
const CLOSING: Duration = Duration::from_secs(5);

/// A server that listens.
pub struct HttpServer {
    listener: TcpListener,
    state: Arc<HttpState>,
}

impl HttpServer {
    /// Listens, for this handler and the images of this manager's store, without serving yet.
    ///
    /// # Errors
    /// The error of the system if the address is not available.
    pub async fn bind<Handler>(handler: Handler, manager: Manager, options: HttpOptions) -> io::Result<Self>
    where
        Handler: ServerHandler + Clone,
    {
        let listener = TcpListener::bind(options.listen).await?;
        Ok(Self { listener, state: Arc::new(HttpState::new(handler, manager, options)) })
    }

    /// The address it listens on.
    ///
    /// # Errors
    /// The error of the system.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// A function that reloads the token file and returns the number of tokens.
    pub fn reload_tokens(&self) -> impl Fn() -> Result<usize, TokenError> + Send + Sync + 'static {
        let state = Arc::clone(&self.state);
        move || state.options.tokens.reload()
    }

    /// Serves until stopped, then until running calls have ended and their responses are sent, or until
    /// the grace period is over. Returns the number of calls that were still running.
    pub async fn serve(self, stop: CancellationToken) -> usize {
        let Self { listener, state } = self;
        let clocks = state.options.clocks;
        let sweeper = tokio::spawn(sweep(Arc::clone(&state)));
        let router = router(Arc::clone(&state));
        let open = connections::accept(&listener, &router, clocks.headers, &stop).await;
        drop(listener);
        state.stopping.cancel();
        let deadline = Instant::now() + clocks.stop;
        let left = match timeout_at(deadline, state.load.idle()).await {
            Ok(()) => 0,
            Err(_) => state.load.in_flight(),
        };
        if left == 0 {
            state.answers.close();
            let _ = timeout(CLOSING, state.answers.wait()).await;
        }
        state.drained.cancel();
        let _ = timeout(CLOSING, open.shutdown()).await;
        sweeper.abort();
        left
    }
}

impl std::fmt::Debug for HttpServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpServer").field("listener", &self.listener).finish_non_exhaustive()
    }
}

/// Ends idle sessions periodically.
async fn sweep(state: Arc<HttpState>) {
    let clocks = state.options.clocks;
    let often = clocks.session_idle.min(clocks.resumable) / 4;
    let mut ticks = interval(often.clamp(Duration::from_millis(10), Duration::from_secs(30)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        state.sweep().await;
    }
}
