//! Every revision over HTTP: with sessions, without them, on one port.

use serde_json::{Value, json};

use crate::support::{Ask, Reply, Setup, Upstream, png, success_body};

/// An upstream with this many images, and a server before it.
pub async fn drawing(images: usize) -> (Upstream, Setup) {
    let reply = || Reply::json(200, success_body("chat_markdown_data_url.json", &png(64, 48, 1), ""));
    let upstream = Upstream::with((0..images).map(|_| reply())).await;
    let setup = Setup::at(&upstream).once();
    (upstream, setup)
}

pub fn kite() -> Value {
    json!({ "prompt": "a kite" })
}

/// A call in a session.
pub fn call_in(session: &str, id: i64) -> Ask {
    let params = json!({ "name": "generate_image", "arguments": kite() });
    Ask::message(json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params }))
        .session(session)
}

#[tokio::test]
async fn a_session_of_the_older_era_lists_draws_and_ends() {
    let (_upstream, setup) = drawing(1).await;
    let app = setup.serve(&[]).await;
    let session = app.session().await;
    let list = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" });
    let listed = app.ask(Ask::message(&list).session(&session)).await;
    assert_eq!(listed.result()["tools"].as_array().unwrap().len(), 4);
    let drawn = app.ask(call_in(&session, 2)).await;
    assert_eq!(drawn.answer().shown().len(), 1);
    let ended = app.ask(Ask::new("DELETE", "/mcp").session(&session)).await;
    assert_eq!(ended.status, 202);
    assert_eq!(app.ask(Ask::message(&list).session(&session)).await.status, 404);
}

#[tokio::test]
async fn every_revision_with_a_handshake_is_served() {
    let app = Setup::bare().serve(&[]).await;
    for revision in ["2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28", "2099-01-01"] {
        let params = json!({ "protocolVersion": revision, "capabilities": {}, "clientInfo": { "name": "t", "version": "1" } });
        let hello = json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params });
        let result = app.ask(Ask::message(hello)).await.result();
        let spoken = if revision < "2026" { revision } else { "2025-11-25" };
        assert_eq!(result["protocolVersion"], spoken);
        assert_eq!(result["serverInfo"]["name"], "gpt-image-mcp");
    }
}

#[tokio::test]
async fn the_era_without_sessions_needs_none() {
    let (_upstream, setup) = drawing(1).await;
    let app = setup.serve(&[]).await;
    let found = app.ask(Ask::modern("server/discover", json!({}))).await;
    assert!(found.header("mcp-session-id").is_none());
    assert!(found.result()["supportedVersions"].as_array().unwrap().contains(&json!("2026-07-28")));
    let drawn = app.ask(Ask::call("generate_image", kite())).await;
    assert_eq!(drawn.result()["resultType"], "complete");
    let address = format!("image://{}", drawn.answer().id());
    let read = app.ask(Ask::modern("resources/read", json!({ "uri": address }))).await;
    assert!(read.result()["contents"][0]["blob"].is_string());
}

#[tokio::test]
async fn headers_that_contradict_the_message_are_refused() {
    let app = Setup::bare().serve(&[]).await;
    let reply = app.ask(Ask::call("generate_image", kite()).header("mcp-name", "edit_image")).await;
    assert_eq!((reply.status, reply.error_code()), (400, -32_020));
    let reply = app.ask(Ask::modern("no/such", json!({}))).await;
    assert_eq!((reply.status, reply.error_code()), (404, -32_601));
}

#[tokio::test]
async fn callers_are_told_where_images_are_and_how_theirs_get_here() {
    let (_upstream, setup) = drawing(1).await;
    let app = setup.serve(&[]).await;
    let found = app.ask(Ask::modern("server/discover", json!({}))).await.result();
    let words = found["instructions"].as_str().unwrap();
    assert!(words.len() < 1_000 && words.contains("POST") && words.contains("/images"), "{words}");
}
