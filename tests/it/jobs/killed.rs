//! Processes that are killed with a paid image in hand: an equal call right after gets that
//! image, and does not wait for a lease to run out.

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use sqlx::Row as _;

use super::dying::record;
use super::{Rendering, drawn, kite, no_longer, rendering};
use crate::support::{App, Gate, Reply, Setup, Upstream, eventually, png, success_body};

fn kill(process: i32, signal: Signal) {
    kill_process(Pid::from_raw(process).unwrap(), signal).unwrap();
}

/// The id of the job that a refusal names.
fn job_in(refusal: &str) -> String {
    let id = refusal.split_whitespace().find(|word| word.starts_with("job_")).unwrap();
    id.trim_end_matches(':').to_owned()
}

/// A call whose image is whole on the disk while its reply is not.
async fn arrived(setup: impl FnOnce(Setup) -> Setup) -> (App, Upstream, i64) {
    let body = success_body("chat_markdown_data_url.json", &png(64, 48, 1), "");
    let almost = body.len() - 2;
    let first = Reply::json(200, body).paused_after(almost, &Gate::shut());
    let upstream = Upstream::with([first, drawn(2)]).await;
    let mut app = setup(Setup::at(&upstream)).start().await;
    let id = app.begin("generate_image", kite()).await;
    let home = app.home.clone();
    let whole = || home.images().iter().any(|path| std::fs::read(path).is_ok_and(|is| is == png(64, 48, 1)));
    eventually("the whole image", || whole().then_some(())).await;
    (app, upstream, id)
}

#[tokio::test]
async fn a_worker_killed_with_a_whole_image_leaves_it_to_an_equal_call_at_once() {
    let (mut app, upstream, id) = arrived(|setup| setup).await;
    kill(app.children()[0], Signal::KILL);
    app.result_of(id).await.refusal();
    assert_eq!(app.generate(kite()).await.file(), png(64, 48, 1));
    assert_eq!(upstream.requests().len(), 1);
    assert_eq!(app.generate(kite()).await.file(), png(64, 48, 2), "it was handed over");
}

#[tokio::test]
async fn a_server_killed_with_a_whole_image_leaves_it_to_an_equal_call_at_once() {
    let (app, upstream, _) = arrived(|setup| setup.flag("--worker=false")).await;
    let setup = Setup::at(&upstream).sharing(&app.home);
    app.kill_group(Signal::KILL).await;
    let mut later = setup.start().await;
    assert_eq!(later.generate(kite()).await.file(), png(64, 48, 1));
    assert_eq!(upstream.requests().len(), 1);
}

#[tokio::test]
async fn an_image_that_was_done_and_not_handed_over_is_given_to_an_equal_call_at_once() {
    let Rendering { app, upstream, gate, .. } = rendering(|setup| setup, kite()).await;
    let setup = Setup::at(&upstream).sharing(&app.home);
    let worker = app.children()[0];
    app.signal(Signal::STOP);
    gate.open();
    no_longer(&app.home, "state", &["queued", "sent"]).await;
    kill(worker, Signal::KILL);
    app.kill_group(Signal::KILL).await;
    let mut later = setup.start().await;
    assert_eq!(later.generate(kite()).await.file(), png(64, 48, 1));
    assert_eq!(upstream.requests().len(), 1);
    assert_eq!(later.generate(kite()).await.file(), png(64, 48, 2), "it was handed over");
}

#[tokio::test]
async fn get_image_finds_the_image_and_hands_it_over_with_its_cost() {
    let (mut app, upstream, id) = arrived(|setup| setup).await;
    kill(app.children()[0], Signal::KILL);
    let job = job_in(app.result_of(id).await.refusal());
    let got = app.get(json!({ "id": job })).await;
    assert_eq!((got.file(), got.fields()["cost_usd"].as_f64()), (png(64, 48, 1), Some(0.03)));
    no_longer(&app.home, "caller", &["left"]).await;
    let mut record = record(&app.home).await;
    let tries = "SELECT outcome, billed, counted_micros FROM tries";
    let row = sqlx::query(tries).fetch_one(&mut record).await.unwrap();
    assert_eq!((row.get(0), row.get(1), row.get(2)), ("made", "yes", 30_000));
    assert_eq!(app.generate(kite()).await.file(), png(64, 48, 2), "it was handed over");
    assert_eq!(upstream.requests().len(), 2);
}

#[tokio::test]
async fn get_image_knows_at_once_that_a_worker_was_killed() {
    let Rendering { mut app, upstream, id, .. } = rendering(|setup| setup, kite()).await;
    kill(app.children()[0], Signal::KILL);
    let job = job_in(app.result_of(id).await.refusal());
    let lost = app.get(json!({ "id": job, "wait_s": 0 })).await;
    assert!(lost.refusal().contains("is lost"), "{}", lost.text());
    assert_eq!(upstream.requests().len(), 1);
}
