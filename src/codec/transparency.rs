//! Whether an image is really transparent anywhere: an alpha channel may say opaque
//! throughout, and a model may paint a chequered background instead.

use std::io::{Read, Seek};

use super::CodecError;
use super::decode::Rows;
use super::inspect::ImageInfo;

/// Less than this is seen through; a model's edges are seldom quite 255.
const OPAQUE: u8 = 250;

/// Whether any pixel is seen through, at least a little. Decodes the image where it has an
/// alpha channel: not for an async task.
///
/// # Errors
/// What decoding says.
pub fn has_transparency(source: impl Read + Seek, info: &ImageInfo) -> Result<bool, CodecError> {
    let rows = Rows::open(source, info)?;
    if !rows.channels.has_alpha() {
        return Ok(false);
    }
    let step = rows.channels.count();
    let mut found = false;
    rows.for_each(|row| {
        found =
            found || row.chunks_exact(step).any(|pixel| pixel.last().is_some_and(|alpha| *alpha < OPAQUE));
    })?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use image::{DynamicImage, ImageFormat as Codec, Rgba, RgbaImage};

    use super::*;
    use crate::codec::inspect::inspect_bytes;

    #[test]
    fn an_alpha_channel_alone_is_not_transparency() {
        let image = |alpha: u8| {
            let mut image = RgbaImage::from_pixel(20, 10, Rgba([200, 200, 200, 255]));
            image.put_pixel(19, 9, Rgba([200, 200, 200, alpha]));
            DynamicImage::from(image)
        };
        let cases = [
            (image(0), Codec::Png, true),
            (image(128), Codec::WebP, true),
            (image(252), Codec::Png, false),
            (image(255), Codec::Png, false),
            (image(255).to_rgb8().into(), Codec::Png, false),
            (image(255).to_rgb8().into(), Codec::Jpeg, false),
        ];
        for (image, codec, transparent) in cases {
            let mut bytes = Cursor::new(Vec::new());
            image.write_to(&mut bytes, codec).unwrap();
            let info = inspect_bytes(bytes.get_ref()).unwrap();
            assert_eq!(has_transparency(bytes, &info).unwrap(), transparent, "{codec:?}");
        }
    }
}
