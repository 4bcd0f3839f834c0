//! `inpaint_image` that can be trusted: regions, the look before paying, and everything
//! outside them as it was, whatever the model did.

use image::{DynamicImage, GenericImageView as _, Rgb, RgbImage};
use serde_json::{Value, json};

use crate::support::{App, Reply, Setup, Upstream, alpha_mask, photo, png, success_body};

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "small numbers"
)]
/// A scene that goes on beyond its frame, seen from an offset.
fn scene(width: u32, height: u32, (dx, dy): (i32, i32)) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let (x, y) = (f64::from(x as i32 - dx), f64::from(y as i32 - dy));
        let shade = |k: f64| {
            (128.0
                + 80.0 * (x / (9.0 + k)).sin() * (y / (11.0 - k)).cos()
                + 30.0 * ((x + 2.0 * y) / 41.0).sin()) as u8
        };
        Rgb([shade(0.0), shade(1.0), shade(2.0)])
    })
}

fn file(image: impl Into<DynamicImage>) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image.into().write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

async fn studio(upstream: &Upstream) -> App {
    let setup = Setup::at(upstream);
    setup.home.put("photo.png", file(scene(320, 240, (0, 0))));
    setup.home.put("phone.jpg", photo("rotated.jpg"));
    setup.start().await
}

fn sends(image: &RgbImage) -> Reply {
    Reply::json(200, success_body("images_official.json", &file(image.clone()), ""))
}

fn boxed() -> Value {
    json!([{ "shape": "box", "x": 80, "y": 60, "width": 160, "height": 120 }])
}

fn in_box(x: u32, y: u32) -> bool {
    (80..240).contains(&x) && (60..180).contains(&y)
}

#[tokio::test]
async fn regions_become_the_mask_and_everything_outside_stays_as_it_was_pixel_by_pixel() {
    let (original, painted) = (scene(320, 240, (0, 0)), scene(320, 240, (150, 40)));
    let upstream = Upstream::with([sends(&painted)]).await;
    let mut app = studio(&upstream).await;
    let answer = app.inpaint(json!({ "prompt": "a door", "image": "photo.png", "regions": boxed() })).await;
    let sent = image::load_from_memory(&upstream.only_request().parts_named("mask")[0].bytes).unwrap();
    let result = image::load_from_memory(&answer.file()).unwrap().to_rgb8();
    assert_eq!(result.dimensions(), (320, 240));
    for (x, y, pixel) in result.enumerate_pixels() {
        let inside = in_box(x, y);
        assert_eq!(sent.get_pixel(x, y).0[3], if inside { 0 } else { 255 }, "the mask at {x},{y}");
        assert_eq!(pixel, if inside { &painted } else { &original }.get_pixel(x, y), "{x},{y}");
    }
    let told = &answer.fields()["images"][0]["preserved"];
    assert!(told["model_changed_outside_percent"].as_f64().unwrap() > 30.0, "{told}");
    let raw = std::path::PathBuf::from(told["raw_path"].as_str().unwrap());
    assert_eq!(std::fs::read(&raw).unwrap(), file(painted), "what the model sent is kept beside the result");
    assert_eq!(raw.parent(), answer.path().parent());
    assert!(raw.file_name().unwrap().to_string_lossy().contains("-raw-"), "{raw:?}");
    let shown = app.get(json!({ "id": told["raw_id"] })).await;
    assert_eq!(shown.path(), raw);
    let job = app.get(json!({ "id": answer.fields()["job"] })).await;
    assert_eq!(
        job.fields()["images"].as_array().unwrap().len(),
        1,
        "the raw image is not a result of its own"
    );
    assert_eq!(job.id(), answer.id());
}

#[tokio::test]
async fn a_model_that_lies_is_found_out_and_the_result_is_right_all_the_same() {
    let original = scene(320, 240, (0, 0));
    let mut recoloured = original.clone();
    recoloured.pixels_mut().for_each(|pixel| pixel.0 = [pixel.0[0] / 2, pixel.0[1], 255 - pixel.0[2]]);
    let larger = image::imageops::resize(&original, 640, 480, image::imageops::FilterType::CatmullRom);
    let cases = [
        ("honest", original.clone(), 0.0..=0.0, Value::Null, Value::Null),
        ("shifted", scene(320, 240, (6, -4)), 30.0..=100.0, json!([6, -4]), Value::Null),
        ("of another size", larger, 0.0..=5.0, Value::Null, json!("640x480")),
        ("repainted all over", recoloured, 90.0..=100.0, Value::Null, Value::Null),
    ];
    for (how, painted, percent, shift, fitted) in cases {
        let upstream = Upstream::with([sends(&painted)]).await;
        let mut app = studio(&upstream).await;
        let arguments =
            json!({ "prompt": "a door", "image": "photo.png", "regions": boxed(), "feather": 12 });
        let answer = app.inpaint(arguments).await;
        let fields = answer.fields();
        let told = &fields["images"][0]["preserved"];
        let figure = told["model_changed_outside_percent"].as_f64().unwrap();
        assert!(percent.contains(&figure), "{how}: {told}");
        assert_eq!((&told["model_shifted_by_px"], &told["fitted_from"]), (&shift, &fitted), "{how}: {told}");
        let warned = fields["warnings"].to_string().contains("moved the whole image by 6 px");
        assert_eq!(warned, !shift.is_null(), "{how}: {}", answer.text());
        let result = image::load_from_memory(&answer.file()).unwrap().to_rgb8();
        assert_eq!(result.dimensions(), (320, 240), "{how}");
        let outside = result.enumerate_pixels().filter(|(x, y, _)| !in_box(*x, *y));
        assert!(outside.into_iter().all(|(x, y, pixel)| pixel == original.get_pixel(x, y)), "{how}");
    }
}

#[tokio::test]
async fn what_came_in_another_shape_is_stretched_and_that_is_told() {
    let upstream = Upstream::with([sends(&scene(300, 300, (0, 0)))]).await;
    let mut app = studio(&upstream).await;
    let answer = app.inpaint(json!({ "prompt": "a door", "image": "photo.png", "regions": boxed() })).await;
    let warnings = answer.fields()["warnings"].to_string();
    assert!(warnings.contains("sent 300x300") && warnings.contains("stretched"), "{warnings}");
    assert_eq!(image::load_from_memory(&answer.file()).unwrap().dimensions(), (320, 240));
}

#[tokio::test]
async fn what_the_result_cannot_hold_is_told() {
    let painted = scene(320, 240, (0, 0));
    let upstream = Upstream::with([sends(&painted), sends(&painted)]).await;
    let mut app = studio(&upstream).await;
    let clear = image::RgbaImage::from_pixel(320, 240, image::Rgba([9, 9, 9, 0]));
    app.home.put("clear.png", file(clear));
    app.home.put("deep.png", file(DynamicImage::from(painted).to_rgb16()));
    for (image, said) in
        [("clear.png", "transparent parts became white"), ("deep.png", "16 bits a channel and the result 8")]
    {
        let answer = app
            .inpaint(
                json!({ "prompt": "a door", "image": image, "regions": boxed(), "output_format": "jpeg" }),
            )
            .await;
        let warnings = answer.fields()["warnings"].to_string();
        assert!(warnings.contains(said), "{image}: {warnings}");
    }
}

#[tokio::test]
async fn a_preserved_result_has_the_name_and_format_that_were_asked_for() {
    let painted = scene(320, 240, (150, 40));
    let upstream = Upstream::with([sends(&painted), sends(&painted), sends(&painted)]).await;
    let mut app = studio(&upstream).await;
    let arguments = |save_to: &str| json!({ "prompt": "a door", "image": "photo.png", "regions": boxed(), "save_to": save_to });
    let answer = app.inpaint(arguments("door.png")).await;
    assert_eq!(answer.path(), app.home.work().join("door.png"));
    assert_eq!(
        answer.fields()["images"][0]["preserved"]["raw_path"],
        app.home.work().join("door-raw.png").display().to_string()
    );
    let again = app.inpaint(arguments("door.png")).await;
    assert_eq!(again.path(), app.home.work().join("door-2.png"));
    assert!(app.home.work().join("door-raw-2.png").exists());
    let mut asked = arguments("jpegs/");
    asked["output_format"] = json!("jpeg");
    let jpeg = app.inpaint(asked).await;
    assert_eq!(jpeg.fields()["images"][0]["format"], "jpeg");
    assert!(jpeg.file().starts_with(&[0xff, 0xd8]));
}

#[tokio::test]
async fn where_the_original_cannot_be_put_back_the_paid_image_is_the_result() {
    // Whole by its headers and its end, and no decoder gets through it.
    let mut broken = file(scene(320, 240, (9, 9)));
    let middle = broken.len() / 2;
    broken[middle..middle + 64].fill(0);
    let reply = Reply::json(200, success_body("images_official.json", &broken, ""));
    let upstream = Upstream::with([reply]).await;
    let mut app = studio(&upstream).await;
    let arguments = json!({ "prompt": "a door", "image": "photo.png", "regions": boxed(), "output": "file" });
    let answer = app.inpaint(arguments).await;
    assert_eq!(answer.file(), broken);
    assert!(answer.fields()["warnings"].to_string().contains("preserve failed"), "{}", answer.text());
    assert!(answer.fields()["images"][0].get("preserved").is_none());
    assert_eq!(app.get(json!({ "id": answer.id(), "output": "file" })).await.path(), answer.path());
}

#[tokio::test]
async fn without_preserve_the_result_is_what_the_model_sent() {
    let painted = scene(64, 48, (3, 3));
    let upstream = Upstream::with([sends(&painted)]).await;
    let mut app = studio(&upstream).await;
    let arguments =
        json!({ "prompt": "a door", "image": "photo.png", "regions": boxed(), "preserve": false });
    let answer = app.inpaint(arguments).await;
    assert_eq!(answer.file(), file(painted));
    assert!(answer.fields()["images"][0].get("preserved").is_none());
}

#[tokio::test]
async fn a_phone_photo_is_inpainted_upright() {
    let painted = scene(48, 32, (5, 5));
    let upstream = Upstream::with([sends(&painted)]).await;
    let mut app = studio(&upstream).await;
    // The lower right quarter as a person sees it.
    let regions = json!([{ "shape": "box", "x": 0.5, "y": 0.5, "width": 0.5, "height": 0.5 }]);
    let arguments =
        json!({ "prompt": "a door", "image": "phone.jpg", "regions": regions, "units": "fraction" });
    let answer = app.inpaint(arguments).await;
    let request = upstream.only_request();
    let (sent, mask) = (&request.parts_named("image")[0].bytes, &request.parts_named("mask")[0].bytes);
    assert_eq!(image::load_from_memory(sent).unwrap().dimensions(), (48, 32));
    assert!(!sent.windows(11).any(|part| part == b"SERIAL-0042"));
    let mask = image::load_from_memory(mask).unwrap();
    assert_eq!((mask.get_pixel(40, 28).0[3], mask.get_pixel(40, 5).0[3]), (0, 255));
    let result = image::load_from_memory(&answer.file()).unwrap().to_rgb8();
    let near =
        |x, y, colour: [u8; 3]| result.get_pixel(x, y).0.iter().zip(colour).all(|(a, b)| a.abs_diff(b) < 6);
    assert!(near(5, 5, [208, 32, 32]) && near(40, 5, [32, 160, 64]) && near(5, 28, [32, 64, 192]));
    assert_eq!(result.get_pixel(40, 28), painted.get_pixel(40, 28));
    assert!(answer.fields()["warnings"].to_string().contains("image: the photo was turned upright"));
}

#[tokio::test]
async fn a_dry_run_shows_the_part_over_the_image_and_sends_nothing() {
    let upstream = Upstream::start().await;
    let mut app = studio(&upstream).await;
    let regions = json!([{ "shape": "ellipse", "x": 0.25, "y": 0.25, "width": 0.5, "height": 0.5 }]);
    let arguments = json!({ "prompt": "a door", "image": "photo.png", "regions": regions, "units": "fraction", "dry_run": true });
    let answer = app.inpaint(arguments).await;
    let fields = answer.fields();
    assert_eq!((&fields["dry_run"], &fields["part"]["picture"]), (&json!(true), &json!("320x240")));
    let share = fields["part"]["repainted_percent"].as_f64().unwrap();
    assert!((share - 19.6).abs() < 0.3, "an ellipse in half the width and height: {share}");
    let shown = answer.shown();
    assert_eq!((shown.len(), shown[0].0.as_str()), (1, "image/jpeg"));
    let shown = image::load_from_memory(&shown[0].1).unwrap().to_rgb8();
    let original = scene(320, 240, (0, 0));
    let green = |image: &RgbImage| -> u32 {
        let middle = (140..180).flat_map(|x| (100..140).map(move |y| (x, y)));
        middle.map(|(x, y)| u32::from(image.get_pixel(x, y).0[1])).sum()
    };
    assert!(green(&shown) * 10 < green(&original) * 7, "the part is tinted");
    let corner = shown.get_pixel(8, 8).0.iter().zip(original.get_pixel(8, 8).0);
    assert!(corner.into_iter().all(|(a, b)| a.abs_diff(b) < 24), "the rest is not");
    assert!(upstream.requests().is_empty());
}

#[tokio::test]
async fn what_marks_nothing_everything_or_something_else_is_refused_before_paying() {
    let upstream = Upstream::start().await;
    let mut app = studio(&upstream).await;
    app.home.put("alpha.png", alpha_mask(320, 240));
    app.home.put("other.png", png(32, 32, 1));
    let cases: [(Value, &[&str]); 14] = [
        (json!({}), &["regions: no part was marked", "units: fraction"]),
        (json!({ "regions": boxed(), "mask": "alpha.png" }), &["regions: mask and regions were both given"]),
        (json!({ "regions": [] }), &["regions: 0 values were given"]),
        (
            json!({ "regions": [{ "shape": "box", "x": 300, "y": 10, "width": 200, "height": 20 }] }),
            &["regions[0]: it reaches from (300, 10) to (500, 30)", "320x240"],
        ),
        (
            json!({ "regions": [{ "shape": "box", "x": 0.1, "y": 0.1, "width": 0.5, "height": 0.5 }] }),
            &["regions[0]: it is 0.50 by 0.50 pixels", "units: fraction"],
        ),
        (
            json!({ "regions": [{ "shape": "box", "x": 1, "y": 1, "width": 9 }] }),
            &["regions[0]: a box needs height"],
        ),
        (json!({ "regions": [{ "shape": "polygon", "x": 1 }] }), &["regions[0]: a polygon needs points"]),
        (
            json!({ "regions": [{ "shape": "polygon", "points": [[1, 1], [2, 2]] }] }),
            &["regions[0].points: 2 values were given"],
        ),
        (
            json!({ "regions": [{ "shape": "star", "x": 1 }] }),
            &["regions[0].shape: ", "box, ellipse, polygon"],
        ),
        (
            json!({ "regions": [{ "shape": "box", "left": 1 }] }),
            &["regions[0].left: not an argument of regions[0]"],
        ),
        (
            json!({ "regions": [{ "shape": "box", "x": 0, "y": 0, "width": 1, "height": 1 }], "units": "fraction" }),
            &["regions: the mask marks the whole image"],
        ),
        (
            json!({ "regions": boxed(), "feather": 1000 }),
            &["feather: a feather of 1000 pixels leaves nothing"],
        ),
        (json!({ "regions": boxed(), "feather": -1 }), &["feather: -1 was given"]),
        (json!({ "mask": "other.png" }), &["mask: ", "no alpha channel"]),
    ];
    for dry_run in [false, true] {
        for (more, said) in &cases {
            let mut arguments = json!({ "prompt": "a door", "image": "photo.png", "dry_run": dry_run });
            arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let answer = app.inpaint(arguments).await;
            for words in *said {
                assert!(answer.refusal().contains(words), "{more}: no {words:?} in {}", answer.text());
            }
            assert!(answer.refusal().contains("Nothing was charged"), "{more}: {}", answer.text());
        }
    }
    assert!(upstream.requests().is_empty());
}

#[tokio::test]
async fn small_slips_in_regions_are_mended() {
    let painted = scene(320, 240, (150, 40));
    let upstream = Upstream::start().await;
    let mut app = studio(&upstream).await;
    let one = json!({ "shape": "Box", "x": "80", "y": 60, "width": 160, "height": 120 });
    for regions in
        [one.clone(), json!(one.to_string()), json!([one]).to_string().into(), json!([one.to_string()])]
    {
        upstream.then(sends(&painted));
        let answer =
            app.inpaint(json!({ "prompt": "a door", "image": "photo.png", "regions": regions })).await;
        assert!(!answer.is_error(), "{regions}: {}", answer.text());
    }
}

#[tokio::test]
async fn inverted_regions_repaint_all_but_the_part() {
    let (original, painted) = (scene(320, 240, (0, 0)), scene(320, 240, (150, 40)));
    let upstream = Upstream::with([sends(&painted)]).await;
    let mut app = studio(&upstream).await;
    let arguments = json!({ "prompt": "a wall", "image": "photo.png", "regions": boxed(), "invert": true });
    let result = image::load_from_memory(&app.inpaint(arguments).await.file()).unwrap().to_rgb8();
    assert_eq!(result.get_pixel(160, 120), original.get_pixel(160, 120));
    assert_eq!(result.get_pixel(10, 10), painted.get_pixel(10, 10));
}
