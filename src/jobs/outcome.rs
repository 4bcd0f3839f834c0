//! What a job came to.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::domain::{ImageFormat, JobId, ModelName, Pixels, Problem, Usd};
use crate::store::{JobRecord, StoredImage};

/// A call that brought at least one image.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Outcome {
    /// The call's id.
    pub job: JobId,
    /// Who drew.
    pub model: ModelName,
    /// The images, in the order they were asked for.
    pub images: Vec<StoredImage>,
    /// Images that came and could not be stored.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unstored: Vec<Unstored>,
    /// What is to be said of it.
    pub report: Report,
    /// The images are the sandbox's and nothing was paid.
    pub sandbox: bool,
}

/// What an answer says beside the images; the database keeps it for whoever asks later.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
    /// Why that model.
    pub why: String,
    /// What was put back around the images that are inpainted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub preserved: Vec<Preserved>,
    /// What became of the images that did not come.
    pub failures: Vec<Problem>,
    /// What was paid.
    pub cost: Cost,
    /// From call to answer, in seconds.
    pub seconds: f64,
    /// The upstream's ids for the requests.
    pub request_ids: Vec<String>,
    /// What the caller should know: a size that differs, a format that differs.
    pub warnings: Vec<String>,
}

/// How the model changed what it was to keep, and where the image it sent is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Preserved {
    /// The id of the result.
    pub image: String,
    /// The id of what the model sent.
    pub raw: String,
    /// Its file.
    pub raw_path: PathBuf,
    /// Of the pixels outside the mask, the percentage that the model had visibly changed.
    pub outside_percent: f64,
    /// By how much they differed on average, of 255.
    pub outside_mean: f64,
    /// By how many pixels, to the right and down, the whole image had moved.
    pub shift: Option<(i32, i32)>,
    /// The size of what the model sent, where it had to be fitted.
    pub fitted_from: Option<String>,
}

/// An image that came, was paid, and is stored nowhere else.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Unstored {
    /// Its file, in base64.
    pub base64: String,
    /// Its format.
    pub format: ImageFormat,
    /// Its size.
    pub pixels: Pixels,
    /// Why it is not stored.
    pub why: String,
}

impl Outcome {
    /// The outcome as the database has it, with these images of the job's.
    pub(super) fn recorded(job: &JobRecord, images: Vec<StoredImage>) -> Self {
        let report = job.report.as_deref().and_then(|report| serde_json::from_str(report).ok());
        let report = report.unwrap_or_else(|| Report {
            why: String::new(),
            preserved: Vec::new(),
            failures: Vec::new(),
            cost: Cost {
                usd: job.cost.or(job.estimate.map(|(_, high)| high)).unwrap_or_default(),
                basis: CostBasis::Estimate,
            },
            seconds: 0.0,
            request_ids: Vec::new(),
            warnings: Vec::new(),
        });
        Self {
            job: job.id.clone(),
            model: job.model.clone(),
            images,
            unstored: Vec::new(),
            report,
            sandbox: job.sandbox,
        }
    }
}

/// What was paid and how that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// The sum over all images and all charged failures.
    pub usd: Usd,
    /// The weakest basis among them.
    pub basis: CostBasis,
}

/// How a cost is known, strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum CostBasis {
    /// A flat price for each image.
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
