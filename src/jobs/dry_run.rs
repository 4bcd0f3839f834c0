//! A job up to the moment at which it would be paid: everything is read and checked, and a preview shows what an
//! inpainting would repaint.

use std::sync::Arc;

use super::cpu_pool::cpu_pool;
use super::image_job::ImageJob;
use super::prepare::read_inputs;
use super::services::JobServices;
use crate::codec::{Preview, PreviewBudget, overlay};
use crate::domain::{Pixels, Problem};
use crate::references::Destination;
use crate::routing::Route;

/// What a job would do.
#[derive(Clone, Debug)]
pub struct DryRun {
    /// How the inputs would be changed to fit the model.
    pub changes: Vec<String>,
    /// What would be repainted, if a part is marked.
    pub part: Option<MarkedPart>,
}

/// The marked part of an image.
#[derive(Clone, Debug)]
pub struct MarkedPart {
    /// The image with the part marked.
    pub preview: Preview,
    /// The size of the whole image, in which regions are counted.
    pub image: Pixels,
    /// How much of the image is repainted, 0 to 1.
    pub share: f64,
}

/// Reads and checks what goes in and where the result goes, as a paid call would.
pub(super) async fn dry_run(
    services: &JobServices,
    image_job: &ImageJob,
    route: &Route,
    budget: PreviewBudget,
) -> Result<DryRun, Problem> {
    Destination::parse(image_job.save_to.as_deref(), &services.options.roots)
        .map_err(|error| error.at("save_to"))?;
    let inputs = read_inputs(services, image_job, route).await?;
    let part = match inputs.masked {
        None => None,
        Some(masked) => {
            let (marks, original) = (Arc::clone(&masked.marks), masked.original);
            let drawn = cpu_pool(move || overlay(&original, &marks, &budget)).await?;
            let preview = drawn.map_err(|error| error.at("image"))?;
            Some(MarkedPart { preview, image: masked.marks.pixels(), share: masked.marks.share() })
        }
    };
    Ok(DryRun { changes: inputs.changes, part })
}
