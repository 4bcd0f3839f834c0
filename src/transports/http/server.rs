//! The server's life: it listens, serves, and when told to stop lets calls end first.

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

/// For connections to close once every call has ended.
const FAREWELL: Duration = Duration::from_secs(5);

/// A server that listens.
pub struct HttpServer {
    listener: TcpListener,
    state: Arc<HttpState>,
}

impl HttpServer {
    /// Begins to listen, for this handler and the images of this manager's store; nothing is served yet.
    ///
    /// # Errors
    /// The system's, where the address cannot be had.
    pub async fn bind<Handler>(handler: Handler, manager: Manager, options: HttpOptions) -> io::Result<Self>
    where
        Handler: ServerHandler + Clone,
    {
        let listener = TcpListener::bind(options.listen).await?;
        Ok(Self { listener, state: Arc::new(HttpState::new(handler, manager, options)) })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// The system's.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Reads the token file again, when called. Returns how many tokens there are.
    pub fn reload_tokens(&self) -> impl Fn() -> Result<usize, TokenError> + Send + Sync + 'static {
        let state = Arc::clone(&self.state);
        move || state.options.tokens.reload()
    }

    /// Serves until told to stop, then until the calls in flight have ended and their answers
    /// are sent, or the time for that is over. Returns how many calls were left.
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
            let _ = timeout(FAREWELL, state.answers.wait()).await;
        }
        state.drained.cancel();
        let _ = timeout(FAREWELL, open.shutdown()).await;
        sweeper.abort();
        left
    }
}

impl std::fmt::Debug for HttpServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpServer").field("listener", &self.listener).finish_non_exhaustive()
    }
}

/// Looks after the sessions now and then.
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
