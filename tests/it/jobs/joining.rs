//! Who gets a job's images: its caller, else the next who asks for the same, and nobody
//! twice.

use serde_json::json;

use super::{Rendering, drawn, kite, no_longer, rendering};
use crate::support::{Gate, Setup, Upstream, eventually, png};

async fn cancel(app: &mut crate::support::App, id: i64) {
    app.notify("notifications/cancelled", json!({ "requestId": id })).await;
    // The server has read the cancellation when it answers what came after it.
    app.request("ping", json!({})).await;
}

#[tokio::test]
async fn an_equal_call_joins_one_that_was_told_to_come_back() {
    let Rendering { mut app, upstream, gate, id } =
        rendering(|setup| setup.variable("GPT_IMAGE_MCP_WAIT_S", "1"), kite()).await;
    let job = app.result_of(id).await.fields()["job"].clone();
    // The same, spelled otherwise: defaults filled in, a number as text, another form of answer.
    let same =
        json!({ "prompt": "a red kite", "n": "1", "size": "auto", "quality": "auto", "output": "file" });
    let joined = app.generate(same).await.fields();
    assert_eq!((&joined["status"], &joined["job"]), (&json!("rendering"), &job));
    gate.open();
    let made = app.generate(kite()).await;
    assert_eq!((&made.fields()["job"], made.file()), (&job, png(64, 48, 1)));
    assert_eq!(upstream.requests().len(), 1);
    no_longer(&app.home, "caller", &["left", "waiting"]).await; // recorded after the answer is written
    assert_ne!(app.generate(kite()).await.fields()["job"], job, "handed over, it is a new image");
}

#[tokio::test]
async fn an_equal_call_joins_one_that_was_cancelled_and_another_does_not() {
    let Rendering { mut app, upstream, gate, id } = rendering(|setup| setup, kite()).await;
    cancel(&mut app, id).await;
    let other = app.generate(json!({ "prompt": "a blue kite" })).await;
    assert_eq!(other.file(), png(64, 48, 2), "another prompt is another image");
    let equal = app.begin("generate_image", kite()).await;
    app.request("ping", json!({})).await;
    gate.open();
    assert_eq!(app.result_of(equal).await.file(), png(64, 48, 1));
    assert_eq!(upstream.requests().len(), 2);
}

#[tokio::test]
async fn two_callers_that_wait_are_two_images() {
    let Rendering { mut app, upstream, gate, id } = rendering(|setup| setup, kite()).await;
    let second = app.generate(kite()).await;
    assert_eq!(second.file(), png(64, 48, 2));
    gate.open();
    assert_eq!(app.result_of(id).await.file(), png(64, 48, 1));
    assert_eq!(upstream.requests().len(), 2);
}

#[tokio::test]
async fn what_goes_in_makes_a_call_another() {
    let gate = Gate::shut();
    let upstream = Upstream::with([drawn(1).held_by(&gate), drawn(2)]).await;
    let setup = Setup::at(&upstream);
    setup.home.put("a.png", png(8, 8, 1));
    let mut app = setup.start().await;
    let call = json!({ "prompt": "wider", "images": ["a.png"] });
    let id = app.begin("edit_image", call.clone()).await;
    upstream.requests_come(1).await;
    cancel(&mut app, id).await;
    setup.home.put("a.png", png(8, 8, 9)); // the same name, other bytes
    assert_eq!(app.edit(call.clone()).await.file(), png(64, 48, 2));
    setup.home.put("b.png", png(8, 8, 1)); // another name, the same bytes
    gate.open();
    let same = app.edit(json!({ "prompt": "wider", "images": ["b.png"] })).await;
    assert_eq!(same.file(), png(64, 48, 1));
    assert_eq!(upstream.requests().len(), 2);
}

#[tokio::test]
async fn a_setting_drops_what_its_caller_left() {
    let Rendering { mut app, upstream, gate, id } =
        rendering(|setup| setup.flag("--drop-cancelled"), kite()).await;
    let home = app.home.clone();
    cancel(&mut app, id).await;
    eventually("the job's end", || home.images().is_empty().then_some(())).await;
    gate.open();
    assert_eq!(app.generate(kite()).await.file(), png(64, 48, 2), "there is nothing to join");
    assert_eq!(upstream.requests().len(), 2);
    assert_eq!(home.images().len(), 1);
}
