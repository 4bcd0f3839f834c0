//! MCP over standard input and output: one JSON message a line, nothing else on stdout.

mod lines;

use rmcp::ServiceExt as _;
use rmcp::service::ServerInitializeError;
use rmcp::transport::stdio_pipes;

use crate::tools::ImageServer;
use lines::Lines;

/// Serves until the client closes its end.
///
/// # Errors
/// What went wrong with the connection, in words. A client that only looks and leaves
/// without a handshake is no error.
pub async fn serve_stdio(server: ImageServer) -> Result<(), String> {
    let (input, output) = stdio_pipes();
    let running = match server.serve(Lines::new(input, output, widen_stdout)).await {
        Ok(running) => running,
        Err(ServerInitializeError::ConnectionClosed(_)) => return Ok(()),
        Err(error) => return Err(error.to_string()),
    };
    running.waiting().await.map(|_| ()).map_err(|error| error.to_string())
}

/// What a pipe may hold where the system lets everybody widen it: 1 MiB is Linux's usual bound.
#[cfg(target_os = "linux")]
const PIPE_BYTES: usize = 1 << 20;

/// Lets stdout hold more than the usual 64 KiB, where it is a pipe: an image of 19 MB then
/// takes 20 turns between writer and reader instead of 300.
fn widen_stdout() {
    #[cfg(target_os = "linux")] // a pipe that stays as it is serves as well, only slower
    let _ = rustix::pipe::fcntl_setpipe_size(std::io::stdout(), PIPE_BYTES);
}
