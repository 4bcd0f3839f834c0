//! Image bytes and pixels: inspect, decode, orient, scrub, colour, mask, preserve, resize, preview, encode.
//!
//! It must not know paths, the database or the network: bytes or readers come in, bytes go out.

mod blend;
mod cmyk;
mod colour;
mod decode;
mod encode;
mod error;
mod feather;
mod convert;
pub mod inspect;
pub mod mask;
mod metadata;
mod normalise;
mod overlay;
mod preserve;
pub mod preview;
mod raster;
mod region;
mod resize;
mod restarts;
mod shift;
mod fit;
mod transparency;
mod orient;
mod flatten;

pub use error::CodecError;
pub use inspect::{ImageInfo, inspect, inspect_bytes};
pub use mask::{Marks, MaskForm, MaskMeans};
pub use normalise::{Normalised, SendLimits, normalise};
pub use overlay::overlay;
pub use preserve::{Changed, Form, preserve};
pub use preview::{Preview, PreviewBudget, make as make_preview};
pub use region::{Extent, Region, RegionFault, Regions, Units};
pub use transparency::has_transparency;
