//! What an inpainting would repaint, to be looked at before it is paid.

use std::sync::Arc;

use super::heavy::heavy;
use super::manager::Shared;
use super::{Commission, inputs};
use crate::domain::{Pixels, Problem};
use crate::images::{Preview, PreviewBudget, overlay};
use crate::routing::Route;

/// The picture with the part drawn over it.
#[derive(Clone, Debug)]
pub struct Marked {
    /// What to look at.
    pub preview: Preview,
    /// The size of the whole picture, in which regions are counted.
    pub picture: Pixels,
    /// How much of the picture is repainted, 0 to 1.
    pub share: f64,
    /// What would be changed of the inputs to fit.
    pub changes: Vec<String>,
}

/// Reads and checks what goes in as a paid call would; `None` where nothing is masked.
pub(super) async fn marked(
    shared: &Shared,
    commission: &Commission,
    route: &Route,
    budget: PreviewBudget,
) -> Result<Option<Marked>, Problem> {
    if commission.masking.is_none() {
        return Ok(None);
    }
    let inputs = inputs::read(shared, commission, route).await?;
    let Some(masked) = inputs.masked else { return Ok(None) };
    let (marks, original) = (Arc::clone(&masked.marks), masked.original);
    let drawn = heavy(move || overlay(&original, &marks, &budget)).await?;
    let preview = drawn.map_err(|error| error.at("image"))?;
    let (picture, share) = (masked.marks.pixels(), masked.marks.share());
    Ok(Some(Marked { preview, picture, share, changes: inputs.changes }))
}
