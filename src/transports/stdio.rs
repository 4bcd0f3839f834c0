//! MCP over standard input and output: one JSON message a line, nothing else on stdout.

use rmcp::service::ServerInitializeError;
use rmcp::transport::async_rw::AsyncRwTransport;
use rmcp::transport::stdio_pipes;
use rmcp::{RoleServer, ServiceExt as _};

use crate::tools::ImageServer;

/// A picture as a data URL fits in a line.
const MOST_LINE_BYTES: usize = 64 * 1024 * 1024;

/// Serves until the client closes its end.
///
/// # Errors
/// What went wrong with the connection, in words. A client that only looks and leaves
/// without a handshake is no error.
pub async fn serve_stdio(server: ImageServer) -> Result<(), String> {
    let (input, output) = stdio_pipes();
    let transport =
        AsyncRwTransport::<RoleServer, _, _>::new(input, output).with_max_line_length(MOST_LINE_BYTES);
    let running = match server.serve(transport).await {
        Ok(running) => running,
        Err(ServerInitializeError::ConnectionClosed(_)) => return Ok(()),
        Err(error) => return Err(error.to_string()),
    };
    running.waiting().await.map(|_| ()).map_err(|error| error.to_string())
}
