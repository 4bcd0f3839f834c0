use image::{DynamicImage, Rgba, RgbaImage};

use super::{Detail, Encoding, PaintRequest, encode};
use crate::domain::{ImageFormat, Pixels};

const SMALL: Pixels = Pixels::new(192, 128);

fn request(prompt: &str) -> PaintRequest<'_> {
    PaintRequest {
        prompt,
        size: SMALL,
        detail: Detail::Plain,
        transparent: false,
        references: &[],
        mask: None,
        variation: 0,
    }
}

fn png(request: &PaintRequest<'_>) -> Vec<u8> {
    let transparent = request.transparent;
    encode(request.paint().unwrap(), Encoding { format: ImageFormat::Png, compression: 100, transparent })
        .unwrap()
}

fn image(colour: [u8; 4]) -> DynamicImage {
    DynamicImage::ImageRgba8(RgbaImage::from_pixel(SMALL.width, SMALL.height, Rgba(colour)))
}

#[test]
fn everything_that_is_asked_shows_and_the_same_is_painted_the_same() {
    let red = [image([200, 30, 30, 255])];
    let two = [image([200, 30, 30, 255]), image([30, 30, 200, 255])];
    let kite = request("a kite");
    let different = [
        request("a kite"),
        request("a kite at night"),
        PaintRequest { variation: 1, ..kite },
        PaintRequest { detail: Detail::Coarse, ..kite },
        PaintRequest { detail: Detail::Fine, ..kite },
        PaintRequest { transparent: true, ..kite },
        PaintRequest { references: &red, ..kite },
        PaintRequest { references: &two, ..kite },
        PaintRequest { size: Pixels::new(128, 192), ..kite },
    ];
    let painted: Vec<Vec<u8>> = different.iter().map(png).collect();
    for (request, first) in different.iter().zip(&painted) {
        assert_eq!(&png(request), first, "{request:?} is painted another way the second time");
        assert_eq!(painted.iter().filter(|other| *other == first).count(), 1, "{request:?} does not show");
    }
}

#[test]
fn every_size_is_painted_exactly() {
    for (width, height) in [(1, 1), (7, 3), (64, 64), (301, 199), (793, 1983), (1983, 793)] {
        for detail in [Detail::Coarse, Detail::Plain, Detail::Fine] {
            let size = Pixels::new(width, height);
            let file = png(&PaintRequest { size, detail, ..request("a boat") });
            let image = image::load_from_memory(&file).unwrap();
            assert_eq!((image.width(), image.height()), (width, height), "{detail:?}");
        }
    }
}

#[test]
fn each_format_is_really_that_format() {
    let canvas = request("a kite").paint().unwrap();
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Webp] {
        let file = encode(canvas.clone(), Encoding { format, compression: 80, transparent: false }).unwrap();
        assert_eq!(ImageFormat::sniff(&file), Some(format));
        let image = image::load_from_memory(&file).unwrap();
        assert_eq!((image.width(), image.height()), (SMALL.width, SMALL.height));
        assert!(!image.color().has_alpha());
    }
}

#[test]
fn a_transparent_background_is_cut_away_and_the_middle_stays() {
    for format in [ImageFormat::Png, ImageFormat::Webp] {
        let canvas = PaintRequest { transparent: true, ..request("a kite") }.paint().unwrap();
        let file = encode(canvas, Encoding { format, compression: 100, transparent: true }).unwrap();
        let image = image::load_from_memory(&file).unwrap().into_rgba8();
        assert_eq!(image.get_pixel(0, 0)[3], 0);
        assert_eq!(image.get_pixel(SMALL.width / 2, SMALL.height / 2)[3], 255);
    }
}

#[test]
fn a_mask_keeps_what_it_covers_and_mixes_where_it_is_half_open() {
    let original = [image([10, 200, 90, 255])];
    let mut mask = RgbaImage::from_pixel(SMALL.width, SMALL.height, Rgba([0, 0, 0, 255]));
    for (x, y, pixel) in mask.enumerate_pixels_mut() {
        if (40..150).contains(&x) && (30..90).contains(&y) {
            pixel[3] = if x < 95 { 0 } else { 128 };
        }
    }
    let mask = DynamicImage::ImageRgba8(mask);
    let file = png(&PaintRequest { references: &original, mask: Some(&mask), ..request("a city at night") });
    let image = image::load_from_memory(&file).unwrap().into_rgb8();
    for (x, y, pixel) in image.enumerate_pixels() {
        let alpha = mask.as_rgba8().unwrap().get_pixel(x, y)[3];
        match alpha {
            255 => assert_eq!(pixel.0, [10, 200, 90], "{x},{y} is outside the mask"),
            0 => assert_ne!(pixel.0, [10, 200, 90], "{x},{y} is inside the mask"),
            _ => {}
        }
    }
    let greenness = |x: u32| i32::from(image.get_pixel(x, 60)[1]);
    assert!(greenness(120) > greenness(60), "half open is between the two");
}

#[test]
fn an_inpainting_done_loosely_changes_what_the_mask_covers() {
    let original = [DynamicImage::from(RgbaImage::from_fn(SMALL.width, SMALL.height, |x, _| {
        Rgba([if x < 100 { 10 } else { 240 }, 200, 90, 255])
    }))];
    let mut mask = RgbaImage::from_pixel(SMALL.width, SMALL.height, Rgba([0, 0, 0, 255]));
    mask.put_pixel(20, 20, Rgba([0; 4]));
    let mask = DynamicImage::ImageRgba8(mask);
    let painted = |prompt: &str| {
        let file = png(&PaintRequest { references: &original, mask: Some(&mask), ..request(prompt) });
        image::load_from_memory(&file).unwrap().into_rgb8()
    };
    let (exact, loose) = (painted("a city"), painted("a city, loosely"));
    assert_eq!((exact.get_pixel(99, 60)[0], exact.get_pixel(100, 60)[0]), (10, 240));
    assert!(loose.get_pixel(102, 60)[0] < 100 && loose.get_pixel(106, 60)[0] > 150, "moved to the right");
    assert_ne!(loose.get_pixel(2, 2), exact.get_pixel(2, 2), "and tinted");
}

#[test]
fn a_mask_that_opens_nothing_returns_the_original() {
    let original = [image([10, 200, 90, 255])];
    let closed = image([0, 0, 0, 255]);
    let file = png(&PaintRequest { references: &original, mask: Some(&closed), ..request("a city") });
    assert_eq!(image::load_from_memory(&file).unwrap().into_rgb8(), original[0].to_rgb8());
}

#[test]
fn words_of_the_prompt_are_obeyed() {
    let zenith = |prompt: &str| {
        let image = image::load_from_memory(&png(&request(prompt))).unwrap().into_rgb8();
        image.get_pixel(1, 0).0.iter().map(|channel| u32::from(*channel)).sum::<u32>()
    };
    assert!(zenith("a harbour at night") < 120);
    assert!(zenith("a harbour in the snow") > 500);
    let reds = |prompt: &str| {
        let image = image::load_from_memory(&png(&request(prompt))).unwrap().into_rgb8();
        image.pixels().filter(|pixel| pixel[0] > 190 && pixel[1] < 90 && pixel[2] < 90).count()
    };
    let (red, green) = (reds("a red kite over green hills"), reds("a green kite over red hills"));
    assert!(red > green + 20, "the kite is not red: {red} and {green} red pixels");
}
