//! Paid work in a process of its own that outlives the server's. Over stdio, clients end the server two to four seconds
//! after they close its input, with its process group, while an image takes minutes and is paid.
//!
//! `supervisor` is the server's side: it starts the process at the first paid job and passes validated jobs on.
//! `serve` is the worker's side: it runs them as a server without a worker would. `messages` are the lines between the
//! two. Whatever happens to either side, the database tells the other what was done.

mod messages;
mod serve;
mod supervisor;

pub use serve::serve as serve_worker;
pub(super) use supervisor::Supervisor;
