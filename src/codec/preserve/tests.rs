use std::io::Cursor;

use image::metadata::Orientation;
use image::{
    DynamicImage, GenericImageView as _, ImageEncoder as _, ImageFormat as Codec, Rgb, RgbImage, Rgba,
};
use moxcms::ColorProfile;

use super::*;
use crate::codec::{Extent, Region, Regions, Units};

const SIZE: Pixels = Pixels::new(160, 120);

fn file(image: &DynamicImage, codec: Codec) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, codec).unwrap();
    bytes.into_inner()
}

/// A scene that goes on beyond its frame, seen from an offset.
fn scene(width: u32, height: u32, (dx, dy): (i32, i32)) -> DynamicImage {
    let shade = |x: i32, y: i32, k: f64| {
        let (x, y) = (f64::from(x - dx), f64::from(y - dy));
        (128.0 + 80.0 * (x / (7.0 + k)).sin() * (y / (9.0 - k)).cos() + 30.0 * ((x + 2.0 * y) / 31.0).sin())
            as u8
    };
    RgbImage::from_fn(width, height, |x, y| {
        let (x, y) = (x as i32, y as i32);
        Rgb([shade(x, y, 0.0), shade(x, y, 1.0), shade(x, y, 2.0)])
    })
    .into()
}

fn marks(extent: Extent, feather: u32) -> Marks {
    let regions = Regions { shapes: vec![Region::Box(extent)], units: Units::Pixels };
    Marks::of_regions(&regions, SIZE).unwrap().feathered(feather)
}

const MIDDLE: Extent = Extent { x: 40.0, y: 30.0, width: 80.0, height: 60.0 };

fn in_middle(x: u32, y: u32) -> bool {
    (40..120).contains(&x) && (30..90).contains(&y)
}

fn preserved(original: &[u8], marks: &Marks, raw: Vec<u8>) -> (DynamicImage, Changed) {
    let (bytes, changed) = preserve(original, marks, Cursor::new(raw), Form::default()).unwrap();
    assert_eq!(changed.format, ImageFormat::Png);
    (image::load_from_memory(&bytes).unwrap(), changed)
}

#[test]
fn outside_the_mask_every_pixel_is_the_originals_and_inside_the_models() {
    let (original, painted) = (scene(160, 120, (0, 0)), scene(160, 120, (50, 90)));
    let cases = [
        ("RGB", original.clone(), painted.clone()),
        ("RGBA over RGB", original.clone(), painted.to_rgba8().into()),
        ("RGB over RGBA", original.to_rgba8().into(), painted.clone()),
        ("grey over RGB", original.clone(), painted.to_luma8().into()),
        ("RGB over grey", original.to_luma8().into(), painted.clone()),
        ("grey and alpha", original.to_luma_alpha8().into(), painted.to_luma_alpha8().into()),
    ];
    for (name, original, painted) in cases {
        let (result, changed) =
            preserved(&file(&original, Codec::Png), &marks(MIDDLE, 0), file(&painted, Codec::Png));
        assert_eq!((changed.pixels, changed.fitted_from), (SIZE, None), "{name}");
        let [original, painted] = [original, painted].map(|image| image.to_rgba8());
        for (x, y, pixel) in result.to_rgba8().enumerate_pixels() {
            let from = if in_middle(x, y) { &painted } else { &original };
            assert_eq!(pixel, from.get_pixel(x, y), "{name} at {x},{y}");
        }
    }
}

#[test]
fn the_figure_says_how_much_the_model_changed_outside() {
    let original = scene(160, 120, (0, 0));
    let bytes = file(&original, Codec::Png);
    let (_, same) = preserved(&bytes, &marks(MIDDLE, 0), bytes.clone());
    assert_eq!((same.outside_percent, same.outside_mean, same.shift), (0.0, 0.0, None));
    let mut touched = original.to_rgb8();
    for (x, _, pixel) in touched.enumerate_pixels_mut() {
        if x < 20 {
            *pixel = Rgb([pixel.0[0].wrapping_add(100), pixel.0[1], pixel.0[2]]);
        }
    }
    let (_, changed) = preserved(&bytes, &marks(MIDDLE, 0), file(&touched.into(), Codec::Png));
    let outside = 160.0 * 120.0 - 80.0 * 60.0;
    assert!((changed.outside_percent - 100.0 * 20.0 * 120.0 / outside).abs() < 1e-6, "{changed:?}");
    assert!(changed.outside_mean > 5.0 && changed.shift.is_none(), "{changed:?}");
    let compressed = file(&original, Codec::Jpeg);
    let (_, slight) = preserved(&bytes, &marks(MIDDLE, 0), compressed);
    assert!(slight.outside_percent < 12.0 && slight.outside_mean < 6.0, "{slight:?}");
}

#[test]
fn an_image_that_moved_as_a_whole_is_reported_with_its_offset() {
    let bytes = file(&scene(160, 120, (0, 0)), Codec::Png);
    let (result, changed) = preserved(&bytes, &marks(MIDDLE, 0), file(&scene(160, 120, (5, -3)), Codec::Png));
    assert_eq!(changed.shift, Some((5, -3)));
    assert_eq!(result.get_pixel(0, 0), image::load_from_memory(&bytes).unwrap().get_pixel(0, 0));
}

#[test]
fn what_came_in_another_size_is_fitted() {
    let bytes = file(&scene(160, 120, (0, 0)), Codec::Png);
    let large = scene(160, 120, (0, 0)).resize_exact(320, 240, image::imageops::FilterType::CatmullRom);
    for raw in [file(&large, Codec::Png), file(&large, Codec::WebP)] {
        let (result, changed) = preserved(&bytes, &marks(MIDDLE, 0), raw);
        assert_eq!(changed.fitted_from, Some(Pixels::new(320, 240)));
        assert_eq!((result.width(), result.height()), (160, 120));
        assert!(changed.outside_mean < 4.0, "{changed:?}");
        assert_eq!(result.get_pixel(3, 3), image::load_from_memory(&bytes).unwrap().get_pixel(3, 3));
    }
}

#[test]
fn a_soft_edge_mixes_light_inwards_only() {
    let solid = |value: u8| -> DynamicImage { RgbImage::from_pixel(160, 120, Rgb([value; 3])).into() };
    let (result, _) =
        preserved(&file(&solid(0), Codec::Png), &marks(MIDDLE, 20), file(&solid(255), Codec::Png));
    let along: Vec<u8> = (36..64).map(|x| result.get_pixel(x, 60).0[0]).collect();
    assert!(along.is_sorted() && along[..4] == [0; 4] && along[27] == 255, "{along:?}");
    // Ten pixels in, half of the light.
    assert!((180..=192).contains(&along[13]), "{along:?}");
}

#[test]
fn a_rotated_photo_is_preserved_upright() {
    let stored = scene(120, 160, (0, 0)).to_rgb8();
    let mut rotated = Vec::new();
    let mut encoder = png::Encoder::new(&mut rotated, 120, 160);
    encoder.set_color(png::ColorType::Rgb);
    let mut writer = encoder.write_header().unwrap();
    let exif = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    writer.write_chunk(png::chunk::eXIf, exif).unwrap();
    writer.write_image_data(&stored).unwrap();
    writer.finish().unwrap();
    let mut upright = DynamicImage::ImageRgb8(stored);
    upright.apply_orientation(Orientation::Rotate90);
    let (result, changed) =
        preserved(&rotated, &marks(MIDDLE, 0), file(&scene(160, 120, (9, 9)), Codec::Png));
    assert_eq!(changed.pixels, SIZE);
    assert_eq!(result.get_pixel(2, 100), upright.get_pixel(2, 100));
}

#[test]
fn the_colours_of_the_original_stay_and_the_models_are_counted_in_them() {
    let wide = ColorProfile::new_display_p3().encode().unwrap();
    let red = RgbImage::from_pixel(160, 120, Rgb([200, 60, 40]));
    let mut original = Vec::new();
    let mut encoder = image::codecs::png::PngEncoder::new(&mut original);
    encoder.set_icc_profile(wide.clone()).unwrap();
    encoder.write_image(&red, 160, 120, image::ExtendedColorType::Rgb8).unwrap();
    let raw = file(&red.clone().into(), Codec::Png);
    let (bytes, _) = preserve(&original, &marks(MIDDLE, 0), Cursor::new(raw), Form::default()).unwrap();
    let result = image::load_from_memory(&bytes).unwrap().to_rgb8();
    assert_eq!(*result.get_pixel(0, 0), Rgb([200, 60, 40]), "the number stays where nothing was painted");
    let painted = result.get_pixel(80, 60).0;
    assert!(
        painted[0] < 195 && painted[1] > 65,
        "a red of sRGB has other numbers in Display P3: {painted:?}"
    );
    let info = inspect_bytes(&bytes).unwrap();
    assert_eq!(Rows::open_with_profile(Cursor::new(&bytes[..]), &info).unwrap().profile, Some(wide));
}

#[test]
fn the_result_is_written_in_the_format_that_was_asked_for() {
    let (original, raw) =
        (file(&scene(160, 120, (0, 0)), Codec::Png), file(&scene(160, 120, (50, 9)), Codec::Png));
    for (format, exact) in [(ImageFormat::Png, true), (ImageFormat::Webp, true), (ImageFormat::Jpeg, false)] {
        let form = Form { format: Some(format), percent: Some(80) };
        let (bytes, changed) = preserve(&original, &marks(MIDDLE, 0), Cursor::new(&raw), form).unwrap();
        assert_eq!((ImageFormat::sniff(&bytes), changed.format), (Some(format), format));
        let result = image::load_from_memory(&bytes).unwrap();
        assert_eq!((result.width(), result.height()), (160, 120));
        if exact {
            assert_eq!(result.get_pixel(5, 5), scene(160, 120, (0, 0)).get_pixel(5, 5));
        }
    }
}

#[test]
fn transparency_of_either_image_is_kept() {
    let clear = DynamicImage::ImageRgba8(image::RgbaImage::from_pixel(160, 120, Rgba([9, 9, 9, 0])));
    let opaque = scene(160, 120, (0, 0));
    let (result, _) = preserved(&file(&opaque, Codec::Png), &marks(MIDDLE, 0), file(&clear, Codec::Png));
    assert_eq!((result.get_pixel(80, 60).0[3], result.get_pixel(0, 0).0[3]), (0, 255));
    let (result, _) = preserved(&file(&clear, Codec::Png), &marks(MIDDLE, 0), file(&opaque, Codec::Png));
    assert_eq!((result.get_pixel(80, 60).0[3], result.get_pixel(0, 0)), (255, Rgba([9, 9, 9, 0])));
}

#[test]
fn what_the_result_cannot_hold_of_the_original_is_told() {
    let hidden = image::RgbaImage::from_fn(160, 120, |x, _| Rgba([200, 0, 0, if x < 20 { 0 } else { 255 }]));
    let hidden = DynamicImage::ImageRgba8(hidden);
    let raw = file(&scene(160, 120, (0, 0)), Codec::Png);
    let written = |original: &DynamicImage, format| {
        let form = Form { format: Some(format), percent: None };
        preserve(&file(original, Codec::Png), &marks(MIDDLE, 0), Cursor::new(&raw), form).unwrap()
    };
    let (bytes, changed) = written(&hidden, ImageFormat::Jpeg);
    assert!(changed.on_white && !changed.halved);
    let seen = image::load_from_memory(&bytes).unwrap().get_pixel(4, 4);
    assert!(seen.0.iter().all(|level| *level > 250), "nothing hidden comes out: {seen:?}");
    assert!(!written(&hidden, ImageFormat::Png).1.on_white);
    assert!(!written(&scene(160, 120, (0, 0)), ImageFormat::Jpeg).1.on_white);
    assert!(written(&scene(160, 120, (0, 0)).to_rgb16().into(), ImageFormat::Png).1.halved);
}

#[test]
fn what_does_not_fit_together_is_refused() {
    let bytes = file(&scene(80, 60, (0, 0)), Codec::Png);
    let other = preserve(&bytes, &marks(MIDDLE, 0), Cursor::new(&bytes), Form::default());
    assert!(matches!(other, Err(CodecError::MaskSize { .. })));
    let right = file(&scene(160, 120, (0, 0)), Codec::Png);
    let cut = preserve(&right, &marks(MIDDLE, 0), Cursor::new(&right[..right.len() / 2]), Form::default());
    assert!(matches!(cut, Err(CodecError::CutShort(_))));
}
