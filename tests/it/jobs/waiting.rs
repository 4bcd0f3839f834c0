//! The soft deadline: an answer in time, and the image after it.

use serde_json::json;

use super::{Rendering, kite, rendering};
use crate::support::{Setup, png};

fn impatient(setup: Setup) -> Setup {
    setup.variable("GPT_IMAGE_MCP_WAIT_S", "1")
}

#[tokio::test]
async fn a_call_that_takes_longer_than_its_client_waits_is_answered_and_goes_on() {
    let Rendering { mut app, upstream, gate, id } = rendering(impatient, kite()).await;
    let answer = app.result_of(id).await;
    let told = answer.fields(); // and no error
    assert_eq!(told["status"], "rendering");
    assert!(told["seconds"].as_u64().is_some_and(|seconds| seconds <= 2), "{told:#}");
    assert!(told["usual_seconds"].as_u64().is_some_and(|seconds| seconds > 0), "{told:#}");
    let job = told["job"].as_str().unwrap();
    let next = told["next"].as_str().unwrap();
    assert!(next.contains("get_image") && next.contains(job), "{next}");

    let looked = app.get(json!({ "id": job, "wait_s": 0 })).await.fields();
    assert_eq!((&looked["status"], &looked["job"]), (&json!("rendering"), &json!(job)));
    let waited = app.get(json!({ "id": job, "wait_s": 300 })).await.fields();
    assert_eq!(waited["status"], "rendering", "wait_s stays under the deadline");
    gate.open();
    let made = app.get(json!({ "id": job })).await;
    assert_eq!((made.fields()["job"].as_str(), made.file()), (Some(job), png(64, 48, 1)));
    assert_eq!(upstream.requests().len(), 1);
}

#[tokio::test]
async fn several_ids_come_back_as_far_as_they_are_ready() {
    let Rendering { mut app, gate, id, .. } = rendering(impatient, kite()).await;
    let job = app.result_of(id).await.fields()["job"].as_str().unwrap().to_owned();
    let ready = app.generate(json!({ "prompt": "a boat" })).await;
    let ids = json!([job, ready.id(), "job_0123456789ab"]);
    let some = app.get(json!({ "ids": ids })).await;
    let results = some.fields()["results"].clone();
    assert_eq!(results[0]["status"], "rendering", "{results:#}");
    assert_eq!(results[1]["images"][0]["id"], ready.id());
    assert!(results[2]["error"].as_str().unwrap().contains("job_0123456789ab"), "{results:#}");
    assert_eq!(some.shown().len(), 1);
    gate.open();
    let all = app.get(json!({ "ids": [job, ready.id()], "wait_s": 20 })).await;
    assert_eq!(all.shown().len(), 2);
    assert_eq!(all.fields()["results"][0]["id"], json!(job));
    let none = app.get(json!({ "ids": ["img_0123456789ab", "job_0123456789ab"] })).await;
    assert!(none.refusal().contains("img_0123456789ab"), "{}", none.text());
}

#[tokio::test]
async fn waiting_tells_of_progress() {
    let Rendering { mut app, gate, id, .. } = rendering(impatient, kite()).await;
    let job = app.result_of(id).await.fields()["job"].as_str().unwrap().to_owned();
    let call = json!({ "name": "get_image", "arguments": { "id": job }, "_meta": { "progressToken": "w" } });
    let id = app.send("tools/call", call).await;
    let told = app.until("progress", |messages| {
        let told = |message: &&serde_json::Value| {
            message["params"]["progressToken"] == "w"
                && message["params"]["message"].as_str().is_some_and(|words| words.contains("usually about"))
        };
        messages.iter().find(told).cloned()
    });
    told.await;
    gate.open();
    app.result_of(id).await.fields();
}
