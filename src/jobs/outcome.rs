//! What came of a commission.

use crate::domain::{JobId, ModelName, Problem, Usd};
use crate::images::StoredImage;

/// A call that brought at least one picture.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The call's id.
    pub job: JobId,
    /// Who drew.
    pub model: ModelName,
    /// Why that one.
    pub why: String,
    /// The pictures, in the order they were asked for.
    pub images: Vec<StoredImage>,
    /// What became of those that did not come.
    pub failures: Vec<Problem>,
    /// What was paid.
    pub cost: Cost,
    /// From call to answer, in seconds.
    pub seconds: f64,
    /// The upstream's ids for the requests.
    pub request_ids: Vec<String>,
    /// What the caller should know: a size that differs, a format that differs.
    pub warnings: Vec<String>,
    /// The pictures are the sandbox's and nothing was paid.
    pub sandbox: bool,
}

/// What was paid and how that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// The sum over all pictures and all charged failures.
    pub usd: Usd,
    /// The weakest basis among them.
    pub basis: CostBasis,
}

/// How a cost is known, strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CostBasis {
    /// A flat price for each picture.
    FlatPrice,
    /// The tokens that the reply reported.
    ReportedUsage,
    /// The estimate from before the call.
    Estimate,
    /// Nobody says what this model costs.
    Unknown,
}

impl CostBasis {
    /// In words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::FlatPrice => "flat price",
            Self::ReportedUsage => "reported usage",
            Self::Estimate => "estimate",
            Self::Unknown => "unknown",
        }
    }
}
