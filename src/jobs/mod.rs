//! Paid work, which belongs to the server and not to the request that asked for it.
//!
//! A validated [`ImageJob`] goes in, an [`Outcome`] comes out; between the two the money is spent once and what it
//! bought is kept. `run` has the order of the steps. It knows nothing of MCP.

mod budget;
mod circuit_breaker;
mod close;
mod context;
mod cpu_pool;
mod dry_run;
mod execute;
mod handle;
mod image_job;
mod lookup;
mod manager;
mod observer;
mod open;
mod outcome;
mod owner;
mod prepare;
mod pricing;
mod progress;
mod queue;
mod recovery;
mod run;
mod services;
mod waiters;
#[cfg(unix)]
mod worker;

pub use dry_run::{DryRun, MarkedPart};
pub use handle::JobHandle;
pub use image_job::{ImageJob, MaskSource, Masking};
pub use lookup::JobLookup;
pub use manager::Manager;
pub use observer::{Observer, Requested};
pub use outcome::{Cost, CostBasis, Outcome, Preserved, Report, Unstored};
pub use owner::{Owner, SpendingCaps};
pub use progress::{JobProgress, Partials};
pub use queue::InFlight;
pub use services::{JobOptions, StandIn, WorkerCommand};
pub use waiters::Changes;
#[cfg(unix)]
pub use worker::serve_worker;
