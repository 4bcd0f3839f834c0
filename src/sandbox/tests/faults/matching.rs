use serde_json::{Value, json};

use super::{Bench, PAINTED, json_of, with_setting};
use crate::sandbox::SandboxOptions;

/// The statuses of so many calls, one after the other.
async fn statuses(bench: &Bench, body: &Value, calls: usize) -> Vec<u16> {
    let mut statuses = Vec::new();
    for _ in 0..calls {
        statuses.push(bench.generate(body).await.status.as_u16());
    }
    statuses
}

#[tokio::test]
async fn a_rate_limit_lifts_after_so_many_calls_wherever_it_was_asked_for() {
    let plain = json!({ "model": PAINTED, "prompt": "a kite" });
    let bench = Bench::new(with_setting("rate_limited,times=2")).await;
    assert_eq!(statuses(&bench, &plain, 4).await, [429, 429, 200, 200]);
    let bench = Bench::new(SandboxOptions::default()).await;
    let worded = json!({ "model": PAINTED, "prompt": "a sandbox:fault=rate_limited,times=2 kite" });
    assert_eq!(statuses(&bench, &worded, 4).await, [429, 429, 200, 200]);
    let mut asked = Vec::new();
    for _ in 0..3 {
        asked.push(bench.status(bench.provoke("saturated,times=2", PAINTED)).await);
    }
    assert_eq!(asked, [429, 429, 200]);
    // A spelling of its own counts for itself.
    assert_eq!(bench.status(bench.provoke("saturated,times=1", PAINTED)).await, 429);
    let faults: Vec<_> = bench.received().into_iter().map(|received| received.fault.is_some()).collect();
    assert_eq!(faults, [true, true, false, false, true, true, false, true]);
}

#[tokio::test]
async fn the_header_goes_before_the_prompt_and_the_prompt_before_the_setting() {
    let bench = Bench::new(with_setting("overloaded")).await;
    let worded = json!({ "model": PAINTED, "prompt": "a kite sandbox:fault=no_credit_403" });
    assert_eq!(bench.generate(&json!({ "model": PAINTED, "prompt": "a kite" })).await.status.as_u16(), 503);
    assert_eq!(bench.generate(&worded).await.status.as_u16(), 403);
    let all = bench.post("/images/generations").json(&worded).header("x-sandbox-fault", "server_error");
    assert_eq!(bench.status(all).await, 500);
    // One that cannot befall the request leaves it to the next.
    let other = bench.post("/images/generations").json(&worded).header("x-sandbox-fault", "silent,only=chat");
    assert_eq!(bench.status(other).await, 403);
}

#[tokio::test]
async fn only_keeps_a_fault_to_an_endpoint_or_a_model() {
    let images = |model| (format!("images {model}"), json!({ "model": model, "prompt": "a kite" }));
    for (only, failing) in [
        ("chat", [false, false, true]),
        ("images", [true, true, false]),
        ("gpt-image-2", [true, false, false]),
    ] {
        let bench = Bench::new(with_setting(&format!("overloaded,only={only}"))).await;
        for ((name, body), fails) in [images("gpt-image-2"), images(PAINTED)].into_iter().zip(failing) {
            assert_eq!(bench.generate(&body).await.status.as_u16() == 503, fails, "{only}: {name}");
        }
        let message = json!({ "role": "user", "content": "a kite" });
        let chat = bench.chat(&json!({ "model": PAINTED, "messages": [message] })).await;
        assert_eq!(chat.status.as_u16() == 503, failing[2], "{only}: chat");
    }
}

#[tokio::test]
async fn the_word_is_not_painted() {
    let bench = Bench::new(SandboxOptions::default()).await;
    let plain = bench.generate(&json!({ "model": PAINTED, "prompt": "a kite" })).await;
    let worded = json!({ "model": PAINTED, "prompt": "a sandbox:fault=endless,only=chat kite" });
    assert_eq!(bench.generate(&worded).await.image(0), plain.image(0));
}

#[tokio::test]
async fn a_spelling_that_cannot_be_read_is_refused_and_says_what_can() {
    let bench = Bench::new(SandboxOptions::default()).await;
    let header = json_of(bench.provoke("ratelimit", PAINTED).send().await.unwrap()).await;
    let worded = json!({ "model": "gpt-image-2", "prompt": "a kite sandbox:fault=cut=half" });
    let prompt = bench.generate(&worded).await;
    assert_eq!(prompt.status.as_u16(), 400);
    for (body, param, words) in [
        (header, "x-sandbox-fault", "unknown fault \"ratelimit\"; the nearest is rate_limited"),
        (prompt.body, "prompt", "cut=BYTES needs a whole number of at least 0, not \"half\""),
    ] {
        assert_eq!(body["error"]["param"], param);
        assert!(body["error"]["message"].as_str().unwrap().contains(words), "{body}");
    }
    assert!(bench.received().iter().all(|received| received.billed == 0));
}
