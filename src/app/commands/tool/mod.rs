//! The tools as commands: `generate`, `edit`, `inpaint` and `get`, with flags generated from the
//! schemas of the tools.
//!
//! Checks nothing: the values go to the tools unchanged, so that errors are those an agent would read.

mod answer;
mod call;
mod draw;
mod flags;
mod get;
mod progress;
#[cfg(feature = "terminal-pictures")]
mod terminal;

pub use call::{ToolCall, run, with_flags};
