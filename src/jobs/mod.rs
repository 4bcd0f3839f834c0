//! Floor 5: paid work, which belongs to the server and not to the request that asked for it.
//!
//! It knows nothing of MCP: a commission goes in, an outcome comes out, and between the two
//! the money is spent once and what it bought is kept.

mod allowance;
mod attempt;
mod call;
mod capacity;
mod commission;
mod follow;
mod heavy;
mod inputs;
mod late;
mod manager;
mod outcome;
mod owner;
mod paid;
mod image;
mod preserving;
mod queue;
mod recovery;
mod rehearsal;
mod run;
mod source_image;
mod stage;
mod trail;
mod worker;
mod witness;

pub use call::{Call, Presence};
pub use commission::{Commission, MaskSource, Masking};
pub use follow::Found;
pub use manager::{Manager, Options, StandIn};
pub use outcome::{Cost, CostBasis, Outcome, Report, Unstored};
pub use owner::{Owner, SpendingCaps};
pub use preserving::Preserved;
pub use queue::InFlight;
pub use rehearsal::{Marked, Rehearsal};
pub use stage::{Partials, Stage};
pub use witness::{Requested, Witness};
pub use worker::WorkerCommand;
#[cfg(unix)]
pub use worker::{ReadCall, serve_worker};
