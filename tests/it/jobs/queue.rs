//! The queue: so many requests at once, first come first served.

use serde_json::json;

use super::{Rendering, kite, rendering};
use crate::support::{Setup, png};

fn one_at_a_time(setup: Setup) -> Setup {
    setup.flag("--max-in-flight-per-provider=1")
}

/// Waits until a call is told its place.
async fn place(app: &crate::support::App, token: &str, place: u32) {
    let words = format!("place {place} in the queue");
    app.until(&words, |messages| {
        messages
            .iter()
            .find(|message| {
                message["params"]["progressToken"] == token
                    && message["params"]["message"].as_str().is_some_and(|told| told.contains(&words))
            })
            .cloned()
    })
    .await;
}

fn call(prompt: &str, token: &str) -> serde_json::Value {
    json!({ "name": "generate_image", "arguments": { "prompt": prompt }, "_meta": { "progressToken": token } })
}

#[tokio::test]
async fn who_comes_later_waits_its_turn_and_is_told_its_place() {
    let Rendering { mut app, upstream, gate, id } = rendering(one_at_a_time, kite()).await;
    let second = app.send("tools/call", call("second", "b")).await;
    place(&app, "b", 1).await;
    let third = app.send("tools/call", call("third", "c")).await;
    place(&app, "c", 2).await;
    assert_eq!(upstream.requests().len(), 1, "one at a time");
    gate.open();
    for (id, seed) in [(id, 1), (second, 2), (third, 3)] {
        assert_eq!(app.result_of(id).await.file(), png(64, 48, seed), "in the order they came");
    }
}

#[tokio::test]
async fn what_is_cancelled_in_the_line_is_never_sent() {
    let Rendering { mut app, upstream, gate, id } = rendering(one_at_a_time, kite()).await;
    let second = app.send("tools/call", call("second", "b")).await;
    place(&app, "b", 1).await;
    let third = app.send("tools/call", call("third", "c")).await;
    place(&app, "c", 2).await;
    app.notify("notifications/cancelled", json!({ "requestId": second })).await;
    place(&app, "c", 1).await;
    gate.open();
    app.result_of(id).await.fields();
    assert_eq!(app.result_of(third).await.file(), png(64, 48, 2));
    assert_eq!(upstream.requests().len(), 2);
}

#[tokio::test]
async fn several_images_of_a_call_take_turns_too() {
    let Rendering { app, upstream, gate, id } =
        rendering(one_at_a_time, json!({ "prompt": "kites", "n": 3 })).await;
    assert_eq!(upstream.requests().len(), 1);
    gate.open();
    let made = app.result_of(id).await.fields();
    assert_eq!(made["images"].as_array().unwrap().len(), 3);
}
