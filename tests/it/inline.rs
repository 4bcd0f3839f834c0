//! Whole images in answers: larger than any pipe, several at once, with other answers between.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::support::{Reply, Setup, Upstream, large_png, png, success_body};

fn drawn(image: &[u8]) -> Reply {
    Reply::json(200, success_body("images_official.json", image, ""))
}

fn roomy(upstream: &Upstream) -> Setup {
    Setup::at(upstream).variable("GPT_IMAGE_MCP_INLINE_BYTES", "100000000")
}

#[tokio::test]
async fn an_image_larger_than_any_pipe_comes_as_it_is() {
    let image = large_png(5_000_000);
    let upstream = Upstream::with([drawn(&image)]).await;
    let mut app = roomy(&upstream).start().await;
    let made = app.generate(json!({ "prompt": "a kite", "output": "inline" })).await;
    assert_eq!(made.shown(), [("image/png".to_owned(), image.clone())]);
    let address = format!("image://{}", made.id());
    let read = app.request("resources/read", json!({ "uri": address })).await;
    let blob = read["result"]["contents"][0]["blob"].as_str().unwrap();
    assert_eq!(STANDARD.decode(blob).unwrap(), image);
}

#[tokio::test]
async fn several_images_in_one_answer_keep_their_order() {
    let images = [large_png(1_000_000), png(64, 48, 2), large_png(2_000_001)];
    let upstream = Upstream::with(images.iter().map(|image| drawn(image))).await;
    let mut app = roomy(&upstream).start().await;
    let made = app.generate(json!({ "prompt": "a kite", "n": 3, "output": "inline" })).await;
    let files: Vec<_> = made.fields()["images"]
        .as_array()
        .unwrap()
        .iter()
        .map(|image| std::fs::read(image["path"].as_str().unwrap()).unwrap())
        .collect();
    let shown: Vec<_> = made.shown().into_iter().map(|(_, bytes)| bytes).collect();
    assert_eq!(shown, files);
    let sizes = |all: &[Vec<u8>]| {
        let mut sizes: Vec<_> = all.iter().map(Vec::len).collect();
        sizes.sort_unstable();
        sizes
    };
    assert_eq!(sizes(&shown), sizes(&images));
}

#[tokio::test]
async fn answers_of_many_calls_stay_whole_lines() {
    let image = large_png(700_000);
    let upstream = Upstream::with([drawn(&image)]).await;
    let mut app = roomy(&upstream).start().await;
    let id = app.generate(json!({ "prompt": "a kite" })).await.id();
    let mut calls = Vec::new();
    for _ in 0..8 {
        calls.push(app.begin("get_image", json!({ "id": id, "output": "inline" })).await);
        app.send("ping", json!({})).await;
    }
    for call in calls {
        assert_eq!(app.result_of(call).await.shown()[0].1, image);
    }
}
