//! The validated arguments of one job, before anything is chosen. It crosses the link to the worker process as JSON.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::owner::Owner;
use crate::codec::{MaskMeans, Regions};
use crate::domain::{ImageRequest, Operation, Usd};
use crate::references::ImageReference;

/// The validated arguments of one job.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ImageJob {
    /// The owner of the job and its images.
    pub owner: Owner,
    /// What is asked of a model.
    pub request: ImageRequest,
    /// The images that go in, in order.
    pub images: Vec<ImageReference>,
    /// What is repainted, for an inpainting.
    pub masking: Option<Masking>,
    /// Where the images go. `None` for the store.
    pub save_to: Option<String>,
    /// The most that the whole job may cost.
    pub max_cost: Option<Usd>,
    /// The arguments as the client gave them, for the database.
    pub arguments: Value,
}

/// What is repainted, and what becomes of the rest.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Masking {
    /// What marks the part.
    pub source: MaskSource,
    /// Whether the marked part is the one that is kept.
    pub invert: bool,
    /// Over how many pixels the edge is softened, inwards.
    pub feather: u32,
    /// Whether everything outside is put back as it was.
    pub preserve: bool,
}

/// What marks a part of an image.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum MaskSource {
    /// An image.
    Image {
        /// The image.
        reference: ImageReference,
        /// How it marks.
        means: MaskMeans,
    },
    /// Shapes.
    Regions(Regions),
}

impl MaskSource {
    /// The name of the argument, for messages.
    #[must_use]
    pub const fn argument(&self) -> &'static str {
        match self {
            Self::Image { .. } => "mask",
            Self::Regions(_) => "regions",
        }
    }
}

/// The most characters of an image reference that the database keeps: a data URL is a whole image.
const MOST_OF_A_REFERENCE: usize = 200;

impl ImageJob {
    /// The arguments for the database, as JSON. Image references are cut.
    pub(super) fn recorded_arguments(&self) -> String {
        let mut arguments = self.arguments.clone();
        let fields = arguments.as_object_mut().into_iter().flatten();
        for (_, value) in fields.filter(|(name, _)| *name != "prompt") {
            shorten(value);
        }
        arguments.to_string()
    }

    /// The name of the argument with the image at this index, for messages.
    #[must_use]
    pub fn image_argument(&self, index: usize) -> String {
        match self.request.operation {
            Operation::Inpaint => "image".to_owned(),
            Operation::Generate | Operation::Edit => format!("images[{index}]"),
        }
    }
}

fn shorten(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Some((end, _)) = text.char_indices().nth(MOST_OF_A_REFERENCE) {
                text.truncate(end);
                text.push('…');
            }
        }
        Value::Array(values) => values.iter_mut().for_each(shorten),
        _ => {}
    }
}
