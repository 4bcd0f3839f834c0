//! The rows of an image, from the top, 8 bits a channel.
//!
//! PNG comes row by row and is never held whole, unless it is interlaced; the other decoders
//! know only whole images. Of what moves, only the first frame is decoded. Sizes are checked before anything is allocated.

use std::io::{BufReader, Cursor, Read, Seek};

use image::ImageDecoder;
use image::codecs::{gif::GifDecoder, jpeg::JpegDecoder, webp::WebPDecoder};
use image::metadata::Orientation;

use super::colour::of_png;
use super::fit::{Channels, Frame};
use super::inspect::{ImageInfo, LONGEST_EDGE, check_size};
use super::{CodecError, metadata};
use crate::domain::ImageFormat;

/// What a PNG decoder may allocate for chunks and rows; the longest row takes a quarter MB.
const PNG_BYTES: usize = 8 << 20;

/// What a whole decoded image may take: `MOST_PIXELS` of four bytes.
const WHOLE_BYTES: u64 = 4 * super::inspect::MOST_PIXELS;

/// An image about to be decoded.
pub(super) struct Rows<R: Read + Seek> {
    pub(super) channels: Channels,
    /// What is to be done to the image to see it upright.
    pub(super) orientation: Orientation,
    /// The ICC profile that says what its colours are, where it was asked for and there is one.
    pub(super) profile: Option<Vec<u8>>,
    info: ImageInfo,
    pixels: Content<R>,
}

enum Content<R: Read + Seek> {
    Coming(Box<png::Reader<BufReader<R>>>),
    Whole(Vec<u8>),
}

impl<R: Read + Seek> Rows<R> {
    /// Begins at the start of `source`, which `info` must describe.
    pub(super) fn open(source: R, info: &ImageInfo) -> Result<Self, CodecError> {
        Self::begin(source, info, false)
    }

    /// [`Self::open`], the profile read too.
    pub(super) fn open_with_profile(source: R, info: &ImageInfo) -> Result<Self, CodecError> {
        Self::begin(source, info, true)
    }

    fn begin(mut source: R, info: &ImageInfo, profile: bool) -> Result<Self, CodecError> {
        check_size(info)?;
        let orientation = metadata::orientation(&mut source, info.format);
        source.rewind().map_err(CodecError::ReadFailed)?;
        let source = BufReader::with_capacity(1 << 16, source);
        let rows = match info.format {
            ImageFormat::Png => open_png(source, info, profile),
            ImageFormat::Jpeg => JpegDecoder::new(source)
                .map_err(|error| from_image(info, error))
                .and_then(|decoder| whole(decoder, info, profile)),
            ImageFormat::Webp => WebPDecoder::new(source)
                .map_err(|error| from_image(info, error))
                .and_then(|decoder| whole(decoder, info, profile)),
            ImageFormat::Gif => GifDecoder::new(source)
                .map_err(|error| from_image(info, error))
                .and_then(|decoder| whole(decoder, info, profile)),
        };
        rows.map(|rows| Self { orientation, ..rows })
    }

    /// The whole image as it is stored.
    pub(super) fn frame(self) -> Result<Frame, CodecError> {
        let (pixels, channels) = (self.info.pixels, self.channels);
        if let Content::Whole(bytes) = self.pixels {
            return Ok(Frame { pixels, channels, bytes });
        }
        let mut bytes = Vec::with_capacity(row_bytes(&self.info, channels) * pixels.height as usize);
        self.for_each(|row| bytes.extend_from_slice(row))?;
        Ok(Frame { pixels, channels, bytes })
    }

    /// Passes on every row, or fails. Rows before a failure were passed on.
    pub(super) fn for_each(self, mut each: impl FnMut(&[u8])) -> Result<(), CodecError> {
        let row_bytes = row_bytes(&self.info, self.channels);
        match self.pixels {
            Content::Whole(bytes) => bytes.chunks_exact(row_bytes).for_each(each),
            Content::Coming(mut reader) => {
                let mut missing = self.info.pixels.height;
                // Goes on past the last row, because the checksum comes after it.
                while let Some(row) = reader.next_row().map_err(|error| from_png(&self.info, error))? {
                    if missing == 0 || row.data().len() != row_bytes {
                        return Err(undecodable(&self.info, "its rows are not as its header says"));
                    }
                    missing -= 1;
                    each(row.data());
                }
                if missing > 0 {
                    return Err(undecodable(&self.info, "rows are missing"));
                }
            }
        }
        Ok(())
    }
}

/// What is to be done to an image to see it upright; decodes nothing but headers, so that what no
/// decoder takes is refused.
pub(super) fn orientation<R: Read + Seek>(
    mut source: R,
    info: &ImageInfo,
) -> Result<Orientation, CodecError> {
    let orientation = metadata::orientation(&mut source, info.format);
    source.rewind().map_err(CodecError::ReadFailed)?;
    let source = BufReader::with_capacity(1 << 16, source);
    let read = match info.format {
        ImageFormat::Png => open_png(source, info, false).map(|_| ()),
        ImageFormat::Jpeg => JpegDecoder::new(source).map(|_| ()).map_err(|error| from_image(info, error)),
        ImageFormat::Webp => WebPDecoder::new(source).map(|_| ()).map_err(|error| from_image(info, error)),
        ImageFormat::Gif => Ok(()),
    };
    read.map(|()| orientation)
}

fn open_png<R: Read + Seek>(
    source: BufReader<R>,
    info: &ImageInfo,
    profile: bool,
) -> Result<Rows<R>, CodecError> {
    let mut decoder = png::Decoder::new_with_limits(source, png::Limits { bytes: PNG_BYTES });
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(!profile);
    let mut reader = decoder.read_info().map_err(|error| from_png(info, error))?;
    check_same(info, reader.info().size())?;
    let channels = match reader.output_color_type() {
        (png::ColorType::Grayscale, png::BitDepth::Eight) => Channels::Grey,
        (png::ColorType::GrayscaleAlpha, png::BitDepth::Eight) => Channels::GreyAlpha,
        (png::ColorType::Rgb, png::BitDepth::Eight) => Channels::Rgb,
        (png::ColorType::Rgba, png::BitDepth::Eight) => Channels::Rgba,
        _ => return Err(undecodable(info, "its colours cannot be made 8 bits deep")),
    };
    let profile = if profile { of_png(reader.info()) } else { None };
    let pixels = if reader.info().interlaced {
        let mut bytes = vec![0; row_bytes(info, channels) * info.pixels.height as usize];
        reader.next_frame(&mut bytes).map_err(|error| from_png(info, error))?;
        Content::Whole(bytes)
    } else {
        Content::Coming(Box::new(reader))
    };
    Ok(Rows { channels, orientation: Orientation::NoTransforms, profile, info: *info, pixels })
}

fn whole<R: Read + Seek>(
    mut decoder: impl ImageDecoder,
    info: &ImageInfo,
    profile: bool,
) -> Result<Rows<R>, CodecError> {
    check_same(info, decoder.dimensions())?;
    let channels = match decoder.color_type() {
        image::ColorType::L8 => Channels::Grey,
        image::ColorType::La8 => Channels::GreyAlpha,
        image::ColorType::Rgb8 => Channels::Rgb,
        image::ColorType::Rgba8 => Channels::Rgba,
        _ => return Err(undecodable(info, "its colours are not 8 bits deep")),
    };
    let mut limits = image::Limits::default();
    limits.max_image_width = Some(LONGEST_EDGE);
    limits.max_image_height = Some(LONGEST_EDGE);
    limits.max_alloc = Some(WHOLE_BYTES);
    decoder.set_limits(limits).map_err(|error| from_image(info, error))?;
    let profile = if profile { decoder.icc_profile().unwrap_or(None) } else { None };
    let mut bytes = vec![0; row_bytes(info, channels) * info.pixels.height as usize];
    decoder.read_image(&mut bytes).map_err(|error| from_image(info, error))?;
    let orientation = Orientation::NoTransforms; // until the file's own is known
    Ok(Rows { channels, orientation, profile, info: *info, pixels: Content::Whole(bytes) })
}

fn row_bytes(info: &ImageInfo, channels: Channels) -> usize {
    info.pixels.width as usize * channels.count()
}

/// Refuses an image whose decoder sees another size than was inspected.
fn check_same(info: &ImageInfo, (width, height): (u32, u32)) -> Result<(), CodecError> {
    if (info.pixels.width, info.pixels.height) == (width, height) {
        return Ok(());
    }
    Err(undecodable(info, "its headers disagree about its size"))
}

fn undecodable(info: &ImageInfo, reason: &str) -> CodecError {
    CodecError::Undecodable(info.format, reason.to_owned())
}

fn from_reading(info: &ImageInfo, error: std::io::Error) -> CodecError {
    match error.kind() {
        std::io::ErrorKind::UnexpectedEof => CodecError::CutShort(info.format),
        _ => CodecError::ReadFailed(error),
    }
}

fn from_png(info: &ImageInfo, error: png::DecodingError) -> CodecError {
    match error {
        png::DecodingError::IoError(error) => from_reading(info, error),
        other => CodecError::Undecodable(info.format, other.to_string()),
    }
}

fn from_image(info: &ImageInfo, error: image::ImageError) -> CodecError {
    match error {
        image::ImageError::IoError(error) => from_reading(info, error),
        other => CodecError::Undecodable(info.format, other.to_string()),
    }
}

/// The rows of an image in memory.
pub(super) fn rows_of<'a>(bytes: &'a [u8], info: &ImageInfo) -> Result<Rows<Cursor<&'a [u8]>>, CodecError> {
    Rows::open(Cursor::new(bytes), info)
}
