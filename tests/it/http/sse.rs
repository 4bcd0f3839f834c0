//! The transport of 2024, beside the newer ones.

use std::time::Duration;

use gpt_image_mcp::transports::Clocks;
use serde_json::{Value, json};

use super::DEBUG;
use super::eras::{drawing, kite};
use crate::support::{Ask, Gate, Opened, Reply, Setup, Upstream, WebApp, png, success_body};

/// Opens a stream and shakes hands. Returns where messages go, too.
pub async fn connect(app: &WebApp) -> (Opened, String) {
    let mut stream = app.open(Ask::events("/sse")).await;
    assert_eq!(stream.head.header("content-type"), Some("text/event-stream"));
    let first = stream.until("\n\n").await;
    assert!(first.starts_with("event: endpoint\n"), "{first}");
    let place = first.lines().find_map(|line| line.strip_prefix("data: ")).unwrap().to_owned();
    let params = json!({
        "protocolVersion": "2024-11-05", "capabilities": {}, "clientInfo": { "name": "tests", "version": "1" },
    });
    post(app, &place, &json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params })).await;
    assert!(stream.until("serverInfo").await.contains("2024-11-05"));
    post(app, &place, &json!({ "jsonrpc": "2.0", "method": "notifications/initialized" })).await;
    (stream, place)
}

pub async fn post(app: &WebApp, place: &str, message: &Value) {
    let ask = Ask::post(place, message.to_string()).header("content-type", "application/json");
    assert_eq!(app.ask(ask).await.status, 202);
}

fn call(id: i64) -> Value {
    let params = json!({ "name": "generate_image", "arguments": kite(), "_meta": { "progressToken": "p" } });
    json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params })
}

/// A call without a token for progress.
pub fn silent_call(id: i64) -> Value {
    let mut call = call(id);
    call["params"].as_object_mut().unwrap().remove("_meta");
    call
}

#[tokio::test]
async fn a_client_of_2024_lists_draws_and_is_told_of_progress() {
    let (_upstream, setup) = drawing(1).await;
    let app = setup.serve(&[]).await;
    let (mut stream, place) = connect(&app).await;
    post(&app, &place, &json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" })).await;
    stream.until("inpaint_image").await;
    post(&app, &place, &call(2)).await;
    let text = stream.until("cost_basis").await;
    assert!(text.contains("notifications/progress"), "{text}");
}

#[tokio::test]
async fn a_silent_connection_lives_and_is_given_bytes_past_every_idle_time() {
    let gate = Gate::shut();
    let reply =
        Reply::json(200, success_body("chat_markdown_data_url.json", &png(64, 48, 1), "")).held_by(&gate);
    let upstream = Upstream::with([reply]).await;
    let ms = Duration::from_millis;
    let clocks = Clocks { session_idle: ms(100), keep_alive: ms(50), ..Clocks::default() };
    let app = Setup::at(&upstream).serve_within(clocks).await;
    let (mut stream, place) = connect(&app).await;
    stream.until(":\n\n:\n\n:\n\n:\n\n:\n\n:\n\n").await;
    post(&app, &place, &silent_call(1)).await;
    upstream.requests_come(1).await;
    let before = stream.head.body.len();
    while stream.head.body.len() < before + 30 {
        let more = stream.more().await.unwrap();
        stream.head.body.extend(more);
    }
    gate.open();
    stream.until("cost_basis").await;
}

#[tokio::test]
async fn the_session_is_the_connection() {
    let app = Setup::bare().flag(DEBUG).serve(&[]).await;
    let (stream, place) = connect(&app).await;
    drop(stream);
    app.logs(1, "an SSE connection ended").await;
    let ping = json!({ "jsonrpc": "2.0", "id": 1, "method": "ping" });
    let ask = Ask::post(&place, ping.to_string()).header("content-type", "application/json");
    assert_eq!(app.ask(ask).await.status, 404);
    connect(&app).await;
}

#[tokio::test]
async fn bad_messages_are_refused_and_the_connection_lives_on() {
    let (_upstream, setup) = drawing(1).await;
    let app = setup.serve(&["--max-body-bytes", "100000"]).await;
    let (mut stream, place) = connect(&app).await;
    let ping = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
    for (what, body, kind, status) in [
        ("malformed JSON", "{".to_owned(), "application/json", 400),
        ("a batch", format!("[{ping}]"), "application/json", 400),
        ("no message", "{}".to_owned(), "application/json", 400),
        ("text", ping.to_owned(), "text/plain", 415),
        ("an oversized body", format!("\"{}\"", "x".repeat(100_000)), "application/json", 413),
    ] {
        let reply = app.ask(Ask::post(&place, body).header("content-type", kind)).await;
        assert_eq!(reply.status, status, "{what}: {}", reply.text());
    }
    post(&app, &place, &call(7)).await;
    stream.until("cost_basis").await;
}

#[tokio::test]
async fn behind_a_proxy_that_takes_a_path_away_the_place_for_messages_has_it() {
    let app = Setup::bare().serve(&["--public-url", "https://example.com/pictures/"]).await;
    let mut stream = app.open(Ask::events("/sse")).await;
    let first = stream.until("\n\n").await;
    assert!(first.contains("data: /pictures/messages?sessionId="), "{first}");
}
