//! Floor 6: what a client can call, and the words it is answered in.
//!
//! Knows rmcp. Draws nothing and decides nothing about models, money or files.

mod args;
mod check;
mod draw;
mod edit_image;
mod generate_image;
mod get_image;
mod inpaint_image;
mod list;
mod reply;
mod request;
mod resources;
mod schema;
mod server;

pub use args::OutputForm;
pub use list::{TOOL_NAMES, commission, definitions};
pub use reply::{ReplyOptions, plan};
pub use server::ImageServer;
