//! Makes an image another size, larger or smaller, whole in memory.
//!
//! For what must have exactly a given size; previews are made by `shrink`, row by row.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};

use super::CodecError;
use super::fit::{Channels, Frame};
use crate::domain::{ImageFormat, Pixels};

/// How pixels between pixels are found.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kernel {
    /// Never beyond its neighbours: for masks.
    Linear,
    /// Sharper: for images.
    Cubic,
}

/// The same image in this size; as it is where it has it already.
pub(super) fn resized(frame: Frame, to: Pixels, kernel: Kernel) -> Result<Frame, CodecError> {
    if frame.pixels == to {
        return Ok(frame);
    }
    let failed = |error: &dyn std::fmt::Display| {
        CodecError::Unencodable(ImageFormat::Png, format!("it cannot be made {to}: {error}"))
    };
    let kind = match frame.channels {
        Channels::Grey => PixelType::U8,
        Channels::GreyAlpha => PixelType::U8x2,
        Channels::Rgb => PixelType::U8x3,
        Channels::Rgba => PixelType::U8x4,
    };
    let filter = match kernel {
        Kernel::Linear => FilterType::Bilinear,
        Kernel::Cubic => FilterType::CatmullRom,
    };
    let source = ImageRef::new(frame.pixels.width, frame.pixels.height, &frame.bytes, kind)
        .map_err(|error| failed(&error))?;
    let mut target = Image::new(to.width, to.height, kind);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(filter));
    Resizer::new().resize(&source, &mut target, &options).map_err(|error| failed(&error))?;
    Ok(Frame { pixels: to, channels: frame.channels, bytes: target.into_vec() })
}
