//! Layer 5: paid work, which belongs to the server and not to the request that asked for it.
//!
//! It knows nothing of MCP: a image_job goes in, an outcome comes out, and between the two
//! the money is spent once and what it bought is kept.

mod budget;
mod attempt;
mod call;
mod circuit_breaker;
mod image_job;
mod follow;
mod cpu_pool;
mod inputs;
mod deferred_writes;
mod manager;
mod outcome;
mod owner;
mod paid;
mod image;
mod preserving;
mod queue;
mod recovery;
mod dry_run;
mod run;
mod source_image;
mod stage;
mod failover;
mod worker;
mod observer;

pub use call::{Call, Presence};
pub use dry_run::{DryRun, Marked};
pub use follow::Found;
pub use image_job::{ImageJob, MaskSource, Masking};
pub use manager::{Manager, Options, StandIn};
pub use observer::{Observer, Requested};
pub use outcome::{Cost, CostBasis, Outcome, Report, Unstored};
pub use owner::{Owner, SpendingCaps};
pub use preserving::Preserved;
pub use queue::InFlight;
pub use stage::{Partials, Stage};
pub use worker::WorkerCommand;
#[cfg(unix)]
pub use worker::{ReadCall, serve_worker};
