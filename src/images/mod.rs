//! Floor 4: bytes in, bytes kept.
//!
//! Looks at pictures, makes masks and previews, reads references, stores results.
//! It knows nothing of tools or of which API a picture came from.

mod data_url;
mod decode;
mod encoded;
mod error;
mod ids;
mod input;
pub mod inspect;
pub mod mask;
mod pathname;
pub mod preview;
mod reference;
mod roots;
mod shrink;
mod store;

pub use encoded::EncodedImage;
pub use error::ImageError;
pub use ids::{new_image_id, new_job_id};
pub use input::{SourceImage, read as read_image};
pub use inspect::{ImageInfo, inspect, inspect_bytes};
pub use mask::{MaskForm, MaskMeans, prepare as prepare_mask};
pub use preview::{Preview, PreviewBudget, make as make_preview};
pub use reference::{ImageReference, LocalReference};
pub use roots::Roots;
pub use store::{
    Begun, Cap, CapHit, Destination, JobEnd, JobRecord, Kept, LEASE, Library, NotKept, Opened, Parent,
    ParentRole, Period, Plan, StoredImage, TryEnd, TryRecord, keep,
};
