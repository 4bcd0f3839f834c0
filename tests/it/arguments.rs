//! Bad input: every wrong argument is refused by name, with what was given and what is
//! accepted; nothing is sent and nothing is charged.

use serde_json::{Value, json};

use crate::support::{App, Reply, Setup, Upstream, alpha_mask, png, success_body};

/// A server with an image and a mask at hand.
async fn studio(upstream: &Upstream) -> App {
    let setup = Setup::at(upstream);
    setup.home.put("photo.png", png(64, 48, 1));
    setup.home.put("mask.png", alpha_mask(64, 48));
    setup.start().await
}

/// Arguments that are right, for each tool that draws.
fn right(tool: &str) -> Value {
    match tool {
        "generate_image" => json!({ "prompt": "a kite" }),
        "edit_image" => json!({ "prompt": "a kite", "images": ["photo.png"] }),
        _ => json!({ "prompt": "a kite", "image": "photo.png", "mask": "mask.png" }),
    }
}

fn with(tool: &str, name: &str, value: Value) -> Value {
    let mut arguments = right(tool);
    arguments[name] = value;
    arguments
}

#[tokio::test]
async fn every_wrong_shared_argument_is_refused_by_each_tool_that_draws() {
    let long = "x".repeat(32_001);
    let cases: [(&str, Value, &[&str]); 41] = [
        ("prompt", json!(""), &["1 to 32000 characters"]),
        ("prompt", json!("  \n"), &["1 to 32000 characters"]),
        ("prompt", json!(long), &["32001 characters", "1 to 32000 characters"]),
        (
            "prompt",
            json!({ "text": "a kite" }),
            &["{\"text\":\"a kite\"} was given", "1 to 32000 characters"],
        ),
        ("prompt", json!(true), &["true was given", "1 to 32000 characters"]),
        ("model", json!("dall-e-3"), &["dall-e-3", "auto", "gpt-image-2-all"]),
        ("model", json!("nobody/gpt-image-2"), &["nobody/gpt-image-2", "apiyi/gpt-image-2"]),
        ("model", json!(["a", "b"]), &["[\"a\",\"b\"] was given"]),
        ("size", json!("huge"), &["\"huge\" was given", "1K, 2K, 4K"]),
        ("size", json!("1024"), &["\"1024\" was given", "1K, 2K, 4K"]),
        ("size", json!("1000x1000"), &["1000x1000", "16"]),
        ("size", json!("4096x4096"), &["4096x4096", "3840"]),
        ("size", json!("3840x640"), &["3840x640", "3"]),
        ("size", json!("64x64"), &["64x64", "pixels"]),
        ("size", json!("0x0"), &["0x0"]),
        ("size", json!("-1x5"), &["-1x5"]),
        ("size", json!("99999999999x16"), &["99999999999x16"]),
        ("aspect_ratio", json!("7:5"), &["\"7:5\" was given", "16:9"]),
        ("aspect_ratio", json!(1.5), &["1.5 was given", "16:9"]),
        ("quality", json!("best"), &["\"best\" was given", "auto, low, medium, high"]),
        ("quality", json!("hd"), &["\"hd\" was given", "auto, low, medium, high"]),
        ("n", json!(0), &["0 was given", "a whole number, 1 to 10"]),
        ("n", json!(11), &["11 was given", "1 to 10"]),
        ("n", json!(-1), &["-1 was given", "1 to 10"]),
        ("n", json!(1.5), &["1.5 was given", "1 to 10"]),
        ("n", json!("many"), &["\"many\" was given", "1 to 10"]),
        ("n", json!(1e30), &["30 was given", "1 to 10"]),
        ("background", json!("blue"), &["\"blue\" was given", "auto, opaque, transparent"]),
        ("output_format", json!("gif"), &["\"gif\" was given", "png, jpeg, webp"]),
        ("output_compression", json!(101), &["101 was given", "0 to 100"]),
        ("output_compression", json!(-1), &["-1 was given", "0 to 100"]),
        ("output", json!("base64"), &["\"base64\" was given", "preview, inline, file"]),
        ("save_to", json!(""), &["\"\" was given", "1 to 4096 characters"]),
        ("save_to", json!("https://example.com/a.png"), &["https://example.com/a.png", "without a scheme"]),
        ("save_to", json!("kite.svg"), &["kite.svg", ".png, .jpg or .webp"]),
        ("save_to", json!("/mnt/user-data/outputs/a.png"), &["/mnt/user-data/outputs/a.png", "sandbox"]),
        ("max_cost_usd", json!(-1), &["-1 was given", "at least 0"]),
        ("max_cost_usd", json!("cheap"), &["\"cheap\" was given", "a number"]),
        ("dry_run", json!("maybe"), &["\"maybe\" was given", "true or false"]),
        ("dry_run", json!(1), &["1 was given", "true or false"]),
        ("seed", json!(7), &["not an argument of", "Leave it out"]),
    ];
    let upstream = Upstream::start().await;
    let mut app = studio(&upstream).await;
    for tool in ["generate_image", "edit_image", "inpaint_image"] {
        for (name, value, said) in &cases {
            let answer = app.call(tool, with(tool, name, value.clone())).await;
            let words = answer.refusal();
            let case = format!("{tool} {name} {}", value.to_string().chars().take(60).collect::<String>());
            assert!(words.lines().any(|line| line.starts_with(&format!("{name}: "))), "{case}: {words}");
            for part in *said {
                assert!(words.contains(part), "{case}: no {part:?} in {words}");
            }
            assert!(words.contains("Nothing was charged"), "{case}: {words}");
            assert!(words.len() < 2_000, "{case}: {} bytes of words", words.len());
        }
    }
    assert!(upstream.requests().is_empty(), "{:?}", upstream.requests());
    assert!(app.home.images().is_empty());
}

#[tokio::test]
async fn every_wrong_argument_of_one_tool_is_refused() {
    let seventeen: Vec<_> = (0..17).map(|_| "photo.png").collect();
    let cases: [(&str, &str, Value, &[&str]); 14] = [
        ("generate_image", "moderation", json!("none"), &["\"none\" was given", "auto, low"]),
        ("generate_image", "images", json!(["photo.png"]), &["not an argument of generate_image"]),
        ("edit_image", "images", json!([]), &["0 values were given", "1 to 16 values"]),
        ("edit_image", "images", json!(seventeen), &["17 values were given", "1 to 16 values"]),
        (
            "edit_image",
            "images",
            json!([{ "path": "photo.png" }]),
            &["images[0]", "{\"path\":\"photo.png\"} was given"],
        ),
        ("edit_image", "images", json!(["photo.png", ""]), &["images[1]"]),
        ("edit_image", "moderation", json!("low"), &["not an argument of edit_image"]),
        ("edit_image", "mask", json!("mask.png"), &["not an argument of edit_image"]),
        ("inpaint_image", "image", json!(""), &["\"\" was given"]),
        ("inpaint_image", "image", json!(["photo.png", "mask.png"]), &["was given"]),
        ("inpaint_image", "mask", json!(""), &["\"\" was given"]),
        (
            "inpaint_image",
            "mask_means",
            json!("red_is_repainted"),
            &["\"red_is_repainted\" was given", "white_is_repainted"],
        ),
        ("inpaint_image", "images", json!(["photo.png"]), &["not an argument of inpaint_image", "image"]),
        ("inpaint_image", "moderation", json!("low"), &["not an argument of inpaint_image"]),
    ];
    let upstream = Upstream::start().await;
    let mut app = studio(&upstream).await;
    for (tool, name, value, said) in cases {
        let answer = app.call(tool, with(tool, name, value.clone())).await;
        let words = answer.refusal();
        assert!(words.lines().any(|line| line.starts_with(name)), "{tool} {name} {value}: {words}");
        for part in said {
            assert!(words.contains(part), "{tool} {name} {value}: no {part:?} in {words}");
        }
        assert!(words.contains("Nothing was charged"), "{words}");
    }
    for (id, said) in
        [(json!({ "id": 5 }), "\"5\" was given"), (json!({ "id": "img_0123456789ab", "n": 1 }), "n: not")]
    {
        let answer = app.get(id).await;
        assert!(answer.refusal().contains(said), "{}", answer.text());
    }
    assert!(upstream.requests().is_empty());
}

#[tokio::test]
async fn what_is_required_and_missing_is_named() {
    let upstream = Upstream::start().await;
    let mut app = studio(&upstream).await;
    let cases = [
        ("generate_image", json!({}), ["prompt"].as_slice()),
        ("generate_image", json!({ "prompt": null }), &["prompt"]),
        ("edit_image", json!({}), &["images", "prompt"]),
        ("inpaint_image", json!({}), &["image", "prompt"]),
        ("get_image", json!({}), &["id"]),
    ];
    for (tool, arguments, names) in cases {
        let answer = app.call(tool, arguments).await;
        for name in names {
            assert!(
                answer.refusal().contains(&format!("{name}: missing. Pass ")),
                "{tool}: {}",
                answer.text()
            );
        }
    }
    // A call may leave its arguments out altogether.
    let bare = app.request("tools/call", json!({ "name": "generate_image" })).await;
    assert_eq!(bare["result"]["isError"], true, "{bare:#}");
    assert!(upstream.requests().is_empty());
}

#[tokio::test]
async fn all_wrong_arguments_are_told_at_once() {
    let upstream = Upstream::start().await;
    let mut app = studio(&upstream).await;
    let arguments = json!({ "prompt": "", "n": 0, "quality": "best", "steps": 20, "aspect_ratio": "7:5" });
    let answer = app.generate(arguments).await;
    for name in ["prompt: ", "n: ", "quality: ", "steps: ", "aspect_ratio: "] {
        assert!(answer.refusal().lines().any(|line| line.starts_with(name)), "{name}: {}", answer.text());
    }
    assert_eq!(answer.text().matches("Nothing was charged").count(), 1);
}

#[tokio::test]
async fn arguments_that_contradict_each_other_are_refused_with_the_remedy() {
    let cases: [(Value, &str, &str); 6] = [
        (json!({ "size": "1024x1024", "aspect_ratio": "16:9" }), "aspect_ratio: ", "size"),
        (json!({ "background": "transparent", "output_format": "jpeg" }), "background: ", "png"),
        (json!({ "output_compression": 50 }), "output_compression: ", "output_format"),
        (json!({ "output_compression": 50, "output_format": "png" }), "output_compression: ", "jpeg"),
        (json!({ "model": "gpt-image-2-all", "quality": "high" }), "quality: ", "gpt-image-2"),
        (json!({ "model": "gpt-image-2", "quality": "max" }), "quality: ", "high"),
    ];
    let upstream = Upstream::start().await;
    let mut app = studio(&upstream).await;
    for (more, start, remedy) in cases {
        let mut arguments = json!({ "prompt": "a kite" });
        arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = app.generate(arguments).await;
        let words = answer.refusal();
        assert!(words.starts_with(start) && words.contains(remedy), "{more}: {words}");
        assert!(words.contains("Nothing was charged"), "{more}: {words}");
    }
    assert!(upstream.requests().is_empty());
}

#[tokio::test]
async fn small_slips_are_mended() {
    let upstream = Upstream::start().await;
    let mut app = studio(&upstream).await;
    let reply = || Reply::json(200, success_body("images_official.json", &png(64, 48, 1), ""));
    let cases = [
        (
            json!({ "prompt": "a kite", "output_compression": "80", "output_format": "JPEG" }),
            "output_compression",
            json!(80),
        ),
        (json!({ "prompt": "a kite", "quality": " High " }), "quality", json!("high")),
        (json!({ "prompt": ["a kite"], "quality": "low" }), "prompt", json!("a kite")),
        (json!({ "prompt": 1984, "quality": "low" }), "prompt", json!("1984")),
        (
            json!({ "prompt": "a kite", "quality": "low", "n": "1", "size": null, "dry_run": "false" }),
            "quality",
            json!("low"),
        ),
        (json!({ "prompt": "a kite", "size": "1536X1024" }), "size", json!("1536x1024")),
    ];
    for (arguments, name, sent) in cases {
        upstream.then(reply());
        app.generate(arguments.clone()).await.fields();
        assert_eq!(upstream.requests().last().unwrap().json()[name], sent, "{arguments}");
    }
}

#[tokio::test]
async fn an_unknown_tool_is_a_protocol_error() {
    let mut app = Setup::bare().start().await;
    let answer = app.request("tools/call", json!({ "name": "draw", "arguments": {} })).await;
    assert_eq!(answer["error"]["code"], -32602);
    assert!(answer["error"]["message"].as_str().unwrap().contains("\"draw\""));
}

#[tokio::test]
async fn prompts_of_every_script_and_length_arrive_unchanged() {
    let long = "风筝 ".repeat(10_666);
    let prompts =
        ["a \"quoted\"\nprompt\\ with\ttabs", "一只红色的风筝 🪁", "Ignore: {model} %s $HOME", long.as_str()];
    let upstream = Upstream::start().await;
    let mut app = studio(&upstream).await;
    for prompt in prompts {
        upstream.then(Reply::json(200, success_body("images_official.json", &png(64, 48, 1), "")));
        app.generate(json!({ "prompt": prompt, "quality": "low" })).await.fields();
        assert_eq!(
            upstream.requests().last().unwrap().json()["prompt"].as_str().unwrap().trim(),
            prompt.trim()
        );
    }
}
