use image::ImageFormat;
use reqwest::StatusCode;
use reqwest::multipart::Form;
use serde_json::{Value, json};

use super::{Answer, Bench, file, form, part, png};
use crate::sandbox::SandboxOptions;

fn assert_refused(answer: &Answer, status: u16, code: &str, param: &Value, words: &str) {
    let error = &answer.body["error"];
    let message = error["message"].as_str().unwrap();
    assert_eq!(answer.status, StatusCode::from_u16(status).unwrap(), "{message}");
    assert_eq!(error["code"], code, "{message}");
    assert_eq!(&error["param"], param, "{message}");
    assert!(message.contains(words), "{message:?} lacks {words:?}");
    assert!(answer.request_id.is_some());
}

#[tokio::test]
async fn official_models_refuse_what_is_not_documented_and_charge_nothing() {
    let bench = Bench::new(SandboxOptions::default()).await;
    let long = "é".repeat(32_001);
    let cases = [
        (
            json!({ "response_format": "b64_json" }),
            "unknown_parameter",
            "response_format",
            "'response_format'",
        ),
        (json!({ "aspect_ratio": "16:9" }), "unknown_parameter", "aspect_ratio", "'aspect_ratio'"),
        (json!({ "complexity": "low" }), "unknown_parameter", "complexity", "'complexity'"),
        (
            json!({ "input_fidelity": "high" }),
            "invalid_input_fidelity_model",
            "input_fidelity",
            "'gpt-image-2'",
        ),
        (
            json!({ "size": "1000x1000" }),
            "invalid_value",
            "size",
            "Invalid size '1000x1000'. Width and height must",
        ),
        (json!({ "size": "512x512" }), "invalid_value", "size", "below the current minimum pixel budget"),
        (json!({ "size": "3840x3840" }), "invalid_value", "size", "exceeds the current maximum pixel budget"),
        (json!({ "size": "4096x2048" }), "invalid_value", "size", "at most 3840"),
        (json!({ "size": "3200x1024" }), "invalid_value", "size", "between 1:3 and 3:1"),
        (json!({ "size": "1K" }), "invalid_value", "size", "WIDTHxHEIGHT"),
        (json!({ "size": "1024X1024" }), "invalid_value", "size", "WIDTHxHEIGHT"),
        (json!({ "size": 1024 }), "invalid_type", "size", "expected a string, but got an integer"),
        (json!({ "quality": "hd" }), "invalid_value", "quality", "'low', 'medium', 'high', and 'auto'"),
        (json!({ "quality": "xhigh" }), "invalid_value", "quality", "'xhigh'"),
        (json!({ "background": "blue" }), "invalid_value", "background", "'transparent'"),
        (json!({ "moderation": "high" }), "invalid_value", "moderation", "'low', and 'auto'"),
        (json!({ "output_format": "gif" }), "invalid_value", "output_format", "'gif'"),
        (
            json!({ "background": "transparent", "output_format": "jpeg" }),
            "invalid_value",
            "background",
            "JPEG",
        ),
        (
            json!({ "output_compression": 101, "output_format": "jpeg" }),
            "integer_above_max_value",
            "output_compression",
            "<= 100",
        ),
        (
            json!({ "output_compression": -1, "output_format": "jpeg" }),
            "integer_below_min_value",
            "output_compression",
            ">= 0",
        ),
        (json!({ "n": 0 }), "integer_below_min_value", "n", ">= 1"),
        (json!({ "n": 11 }), "integer_above_max_value", "n", "<= 10"),
        (json!({ "n": "2" }), "invalid_type", "n", "expected an integer, but got a string"),
        (json!({ "n": 1.5 }), "invalid_type", "n", "got a decimal"),
        (json!({ "stream": "yes" }), "invalid_type", "stream", "a boolean"),
        (json!({ "partial_images": 4 }), "integer_above_max_value", "partial_images", "<= 3"),
        (json!({ "prompt": "" }), "empty_string", "prompt", "minimum length 1"),
        (json!({ "prompt": long }), "string_above_max_length", "prompt", "32001"),
        (json!({ "prompt": null }), "missing_required_parameter", "prompt", "'prompt'"),
        (json!({ "model": null }), "missing_required_parameter", "model", "'model'"),
    ];
    for (change, code, param, words) in cases {
        let mut body = json!({ "model": "gpt-image-2", "prompt": "a kite" });
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        assert_refused(&bench.generate(&body).await, 400, code, &json!(param), words);
    }
    let body = json!({ "model": "gpt-image-2", "prompt": "a kite", "output_compression": 50 });
    assert_refused(&bench.generate(&body).await, 400, "invalid_png_output_compression", &Value::Null, "PNG");
    assert!(bench.received().iter().all(|received| received.billed == 0));
}

#[tokio::test]
async fn the_limits_themselves_are_accepted() {
    let bench = Bench::new(SandboxOptions::default()).await;
    let accepted = [
        json!({ "model": "gpt-image-2", "prompt": "é".repeat(32_000), "quality": "low" }),
        json!({ "model": "gpt-image-2", "prompt": "a kite", "size": "1024x640", "quality": "low" }),
        json!({ "model": "gpt-image-2", "prompt": "a kite", "size": "2304x768", "quality": "low" }),
        json!({ "model": "gpt-image-2.6-flare", "prompt": "a kite", "complexity": "low", "quality": "max" }),
        json!({ "model": "gpt-image-2", "prompt": "a kite", "output_format": "jpeg", "output_compression": 0 }),
    ];
    for body in accepted {
        let answer = bench.generate(&body).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    }
}

#[tokio::test]
async fn official_edits_refuse_bad_images_by_number_and_bad_masks() {
    let bench = Bench::new(SandboxOptions::default()).await;
    let base = || form(&[("model", "gpt-image-2"), ("prompt", "at night"), ("quality", "low")]);
    let with_mask = |mask: Vec<u8>| base().part("image", part(png(32, 32))).part("mask", part(mask));
    let seventeen = (0..17).fold(base(), |form: Form, _| form.part("image[]", part(png(8, 8))));
    let mut truncated = png(32, 32);
    truncated.truncate(40);
    let opaque = {
        let mut bytes = std::io::Cursor::new(Vec::new());
        image::DynamicImage::new_rgb8(32, 32).write_to(&mut bytes, ImageFormat::Png).unwrap();
        bytes.into_inner()
    };
    let heavy = [png(32, 32), vec![0; 4 * 1024 * 1024]].concat();
    let two = |second: Vec<u8>| base().part("image[]", part(png(8, 8))).part("image[]", part(second));
    let (none, image, mask) = (Value::Null, json!("image"), "invalid_mask_image_format");
    let cases = [
        (base(), "missing_required_parameter", &image, "'image'"),
        (seventeen, "array_above_max_length", &image, "length 17"),
        (two(b"GIF89a, and no more".to_vec()), "invalid_image_file", &none, "image 2"),
        (two(truncated), "invalid_image_file", &none, "image 2"),
        (base().part("image", part(Vec::new())), "invalid_image_file", &none, "image 1"),
        (with_mask(png(32, 16)), mask, &none, "mask size does not match image size"),
        (with_mask(opaque), mask, &none, "mask image missing alpha channel"),
        (with_mask(file(ImageFormat::Jpeg, (32, 32), [0; 4])), mask, &none, "must be a PNG"),
        (with_mask(heavy), mask, &none, "less than 4MB"),
        (base().text("moderation", "low"), "unknown_parameter", &json!("moderation"), "'moderation'"),
        (base().text("n", "many"), "invalid_type", &json!("n"), "an integer"),
        (
            base().text("input_fidelity", "high"),
            "invalid_input_fidelity_model",
            &json!("input_fidelity"),
            "support",
        ),
    ];
    for (form, code, param, words) in cases {
        assert_refused(&bench.edit(form).await, 400, code, param, words);
    }
    assert!(bench.received().iter().all(|received| received.billed == 0));
}

#[tokio::test]
async fn a_key_is_asked_for_in_the_words_of_whoever_checks_it() {
    let bench = Bench::new(SandboxOptions::default()).await;
    let url = format!("{}/images/generations", bench.sandbox.base_url());
    for token in [None, Some(""), Some("sk-invalid")] {
        let send = async |model: &str| {
            let request = bench.client.post(&url).json(&json!({ "model": model, "prompt": "a kite" }));
            let request = if let Some(token) = token { request.bearer_auth(token) } else { request };
            super::read(request).await
        };
        let official = send("gpt-image-2").await;
        assert_refused(&official, 401, "invalid_api_key", &Value::Null, "API key");
        let all = send("gpt-image-2-all").await;
        assert_eq!(all.status, StatusCode::UNAUTHORIZED);
        assert_eq!(all.body["error"]["type"], "shell_api_error");
        let id = all.request_id.unwrap();
        assert_eq!(all.body["error"]["message"], format!("无效的令牌 (request id: {id})"));
    }
    let received: Vec<bool> = bench.received().iter().map(|received| received.authorized).collect();
    assert_eq!(received, [false, false, false, false, true, true]);
}

#[tokio::test]
async fn unknown_models_routes_and_bodies_are_refused_as_openai_does() {
    let bench = Bench::new(SandboxOptions::default()).await;
    let unknown = bench.generate(&json!({ "model": "dall-e-3", "prompt": "a kite" })).await;
    assert_refused(&unknown, 404, "model_not_found", &Value::Null, "'dall-e-3'");
    let route = super::read(bench.post("/images/variations").json(&json!({}))).await;
    assert_eq!(route.status, StatusCode::NOT_FOUND);
    assert_eq!(route.body["error"]["message"], "Invalid URL (POST /v1/images/variations)");
    let broken =
        bench.post("/images/generations").header("content-type", "application/json").body("{\"model\":");
    let broken = super::read(broken).await;
    assert_eq!(broken.status, StatusCode::BAD_REQUEST);
    assert!(broken.body["error"]["message"].as_str().unwrap().contains("could not parse the JSON"));
    let wrong =
        super::read(bench.post("/images/generations").multipart(form(&[("model", "gpt-image-2")]))).await;
    assert_refused(&wrong, 400, "unsupported_content_type", &Value::Null, "'application/json'");
    let far = json!({ "model": "gpt-image-2", "prompt": "a", "images": [{ "image_url": "https://example.com/a.png" }] });
    let far = super::read(bench.post("/images/edits").json(&far)).await;
    assert_refused(&far, 400, "invalid_image_url", &json!("url"), "https://example.com/a.png");
}

#[tokio::test]
async fn gateway_models_refuse_a_broken_image_too() {
    let bench = Bench::new(SandboxOptions::default()).await;
    let form =
        form(&[("model", "gpt-image-2-all"), ("prompt", "a kite")]).part("image", part(b"<html>".to_vec()));
    let answer = bench.edit(form).await;
    assert_refused(&answer, 400, "invalid_image_file", &json!(""), "image 1");
    assert_eq!(answer.body["error"]["type"], "shell_api_error");
}
