//! No command: serves stdin and stdout.

use crate::app::App;
use crate::app::cli::DONE;
use crate::transports::serve_stdio;

/// Serves until the client leaves, then until what is paid for is stored.
pub async fn run(app: App) -> Result<u8, String> {
    let served = serve_stdio(app.server).await;
    app.manager.finish().await;
    served.map(|()| DONE)
}
