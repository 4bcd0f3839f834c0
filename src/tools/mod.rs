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

pub use args::{GetArguments, OutputForm};
pub use draw::Asked;
pub use get_image::stored_images;
pub use list::{Call, TOOL_NAMES, call, commission, definitions, description};
pub use reply::{ReplyOptions, drawn_fields, dry_run_fields, plan, stored_fields, words};
pub use server::ImageServer;
