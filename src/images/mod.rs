//! Floor 4: bytes in, bytes kept.
//!
//! Looks at pictures, makes masks and previews, reads references, stores results.
//! It knows nothing of tools or of which API a picture came from.

mod blend;
mod cmyk;
mod colour;
mod data_url;
mod decode;
mod encode;
mod encoded;
mod error;
mod feather;
mod foreign;
mod ids;
mod input;
pub mod inspect;
pub mod mask;
mod metadata;
mod normalise;
mod open;
mod overlay;
mod pathname;
mod preserve;
pub mod preview;
mod processors;
mod raster;
mod reference;
mod region;
mod resize;
mod restarts;
mod roots;
mod shrink;
mod shift;
mod store;
mod transparency;
mod upright;
mod white;

pub use encoded::EncodedImage;
pub use error::ImageError;
pub use ids::{new_image_id, new_job_id};
pub use input::{SourceImage, read as read_image};
pub use inspect::{ImageInfo, inspect, inspect_bytes};
pub use mask::{Marks, MaskForm, MaskMeans};
pub use normalise::{Normalised, SendLimits, normalise};
pub use overlay::overlay;
pub use preserve::{Changed, Form, preserve};
pub use preview::{Preview, PreviewBudget, make as make_preview};
pub use reference::{ImageReference, LocalReference};
pub use region::{Extent, Region, RegionFault, Regions, Units};
pub use roots::Roots;
pub use store::{
    Begun, Cap, CapHit, Claimed, Destination, Exhibit, FileFate, Going, JobEnd, JobRecord, Kept, LEASE,
    Library, NotKept, Opened, Parent, ParentRole, Period, Plan, PrunePlan, Rule, Spent, StoredImage, Stretch,
    Sums, TryEnd, TryRecord, keep,
};
pub use transparency::has_transparency;
