//! A call up to the moment at which it would be paid: everything is read and checked, and what an
//! inpainting would repaint is drawn, to be looked at.

use std::sync::Arc;

use super::cpu_pool::cpu_pool;
use super::manager::Shared;
use super::{ImageJob, inputs};
use crate::codec::{Preview, PreviewBudget, overlay};
use crate::domain::{Pixels, Problem};
use crate::references::Destination;
use crate::routing::Route;

/// What a call would do.
#[derive(Clone, Debug)]
pub struct DryRun {
    /// What would be changed of the inputs to fit.
    pub changes: Vec<String>,
    /// What would be repainted, where a part is marked.
    pub part: Option<Marked>,
}

/// The image with the part drawn over it.
#[derive(Clone, Debug)]
pub struct Marked {
    /// What to look at.
    pub preview: Preview,
    /// The size of the whole image, in which regions are counted.
    pub image: Pixels,
    /// How much of the image is repainted, 0 to 1.
    pub share: f64,
}

/// Reads and checks what goes in, and where the result is to go, as a paid call would.
pub(super) async fn dry_run(
    shared: &Shared,
    image_job: &ImageJob,
    route: &Route,
    budget: PreviewBudget,
) -> Result<DryRun, Problem> {
    Destination::parse(image_job.save_to.as_deref(), &shared.options.roots)
        .map_err(|error| error.at("save_to"))?;
    let inputs = inputs::read(shared, image_job, route).await?;
    let part = match inputs.masked {
        None => None,
        Some(masked) => {
            let (marks, original) = (Arc::clone(&masked.marks), masked.original);
            let drawn = cpu_pool(move || overlay(&original, &marks, &budget)).await?;
            let preview = drawn.map_err(|error| error.at("image"))?;
            Some(Marked { preview, image: masked.marks.pixels(), share: masked.marks.share() })
        }
    };
    Ok(DryRun { changes: inputs.changes, part })
}
