//! `generate_image`: from a prompt to a file, a preview and an honest account of it.

use serde_json::json;

use crate::support::{App, Gate, Reply, Setup, Upstream, alpha_mask, jpeg, pixels_of, png, success_body};

/// The official reply with this image in it.
fn official(image: &[u8]) -> Reply {
    Reply::json(200, success_body("images_official.json", image, ""))
}

/// One of the flat-price model over chat, with the image in the text.
fn chat(image: &[u8]) -> Reply {
    Reply::json(200, success_body("chat_markdown_data_url.json", image, ""))
}

#[tokio::test]
async fn a_prompt_alone_becomes_a_file_a_preview_and_an_account() {
    let sent = png(640, 480, 1);
    let upstream = Upstream::with([chat(&sent).header("request-id", "r-17")]).await;
    let setup = Setup::at(&upstream);
    let mut app = setup.start().await;
    let answer = app.generate(json!({ "prompt": "a red kite" })).await;

    let fields = answer.fields();
    assert_eq!(fields["model"], "gpt-image-2-all");
    assert_eq!(fields["provider"], "apiyi");
    assert!(fields["why"].as_str().is_some_and(|why| !why.is_empty()), "{fields:#}");
    assert!(fields["job"].as_str().unwrap().starts_with("job_"));
    assert_eq!(fields["cost_usd"], 0.03);
    assert_eq!(fields["cost_basis"], "flat price");
    assert_eq!(fields["request_id"], "r-17");
    assert!(fields["seconds"].as_f64().is_some());
    let image = &fields["images"][0];
    assert_eq!(
        (&image["width"], &image["height"], &image["format"], &image["bytes"]),
        (&json!(640), &json!(480), &json!("png"), &json!(sent.len()))
    );
    assert!(answer.path().is_absolute());
    assert_eq!(answer.file(), sent, "the bytes on disk are those that were sent");
    assert!(answer.path().starts_with(app.home.store()));

    let shown = answer.shown();
    assert_eq!(shown.len(), 1);
    assert_eq!(pixels_of(&shown[0].1), (640, 480));

    let request = upstream.only_request();
    assert_eq!((request.method.as_str(), request.target.as_str()), ("POST", "/v1/chat/completions"));
    assert_eq!(request.header("authorization"), Some("Bearer sk-test"));
    assert_eq!(
        request.json(),
        json!({ "messages": [{ "role": "user", "content": "Generate image: a red kite" }], "model": "gpt-image-2-all" })
    );
}

#[tokio::test]
async fn exact_arguments_go_to_the_official_model_as_its_reference_names_them() {
    let upstream = Upstream::with([official(&png(64, 48, 1)).header("x-request-id", "req_9")]).await;
    let mut app = Setup::at(&upstream).start().await;
    let answer = app
        .generate(json!({
            "prompt": "a red kite", "size": "1536x1024", "quality": "medium", "output_format": "webp",
            "output_compression": 80, "background": "opaque", "moderation": "low",
        }))
        .await;
    let request = upstream.only_request();
    assert_eq!(request.target, "/v1/images/generations");
    assert_eq!(
        request.json(),
        json!({
            "model": "gpt-image-2", "prompt": "a red kite", "size": "1536x1024", "quality": "medium",
            "background": "opaque", "moderation": "low", "output_format": "webp", "output_compression": 80,
        })
    );
    let fields = answer.fields();
    assert_eq!(fields["cost_basis"], "reported usage");
    // 9 text tokens at $5 and 1372 image tokens at $30 a million.
    let cost = fields["cost_usd"].as_f64().unwrap();
    assert!((cost - 0.041_205).abs() < 0.000_01, "{cost}");
    assert_eq!(fields["request_id"], "req_9");
    let warnings = fields["warnings"].to_string();
    assert!(warnings.contains("1536x1024 was asked for and 64x48 came"), "{warnings}");
    assert!(warnings.contains("webp was asked for and png came"), "{warnings}");
}

#[tokio::test]
async fn a_tier_and_a_ratio_fix_the_pixels() {
    let upstream = Upstream::with([official(&png(64, 48, 1))]).await;
    let mut app = Setup::at(&upstream).start().await;
    app.generate(json!({ "prompt": "a kite", "size": "2K", "aspect_ratio": "9:16" })).await.fields();
    assert_eq!(upstream.only_request().json()["size"], "1152x2048");
}

#[tokio::test]
async fn a_ratio_alone_steers_the_flat_price_model_by_its_words() {
    let upstream = Upstream::with([chat(&png(64, 48, 1))]).await;
    let mut app = Setup::at(&upstream).start().await;
    app.generate(json!({ "prompt": "a kite", "aspect_ratio": "16:9" })).await.fields();
    assert_eq!(upstream.only_request().json()["messages"][0]["content"], "横版 16:9, Generate image: a kite");
}

#[tokio::test]
async fn the_official_key_is_used_for_the_official_model_alone() {
    let upstream = Upstream::with([official(&png(64, 48, 1)), chat(&png(64, 48, 2))]).await;
    let mut app = Setup::at(&upstream).variable("APIYI_OFFICIAL_API_KEY", "sk-by-use").start().await;
    app.generate(json!({ "prompt": "a kite", "quality": "low" })).await.fields();
    app.generate(json!({ "prompt": "a kite" })).await.fields();
    let keys: Vec<_> = upstream
        .requests()
        .iter()
        .map(|request| request.header("authorization").unwrap().to_owned())
        .collect();
    assert_eq!(keys, ["Bearer sk-by-use", "Bearer sk-test"]);
}

#[tokio::test]
async fn with_an_openai_key_alone_openai_draws() {
    let upstream = Upstream::with([official(&png(64, 48, 1))]).await;
    let setup = Setup::bare()
        .variable("OPENAI_API_KEY", "sk-openai")
        .variable("OPENAI_BASE_URL", &upstream.base_url());
    let answer = setup.start().await.generate(json!({ "prompt": "a kite" })).await;
    assert_eq!(
        (&answer.fields()["provider"], &answer.fields()["model"]),
        (&json!("openai"), &json!("gpt-image-2"))
    );
    assert_eq!(upstream.only_request().header("authorization"), Some("Bearer sk-openai"));
}

#[tokio::test]
async fn several_images_are_asked_for_at_the_same_time() {
    let gate = Gate::shut();
    let mut sent: Vec<_> = (0..4).map(|seed| png(64, 48, seed)).collect();
    let upstream = Upstream::with(sent.iter().map(|image| chat(image).held_by(&gate))).await;
    let mut app = Setup::at(&upstream).start().await;
    let id = app.begin("generate_image", json!({ "prompt": "a kite", "n": 4 })).await;
    // None of them is answered before all have been asked for.
    upstream.requests_come(4).await;
    gate.open();
    let answer = app.result_of(id).await;
    let fields = answer.fields();
    let images = fields["images"].as_array().unwrap();
    assert_eq!((images.len(), answer.shown().len()), (4, 4));
    let mut files: Vec<_> =
        images.iter().map(|image| std::fs::read(image["path"].as_str().unwrap()).unwrap()).collect();
    files.sort();
    sent.sort();
    assert_eq!(files, sent);
    assert!((fields["cost_usd"].as_f64().unwrap() - 0.12).abs() < 1e-9, "{fields:#}");
    for request in upstream.requests() {
        assert!(request.json().get("n").is_none(), "n is asked for call by call");
    }
}

#[tokio::test]
async fn images_that_arrive_are_kept_and_delivered_when_others_fail() {
    let failed = Reply::json(500, r#"{"error":{"message":"the engine broke","type":"server_error"}}"#);
    let upstream = Upstream::with([chat(&png(64, 48, 1)), failed, chat(&png(64, 48, 2))]).await;
    let mut app = Setup::at(&upstream).once().start().await;
    let answer = app.generate(json!({ "prompt": "a kite", "n": 3 })).await;
    let fields = answer.fields();
    assert_eq!(fields["images"].as_array().unwrap().len(), 2);
    let failures = fields["failed"].as_array().unwrap();
    assert_eq!(failures.len(), 1);
    assert!(failures[0].as_str().unwrap().contains("the engine broke"), "{fields:#}");
    assert!(
        (fields["cost_usd"].as_f64().unwrap() - 0.06).abs() < 1e-9,
        "the failure is not billed: {fields:#}"
    );
    assert_eq!(app.home.images().len(), 2);
}

#[tokio::test]
async fn a_call_whose_images_all_fail_is_an_error_that_says_why() {
    let failed = || Reply::json(500, r#"{"error":{"message":"the engine broke"}}"#);
    let upstream = Upstream::with([failed(), failed()]).await;
    let mut app = Setup::at(&upstream).once().start().await;
    let answer = app.generate(json!({ "prompt": "a kite", "n": 2 })).await;
    assert!(answer.refusal().contains("the engine broke"), "{}", answer.text());
    assert!(answer.refusal().contains("Nothing was charged"));
    assert_eq!(upstream.requests().len(), 2, "each is sent once");
}

#[tokio::test]
async fn an_image_comes_back_in_the_form_that_was_asked_for() {
    let image = jpeg(3000, 2000, 1);
    let upstream = Upstream::with([chat(&image), chat(&image), chat(&image)]).await;
    let mut app = Setup::at(&upstream).start().await;

    let preview = app.generate(json!({ "prompt": "a kite", "output": "preview" })).await;
    let (_, small) = &preview.shown()[0];
    assert_eq!(pixels_of(small), (1568, 1045));
    assert_eq!(preview.file(), image);

    let inline = app.generate(json!({ "prompt": "a kite", "output": "inline" })).await;
    assert_eq!(inline.shown(), [("image/jpeg".to_owned(), image.clone())]);
    assert_eq!(inline.file(), image);

    let file = app.generate(json!({ "prompt": "a kite", "output": "file" })).await;
    assert!(file.shown().is_empty());
    assert_eq!(file.file(), image);
}

#[tokio::test]
async fn an_image_too_large_for_a_result_is_shown_small_and_the_result_says_so() {
    let image = crate::support::large_png(1_500_000);
    let upstream = Upstream::with([chat(&image)]).await;
    let mut app = Setup::at(&upstream).start().await;
    let answer = app.generate(json!({ "prompt": "a kite", "output": "inline" })).await;
    assert!(answer.fields()["warnings"][0].as_str().unwrap().contains("inline"), "{}", answer.text());
    assert!(answer.0.to_string().len() < 1_048_576);
    assert_eq!(answer.shown().len(), 1);
    assert_eq!(answer.file(), image);
}

#[tokio::test]
async fn ten_large_images_stay_under_a_mebibyte_of_result() {
    let image = crate::support::large_png(400_000);
    let upstream = Upstream::with((0..10).map(|_| chat(&image))).await;
    let mut app = Setup::at(&upstream).start().await;
    let answer = app.generate(json!({ "prompt": "a kite", "n": 10 })).await;
    assert_eq!(answer.shown().len(), 10);
    assert!(answer.0.to_string().len() < 1_048_576);
}

#[tokio::test]
async fn a_dry_run_says_model_pixels_and_price_and_sends_nothing() {
    let upstream = Upstream::start().await;
    let mut app = Setup::at(&upstream).start().await;
    let arguments = json!({ "prompt": "a kite", "size": "2K", "aspect_ratio": "16:9", "quality": "high", "n": 2, "dry_run": true });
    let fields = app.generate(arguments).await.fields();
    assert_eq!(fields["dry_run"], true);
    assert_eq!(
        (&fields["model"], &fields["size"], &fields["n"]),
        (&json!("gpt-image-2"), &json!("2048x1152"), &json!(2))
    );
    assert!(fields["estimate_usd"].as_f64().is_some_and(|usd| usd > 0.1), "{fields:#}");
    assert!(fields["why"].as_str().is_some());
    assert!(upstream.requests().is_empty());
    assert!(!app.home.store().exists(), "nothing is written");
}

#[tokio::test]
async fn a_call_over_its_cap_is_refused_with_the_estimate_before_anything_is_sent() {
    let upstream = Upstream::start().await;
    let mut app = Setup::at(&upstream).start().await;
    let arguments = json!({ "prompt": "a kite", "model": "gpt-image-2", "size": "4K", "quality": "high", "max_cost_usd": 0.01 });
    let answer = app.generate(arguments).await;
    let words = answer.refusal();
    assert!(words.starts_with("max_cost_usd: ") && words.contains("$0.01"), "{words}");
    assert!(words.contains("Nothing was charged"), "{words}");
    assert!(upstream.requests().is_empty());
}

#[tokio::test]
async fn the_cap_counts_all_images_and_the_stricter_of_two_caps_holds() {
    let upstream = Upstream::start().await;
    let mut app = Setup::at(&upstream).variable("GPT_IMAGE_MCP_MAX_COST_USD", "0.05").start().await;
    for arguments in [
        json!({ "prompt": "a kite", "n": 2 }),
        json!({ "prompt": "a kite", "n": 2, "max_cost_usd": 5 }),
        json!({ "prompt": "a kite", "max_cost_usd": 0.001 }),
    ] {
        let answer = app.generate(arguments).await;
        assert!(answer.refusal().starts_with("max_cost_usd: "), "{}", answer.text());
    }
    assert!(upstream.requests().is_empty());
}

#[tokio::test]
async fn without_a_key_a_call_says_which_variable_to_set_and_that_there_is_a_sandbox() {
    let mut app = Setup::bare().start().await;
    let tools = app.request("tools/list", json!({})).await;
    assert_eq!(tools["result"]["tools"].as_array().unwrap().len(), 4);
    for (tool, arguments) in [
        ("generate_image", json!({ "prompt": "a kite" })),
        ("edit_image", json!({ "prompt": "a kite", "images": ["a.png"] })),
        ("inpaint_image", json!({ "prompt": "a kite", "image": "a.png", "mask": "b.png" })),
    ] {
        let answer = app.call(tool, arguments).await;
        for word in ["APIYI_API_KEY", "OPENAI_API_KEY", "--sandbox", "Nothing was charged"] {
            assert!(answer.refusal().contains(word), "{tool}: {}", answer.text());
        }
    }
}

#[tokio::test]
async fn the_sandbox_draws_with_no_key_and_says_that_it_did() {
    let mut app = Setup::sandbox().start().await;
    let answer = app.generate(json!({ "prompt": "a red kite", "size": "1024x1024", "quality": "low" })).await;
    let fields = answer.fields();
    assert_eq!(fields["sandbox"], true);
    let warning = fields["warnings"][0].as_str().unwrap();
    assert!(warning.starts_with("SANDBOX") && warning.contains("nothing was charged"), "{warning}");
    assert_eq!(pixels_of(&answer.file()), (1024, 1024));
    let again: &mut App = &mut app;
    let again =
        again.generate(json!({ "prompt": "a red kite", "size": "1024x1024", "quality": "low" })).await;
    assert_ne!(again.id(), answer.id(), "another call is another image");
}

#[tokio::test]
async fn real_keys_never_go_to_the_sandbox_nor_calls_to_the_provider_beside_it() {
    let upstream = Upstream::start().await;
    let mut app = Setup::at(&upstream).flag("--sandbox").start().await;
    assert_eq!(app.generate(json!({ "prompt": "a kite" })).await.fields()["sandbox"], true);
    assert!(upstream.requests().is_empty());
}

#[tokio::test]
async fn transparency_that_was_asked_for_and_did_not_come_is_told() {
    let clear = alpha_mask(64, 48); // half of it is transparent
    let cases = [("an image without alpha", png(64, 48, 1), true), ("a transparent one", clear, false)];
    for (what, image, told) in cases {
        let upstream =
            Upstream::with([Reply::json(200, success_body("images_official.json", &image, ""))]).await;
        let mut app = Setup::at(&upstream).start().await;
        let answer = app.generate(json!({ "prompt": "a kite", "background": "transparent" })).await;
        let warnings = answer.fields()["warnings"].to_string();
        assert_eq!(warnings.contains("no pixel of the image is transparent"), told, "{what}: {warnings}");
    }
}
