//! Partial images: asked for by a setting, driving the progress, standing in for a finished
//! image that is cut off.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gpt_image_mcp::sandbox::SandboxOptions;
use serde_json::json;

use crate::support::{Gate, Reply, Sandbox, Setup, Upstream, png};

fn event(name: &str, image: &[u8]) -> String {
    let usage =
        json!({ "input_tokens": 1, "output_tokens": 2, "input_tokens_details": { "text_tokens": 1 } });
    let data = json!({ "type": name, "b64_json": STANDARD.encode(image), "usage": usage });
    format!("event: {name}\ndata: {data}\n\n")
}

fn partial(image: &[u8]) -> String {
    event("image_generation.partial_image", image)
}

fn completed(image: &[u8]) -> String {
    event("image_generation.completed", image)
}

fn streaming(base_url: &str) -> Setup {
    Setup::bare()
        .variable("OPENAI_API_KEY", "sk-test")
        .variable("OPENAI_BASE_URL", base_url)
        .variable("GPT_IMAGE_MCP_PARTIAL_IMAGES", "2")
        .once()
}

#[tokio::test]
async fn the_sandbox_streams_and_the_finished_image_is_kept() {
    let sandbox = Sandbox::start(SandboxOptions::default()).await.unwrap();
    let mut app = streaming(&sandbox.base_url()).start().await;
    let answer = app.generate(json!({ "prompt": "a kite", "model": "gpt-image-2", "quality": "low" })).await;
    assert!(answer.fields().get("warnings").is_none(), "{}", answer.text());
    assert!(image::load_from_memory(&answer.file()).is_ok());
    assert_eq!(answer.fields()["cost_basis"], "reported usage");
    let seen = &sandbox.seen()[0];
    assert!(seen.parameters.contains(&"stream".to_owned()), "{:?}", seen.parameters);
    assert!(seen.parameters.contains(&"partial_images".to_owned()), "{:?}", seen.parameters);
    assert_eq!(app.home.images().len(), 1, "partial ones are gone");
}

#[tokio::test]
async fn a_partial_image_raises_the_progress_before_its_time() {
    let (first, last) = (png(64, 48, 1), png(64, 48, 2));
    let before = partial(&first);
    let (gate, length) = (Gate::shut(), before.len());
    let reply = Reply::new(200, "text/event-stream", before + &completed(&last)).paused_after(length, &gate);
    let upstream = Upstream::with([reply]).await;
    let app = streaming(&upstream.base_url()).start().await;
    let arguments = json!({ "prompt": "a kite", "model": "gpt-image-2", "quality": "high" });
    let params = json!({
        "name": "generate_image", "arguments": arguments, "_meta": { "progressToken": "kite" },
    });
    let mut app = app;
    let id = app.send("tools/call", params).await;
    // By the clock alone a minute would not bring it so far.
    app.until("progress by a third", |messages| {
        let third = |message: &&serde_json::Value| {
            message["params"]["progress"].as_f64().is_some_and(|progress| progress > 0.3)
        };
        messages.iter().find(third).map(|_| ())
    })
    .await;
    gate.open();
    assert_eq!(app.result_of(id).await.file(), last);
}

#[tokio::test]
async fn a_stream_that_is_cut_brings_its_last_partial_image_and_says_so() {
    let (first, second, last) = (png(64, 48, 1), png(64, 48, 2), png(64, 48, 3));
    let before = partial(&first) + &partial(&second);
    let length = before.len() + 40;
    let reply = Reply::new(200, "text/event-stream", before + &completed(&last)).cut_after(length);
    let upstream = Upstream::with([reply]).await;
    let mut app = streaming(&upstream.base_url()).start().await;
    let answer = app.generate(json!({ "prompt": "a kite", "model": "gpt-image-2" })).await;
    assert_eq!(answer.file(), second);
    let warning = answer.fields()["warnings"][0].as_str().unwrap().to_owned();
    assert!(warning.contains("partial"), "{warning}");
    assert_eq!(app.home.images().len(), 1);
}

#[tokio::test]
async fn a_whole_image_goes_before_a_partial_one_where_the_end_of_its_event_is_lost() {
    let (first, last) = (png(64, 48, 1), png(64, 48, 3));
    let body = partial(&first) + &completed(&last);
    let length = body.len() - 20;
    let reply = Reply::new(200, "text/event-stream", body).cut_after(length);
    let upstream = Upstream::with([reply]).await;
    let mut app = streaming(&upstream.base_url()).start().await;
    let answer = app.generate(json!({ "prompt": "a kite", "model": "gpt-image-2" })).await;
    assert_eq!(answer.file(), last);
    let warning = answer.fields()["warnings"][0].as_str().unwrap().to_owned();
    assert!(warning.contains("whole"), "{warning}");
}

#[tokio::test]
async fn a_refusal_after_partial_images_is_a_refusal() {
    let error = json!({ "type": "error", "error": {
        "message": "Your request was rejected by the safety system.",
        "type": "image_generation_user_error",
        "code": "moderation_blocked",
    } });
    let body = format!("{}event: error\ndata: {error}\n\n", partial(&png(64, 48, 1)));
    let upstream = Upstream::with([Reply::new(200, "text/event-stream", body)]).await;
    let mut app = streaming(&upstream.base_url()).start().await;
    let answer = app.generate(json!({ "prompt": "a kite", "model": "gpt-image-2" })).await;
    assert!(answer.refusal().contains("safety system"), "{}", answer.text());
    assert!(app.home.images().is_empty());
}

#[tokio::test]
async fn a_partial_image_stands_in_for_one_that_an_error_ended() {
    let image = png(64, 48, 1);
    let error = json!({ "type": "error", "error": { "message": "boom", "code": "server_error" } });
    let body = format!("{}event: error\ndata: {error}\n\n", partial(&image));
    let upstream = Upstream::with([Reply::new(200, "text/event-stream", body)]).await;
    let mut app = streaming(&upstream.base_url()).start().await;
    let answer = app.generate(json!({ "prompt": "a kite", "model": "gpt-image-2" })).await;
    assert_eq!(answer.file(), image);
    let warning = answer.fields()["warnings"][0].as_str().unwrap().to_owned();
    assert!(warning.contains("partial") && warning.contains("boom"), "{warning}");
}

#[tokio::test]
async fn events_under_another_content_type_are_events() {
    let image = png(64, 48, 1);
    for kind in ["application/json", "text/plain"] {
        let upstream = Upstream::with([Reply::new(200, kind, completed(&image))]).await;
        let mut app = streaming(&upstream.base_url()).start().await;
        let answer = app.generate(json!({ "prompt": "a kite", "model": "gpt-image-2" })).await;
        assert_eq!(answer.file(), image, "{kind}");
    }
}
