//! Accepts and serves connections, and closes them one by one on shutdown.

use std::io;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// Pause before accepting again when the system is out of resources, such as open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// Serves connections until stopped. The returned value waits for those still open.
pub(super) async fn accept(
    listener: &TcpListener,
    router: &Router,
    headers: Duration,
    stop: &CancellationToken,
) -> GracefulShutdown {
    let open = GracefulShutdown::new();
    let mut protocol = http1::Builder::new();
    protocol.timer(TokioTimer::new()).header_read_timeout(headers);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => return open,
        };
        match accepted {
            Ok((socket, _)) => {
                let _ = socket.set_nodelay(true);
                let service = TowerToHyperService::new(router.clone());
                let connection = protocol.serve_connection(TokioIo::<TcpStream>::new(socket), service);
                // A client that disconnects or is too slow is not an error of the server.
                tokio::spawn(open.watch(connection));
            }
            Err(error) if is_of_the_client(&error) => {}
            Err(error) => {
                tracing::error!(%error, "cannot accept connections");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

fn is_of_the_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionRefused | ConnectionAborted | ConnectionReset)
}
