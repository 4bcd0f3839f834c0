//! `http`: serves clients over HTTP until stopped, then lets paid work end.

use std::io::Write as _;
use std::time::Duration;

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::app::exit::{DONE, FAILED, WRONG_USAGE};
use crate::app::{App, Config, HttpConfig};
use crate::transports::{BearerTokens, HttpOptions, HttpServer, Metrics, TokenError};

/// Serves until interrupted. The address is the first line on stdout.
pub async fn run(mut config: Config) -> Result<u8, String> {
    let options = match options(config.http.clone()) {
        Ok(options) => options,
        Err(words) => {
            complain(&words);
            return Ok(WRONG_USAGE);
        }
    };
    let (listen, stop_within) = (options.listen, options.clocks.stop);
    #[cfg(unix)]
    allow_many_files();
    config.serve_remote_callers();
    let app = App::build_watched(config, options.metrics.observer());
    let handler = app.server.for_remote_callers();
    let server = HttpServer::bind(handler, app.manager.clone(), options).await;
    let server = server.map_err(|error| format!("cannot listen on {listen}: {error}"))?;
    let address = server.address().map_err(|error| error.to_string())?;
    let mut stdout = std::io::stdout();
    writeln!(stdout, "http://{address}/mcp")
        .and_then(|()| stdout.flush())
        .map_err(|error| error.to_string())?;
    let (stop, at_once) = (CancellationToken::new(), CancellationToken::new());
    let signals = tokio::spawn(handle_signals(stop.clone(), at_once.clone(), server.reload_tokens()));
    let work = async {
        let left = server.serve(stop).await;
        // Paid images are stored within the grace period.
        let grace = if left == 0 { stop_within } else { Duration::ZERO };
        left == 0 && timeout(grace, app.manager.finish()).await.is_ok()
    };
    let finished = tokio::select! {
        finished = work => finished,
        () = at_once.cancelled() => false,
    };
    signals.abort();
    if !finished {
        complain("stopped while calls were running");
        return Ok(FAILED);
    }
    Ok(DONE)
}

/// A call needs two or more open files, and most systems allow 1,024 by default.
#[cfg(unix)]
fn allow_many_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    // If the limit cannot be raised, fewer calls can run at once.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}

fn options(http: HttpConfig) -> Result<HttpOptions, String> {
    let tokens =
        BearerTokens::load(&http.tokens, http.token_file).map_err(|error: TokenError| error.to_string())?;
    if tokens.is_empty() && !http.listen.ip().is_loopback() {
        return Err(format!(
            "{} is not a loopback address, and without a token anyone who reaches it can spend your money: \
             set --token NAME=TOKEN or --token-file, or listen on 127.0.0.1",
            http.listen
        ));
    }
    Ok(HttpOptions {
        listen: http.listen,
        tokens,
        hosts: http.hosts,
        origins: http.origins,
        public_url: http.public_url,
        paths: !http.roots.is_empty(),
        caps_per_token: http.caps_per_token,
        limits: http.limits,
        clocks: http.clocks,
        metrics: Metrics::default(),
    })
}

fn complain(words: &str) {
    let _ = writeln!(std::io::stderr(), "{}: {words}", env!("CARGO_PKG_NAME"));
}

/// Stops gracefully at the first signal and at once at the second; reloads the tokens at each SIGHUP.
#[cfg(unix)]
async fn handle_signals(
    stop: CancellationToken,
    at_once: CancellationToken,
    reload: impl Fn() -> Result<usize, TokenError>,
) {
    use tokio::signal::unix::{SignalKind, signal};
    let signals =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()), signal(SignalKind::hangup()));
    let (Ok(mut terminate), Ok(mut interrupt), Ok(mut hangup)) = signals else {
        return tracing::error!("cannot listen for signals");
    };
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            _ = hangup.recv() => match reload() {
                Ok(count) => tracing::warn!(count, "the tokens were read again"),
                Err(error) => tracing::error!(%error, "the tokens stay as they were"),
            },
        }
    }
    stop.cancel();
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    at_once.cancel();
}

#[cfg(not(unix))]
async fn handle_signals(
    stop: CancellationToken,
    at_once: CancellationToken,
    _: impl Fn() -> Result<usize, TokenError>,
) {
    for token in [stop, at_once] {
        if tokio::signal::ctrl_c().await.is_ok() {
            token.cancel();
        }
    }
}
