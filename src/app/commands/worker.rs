//! `worker`: what the server starts for paid work. Not for people.

use crate::app::App;
use crate::jobs::WorkerCommand;

/// The name of the command.
const NAME: &str = "worker";

/// How a server that was started with these arguments, its own name first, starts its worker.
#[must_use]
pub fn command(arguments: &[std::ffi::OsString]) -> WorkerCommand {
    let mut arguments: Vec<_> = arguments.iter().skip(1).cloned().collect();
    arguments.push(NAME.into());
    WorkerCommand { program: program(), arguments }
}

/// This program, even where its file was replaced or deleted since it was started.
fn program() -> std::path::PathBuf {
    match std::env::current_exe() {
        Ok(path) if path.exists() => path,
        _ if cfg!(target_os = "linux") => "/proc/self/exe".into(),
        other => other.unwrap_or_else(|_| env!("CARGO_PKG_NAME").into()),
    }
}

/// Works for the server at the other end of stdin, and on after it is gone.
#[cfg(unix)]
pub async fn run(app: App) -> Result<u8, String> {
    use std::os::fd::AsFd as _;
    use std::os::unix::net::UnixStream;

    use super::common::interrupts;
    use crate::app::exit::DONE;
    use crate::jobs::serve_worker;

    let socket = std::io::stdin().as_fd().try_clone_to_owned().map(UnixStream::from);
    let socket = socket.ok().filter(|socket| socket.peer_addr().is_ok());
    let socket = socket.ok_or("this command is started by the server, not by people")?;
    // Out of the reach of whatever ends the server's group. Fails where it leads one already.
    let _ = rustix::process::setsid();
    // Nor is a signal to stop a reason to lose what is paid: the work ends by itself.
    let mut signals = interrupts();
    tokio::spawn(async move { while signals.recv().await.is_some() {} });
    serve_worker(&app.manager, socket).await.map(|()| DONE).map_err(|error| error.to_string())
}

#[cfg(not(unix))]
pub async fn run(_: App) -> Result<u8, String> {
    Err("there are no workers on this system".to_owned())
}
