use image::ImageFormat;
use serde_json::{Value, json};

use super::{Answer, Bench, data_url, file, form, part, png, size};
use crate::sandbox::{ReplyForm, SandboxOptions};

#[tokio::test]
async fn official_usage_equals_the_published_samples() {
    let bench = Bench::new(SandboxOptions::default()).await;
    let samples = [
        ("gpt-image-2", "1024x1024", "low", 196),
        ("gpt-image-2", "1024x1024", "auto", 1756),
        ("gpt-image-2", "1536x1024", "medium", 1372),
        ("gpt-image-2", "2048x1152", "high", 5650),
        ("gpt-image-2.5-flare", "1024x1024", "low", 196),
        ("gpt-image-2.5-flare", "1024x1024", "medium", 439),
        ("gpt-image-2.5-sunburst", "1024x1024", "high", 1756),
        ("gpt-image-2.6-flare", "1536x1024", "xhigh", 2459),
        ("gpt-image-2.6-sunburst", "1024x1024", "max", 7024),
    ];
    for (model, size, quality, tokens) in samples {
        let body =
            json!({ "model": model, "prompt": "a red kite over the sea", "size": size, "quality": quality });
        let answer = bench.generate(&body).await;
        let expected = json!({
            "input_tokens": 6,
            "input_tokens_details": { "text_tokens": 6, "image_tokens": 0 },
            "output_tokens": tokens,
            "output_tokens_details": { "image_tokens": tokens, "text_tokens": 0 },
            "total_tokens": tokens + 6,
        });
        assert_eq!(answer.body["usage"], expected, "{model} {size} {quality}");
        assert_eq!(answer.body["size"], size);
        let (width, height) = answer.size(0);
        assert_eq!(format!("{width}x{height}"), size);
    }
}

#[tokio::test]
async fn an_official_answer_has_every_documented_field_and_says_what_auto_became() {
    let bench = Bench::new(SandboxOptions::default()).await;
    let answer = bench.generate(&json!({ "model": "gpt-image-2", "prompt": "a kite", "n": null })).await;
    assert_eq!(answer.size(0), (1024, 1024));
    let keys: Vec<&str> = answer.body.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["created", "data", "background", "output_format", "quality", "size", "usage"]);
    assert_eq!(answer.body["quality"], "medium");
    assert_eq!(answer.body["background"], "opaque");
    assert!(answer.request_id.unwrap().starts_with("req_"));
}

#[tokio::test]
async fn n_images_differ_and_are_the_same_again_and_cost_n_times() {
    let bench = Bench::new(SandboxOptions::default()).await;
    let body = json!({ "model": "gpt-image-2", "prompt": "a kite", "quality": "low", "n": 3 });
    let (first, second) = (bench.generate(&body).await, bench.generate(&body).await);
    assert_eq!(first.body["data"], second.body["data"]);
    assert_eq!(first.body["data"].as_array().unwrap().len(), 3);
    assert_ne!(first.image(0), first.image(1));
    assert_ne!(first.image(1), first.image(2));
    assert_eq!(first.body["usage"]["output_tokens"], 3 * 196);
    assert_eq!(bench.received().iter().map(|received| received.billed).sum::<u32>(), 6);
}

#[tokio::test]
async fn each_output_format_is_what_comes_back() {
    let bench = Bench::new(SandboxOptions::default()).await;
    let formats = [("png", ImageFormat::Png), ("jpeg", ImageFormat::Jpeg), ("webp", ImageFormat::WebP)];
    for (name, format) in formats {
        let body = json!({
            "model": "gpt-image-2", "prompt": "a kite", "quality": "low", "output_format": name,
            "output_compression": 100, "moderation": "low", "user": "u", "background": "opaque",
        });
        let answer = bench.generate(&body).await;
        assert_eq!(image::guess_format(&answer.image(0)).unwrap(), format);
        assert_eq!(answer.body["output_format"], name);
    }
}

#[tokio::test]
async fn an_edit_takes_its_images_in_every_documented_form() {
    let bench = Bench::new(SandboxOptions::default()).await;
    let texts = [("model", "gpt-image-2"), ("prompt", "at night"), ("quality", "low"), ("n", "1")];
    let (red, blue) = (png(64, 48), file(ImageFormat::Jpeg, (48, 64), [20, 20, 200, 255]));
    let repeated =
        |name: &'static str| form(&texts).part(name, part(red.clone())).part(name, part(blue.clone()));
    let image = bench.edit(repeated("image")).await;
    let list = bench.edit(repeated("image[]")).await;
    let body = json!({
        "model": "gpt-image-2", "prompt": "at night", "quality": "low", "n": 1,
        "images": [{ "image_url": data_url(&red) }, { "image_url": data_url(&blue) }],
    });
    let links = super::read(bench.post("/images/edits").json(&body)).await;
    assert_eq!(image.image(0), list.image(0));
    assert_eq!(image.image(0), links.image(0));
    // The first image's shape, lifted to the least number of pixels.
    assert_eq!(image.size(0), (944, 704));
    // 64x48 comes to 37 by 28 patches, 48x64 to as many.
    assert_eq!(image.body["usage"]["input_tokens_details"]["image_tokens"], 2 * 37 * 28);
    let alone = bench.edit(form(&texts).part("image", part(red))).await;
    assert_ne!(image.image(0), alone.image(0), "the second image does not show");
}

#[tokio::test]
async fn inpainting_keeps_every_pixel_outside_the_mask() {
    let bench = Bench::new(SandboxOptions::default()).await;
    let original = file(ImageFormat::Png, (1024, 1024), [10, 200, 90, 255]);
    let mut mask = image::RgbaImage::from_pixel(1024, 1024, image::Rgba([0, 0, 0, 255]));
    for y in 300..700 {
        for x in 200..600 {
            mask.put_pixel(x, y, image::Rgba([0, 0, 0, 0]));
        }
    }
    let mut bytes = std::io::Cursor::new(Vec::new());
    mask.write_to(&mut bytes, ImageFormat::Png).unwrap();
    let form = form(&[("model", "gpt-image-2"), ("prompt", "a city at night"), ("size", "1024x1024")])
        .part("image", part(original))
        .part("mask", part(bytes.into_inner()));
    let answer = bench.edit(form).await;
    let painted = image::load_from_memory(&answer.image(0)).unwrap().into_rgb8();
    let outside = painted.enumerate_pixels().filter(|(x, y, _)| mask.get_pixel(*x, *y)[3] == 255);
    assert!(outside.into_iter().all(|(_, _, pixel)| pixel.0 == [10, 200, 90]));
    assert_ne!(painted.get_pixel(400, 500).0, [10, 200, 90]);
    assert!(bench.received()[0].mask);
}

#[tokio::test]
async fn a_stream_brings_partial_images_and_then_the_whole() {
    let bench = Bench::new(SandboxOptions::default()).await;
    let body = json!({
        "model": "gpt-image-2", "prompt": "a kite", "quality": "medium", "stream": true, "partial_images": 2,
    });
    let response = bench.post("/images/generations").json(&body).send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let text = response.text().await.unwrap();
    let events: Vec<(&str, Value)> = text
        .split_terminator("\n\n")
        .map(|event| event.strip_prefix("event: ").unwrap().split_once("\ndata: ").unwrap())
        .map(|(name, data)| (name, serde_json::from_str(data).unwrap()))
        .collect();
    let names: Vec<&str> = events.iter().map(|(name, _)| *name).collect();
    let partial = "image_generation.partial_image";
    assert_eq!(names, [partial, partial, "image_generation.completed"]);
    assert_eq!(events[1].1["partial_image_index"], 1);
    assert_eq!(events[2].1["type"], "image_generation.completed");
    assert_eq!(events[2].1["usage"]["output_tokens"], 1756 + 200);
    let plain = bench.generate(&json!({ "model": "gpt-image-2", "prompt": "a kite" })).await;
    assert_eq!(events[2].1["b64_json"], plain.body["data"][0]["b64_json"]);
}

async fn all(bench: &Bench, prompt: &str, more: Value) -> Answer {
    let mut body = json!({ "model": "gpt-image-2-all", "prompt": prompt });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    bench.generate(&body).await
}

#[tokio::test]
async fn all_follows_prefix_and_size_and_ignores_what_it_is_documented_to_ignore() {
    let bench = Bench::new(SandboxOptions::default()).await;
    let cases = [
        ("a kite", json!({}), (1254, 1254)),
        ("横版 16:9, a kite", json!({}), (1672, 941)),
        ("竖屏 9:16 a kite", json!({ "size": "auto" }), (941, 1672)),
        ("2:5 竖屏，a kite", json!({}), (793, 1983)),
        ("a kite", json!({ "size": "1000x700" }), (1000, 700)),
        ("a kite", json!({ "size": "2048x1024" }), (1536, 768)),
        (
            "a kite",
            json!({ "quality": "high", "output_format": "webp", "background": "transparent" }),
            (1254, 1254),
        ),
    ];
    for (prompt, more, expected) in cases {
        let answer = all(&bench, prompt, more.clone()).await;
        assert_eq!(answer.size(0), expected, "{prompt} {more}");
        assert_eq!(image::guess_format(&answer.image(0)).unwrap(), ImageFormat::Png);
        assert_eq!(answer.body["usage"].as_object().unwrap().len(), 3, "no details");
    }
    let (plain, ratio) = (all(&bench, "a kite", json!({ "size": "1000x700" })).await, "横版 16:9, a kite");
    let steered = all(&bench, ratio, json!({ "size": "1000x700" })).await;
    assert_eq!(plain.image(0), steered.image(0), "the prefix is not painted");
}

#[tokio::test]
async fn all_charges_n_and_returns_one() {
    let bench = Bench::new(SandboxOptions::default()).await;
    let answer = all(&bench, "a kite", json!({ "n": 3 })).await;
    assert_eq!(answer.body["data"].as_array().unwrap().len(), 1);
    assert_eq!(bench.received()[0].billed, 3);
    let body = json!({ "model": "gpt-image-2.6-all", "prompt": "a kite", "n": 2, "size": "512x512" });
    assert_eq!(bench.generate(&body).await.body["data"].as_array().unwrap().len(), 2);
    assert_eq!(bench.received()[1].billed, 2);
}

#[tokio::test]
async fn the_other_gateway_models_honour_more() {
    let bench = Bench::new(SandboxOptions::default()).await;
    let vip = json!({ "model": "gpt-image-2-vip", "prompt": "a kite", "size": "1281x1270", "background": "transparent" });
    let answer = bench.generate(&vip).await;
    assert_eq!(answer.size(0), (1280, 1264));
    assert!(image::load_from_memory(&answer.image(0)).unwrap().color().has_alpha());
    let vip = json!({ "model": "gpt-image-2-vip", "prompt": "a kite" });
    assert_eq!(bench.generate(&vip).await.size(0), (2048, 2048));
    let six = json!({ "model": "gpt-image-2.6-all", "prompt": "a kite", "size": "2048x1024", "output_format": "jpeg" });
    let answer = bench.generate(&six).await;
    assert_eq!(answer.size(0), (2048, 1024));
    assert_eq!(image::guess_format(&answer.image(0)).unwrap(), ImageFormat::Jpeg);
}

#[tokio::test]
async fn all_answers_in_the_shape_that_options_prompt_or_request_ask() {
    let word = |word: &str| format!("a kite sandbox:{word}");
    let url = json!({ "response_format": "url" });
    let base64 = json!({ "response_format": "b64_json" });
    let cases = [
        (ReplyForm::AsDocumented, "a kite".to_owned(), json!({}), "base64"),
        (ReplyForm::AsDocumented, "a kite".to_owned(), url.clone(), "url"),
        (ReplyForm::Url, "a kite".to_owned(), base64.clone(), "url"),
        (ReplyForm::Base64, "a kite".to_owned(), url.clone(), "base64"),
        (ReplyForm::Base64Prefixed, "a kite".to_owned(), base64.clone(), "prefixed"),
        (ReplyForm::AsDocumented, word("url"), base64, "url"),
        (ReplyForm::Url, word("base64"), url.clone(), "base64"),
        (ReplyForm::Url, word("prefixed"), url, "prefixed"),
    ];
    let mut images = Vec::new();
    for (reply, prompt, more, expected) in cases {
        let bench = Bench::new(SandboxOptions { reply, ..SandboxOptions::default() }).await;
        let answer = all(&bench, &prompt, more).await;
        assert!(answer.request_id.is_some());
        let entry = answer.body["data"][0].as_object().unwrap();
        assert_eq!(entry.len(), 1, "never both");
        images.push(match (entry.get("b64_json").and_then(Value::as_str), expected) {
            (None, "url") => bench.get(entry["url"].as_str().unwrap()).await.bytes().await.unwrap().to_vec(),
            (Some(text), "prefixed") => {
                let bare = text.strip_prefix("data:image/png;base64,").unwrap();
                base64_simd::STANDARD.decode_to_vec(bare).unwrap()
            }
            (Some(text), "base64") => base64_simd::STANDARD.decode_to_vec(text).unwrap(),
            other => panic!("{reply:?} {prompt}: {other:?}"),
        });
    }
    assert!(images.iter().all(|image| image == &images[0]), "the shape changes the image");
}

#[tokio::test]
async fn an_edit_on_all_keeps_the_shape_of_the_first_image() {
    let bench = Bench::new(SandboxOptions::default()).await;
    let form = form(&[("model", "gpt-image-2-all"), ("prompt", "at night"), ("response_format", "url")])
        .part("image", part(png(90, 60)))
        .part("image", part(png(60, 60)))
        .part("mask", part(png(7, 7)));
    let answer = bench.edit(form).await;
    let link = answer.body["data"][0]["url"].as_str().unwrap().to_owned();
    assert_eq!(size(&bench.get(&link).await.bytes().await.unwrap()), (1536, 1024));
    let received = bench.received().remove(0);
    assert_eq!((received.images, received.mask, received.billed), (2, true, 1));
}
