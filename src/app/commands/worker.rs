//! `worker`: the process that the server starts for paid work. Not for people.

use crate::app::App;
use crate::jobs::WorkerCommand;

/// The name of the command.
const NAME: &str = "worker";

/// The command that starts the worker of a server with these arguments, its own name first.
#[must_use]
pub fn command(arguments: &[std::ffi::OsString]) -> WorkerCommand {
    let mut arguments: Vec<_> = arguments.iter().skip(1).cloned().collect();
    arguments.push(NAME.into());
    WorkerCommand { program: program(), arguments }
}

/// This program, even if its file was replaced or deleted after the start.
fn program() -> std::path::PathBuf {
    match std::env::current_exe() {
        Ok(path) if path.exists() => path,
        _ if cfg!(target_os = "linux") => "/proc/self/exe".into(),
        other => other.unwrap_or_else(|_| env!("CARGO_PKG_NAME").into()),
    }
}

/// Works for the server at the other end of stdin, and continues after it has exited.
#[cfg(unix)]
pub async fn run(app: App) -> Result<u8, String> {
    use std::os::fd::AsFd as _;
    use std::os::unix::net::UnixStream;

    use super::console::interrupts;
    use crate::app::exit::DONE;
    use crate::jobs::serve_worker;

    let socket = std::io::stdin().as_fd().try_clone_to_owned().map(UnixStream::from);
    let socket = socket.ok().filter(|socket| socket.peer_addr().is_ok());
    let socket = socket.ok_or("the server starts this command; it is not for people")?;
    // Leaves the process group of the server, so that its end does not end the worker. Fails if this
    // process already leads a group.
    let _ = rustix::process::setsid();
    // A signal to stop must not lose paid images: the work ends by itself.
    let mut signals = interrupts();
    tokio::spawn(async move { while signals.recv().await.is_some() {} });
    serve_worker(&app.manager, socket).await.map(|()| DONE).map_err(|error| error.to_string())
}

#[cfg(not(unix))]
pub async fn run(_: App) -> Result<u8, String> {
    Err("this system does not support workers".to_owned())
}
