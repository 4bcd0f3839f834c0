//! What a caller wants drawn, arguments read and nothing chosen yet.

use serde_json::Value;

use crate::domain::{ImageRequest, Operation, Usd};
use crate::images::{ImageReference, MaskMeans};

/// One call of a drawing tool.
#[derive(Clone, Debug)]
pub struct Commission {
    /// What is asked of a model.
    pub request: ImageRequest,
    /// The pictures that go in, in order.
    pub images: Vec<ImageReference>,
    /// What is repainted.
    pub mask: Option<MaskInput>,
    /// Where the pictures go; `None` for the library.
    pub save_to: Option<String>,
    /// The most that the whole call may cost.
    pub max_cost: Option<Usd>,
    /// The arguments as given, for the record.
    pub arguments: Value,
}

/// A mask and how it is to be read.
#[derive(Clone, Debug)]
pub struct MaskInput {
    /// The picture that marks the part.
    pub reference: ImageReference,
    /// How it marks it.
    pub means: MaskMeans,
}

impl Commission {
    /// The argument that the image at this place came in, for messages.
    #[must_use]
    pub fn image_argument(&self, index: usize) -> String {
        match self.request.operation {
            Operation::Inpaint => "image".to_owned(),
            Operation::Generate | Operation::Edit => format!("images[{index}]"),
        }
    }
}
