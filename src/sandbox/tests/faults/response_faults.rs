use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{A_WHILE, Bench, PAINTED, json_of, nothing_after, what_comes, with_setting};
use crate::sandbox::SandboxOptions;

fn decoded(body: &Value) -> Result<Vec<u8>, base64_simd::Error> {
    base64_simd::STANDARD.decode_to_vec(body["data"][0]["b64_json"].as_str().unwrap())
}

#[tokio::test]
async fn a_cut_body_ends_at_its_byte_without_an_end() {
    let bench = Bench::new(SandboxOptions::default()).await;
    let whole = bench.provoke("silent,only=chat", PAINTED).send().await.unwrap().bytes().await.unwrap();
    // Far more than the sockets hold, too, so that the cut waits for all of it.
    for (fault, bytes) in [("cut=0", 0), ("cut=1", 1), ("cut", 200), ("cut=100000", 100_000)] {
        let response = bench.provoke(fault, PAINTED).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let (got, well) = what_comes(response).await;
        assert_eq!((got.len(), well), (bytes, false), "{fault}");
        assert_eq!(bench.last_seen().billed, 1);
    }
    let (got, well) = what_comes(bench.provoke("cut=4000000000", PAINTED).send().await.unwrap()).await;
    assert!(!well && got.len() == whole.len(), "beyond the end only the end is missing");
    serde_json::from_slice::<Value>(&got).unwrap();
}

#[tokio::test]
async fn a_large_body_is_cut_at_its_very_byte() {
    let bench = Bench::new(SandboxOptions::default()).await;
    let body = json!({ "model": "gpt-image-2", "prompt": "a kite", "size": "2048x2048", "quality": "high" });
    let request = bench.post("/images/generations").json(&body).header("x-sandbox-fault", "cut=4000001");
    let (got, well) = what_comes(request.send().await.unwrap()).await;
    assert_eq!((got.len(), well), (4_000_001, false));
}

#[tokio::test]
async fn a_stream_of_events_can_be_cut() {
    let bench = Bench::new(with_setting("cut=5000")).await;
    let body = json!({ "model": "gpt-image-2", "prompt": "a kite", "quality": "low", "stream": true });
    let (got, well) = what_comes(bench.post("/images/generations").json(&body).send().await.unwrap()).await;
    assert_eq!((got.len(), well), (5000, false));
    assert!(got.starts_with(b"event: image_generation."));
}

#[tokio::test]
async fn a_reset_closes_before_any_status_and_is_charged() {
    let bench = Bench::new(SandboxOptions::default()).await;
    for request in
        [bench.provoke("reset", PAINTED), bench.provoke("reset", "gpt-image-2"), bench.provoke_chat("reset")]
    {
        let error = request.send().await.unwrap_err();
        assert!(error.status().is_none() && error.is_request() && !error.is_connect(), "{error:?}");
        let received = bench.last_seen();
        assert_eq!(
            (received.billed, received.prompt.as_deref()),
            (1, Some("a kite")),
            "it was read to its end"
        );
    }
    assert_eq!(bench.status(bench.provoke("server_error", PAINTED)).await, 500, "the next one is answered");
}

#[tokio::test]
async fn silence_lasts_and_is_charged() {
    let bench = Bench::new(SandboxOptions::default()).await;
    let mut waiting = tokio::spawn(bench.provoke("silent", PAINTED).send());
    while bench.received().is_empty() {
        tokio::task::yield_now().await;
    }
    assert!(tokio::time::timeout(A_WHILE, &mut waiting).await.is_err(), "it was answered");
    waiting.abort();
    let received = bench.last_seen();
    assert_eq!((received.billed, received.fault.as_deref()), (1, Some("silent")));
}

#[tokio::test]
async fn an_endless_body_is_whole_and_stays_open() {
    let bench = Bench::new(SandboxOptions::default()).await;
    for (mut response, whole) in [
        (bench.provoke("endless", PAINTED).send().await.unwrap(), bench.provoke("silent,only=chat", PAINTED)),
        (bench.provoke_chat("endless").send().await.unwrap(), bench.provoke_chat("silent,only=images")),
    ] {
        let length = whole.send().await.unwrap().bytes().await.unwrap().len();
        serde_json::from_slice::<Value>(&nothing_after(&mut response, length).await).unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_body_takes_its_time_and_comes_whole() {
    // Time is the clock's of the test: it jumps from pause to pause.
    let bench = Bench::new(SandboxOptions::default()).await;
    let begun = tokio::time::Instant::now();
    let (got, well) = what_comes(bench.provoke_chat("slow=100").send().await.unwrap()).await;
    serde_json::from_slice::<Value>(&got).unwrap();
    let (took, expected) = (begun.elapsed().as_millis(), got.len() as u128 * 10);
    assert!(
        well && (expected * 9 / 10..expected * 12 / 10).contains(&took),
        "{took} ms instead of {expected}"
    );
}

#[tokio::test]
async fn images_are_broken_in_each_of_three_ways_and_charged() {
    let bench = Bench::new(SandboxOptions::default()).await;
    let whole =
        decoded(&json_of(bench.provoke("silent,only=chat", PAINTED).send().await.unwrap()).await).unwrap();
    for model in [PAINTED, "gpt-image-2"] {
        let body = async |fault| json_of(bench.provoke(fault, model).send().await.unwrap()).await;
        assert!(image::guess_format(&decoded(&body("not_an_image").await).unwrap()).is_err());
        assert!(decoded(&body("broken_base64").await).is_err());
        let half = decoded(&body("truncated_picture").await).unwrap();
        assert!(image::load_from_memory(&half).is_err());
        if model == PAINTED {
            assert_eq!(half, whole[..whole.len() / 2]);
        }
    }
    assert!(bench.received().iter().all(|received| received.billed == 1));
}

#[tokio::test]
async fn a_fault_of_an_image_shows_behind_its_link() {
    let bench = Bench::new(SandboxOptions::default()).await;
    let body = json_of(bench.provoke_chat("truncated_picture").send().await.unwrap()).await;
    let content = body["choices"][0]["message"]["content"].as_str().unwrap();
    let url = content.trim().strip_prefix("![image](").unwrap().strip_suffix(')').unwrap();
    let response = bench.get(url).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert!(image::load_from_memory(&response.bytes().await.unwrap()).is_err());
}

#[tokio::test]
async fn words_come_from_chat_and_the_images_endpoint_still_draws() {
    let bench = Bench::new(with_setting("words")).await;
    let body = json!({ "model": PAINTED, "messages": [{ "role": "user", "content": "a kite" }] });
    let chat = bench.chat(&body).await;
    assert_eq!(chat.body["choices"][0]["message"]["content"], "Sorry, I can't do that.");
    let received = bench.last_seen();
    assert_eq!((received.billed, received.fault.as_deref()), (1, Some("words")));
    bench.generate(&json!({ "model": PAINTED, "prompt": "a kite" })).await.image(0);
}

#[tokio::test]
async fn a_time_out_further_behind_is_charged_whatever_its_shape() {
    let bench = Bench::new(SandboxOptions::default()).await;
    let hidden = bench.provoke("hidden_524", PAINTED).send().await.unwrap();
    assert_eq!(hidden.status().as_u16(), 500);
    assert!(hidden.headers().contains_key("request-id"));
    assert_eq!(json_of(hidden).await["error"]["param"], "524");
    let page = bench.provoke("html", PAINTED).send().await.unwrap();
    assert_eq!(page.status().as_u16(), 524);
    assert!(page.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
    assert!(page.text().await.unwrap().contains("524: A timeout occurred"));
    let empty = bench.provoke("empty", PAINTED).send().await.unwrap();
    assert_eq!(empty.status(), StatusCode::OK);
    assert!(empty.bytes().await.unwrap().is_empty());
    assert_eq!(bench.received().iter().map(|received| received.billed).collect::<Vec<_>>(), [1, 1, 1]);
}

#[tokio::test]
async fn what_is_refused_anyway_is_refused_plainly_and_not_charged() {
    let bench = Bench::new(with_setting("reset")).await;
    let refused = bench.generate(&json!({ "model": "gpt-image-2", "prompt": "" })).await;
    assert_eq!(refused.body["error"]["code"], "empty_string");
    assert_eq!((bench.last_seen().billed, bench.last_seen().fault), (0, None));
}
