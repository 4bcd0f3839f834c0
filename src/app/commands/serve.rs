//! No command: serves stdin and stdout.

use std::ffi::OsString;

use super::worker;
use crate::app::App;
use crate::app::config::Config;
use crate::app::exit::DONE;
use crate::transports::serve_stdio;

/// Serves until the client disconnects, then until paid images without a worker are stored.
/// `arguments` are those of the process, with its name first.
pub async fn run(config: Config, arguments: &[OsString]) -> Result<u8, String> {
    let app = if config.worker {
        App::build_with_worker(config, worker::command(arguments))
    } else {
        App::build(config)
    };
    let served = serve_stdio(app.server).await;
    app.manager.finish().await;
    served.map(|()| DONE)
}
