//! Layer 0: the plain words everything else is said in.
//!
//! Values and their bounds, made only through `parse` or a checked constructor.
//! No input or output, no clock, no environment, no async, no wire format.

mod ids;
mod image;
mod job;
mod model;
mod money;
mod problem;
mod prompt;
mod request;
mod secret;
mod size;

pub use ids::{ImageId, JobId};
pub use image::ImageFormat;
pub use job::{CallerState, JobEvent, JobStatus};
pub use model::{Background, ModelName, Moderation, Operation, Quality};
pub use money::Usd;
pub use problem::{Billed, Problem, ProblemKind};
pub use prompt::{Prompt, PromptError};
pub use request::{ImageRequest, ModelChoice};
pub use secret::Secret;
pub use size::{Pixels, Ratio, SizeRequest, Tier};
