//! The preview of a 4K image, beside what the `image` crate makes in the obvious way.

#![expect(clippy::expect_used, reason = "a bench that cannot run says why by panicking")]

use std::hint::black_box;
use std::io::Cursor;

use criterion::{Criterion, criterion_group, criterion_main};
use gpt_image_mcp::codec::{inspect, preview};
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ImageEncoder, RgbImage};

const WIDTH: u32 = 3840;
const HEIGHT: u32 = 2160;

/// A 4K image that compresses like a photo: smooth areas under a little noise.
fn image() -> RgbImage {
    let mut state = 1_u32;
    RgbImage::from_fn(WIDTH, HEIGHT, |x, y| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        let waves = ((f64::from(x) / 90.0).sin() + (f64::from(y) / 70.0).cos()) * 50.0 + 110.0;
        let [a, b, c, _] = state.to_le_bytes();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 10 and 210")]
        image::Rgb([a, b, c].map(|grain| waves as u8 + grain % 20))
    })
}

fn previews(criterion: &mut Criterion) {
    let image = image();
    let mut png = Vec::new();
    // The usual effort: what is compressed fastest is also decoded fastest.
    PngEncoder::new_with_quality(&mut png, CompressionType::Default, FilterType::Adaptive)
        .write_image(&image, WIDTH, HEIGHT, image::ExtendedColorType::Rgb8)
        .expect("the image can be encoded");
    drop(image);

    let mut group = criterion.benchmark_group(format!("preview of a {} MB PNG", png.len() / 1_000_000));
    group.sample_size(20);
    group.bench_function("ours", |bench| {
        bench.iter(|| {
            let info = inspect::inspect_bytes(&png).expect("a whole PNG");
            preview::make(Cursor::new(&png), &info, &preview::PreviewBudget::default()).expect("a PNG")
        });
    });
    group.bench_function("image crate: load, thumbnail, write as JPEG", |bench| {
        bench.iter(|| {
            let small = image::load_from_memory(&png).expect("a PNG").thumbnail(1568, 1568);
            let mut jpeg = Cursor::new(Vec::new());
            small.write_to(&mut jpeg, image::ImageFormat::Jpeg).expect("a small image");
            black_box(jpeg.into_inner())
        });
    });
    group.bench_function("inspect", |bench| {
        bench.iter(|| inspect::inspect_bytes(black_box(&png)).expect("a whole PNG"));
    });
}

criterion_group!(benches, previews);
criterion_main!(benches);
