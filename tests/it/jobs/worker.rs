//! The worker process: whatever ends the server, the image that is being paid for arrives,
//! and the next who asks gets it.

use rustix::process::Signal;
use serde_json::json;

use super::{Rendering, drawn, kite, no_longer, rendering};
use crate::support::{App, Setup, Upstream, eventually, png};

/// How a client ends a server.
async fn end(mut app: App, how: Option<Signal>) {
    if let Some(signal) = how {
        return app.kill_group(signal).await;
    }
    app.close_input();
    app.end().await;
}

#[tokio::test]
async fn an_image_outlives_whatever_ends_the_server_and_is_paid_once() {
    for how in [None, Some(Signal::TERM), Some(Signal::KILL)] {
        let Rendering { app, upstream, gate, .. } = rendering(|setup| setup, kite()).await;
        let setup = Setup::at(&upstream).sharing(&app.home);
        end(app, how).await;
        gate.open();

        let mut later = setup.start().await;
        let answer = later.generate(kite()).await;
        assert_eq!(answer.file(), png(64, 48, 1), "{how:?}");
        assert_eq!(upstream.requests().len(), 1, "{how:?}: one request in all");
        no_longer(&later.home, "caller", &["left", "waiting"]).await;
        // It was handed over: now an equal call is a new image.
        assert_eq!(later.generate(kite()).await.file(), png(64, 48, 2), "{how:?}");
    }
}

#[tokio::test]
async fn an_image_that_arrived_after_its_server_was_killed_is_there_for_get_image() {
    let Rendering { app, upstream, gate, id } =
        rendering(|setup| setup.variable("GPT_IMAGE_MCP_WAIT_S", "1"), kite()).await;
    let home = app.home.clone();
    let told = app.result_of(id).await.fields();
    let job = told["job"].as_str().unwrap().to_owned();
    app.kill_group(Signal::KILL).await;
    gate.open();
    let mut later = Setup::on(&home).start().await; // no key: nothing can be paid
    let answer = later.get(json!({ "id": job, "wait_s": 20 })).await;
    assert_eq!(answer.file(), png(64, 48, 1));
    assert_eq!(
        (answer.fields()["job"].as_str(), answer.fields()["cost_usd"].as_f64()),
        (Some(job.as_str()), Some(0.03))
    );
    no_longer(&home, "caller", &["left"]).await;
    assert_eq!(
        later.get(json!({ "id": job })).await.fields()["cost_usd"],
        0.0,
        "shown again it costs nothing"
    );
    assert_eq!(upstream.requests().len(), 1);
}

#[tokio::test]
async fn a_worker_is_started_by_the_first_paid_call_and_there_is_one() {
    let upstream = Upstream::with([drawn(1), drawn(2)]).await;
    let mut app = Setup::at(&upstream).start().await;
    app.request("tools/list", json!({})).await;
    app.generate(json!({ "prompt": "a kite", "dry_run": true })).await.fields();
    #[cfg(target_os = "linux")]
    assert!(app.children().is_empty(), "nothing was to be paid");
    app.generate(kite()).await.fields();
    app.generate(kite()).await.fields();
    #[cfg(target_os = "linux")]
    {
        let children = app.children();
        assert_eq!(children.len(), 1);
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", children[0])).unwrap();
        let fields: Vec<_> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        let own = children[0].to_string();
        assert_eq!((fields[2], fields[3]), (own.as_str(), own.as_str()), "its own group and session");
        app.end().await;
        eventually("the worker's end", || (!alive(children[0])).then_some(())).await;
    }
}

/// Whether a process is there and has not ended.
#[cfg(target_os = "linux")]
fn alive(process: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z "))
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_worker_that_dies_takes_its_calls_with_it_and_the_next_call_has_another() {
    let Rendering { mut app, upstream, id, .. } = rendering(|setup| setup, kite()).await;
    let worker = rustix::process::Pid::from_raw(app.children()[0]).unwrap();
    rustix::process::kill_process(worker, Signal::KILL).unwrap();
    let refusal = app.result_of(id).await.refusal().to_owned();
    assert!(refusal.contains("worker process was ended"), "{refusal}");
    assert!(refusal.contains("This may have been charged."), "{refusal}");
    let job = refusal
        .split_whitespace()
        .find(|word| word.starts_with("job_"))
        .unwrap()
        .trim_end_matches(':')
        .to_owned();

    app.generate(json!({ "prompt": "another" })).await.fields();
    assert_eq!(upstream.requests().len(), 2);
    // The record says the rest once the lease is over.
    super::dying::let_leases_run_out(&app.home).await;
    let lost = app.get(json!({ "id": job })).await.refusal().to_owned();
    for words in ["is lost", "may be billed", "$0.03", "Call again", "This may have been charged."] {
        assert!(lost.contains(words), "no {words:?} in {lost}");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_call_that_its_worker_never_read_is_begun_with_another() {
    let upstream = Upstream::with([drawn(1), drawn(2)]).await;
    let mut app = Setup::at(&upstream).start().await;
    app.generate(kite()).await.fields();
    let worker = rustix::process::Pid::from_raw(app.children()[0]).unwrap();
    rustix::process::kill_process(worker, Signal::STOP).unwrap();
    let id = app.begin("generate_image", json!({ "prompt": "a boat" })).await;
    app.request("ping", json!({})).await;
    rustix::process::kill_process(worker, Signal::KILL).unwrap();
    assert_eq!(app.result_of(id).await.file(), png(64, 48, 2));
    assert_eq!(upstream.requests().len(), 2);
}

#[tokio::test]
async fn without_a_worker_the_server_itself_waits_for_what_is_paid() {
    let Rendering { mut app, upstream, gate, .. } =
        rendering(|setup| setup.flag("--worker=false"), kite()).await;
    let home = app.home.clone();
    #[cfg(target_os = "linux")]
    assert!(app.children().is_empty());
    app.close_input();
    gate.open();
    assert_eq!(app.end().await.code, 0);
    assert_eq!(std::fs::read(&home.images()[0]).unwrap(), png(64, 48, 1));
    assert_eq!(upstream.requests().len(), 1);
}

#[tokio::test]
async fn nobody_starts_a_worker_by_hand() {
    let ran = Setup::bare().run(&["worker"]).await;
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("the server starts this command"), "{}", ran.stderr);
}
