//! What to paint, and how reference images and a mask enter the image.

use fast_image_resize::images::Image;
use fast_image_resize::{MulDiv, PixelType};
use image::DynamicImage;
use image::imageops::FilterType;
use tiny_skia::{
    BlendMode, FillRule, IntSize, Mask, MaskType, Paint, Pixmap, PixmapPaint, PixmapRef, Transform,
};

use super::brush::{color, edge, extent, fill, mix, rectangle, solid, sticker, stroke};
use super::caption::caption;
use super::choices::PromptChoices;
use super::scene::{backdrop, shore};
use super::subject::subject;
use crate::domain::Pixels;

/// How finely an image is painted: the number of ranges of hills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum Detail {
    /// In blocks of a few pixels.
    Coarse = 3,
    /// Smooth.
    Plain = 4,
    /// Smooth, with more to see and with grain, which makes a file as large as real ones are.
    Fine = 6,
}

/// A word in the prompt of an inpainting: the image outside the mask changes too, as with real
/// models. It is tinted and moved by a few pixels.
const LOOSELY: &str = "loosely";

/// One image to paint.
#[derive(Clone, Copy, Debug)]
pub(in crate::sandbox) struct PaintRequest<'a> {
    /// Decides the image and is written on it.
    pub prompt: &'a str,
    /// The size, each edge at least 1.
    pub size: Pixels,
    pub detail: Detail,
    /// Whether the background is cut away.
    pub transparent: bool,
    /// Images to edit: the first is the backdrop, the others lie on it in frames.
    pub references: &'a [DynamicImage],
    /// Where its alpha is 0 the first reference is painted anew, where it is 255 it stays.
    pub mask: Option<&'a DynamicImage>,
    /// Tells the images of one request apart.
    pub variation: u32,
}

impl PaintRequest<'_> {
    /// Paints the image; the same request is the same image. `None` for a size that does not fit
    /// into memory.
    pub(in crate::sandbox) fn paint(&self) -> Option<Pixmap> {
        if let (Some(first), Some(mask)) = (self.references.first(), self.mask) {
            return self.inpaint(first, mask);
        }
        let Pixels { width, height } = self.size;
        let block = if self.detail == Detail::Coarse { (width.min(height) / 400).max(2) } else { 1 };
        let mut canvas = self.landscape(width.div_ceil(block), height.div_ceil(block))?;
        if block > 1 {
            let (small, scale) = (canvas, Transform::from_scale(edge(block), edge(block)));
            canvas = Pixmap::new(width, height)?;
            canvas.draw_pixmap(0, 0, small.as_ref(), &PixmapPaint::default(), scale, None);
        }
        if self.detail == Detail::Fine {
            grain(&mut canvas)?;
        }
        let accent = PromptChoices::of(self.prompt, self.variation).accent;
        let inset = if self.transparent { width.min(height) / 7 } else { 0 };
        caption(&mut canvas, self.prompt, accent, inset);
        if self.transparent {
            cut_out(&mut canvas)?;
        }
        Some(canvas)
    }

    /// The landscape of the prompt, or its shore and subject in front of the first reference.
    fn landscape(&self, width: u32, height: u32) -> Option<Pixmap> {
        let mut choices = PromptChoices::of(self.prompt, self.variation);
        let mut canvas = Pixmap::new(width, height)?;
        let Some((first, others)) = self.references.split_first() else {
            backdrop(&mut canvas, &mut choices, self.detail as u8);
            shore(&mut canvas, &mut choices);
            let left = !choices.lit_from_left;
            subject(&mut canvas, &mut choices, left);
            return Some(canvas);
        };
        canvas.fill(color(choices.sky.1, 1.0));
        let first = pixels(&first.resize_to_fill(width, height, FilterType::Triangle))?;
        lay(&mut canvas, &first, (0.0, 0.0));
        let tint = solid(mix(choices.sky.0, choices.sky.1, 0.6), 0.6);
        cover(&mut canvas, &Paint { blend_mode: BlendMode::Multiply, ..tint });
        shore(&mut canvas, &mut choices);
        // At the left, where no print lies.
        subject(&mut canvas, &mut choices, true);
        prints(&mut canvas, others)?;
        Some(canvas)
    }

    /// The first reference, painted anew where the mask is transparent and nowhere else, unless
    /// the prompt says `loosely`.
    fn inpaint(&self, first: &DynamicImage, mask: &DynamicImage) -> Option<Pixmap> {
        let Pixels { width, height } = self.size;
        let fitted = |image: &DynamicImage, filter| {
            let fits = (image.width(), image.height()) == (width, height);
            if fits { image.clone() } else { image.resize_exact(width, height, filter) }
        };
        let mut canvas = pixels(&fitted(first, FilterType::Triangle))?;
        if self.prompt.to_lowercase().contains(LOOSELY) {
            let original = canvas.clone();
            lay(&mut canvas, &original, (5.0, 3.0));
            cover(&mut canvas, &solid(PromptChoices::of(self.prompt, self.variation).sky.1, 0.15));
        }
        let mask = fitted(mask, FilterType::Nearest).to_rgba8();
        let mut open = Mask::from_pixmap(PixmapRef::from_bytes(&mask, width, height)?, MaskType::Alpha);
        open.invert();
        let Some((left, top, right, bottom)) = opening(&open) else { return Some(canvas) };
        let size = Pixels::new(right - left, bottom - top);
        let scene =
            PaintRequest { references: &[], mask: None, transparent: false, size, ..*self }.paint()?;
        let place = Transform::from_translate(edge(left), edge(top));
        canvas.draw_pixmap(0, 0, scene.as_ref(), &PixmapPaint::default(), place, Some(&open));
        Some(canvas)
    }
}

/// Lays an image on the canvas with its top left corner at a place.
fn lay(canvas: &mut Pixmap, image: &Pixmap, (left, top): (f32, f32)) {
    let place = Transform::from_translate(left, top);
    canvas.draw_pixmap(0, 0, image.as_ref(), &PixmapPaint::default(), place, None);
}

/// Paints over the whole canvas.
fn cover(canvas: &mut Pixmap, paint: &Paint<'_>) {
    let (width, height) = extent(canvas);
    fill(canvas, rectangle(0.0, 0.0, width, height), paint);
}

/// The pixels of an image as the drawing library holds them.
fn pixels(image: &DynamicImage) -> Option<Pixmap> {
    let (width, height) = (image.width(), image.height());
    let mut pixels = Image::from_vec_u8(width, height, image.to_rgba8().into_raw(), PixelType::U8x4).ok()?;
    if image.color().has_alpha() {
        MulDiv::new().multiply_alpha_inplace(&mut pixels).ok()?;
    }
    Pixmap::from_vec(pixels.into_vec(), IntSize::from_wh(width, height)?)
}

/// The box that holds every pixel a mask opens: left, top, right, bottom, the last two outside.
fn opening(mask: &Mask) -> Option<(u32, u32, u32, u32)> {
    let rows = mask.data().chunks_exact(mask.width() as usize);
    let open = |coverage: &u8| *coverage > 0;
    let left = rows.clone().filter_map(|row| row.iter().position(open)).min()?;
    let right = rows.clone().filter_map(|row| row.iter().rposition(open)).max()? + 1;
    let top = rows.clone().position(|row| row.iter().any(open))?;
    let bottom = rows.clone().rposition(|row| row.iter().any(open))? + 1;
    let pixels = |place: usize| u32::try_from(place).ok();
    Some((pixels(left)?, pixels(top)?, pixels(right)?, pixels(bottom)?))
}

/// Lays the other references along the top, from the right, as framed prints in rows of four.
fn prints(canvas: &mut Pixmap, others: &[DynamicImage]) -> Option<()> {
    let short = canvas.width().min(canvas.height());
    let cell = (short * if others.len() > 4 { 15 } else { 24 } / 100).max(1);
    let (gap, frame) = (short / 40, edge((short / 140).max(1)));
    for (index, image) in (0_u32..).zip(others) {
        let print = pixels(&image.thumbnail(cell, cell))?;
        let left = edge(canvas.width().saturating_sub((index % 4 + 1) * (cell + gap)));
        let top = edge(gap + index / 4 * (cell + gap));
        let (wide, tall) = (edge(print.width()) + 2.0 * frame, edge(print.height()) + 2.0 * frame);
        for (aside, paint) in [(frame, solid(0, 0.28)), (0.0, solid(0xFF_FDF8, 1.0))] {
            fill(canvas, rectangle(left - frame + aside, top - frame + aside, wide, tall), &paint);
        }
        lay(canvas, &print, (left, top));
    }
    Some(())
}

/// Keeps a sticker with a white rim and makes the rest transparent.
fn cut_out(canvas: &mut Pixmap) -> Option<()> {
    let (width, height) = extent(canvas);
    let short = width.min(height);
    let shape = sticker((width, height), short * 0.05)?;
    let mut kept = Mask::new(canvas.width(), canvas.height())?;
    kept.fill_path(&shape, FillRule::Winding, true, Transform::identity());
    // The outer half of the line is cut away with the background.
    stroke(canvas, Some(shape), short * 0.05, &solid(0xFF_FFFF, 1.0));
    canvas.apply_mask(&kept);
    Some(())
}

/// Darkens every pixel a little, by noise that is the same in every image.
fn grain(canvas: &mut Pixmap) -> Option<()> {
    let size = IntSize::from_wh(canvas.width(), canvas.height())?;
    let mut noise = vec![0; size.width() as usize * size.height() as usize];
    blake3::Hasher::new().finalize_xof().fill(&mut noise);
    let all = rectangle(0.0, 0.0, edge(size.width()), edge(size.height()))?;
    let (noise, black) = (Mask::from_vec(noise, size)?, solid(0, 0.035));
    canvas.fill_path(&all, &black, FillRule::Winding, Transform::identity(), Some(&noise));
    Some(())
}
