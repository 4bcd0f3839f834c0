//! Paid work in a process of its own, which outlives the server's: over stdio, clients end the
//! server two to four seconds after they close its input, process group and all, while a
//! image takes minutes and is paid.
//!
//! `front` is the server's side: it starts the process at the first paid call and passes
//! calls on. `back` is the process's side: it does them as a server without a worker would.
//! `messages` are the lines that go between the two. Whatever happens to either side, the
//! record tells the other what was done.

#[cfg(unix)]
mod back;
#[cfg(unix)]
mod front;
#[cfg(unix)]
mod messages;

use std::ffi::OsString;
use std::path::PathBuf;

#[cfg(unix)]
pub use back::{ReadCall, serve as serve_worker};
#[cfg(unix)]
pub(super) use front::Front;

/// How the worker is started: this program, told to be one, with the settings of the server.
#[derive(Clone, Debug)]
pub struct WorkerCommand {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
}
