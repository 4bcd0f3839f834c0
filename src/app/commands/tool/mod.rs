//! The tools as commands: `generate`, `edit`, `inpaint` and `get`, a command for each tool
//! on the list, their flags made from the tools' schemas.
//!
//! Nothing is judged here: the values go to the tools as they were given, so that a refusal
//! has the words an agent would read.

mod answer;
mod call;
mod draw;
mod flags;
mod get;
mod progress;
#[cfg(feature = "terminal-pictures")]
mod terminal;

pub use call::{ToolCall, run, with_flags};
