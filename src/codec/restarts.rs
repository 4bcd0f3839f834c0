//! Encodes a JPEG in strips on all processors and joins them. A decoder begins anew after each restart marker (ITU-T
//! T.81, E.1.4), so the strips are the same image, pixel for pixel, as one that was encoded in one piece.
//!
//! It does not know quality or colour: the caller sets the encoder up.

use std::num::NonZero;
use std::thread;

use super::fit::Frame;

/// Below so many pixels a second thread costs more than it brings.
const WORTHWHILE_PIXELS: u64 = 512 * 1024;

/// The most strips of one image: more gain little, because one thread joins them.
const MOST_STRIPS: usize = 8;

/// The most units between restart markers that a file can state.
const MOST_UNITS: usize = 0xffff;

/// Encodes strips of `unit` rows and columns, the edge of the block that the encoder takes together. `write` receives the
/// bytes of rows, how many rows there are, and after how many units it begins anew; 0 is never.
pub(super) fn in_strips<Error: Send>(
    frame: &Frame,
    unit: usize,
    write: impl Fn(&[u8], u16, u16) -> Result<Vec<u8>, Error> + Sync,
) -> Result<Vec<u8>, Error> {
    let processors = thread::available_parallelism().map_or(1, NonZero::get).min(MOST_STRIPS);
    let row_bytes = frame.pixels.width as usize * frame.channels.count();
    let units_per_row = (frame.pixels.width as usize).div_ceil(unit).max(1);
    let rows_of_units = (frame.pixels.height as usize).div_ceil(unit);
    let strips = rows_of_units.max(1).div_ceil(MOST_UNITS / units_per_row).next_multiple_of(processors);
    let rows = rows_of_units.div_ceil(strips) * unit;
    let strip = |bytes: &[u8], interval: u16| {
        let rows = u16::try_from(bytes.len() / row_bytes.max(1)).unwrap_or(u16::MAX);
        write(bytes, rows, interval)
    };
    let interval = u16::try_from(rows / unit * units_per_row).unwrap_or(0);
    if frame.pixels.count() < WORTHWHILE_PIXELS || strips == 1 || interval == 0 {
        return strip(&frame.bytes, 0);
    }
    let strip = &strip;
    let files = thread::scope(|scope| {
        let chunks = frame.bytes.chunks(row_bytes * rows);
        let writing: Vec<_> = chunks.map(|chunk| scope.spawn(move || strip(chunk, interval))).collect();
        let files = writing.into_iter().map(|thread| thread.join().ok());
        files.collect::<Option<Result<Vec<_>, Error>>>()
    });
    let joined = match files.transpose()? {
        Some(files) => joined(files, frame.pixels.height),
        None => None, // a thread that panicked
    };
    joined.map_or_else(|| strip(&frame.bytes, 0), Ok)
}

/// The strips as one file of this height; `None` where one is not as encoders write them.
fn joined(files: Vec<Vec<u8>>, height: u32) -> Option<Vec<u8>> {
    let height = u16::try_from(height).ok()?.to_be_bytes();
    let mut files = files.into_iter();
    let mut whole = files.next()?;
    let (height_at, _) = places(&whole)?;
    whole.get_mut(height_at..)?.first_chunk_mut().map(|bytes| *bytes = height)?;
    for (marker, file) in (0xd0..=0xd7).cycle().zip(files) {
        let (_, scan_at) = places(&file)?;
        let end = whole.len().checked_sub(2)?; // without the mark of its end
        whole.truncate(end);
        whole.extend([0xff, marker]);
        whole.extend_from_slice(file.get(scan_at..)?);
    }
    Some(whole)
}

/// Where a file states its height, and where its only scan begins.
fn places(file: &[u8]) -> Option<(usize, usize)> {
    let (mut at, mut height_at) = (2, None);
    loop {
        let [0xff, marker, high, low] = *file.get(at..)?.first_chunk()? else { return None };
        let end = at + 2 + usize::from(u16::from_be_bytes([high, low]));
        match marker {
            0xc0 => height_at = Some(at + 5),
            0xda => return Some((height_at?, end)),
            _ => {}
        }
        at = end;
    }
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "small numbers")]
mod tests {
    use jpeg_encoder::{ChromaSubsamplingMethod, ColorType, Encoder, SamplingFactor};

    use crate::codec::encode::{Colour, jpeg};
    use crate::codec::fit::{Channels, Frame};
    use crate::domain::Pixels;

    fn frame(width: u32, height: u32, channels: Channels) -> Frame {
        let noise = (0..width * height * channels.count() as u32).map(|at| {
            let (x, y) = (at / 3 % width, at / 3 / width);
            ((x * y / 500) as u8).wrapping_add((at % 7) as u8 * 3)
        });
        Frame { pixels: Pixels::new(width, height), channels, bytes: noise.collect() }
    }

    fn decoded(file: &[u8]) -> image::DynamicImage {
        image::load_from_memory_with_format(file, image::ImageFormat::Jpeg).unwrap()
    }

    #[test]
    fn strips_are_the_image_in_one_piece() {
        for (width, height, channels, colour) in [
            (1201, 777, Channels::Rgb, Colour::Full),
            (1201, 777, Channels::Rgb, Colour::Quarter),
            (33, 30_011, Channels::Rgb, Colour::Full), // more strips than there are markers
            (16, 65_000, Channels::Grey, Colour::Full),
            (4000, 3001, Channels::Rgb, Colour::Full), // more units than an interval can state
            (1024, 1024, Channels::Rgba, Colour::Quarter),
        ] {
            let frame = frame(width, height, channels);
            let file = jpeg(&frame, Some(b"a profile"), 90, colour).unwrap();
            assert!(memchr::memmem::find(&file, &[0xff, 0xd0]).is_some(), "it was written in strips");
            let sampling = match colour {
                Colour::Quarter => SamplingFactor::F_2_2,
                Colour::Full => SamplingFactor::F_1_1,
            };
            let form = match channels {
                Channels::Grey => ColorType::Luma,
                Channels::Rgb => ColorType::Rgb,
                _ => ColorType::Rgba,
            };
            let mut plain = Vec::new();
            let mut encoder = Encoder::new(&mut plain, 90);
            encoder.set_sampling_factor(sampling);
            encoder.set_chroma_subsampling_method(ChromaSubsamplingMethod::Average);
            encoder.encode(&frame.bytes, width as u16, height as u16, form).unwrap();
            assert!(decoded(&file) == decoded(&plain), "{width}x{height} {channels:?} {colour:?}");
        }
    }

    #[test]
    fn a_small_image_is_written_in_one_piece() {
        let file = jpeg(&frame(64, 48, Channels::Rgb), None, 90, Colour::Full).unwrap();
        assert!(memchr::memmem::find(&file, &[0xff, 0xdd]).is_none(), "no restarts");
        assert_eq!(decoded(&file).width(), 64);
    }
}
