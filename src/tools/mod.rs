//! The tools that a client can call: their arguments, results and texts.
//!
//! Knows rmcp. Runs no jobs and decides nothing about models, money or files.

mod args;
mod caller;
mod check;
mod context;
mod deferred;
mod delivery;
mod draw;
mod edit_image;
mod generate_image;
mod get_image;
mod inpaint_image;
mod list;
mod lookup;
mod progress;
mod regions;
mod reply;
mod request;
mod resources;
mod schema;
mod server;
mod show;
mod soft_deadline;
mod tasks;
mod tool;

pub use args::{GetArguments, OutputForm};
pub use caller::ToolCaller;
pub use deferred::{DeferredImages, Piece};
pub use delivery::Delivery;
pub use list::{ParsedCall, TOOL_NAMES, definitions, description, image_job, parse_call};
pub use lookup::{RequestedId, Retrieved, collect, ids};
pub use reply::{drawn_fields, dry_run_fields, got_fields, plan, words};
pub use server::ImageServer;
pub use show::ReplyOptions;
pub use soft_deadline::{KnownClient, SoftDeadline};
pub use tool::DrawRequest;
