//! What a caller wants drawn, arguments read and nothing chosen yet.

use serde_json::Value;

use super::Owner;
use crate::codec::{MaskMeans, Regions};
use crate::domain::{ImageRequest, Operation, Usd};
use crate::references::ImageReference;

/// One call of a drawing tool.
#[derive(Clone, Debug)]
pub struct ImageJob {
    /// Whose call it is.
    pub owner: Owner,
    /// What is asked of a model.
    pub request: ImageRequest,
    /// The images that go in, in order.
    pub images: Vec<ImageReference>,
    /// What is repainted.
    pub masking: Option<Masking>,
    /// Where the images go; `None` for the store.
    pub save_to: Option<String>,
    /// The most that the whole call may cost.
    pub max_cost: Option<Usd>,
    /// The arguments as given.
    pub arguments: Value,
}

/// What is repainted, and what becomes of the rest.
#[derive(Clone, Debug)]
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
#[derive(Clone, Debug)]
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
    /// The argument it came in, for messages.
    #[must_use]
    pub const fn argument(&self) -> &'static str {
        match self {
            Self::Image { .. } => "mask",
            Self::Regions(_) => "regions",
        }
    }
}

/// The most characters of an image's address in the record: a data URL is an image.
const MOST_OF_A_REFERENCE: usize = 200;

impl ImageJob {
    /// The arguments for the record, as JSON; of images that were passed whole, the beginning.
    pub(super) fn recorded_arguments(&self) -> String {
        let mut arguments = self.arguments.clone();
        let fields = arguments.as_object_mut().into_iter().flatten();
        for (_, value) in fields.filter(|(name, _)| *name != "prompt") {
            shorten(value);
        }
        arguments.to_string()
    }

    /// The argument that the image at this place came in, for messages.
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
