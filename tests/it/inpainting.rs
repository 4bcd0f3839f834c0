//! The README's images of an inpainting, made by the sandbox: `UPDATE=1 cargo test` writes
//! them, a plain `cargo test` fails where one is missing or what is said of them is not so.

use std::path::{Path, PathBuf};

use gpt_image_mcp::codec::{Extent, Marks, MaskForm, Region, Regions, Units};
use gpt_image_mcp::domain::Pixels;
use image::{DynamicImage, RgbImage, imageops};
use serde_json::json;

use crate::support::Setup;

/// Small enough for a README, wide enough for four side by side.
const WIDTH: u32 = 420;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/inpainting")
}

fn write(name: &str, image: &DynamicImage) {
    let small = image.resize(WIDTH, WIDTH, imageops::FilterType::Triangle).into_rgb8();
    let file = std::fs::File::create(folder().join(name)).unwrap();
    image::codecs::jpeg::JpegEncoder::new_with_quality(file, 82).encode_image(&small).unwrap();
}

#[tokio::test]
async fn the_images_of_an_inpainting_show_what_is_said_of_them() {
    let mut app = Setup::sandbox().start().await;
    let drawn = app
        .generate(json!({ "prompt": "A calm bay at sunset", "size": "1536x1024", "quality": "low" }))
        .await;
    let mut arguments = json!({
        "prompt": "A red balloon, loosely", "image": drawn.id(), "units": "fraction", "feather": 24, "quality": "low",
        "regions": [{ "shape": "ellipse", "x": 0.55, "y": 0.08, "width": 0.36, "height": 0.5 }],
    });
    arguments["dry_run"] = json!(true);
    let look = app.inpaint(arguments.clone()).await;
    arguments["dry_run"] = json!(false);
    let answer = app.inpaint(arguments).await;
    let told = &answer.fields()["images"][0]["preserved"];
    assert_eq!(told["model_shifted_by_px"], json!([5, 3]), "{told}");
    assert!(told["model_changed_outside_percent"].as_f64().unwrap() > 5.0, "{told}");

    let open = |path: &Path| image::open(path).unwrap().into_rgb8();
    let (original, result) = (open(&drawn.path()), open(&answer.path()));
    let raw = open(Path::new(told["raw_path"].as_str().unwrap()));
    let far = |image: &RgbImage| *image.get_pixel(40, 900);
    assert_eq!(far(&original), far(&result));
    assert_ne!(far(&original), far(&raw));
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(folder()).unwrap();
        write("region.jpg", &image::load_from_memory(&look.shown()[0].1).unwrap());
        write("raw.jpg", &raw.into());
        write("preserved.jpg", &result.into());
        let shape = Region::Ellipse(Extent { x: 0.55, y: 0.08, width: 0.36, height: 0.5 });
        let regions = Regions { shapes: vec![shape], units: Units::Fraction };
        let marks = Marks::of_regions(&regions, Pixels::new(1536, 1024)).unwrap().feathered(24);
        let mask = marks.file(MaskForm::WhiteRepaints, marks.pixels()).unwrap();
        write("mask.jpg", &image::load_from_memory(&mask).unwrap());
    }
    for name in ["region.jpg", "mask.jpg", "raw.jpg", "preserved.jpg"] {
        assert!(
            folder().join(name).exists(),
            "docs/inpainting/{name} is missing; UPDATE=1 cargo test writes it"
        );
    }
}
