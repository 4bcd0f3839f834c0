//! Floor 5: paid work, which belongs to the server and not to the request that asked for it.
//!
//! It knows nothing of MCP: a commission goes in, an outcome comes out, and between the two
//! the money is spent once and what it bought is kept.

mod allowance;
mod attempt;
mod capacity;
mod commission;
mod inputs;
mod manager;
mod outcome;
mod paid;
mod picture;
mod run;
mod stage;
mod trail;

pub use commission::{Commission, MaskInput};
pub use manager::{LOCAL_OWNER, Manager, Options, StandIn};
pub use outcome::{Cost, CostBasis, Outcome};
pub use stage::Stage;
