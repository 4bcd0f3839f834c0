//! Calls that take minutes and say nothing: what keeps them alive, and what their end is where
//! somebody leaves.

use std::time::{Duration, Instant};

use gpt_image_mcp::transports::Clocks;
use serde_json::json;

use super::DEBUG;
use super::eras::{call_in, kite};
use crate::support::{Ask, Gate, Reply, Setup, Upstream, WebApp, eventually, png, polled, success_body};

/// Waits until a session that began now was idle for too long.
async fn idle_time_passes(app: &WebApp) {
    app.session().await;
    app.logs(1, "an idle session ended").await;
}

/// One image, behind a gate.
async fn gated(images: usize) -> (Upstream, Setup, Gate) {
    let gate = Gate::shut();
    let reply =
        || Reply::json(200, success_body("chat_markdown_data_url.json", &png(64, 48, 1), "")).held_by(&gate);
    let upstream = Upstream::with((0..images).map(|_| reply())).await;
    let setup = Setup::at(&upstream).once();
    (upstream, setup, gate)
}

#[tokio::test]
async fn a_silent_call_has_headers_at_once_and_bytes_now_and_then() {
    let (upstream, _, gate) = gated(1).await;
    let soon = Duration::from_millis(50);
    let clocks = Clocks { early_headers: soon, keep_alive: soon, ..Clocks::default() };
    let app = Setup::at(&upstream).serve_within(clocks).await;
    let mut call = app.open(Ask::call("generate_image", kite())).await;
    assert_eq!(call.head.status, 200);
    assert_eq!(call.head.header("content-type"), Some("text/event-stream"));
    assert_eq!(call.head.header("x-accel-buffering"), Some("no"));
    upstream.requests_come(1).await;
    call.until(":\n\n:\n\n:\n\n").await;
    gate.open();
    assert!(!call.whole().await.answer().is_error());
}

#[tokio::test]
async fn a_call_with_progress_is_a_stream_from_its_first_word() {
    let (upstream, setup, gate) = gated(1).await;
    let app = setup.serve(&[]).await;
    let mut params = json!({ "name": "generate_image", "arguments": kite() });
    params["_meta"] = json!({ "progressToken": "p" });
    let mut call = app.open(Ask::modern("tools/call", params)).await;
    call.until("notifications/progress").await;
    upstream.requests_come(1).await;
    gate.open();
    assert!(!call.whole().await.answer().is_error());
}

#[tokio::test]
async fn what_is_refused_before_the_call_keeps_its_status() {
    let clocks = Clocks { early_headers: Duration::from_mins(1), ..Clocks::default() };
    let app = Setup::bare().serve_within(clocks).await;
    let unknown = app.ask(Ask::call("no_such_tool", kite())).await;
    assert_eq!(unknown.error_code(), -32_602);
    let incomplete = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": { "name": "generate_image",
        "_meta": { "io.modelcontextprotocol/protocolVersion": "2026-07-28" } } });
    let ask = Ask::message(incomplete).header("mcp-protocol-version", "2026-07-28");
    let ask = ask.header("mcp-method", "tools/call").header("mcp-name", "generate_image");
    let reply = app.ask(ask).await;
    assert_eq!((reply.status, reply.error_code()), (400, -32_602));
}

#[tokio::test]
async fn a_session_with_a_silent_call_outlives_its_idle_time_and_an_idle_one_does_not() {
    let (upstream, setup, gate) = gated(1).await;
    let app = setup.flag(DEBUG).serve(&["--session-idle-s", "1"]).await;
    let session = app.session().await;
    let call = app.open(call_in(&session, 1)).await;
    upstream.requests_come(1).await;
    idle_time_passes(&app).await;
    gate.open();
    assert!(!call.whole().await.answer().is_error());
    let list = json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/list" });
    assert_eq!(app.ask(Ask::message(&list).session(&session)).await.status, 200);
    app.logs(2, "an idle session ended").await;
    assert_eq!(app.ask(Ask::message(&list).session(&session)).await.status, 404);
}

#[tokio::test]
async fn a_call_whose_stream_broke_counts_as_use_and_is_taken_up_again_with_its_result() {
    let (upstream, setup, gate) = gated(1).await;
    let app = setup.flag(DEBUG).serve(&["--session-idle-s", "1"]).await;
    let session = app.session().await;
    let mut call = app.open(call_in(&session, 1)).await;
    let first = call.until("id:").await;
    let event = first.lines().find_map(|line| line.strip_prefix("id:")).unwrap().trim().to_owned();
    upstream.requests_come(1).await;
    drop(call);
    idle_time_passes(&app).await;
    gate.open();
    let again = Ask::events("/mcp").session(&session).header("last-event-id", event);
    let mut stream = app.open(again).await;
    let text = stream.until("\"result\"").await;
    assert!(text.contains("cost_basis"), "{text}");
}

#[tokio::test]
async fn who_hangs_up_in_the_newer_era_ends_the_request_and_not_the_image() {
    let (upstream, setup, gate) = gated(1).await;
    let app = setup.flag(DEBUG).serve(&["--max-calls", "1"]).await;
    let call = app.open(Ask::call("generate_image", kite())).await;
    upstream.requests_come(1).await;
    drop(call);
    // The request is over: the only place for a call is free again.
    app.logs(1, "a call ended").await;
    let get = Ask::call("get_image", json!({ "id": "img_0123456789ab" }));
    assert_eq!(app.ask(get).await.status, 200);
    gate.open();
    polled("the image in the store", async || {
        let listed = app.ask(Ask::modern("resources/list", json!({}))).await.result();
        (listed["resources"].as_array().unwrap().len() == 1).then_some(())
    })
    .await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_server_told_to_stop_finishes_calls_takes_no_new_ones_and_ends_well() {
    let (upstream, setup, gate) = gated(1).await;
    let mut app = setup.serve(&[]).await;
    let keep = Ask::get("/readyz").header("connection", "keep-alive");
    assert_eq!(app.ask(keep).await.status, 200);
    let call = app.open(Ask::call("generate_image", kite())).await;
    let idle = app.open(Ask::events("/sse")).await;
    upstream.requests_come(1).await;
    app.signal("TERM");
    let refused = || std::net::TcpStream::connect(app.address).is_err().then_some(());
    eventually("the end of listening", refused).await;
    gate.open();
    assert!(!call.whole().await.answer().is_error());
    assert_eq!(app.ended().await, 0, "{}", app.complaints());
    drop(idle);
}

#[cfg(unix)]
#[tokio::test]
async fn a_server_told_to_stop_waits_only_as_long_as_said_or_until_told_again() {
    for (stop_within, signals) in [("1", 1), ("60", 2)] {
        let (upstream, setup, _gate) = gated(1).await;
        let mut app = setup.serve(&["--stop-within-s", stop_within]).await;
        let call = app.open(Ask::call("generate_image", kite())).await;
        upstream.requests_come(1).await;
        app.signal("TERM");
        eventually("the end of listening", || {
            std::net::TcpStream::connect(app.address).is_err().then_some(())
        })
        .await;
        if signals == 2 {
            app.signal("INT");
        }
        assert_eq!(app.ended().await, 1);
        assert!(app.complaints().contains("calls were running"), "{}", app.complaints());
        drop(call);
    }
}

#[tokio::test]
#[ignore = "takes five and a half minutes: run it by name"]
async fn a_real_call_of_330_seconds_is_answered_in_both_eras_and_over_sse() {
    let silence = Duration::from_mins(1);
    // The flat-price model is given up on after 300 s.
    let setup = Setup::sandbox().flag("--provider=openai").flag("--sandbox-delay-s=330").flag("--wait-s=600");
    let app = setup.serve(&[]).await;
    let session = app.session().await;
    let (mut stream, place) = super::sse::connect(&app).await;
    super::sse::post(&app, &place, &super::sse::silent_call(1)).await;
    let newer = app.open(Ask::call("generate_image", kite())).await;
    let older = app.open(call_in(&session, 1)).await;
    let began = Instant::now();
    for call in [newer, older] {
        // Bytes come all the time, though nothing is said.
        assert!(!call.patiently(silence).await.answer().is_error());
    }
    stream.until("cost_basis").await;
    assert!(began.elapsed() > Duration::from_mins(5));
}
