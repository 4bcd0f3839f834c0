//! Layer 6: what a client can call, and the words it is answered in.
//!
//! Knows rmcp. Draws nothing and decides nothing about models, money or files.

mod args;
mod caller;
mod check;
mod deferred;
mod draw;
mod edit_image;
mod generate_image;
mod get_image;
mod delivery;
mod inpaint_image;
mod list;
mod soft_deadline;
mod progress;
mod regions;
mod reply;
mod request;
mod resources;
mod schema;
mod server;
mod show;
mod tasks;

pub use args::{GetArguments, OutputForm};
pub use caller::Caller;
pub use deferred::{DeferredImages, Piece};
pub use delivery::Delivery;
pub use draw::Asked;
pub use get_image::{Got, Id, collect, ids};
pub use list::{Call, TOOL_NAMES, call, definitions, description, image_job};
pub use reply::{drawn_fields, dry_run_fields, got_fields, plan, words};
pub use server::ImageServer;
pub use show::ReplyOptions;
pub use soft_deadline::{KnownClient, SoftDeadline};
