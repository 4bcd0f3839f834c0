use image::{DynamicImage, ImageFormat as Codec, Rgba};

use super::*;

const SIZE: Pixels = Pixels::new(40, 24);

/// From the file of a mask to the one that is sent.
fn prepare(mask: &[u8], means: MaskMeans, form: MaskForm, image: Pixels) -> Result<Bytes, CodecError> {
    Marks::of_image(&Bytes::copy_from_slice(mask), means, image)?.checked()?.file(form, image)
}

/// An image whose left half has one colour and whose right half has another.
fn halves(left: [u8; 4], right: [u8; 4]) -> DynamicImage {
    DynamicImage::ImageRgba8(image::ImageBuffer::from_fn(SIZE.width, SIZE.height, |x, _| {
        Rgba(if x < SIZE.width / 2 { left } else { right })
    }))
}

fn file(image: &DynamicImage, codec: Codec) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image.write_to(&mut bytes, codec).unwrap();
    bytes.into_inner()
}

/// How much the made mask repaints of the middle of the left and right halves.
fn repainted(bytes: &[u8], form: MaskForm) -> (u8, u8) {
    let image = image::load_from_memory(bytes).unwrap();
    assert_eq!((image.width(), image.height()), (SIZE.width, SIZE.height));
    let at = |x| match (form, &image) {
        (MaskForm::TransparentRepaints, DynamicImage::ImageRgba8(image)) => 255 - image.get_pixel(x, 12).0[3],
        (MaskForm::WhiteRepaints, DynamicImage::ImageLuma8(image)) => image.get_pixel(x, 12).0[0],
        (_, other) => panic!("{:?} is not the form asked for", other.color()),
    };
    (at(10), at(30))
}

const BLACK: [u8; 4] = [0, 0, 0, 255];
const WHITE: [u8; 4] = [255, 255, 255, 255];
const CLEAR: [u8; 4] = [0, 0, 0, 0];
const CLEAR_WHITE: [u8; 4] = [255, 255, 255, 0];

#[test]
fn every_meaning_becomes_every_form() {
    use MaskMeans::{
        BlackIsRepainted as Black, TransparentIsRepainted as Transparent, WhiteIsRepainted as White,
    };
    let rgb = |left, right| DynamicImage::ImageRgb8(halves(left, right).to_rgb8());
    let grey = |left, right| DynamicImage::ImageLuma8(halves(left, right).to_luma8());
    let grey_alpha = |left, right| DynamicImage::ImageLumaA8(halves(left, right).to_luma_alpha8());
    let deep = |left, right| DynamicImage::ImageRgba16(halves(left, right).to_rgba16());
    let half = [255, 255, 255, 128];
    let cases = [
        ("RGBA", file(&halves(CLEAR, BLACK), Codec::Png), Transparent, (255, 0)),
        ("RGBA on the right", file(&halves(WHITE, CLEAR), Codec::Png), Transparent, (0, 255)),
        ("half transparent", file(&halves(CLEAR, half), Codec::Png), Transparent, (255, 127)),
        ("grey and alpha", file(&grey_alpha(CLEAR, BLACK), Codec::Png), Transparent, (255, 0)),
        ("16 bits", file(&deep(CLEAR, BLACK), Codec::Png), Transparent, (255, 0)),
        ("WebP", file(&halves(CLEAR, WHITE), Codec::WebP), Transparent, (255, 0)),
        ("white in RGB", file(&rgb(WHITE, BLACK), Codec::Png), White, (255, 0)),
        ("white in grey", file(&grey(WHITE, BLACK), Codec::Png), White, (255, 0)),
        ("white in RGBA", file(&halves(WHITE, BLACK), Codec::Png), White, (255, 0)),
        ("white on nothing", file(&halves(WHITE, CLEAR_WHITE), Codec::Png), White, (255, 0)),
        ("white in JPEG", file(&rgb(WHITE, BLACK), Codec::Jpeg), White, (255, 0)),
        ("white in WebP", file(&rgb(WHITE, BLACK), Codec::WebP), White, (255, 0)),
        ("grey is half", file(&grey(WHITE, [100, 100, 100, 255]), Codec::Png), White, (255, 100)),
        ("white in BMP", file(&rgb(WHITE, BLACK), Codec::Bmp), White, (255, 0)),
        ("RGBA in TIFF", file(&halves(CLEAR, BLACK), Codec::Tiff), Transparent, (255, 0)),
        ("black in RGB", file(&rgb(WHITE, BLACK), Codec::Png), Black, (0, 255)),
        ("black on nothing", file(&halves(BLACK, CLEAR), Codec::Png), Black, (255, 0)),
        ("black in JPEG", file(&grey(BLACK, WHITE), Codec::Jpeg), Black, (255, 0)),
    ];
    for (name, bytes, means, expected) in cases {
        for form in [MaskForm::TransparentRepaints, MaskForm::WhiteRepaints] {
            let made = prepare(&bytes, means, form, SIZE)
                .unwrap_or_else(|error| panic!("{name}, {form:?}: {error}"));
            assert_eq!(repainted(&made, form), expected, "{name}, {form:?}");
        }
    }
}

#[test]
fn a_mask_that_is_already_right_is_not_touched() {
    let given = file(&halves([1, 2, 3, 0], WHITE), Codec::Png);
    let form = MaskForm::TransparentRepaints;
    assert_eq!(prepare(&given, MaskMeans::TransparentIsRepainted, form, SIZE).unwrap(), given);
}

#[test]
fn an_opaque_alpha_channel_and_none_at_all_are_told_apart() {
    let form = MaskForm::TransparentRepaints;
    let opaque = file(&halves(WHITE, BLACK), Codec::Png);
    let fault = prepare(&opaque, MaskMeans::default(), form, SIZE).unwrap_err();
    assert!(matches!(fault, CodecError::MaskEmpty), "{fault}");
    for codec in [Codec::Png, Codec::Jpeg, Codec::WebP] {
        let none = file(&DynamicImage::ImageRgb8(halves(WHITE, BLACK).to_rgb8()), codec);
        let fault = prepare(&none, MaskMeans::default(), form, SIZE).unwrap_err();
        assert!(matches!(fault, CodecError::MaskWithoutAlpha), "{codec:?}: {fault}");
    }
}

#[test]
fn masks_that_mark_nothing_or_everything_are_refused() {
    use MaskMeans::{
        BlackIsRepainted as Black, TransparentIsRepainted as Transparent, WhiteIsRepainted as White,
    };
    let dark = [127, 127, 127, 255];
    let cases = [
        (BLACK, BLACK, White, true),
        (BLACK, dark, White, true),
        (WHITE, WHITE, White, false),
        (WHITE, WHITE, Black, true),
        (BLACK, dark, Black, false),
        (CLEAR, [0, 0, 0, 100], Transparent, false),
        ([0, 0, 0, 128], WHITE, Transparent, true),
    ];
    for (left, right, means, empty) in cases {
        for form in [MaskForm::TransparentRepaints, MaskForm::WhiteRepaints] {
            let fault = prepare(&file(&halves(left, right), Codec::Png), means, form, SIZE).unwrap_err();
            match fault {
                CodecError::MaskEmpty => assert!(empty, "{left:?} {right:?} {means:?}"),
                CodecError::MaskFull => assert!(!empty, "{left:?} {right:?} {means:?}"),
                other => panic!("{other}"),
            }
        }
    }
}

#[test]
fn a_mask_of_another_size_is_refused_with_both_sizes() {
    let given = file(&halves(CLEAR, BLACK), Codec::Png);
    let fault =
        prepare(&given, MaskMeans::default(), MaskForm::WhiteRepaints, Pixels::new(24, 40)).unwrap_err();
    assert_eq!(fault.to_string(), "the mask is 40x24 and the image is 24x40");
}

#[test]
fn what_is_no_mask_is_refused() {
    let form = MaskForm::TransparentRepaints;
    let text = prepare(b"[Image #2]", MaskMeans::default(), form, SIZE).unwrap_err();
    assert!(matches!(text, CodecError::NotAnImage(_)), "{text}");
    let whole = file(&halves(CLEAR, BLACK), Codec::Png);
    let cut = prepare(&whole[..whole.len() / 2], MaskMeans::default(), form, SIZE).unwrap_err();
    assert!(matches!(cut, CodecError::CutShort(_)), "{cut}");
}

#[test]
fn a_large_mask_becomes_a_small_file() {
    let large = image::GrayImage::from_fn(3840, 2160, |x, y| {
        image::Luma([u8::from((i64::from(x) - 1900).pow(2) + (i64::from(y) - 1000).pow(2) < 250_000) * 255])
    });
    let bytes = file(&DynamicImage::ImageLuma8(large), Codec::Png);
    let form = MaskForm::TransparentRepaints;
    let made = prepare(&bytes, MaskMeans::WhiteIsRepainted, form, Pixels::new(3840, 2160)).unwrap();
    assert!(made.len() < 100_000, "{} bytes", made.len());
}

#[test]
fn a_soft_mask_of_a_large_photo_is_sent_coarser_and_kept_as_it_is() {
    let size = Pixels::new(2400, 1800);
    let mut random = 1_u32;
    let soft = image::GrayImage::from_fn(size.width, size.height, |x, _| {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        image::Luma([u8::try_from(x * 239 / size.width + (random >> 28)).unwrap()])
    });
    let given = Bytes::from(file(&DynamicImage::ImageLuma8(soft.clone()), Codec::Png));
    let marks = Marks::of_image(&given, MaskMeans::WhiteIsRepainted, size).unwrap();
    assert_eq!(marks.bytes, soft.into_raw());
    let made = marks.file(MaskForm::TransparentRepaints, size).unwrap();
    assert!(made.len() < MOST_BYTES, "{} bytes", made.len());
    let made = image::load_from_memory(&made).unwrap().to_rgba8();
    for (mark, sent) in marks.bytes.iter().zip(made.pixels()) {
        assert!(mark.abs_diff(255 - sent.0[3]) <= 9, "{mark} {sent:?}");
    }
}

#[test]
fn meanings_are_read_by_their_names() {
    use MaskMeans::{BlackIsRepainted, TransparentIsRepainted, WhiteIsRepainted};
    for means in [TransparentIsRepainted, WhiteIsRepainted, BlackIsRepainted] {
        let read: MaskMeans = serde_json::from_str(&format!("\"{}\"", means.name())).unwrap();
        assert_eq!(read, means);
    }
    assert_eq!(MaskMeans::default(), TransparentIsRepainted);
}

#[test]
fn a_mask_that_differs_in_scale_only_is_made_the_size_of_the_image() {
    let given = file(&halves(CLEAR, BLACK), Codec::Png);
    for size in [Pixels::new(80, 48), Pixels::new(20, 12), Pixels::new(401, 240)] {
        let made = prepare(&given, MaskMeans::default(), MaskForm::WhiteRepaints, size).unwrap();
        let made = image::load_from_memory(&made).unwrap().to_luma8();
        assert_eq!(made.dimensions(), (size.width, size.height));
        let y = size.height / 2;
        assert_eq!((made.get_pixel(1, y).0, made.get_pixel(size.width - 2, y).0), ([255], [0]), "{size}");
    }
}

#[test]
fn marks_are_inverted_softened_and_sent_in_another_size() {
    let given = Bytes::from(file(&halves(CLEAR, BLACK), Codec::Png));
    let marks = || Marks::of_image(&given, MaskMeans::default(), SIZE).unwrap();
    let form = MaskForm::TransparentRepaints;
    assert_eq!(repainted(&marks().inverted().file(form, SIZE).unwrap(), form), (0, 255));
    let soft = marks().feathered(10);
    assert_eq!(
        soft.bytes[..22],
        [
            255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 242, 217, 191, 166, 140, 115, 89, 64, 38, 13,
            0, 0
        ]
    );
    assert_eq!(soft.share(), 15.0 / 40.0);
    let small = marks().file(form, Pixels::new(20, 12)).unwrap();
    assert_eq!(image::load_from_memory(&small).unwrap().width(), 20);
    assert!(matches!(marks().feathered(200).checked(), Err(CodecError::MaskEmpty)));
}

#[test]
fn regions_become_the_mask_that_the_official_model_takes() {
    let regions = Regions {
        shapes: vec![crate::codec::Region::Box(crate::codec::Extent {
            x: 0.0,
            y: 0.0,
            width: 0.5,
            height: 1.0,
        })],
        units: crate::codec::Units::Fraction,
    };
    let marks = Marks::of_regions(&regions, SIZE).unwrap().checked().unwrap();
    for form in [MaskForm::TransparentRepaints, MaskForm::WhiteRepaints] {
        assert_eq!(repainted(&marks.file(form, SIZE).unwrap(), form), (255, 0), "{form:?}");
    }
    assert_eq!(marks.share(), 0.5);
}
