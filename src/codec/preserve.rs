//! Puts back what an inpainting was not to change: outside the mask the original's pixels,
//! inside it the model's, and at a soft edge a mixture of their light.
//!
//! A model takes a mask for a hint: it repaints the whole image, in a size of its own. Here
//! its image is fitted to the original's size and counted in the original's colours, and
//! what it had changed outside the mask is measured.

use std::io::{Read, Seek};

use super::CodecError;
use super::blend::Light;
use super::colour::{converted, other_than_srgb};
use super::decode::Rows;
use super::encode::{self, Colour};
use super::fit::{Channels, Frame};
use super::inspect::{PngForm, inspect, inspect_bytes};
use super::mask::{Marks, light};
use super::orient::upright_size;
use super::resize::{Kernel, resized};
use super::shift::{Plane, shift};
use crate::domain::{ImageFormat, Pixels};

/// A channel that differs by more, of 255, is taken for repainted: compression and another
/// decoder leave less.
const VISIBLE: u8 = 16;

/// What is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// PNG and WebP keep every pixel; `None` is PNG.
    pub format: Option<ImageFormat>,
    /// The quality of a JPEG, 0 to 100; `None` is 92.
    pub percent: Option<u8>,
}

/// What the model had done to what it was to keep.
#[derive(Clone, Debug, PartialEq)]
pub struct Changed {
    /// The size of the result, the original's.
    pub pixels: Pixels,
    /// Its format.
    pub format: ImageFormat,
    /// The size of what the model sent, where it was another.
    pub fitted_from: Option<Pixels>,
    /// Of the pixels outside the mask, the percentage visibly changed by the model.
    pub outside_percent: f64,
    /// By how much they differ on average, of 255.
    pub outside_mean: f64,
    /// By how many pixels, to the right and down, the whole image had moved.
    pub shift: Option<(i32, i32)>,
    /// Whether something was transparent, which the format cannot hold, and is on white now.
    pub on_white: bool,
    /// Whether the original has 16 bits a channel, of which the result keeps 8.
    pub halved: bool,
}

/// The image that `raw` holds, with everything outside the marks put back as it is in
/// `original`. Takes a second for the largest images: not for an async task.
///
/// # Errors
/// What reading either image says, `MaskSize` for marks of another size than the original,
/// and `Unencodable`.
pub fn preserve(
    original: &[u8],
    marks: &Marks,
    mut raw: impl Read + Seek,
    form: Form,
) -> Result<(Vec<u8>, Changed), CodecError> {
    let info = inspect_bytes(original)?;
    let rows = Rows::open_with_profile(std::io::Cursor::new(original), &info)?;
    let pixels = upright_size(info.pixels, rows.orientation);
    if pixels != marks.pixels {
        return Err(CodecError::MaskSize { mask: marks.pixels, image: pixels });
    }
    let profile = other_than_srgb(rows.profile.clone(), rows.channels);
    // A grey profile says nothing of the colours that the model may have added.
    let grey = matches!(rows.channels, Channels::Grey | Channels::GreyAlpha);
    let (kept_profile, own) = if grey { (None, profile) } else { (profile, None) };

    let (painted, size) = painted(&mut raw, pixels, kept_profile.as_deref())?;
    let mut canvas = Canvas::new(painted, rows.channels.has_alpha(), marks)?;
    let orientation = rows.orientation;
    if orientation == image::metadata::Orientation::NoTransforms && own.is_none() {
        let channels = rows.channels;
        rows.for_each(|row| canvas.put_back(row, channels))?;
    } else {
        let frame = converted(rows.frame()?.upright(orientation, &info)?, own.as_deref(), None);
        let row = frame.pixels.width as usize * frame.channels.count();
        frame.bytes.chunks_exact(row.max(1)).for_each(|row| canvas.put_back(row, frame.channels));
    }
    let (frame, outside_percent, outside_mean, shift) = canvas.finish();
    let format = form.format.unwrap_or(ImageFormat::Png);
    let mut on_white = false;
    let bytes = match format {
        ImageFormat::Jpeg => {
            let frame = frame.without_idle_alpha();
            on_white = frame.channels.has_alpha();
            let percent = form.percent.unwrap_or(92);
            encode::jpeg(&frame.on_white(), kept_profile.as_deref(), percent, Colour::Full)?
        }
        ImageFormat::Webp => encode::webp(&frame, kept_profile.as_deref())?,
        ImageFormat::Png | ImageFormat::Gif => {
            encode::png(&frame, kept_profile.as_deref(), png::Compression::Fast)?
        }
    };
    let format = if format == ImageFormat::Gif { ImageFormat::Png } else { format };
    let fitted_from = (size != pixels).then_some(size);
    let halved =
        info.format == ImageFormat::Png && PngForm::of(original).is_some_and(|form| form.depth == 16);
    let changed =
        Changed { pixels, format, fitted_from, outside_percent, outside_mean, shift, on_white, halved };
    Ok((bytes, changed))
}

/// What the model sent, in three or four channels, in this size and these colours, and the
/// size it came in.
fn painted(
    raw: &mut (impl Read + Seek),
    pixels: Pixels,
    profile: Option<&[u8]>,
) -> Result<(Frame, Pixels), CodecError> {
    let info = inspect(&mut *raw)?;
    let rows = Rows::open_with_profile(raw, &info)?;
    let (orientation, own) = (rows.orientation, other_than_srgb(rows.profile.clone(), rows.channels));
    let frame = rows.frame()?.upright(orientation, &info)?;
    let size = frame.pixels;
    let frame = resized(frame, pixels, Kernel::Cubic)?;
    Ok((converted(frame.coloured(), own.as_deref(), profile), size))
}

impl Frame {
    /// The same in three channels, or four where it has alpha.
    fn coloured(self) -> Self {
        let (channels, bytes) = match self.channels {
            Channels::Grey => (Channels::Rgb, self.bytes.iter().flat_map(|grey| [*grey; 3]).collect()),
            Channels::GreyAlpha => {
                let (pixels, _) = self.bytes.as_chunks::<2>();
                (
                    Channels::Rgba,
                    pixels.iter().flat_map(|[grey, alpha]| [*grey, *grey, *grey, *alpha]).collect(),
                )
            }
            Channels::Rgb | Channels::Rgba => return self,
        };
        Self { channels, bytes, ..self }
    }

    fn with_alpha(self) -> Self {
        if self.channels != Channels::Rgb {
            return self;
        }
        let (pixels, _) = self.bytes.as_chunks::<3>();
        let bytes = pixels.iter().flat_map(|[red, green, blue]| [*red, *green, *blue, u8::MAX]).collect();
        Self { channels: Channels::Rgba, bytes, ..self }
    }
}

/// What the model painted, while the original's rows are put back into it from the top.
struct Canvas<'a> {
    frame: Frame,
    marks: &'a [u8],
    light: Light,
    /// The first row not yet put back.
    row: usize,
    outside: Outside,
    original: Plane,
    sent: Plane,
}

/// What was found outside the marks.
#[derive(Default)]
struct Outside {
    pixels: u64,
    changed: u64,
    sum: u64,
}

impl<'a> Canvas<'a> {
    fn new(painted: Frame, alpha: bool, marks: &'a Marks) -> Result<Self, CodecError> {
        let frame = if alpha { painted.with_alpha() } else { painted };
        let (width, height) = (frame.pixels.width as usize, frame.pixels.height as usize);
        if frame.bytes.len() != width * height * frame.channels.count() || marks.bytes.len() != width * height
        {
            return Err(CodecError::MaskSize { mask: marks.pixels, image: frame.pixels });
        }
        Ok(Self {
            frame,
            marks: &marks.bytes,
            light: Light::new(),
            row: 0,
            outside: Outside::default(),
            original: Plane::new(width, height),
            sent: Plane::new(width, height),
        })
    }

    /// Takes the original's next row.
    fn put_back(&mut self, original: &[u8], channels: Channels) {
        match channels {
            Channels::Grey => self.put(original, |[grey]: [u8; 1]| [grey, grey, grey, u8::MAX]),
            Channels::GreyAlpha => self.put(original, |[grey, alpha]: [u8; 2]| [grey, grey, grey, alpha]),
            Channels::Rgb => self.put(original, |[red, green, blue]: [u8; 3]| [red, green, blue, u8::MAX]),
            Channels::Rgba => self.put(original, |pixel: [u8; 4]| pixel),
        }
        self.row += 1;
    }

    fn put<const N: usize>(&mut self, original: &[u8], read: impl Fn([u8; N]) -> [u8; 4]) {
        if self.frame.channels == Channels::Rgba {
            self.put_into::<N, 4>(original, read, |pixel| pixel, |pixel| pixel);
        } else {
            let full = |[red, green, blue]: [u8; 3]| [red, green, blue, u8::MAX];
            self.put_into::<N, 3>(original, read, full, |[red, green, blue, _]| [red, green, blue]);
        }
    }

    fn put_into<const N: usize, const M: usize>(
        &mut self,
        original: &[u8],
        read: impl Fn([u8; N]) -> [u8; 4],
        full: impl Fn([u8; M]) -> [u8; 4],
        short: impl Fn([u8; 4]) -> [u8; M],
    ) {
        let width = self.frame.pixels.width as usize;
        let (row, next) = (self.row * width, (self.row + 1) * width);
        let Some(marks) = self.marks.get(row..next) else { return };
        let Some(painted) = self.frame.bytes.get_mut(row * M..next * M) else { return };
        let (painted, _) = painted.as_chunks_mut::<M>();
        let (original, _) = original.as_chunks::<N>();
        for ((painted, original), mark) in painted.iter_mut().zip(original).zip(marks) {
            let (theirs, ours) = (full(*painted), read(*original));
            let kept = *mark == 0;
            if kept {
                self.outside.note(ours, theirs);
            }
            self.original.push(lightness(ours), kept);
            self.sent.push(lightness(theirs), kept);
            *painted = match mark {
                0 => short(ours),
                &u8::MAX => continue,
                mark => short(self.light.mix(ours, theirs, *mark)),
            };
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "averages for people")]
    fn finish(self) -> (Frame, f64, f64, Option<(i32, i32)>) {
        let Outside { pixels, changed, sum } = self.outside;
        let of = |part: u64, whole: u64| part as f64 / whole.max(1) as f64;
        let shift = shift(&self.original, &self.sent);
        (self.frame, of(changed, pixels) * 100.0, of(sum, pixels * 3), shift)
    }
}

impl Outside {
    fn note(&mut self, ours: [u8; 4], theirs: [u8; 4]) {
        self.pixels += 1;
        if matches!((ours, theirs), ([.., 0], [.., 0])) {
            return; // what cannot be seen has not changed, whatever its colour
        }
        let differences = ours.into_iter().zip(theirs).map(|(ours, theirs)| ours.abs_diff(theirs));
        self.changed += u64::from(differences.clone().any(|difference| difference > VISIBLE));
        self.sum += differences.map(u64::from).sum::<u64>();
    }
}

fn lightness([red, green, blue, _]: [u8; 4]) -> u8 {
    light(red, green, blue)
}

#[cfg(test)]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "small numbers"
)]
mod tests;
