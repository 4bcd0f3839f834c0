//! The protocol over stdin and stdout: both eras, progress, cancellation, the end of input.

use serde_json::{Value, json};

use crate::support::{App, Gate, Reply, Setup, Upstream, eventually, large_png, modern, png, success_body};

fn drawn(image: &[u8]) -> Reply {
    Reply::json(200, success_body("chat_markdown_data_url.json", image, ""))
}

#[tokio::test]
async fn every_revision_with_a_handshake_is_served_by_our_name_and_version() {
    for revision in ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] {
        let mut app = Setup::bare().launch();
        let hello = app.initialize(revision).await;
        assert_eq!(hello["protocolVersion"], revision);
        assert_eq!(hello["serverInfo"]["name"], "gpt-image-mcp");
        assert_eq!(hello["serverInfo"]["version"], env!("CARGO_PKG_VERSION"));
        assert!(hello["capabilities"]["tools"].is_object() && hello["capabilities"]["resources"].is_object());
        let tools = app.request("tools/list", json!({})).await;
        assert_eq!(tools["result"]["tools"].as_array().unwrap().len(), 4, "{revision}");
        app.request("ping", json!({})).await;
        assert_eq!(app.end().await.code, 0, "{revision}");
    }
}

#[tokio::test]
async fn a_revision_of_the_future_is_answered_with_one_that_is_spoken() {
    for revision in ["2099-01-01", "2026-07-28", "latest"] {
        let hello = Setup::bare().launch().initialize(revision).await;
        assert_eq!(hello["protocolVersion"], "2025-11-25", "{revision}");
    }
}

#[tokio::test]
async fn the_era_without_a_handshake_is_served_with_and_without_discovery() {
    for discovers in [true, false] {
        let image = png(64, 48, 1);
        let upstream = Upstream::with([drawn(&image)]).await;
        let mut app = Setup::at(&upstream).launch();
        if discovers {
            let found = app.request("server/discover", modern(json!({}))).await;
            let found = &found["result"];
            assert!(
                found["supportedVersions"].as_array().unwrap().contains(&json!("2026-07-28")),
                "{found:#}"
            );
            assert!(found["instructions"].as_str().is_some_and(|words| !words.is_empty()));
            let server = &found["_meta"]["io.modelcontextprotocol/serverInfo"];
            assert_eq!(
                (&server["name"], &server["version"]),
                (&json!("gpt-image-mcp"), &json!(env!("CARGO_PKG_VERSION")))
            );
        }
        let tools = app.request("tools/list", modern(json!({}))).await;
        assert_eq!(tools["result"]["resultType"], "complete");
        assert_eq!(tools["result"]["tools"].as_array().unwrap().len(), 4);
        let call = json!({ "name": "generate_image", "arguments": { "prompt": "a kite" } });
        let mut call = modern(call);
        call["_meta"]["progressToken"] = json!("kite-1");
        let id = app.send("tools/call", call).await;
        let answer = app.result_of(id).await;
        assert_eq!(app.progress()[0]["progressToken"], "kite-1");
        assert_eq!(answer.0["resultType"], "complete");
        assert_eq!(answer.file(), image);
        let address = format!("image://{}", answer.id());
        let read = app.request("resources/read", modern(json!({ "uri": address }))).await;
        assert!(read["result"]["contents"][0]["blob"].is_string(), "{read:#}");
        assert_eq!(app.end().await.code, 0);
    }
}

#[tokio::test]
async fn a_request_of_the_newer_era_without_its_meta_is_refused() {
    let mut app = Setup::bare().launch();
    app.request("server/discover", modern(json!({}))).await;
    let answer = app.request("tools/list", json!({})).await;
    assert_eq!(answer["error"]["code"], -32602, "{answer:#}");
}

#[tokio::test]
async fn a_client_that_looks_and_leaves_is_no_error() {
    let app = Setup::bare().launch();
    assert_eq!(app.end().await.code, 0, "without a word");
    let mut app = Setup::bare().launch();
    app.request("server/discover", modern(json!({}))).await;
    let ran = app.end().await;
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "after a look");
}

#[tokio::test]
async fn what_is_not_offered_is_an_unknown_method() {
    let mut app = Setup::bare().start().await;
    for method in ["prompts/list", "no/such/method"] {
        assert_eq!(app.request(method, json!({})).await["error"]["code"], -32601, "{method}");
    }
}

/// A call that renders until the gate opens.
async fn rendering(token: Option<Value>) -> (App, Upstream, Gate, i64) {
    let gate = Gate::shut();
    let upstream = Upstream::with([drawn(&png(64, 48, 1)).held_by(&gate)]).await;
    let mut app = Setup::at(&upstream).variable("GPT_IMAGE_MCP_LOG", "info").start().await;
    let mut params = json!({ "name": "generate_image", "arguments": { "prompt": "a kite" } });
    if let Some(token) = token {
        params["_meta"]["progressToken"] = token;
    }
    let id = app.send("tools/call", params).await;
    upstream.requests_come(1).await;
    (app, upstream, gate, id)
}

#[tokio::test]
async fn progress_comes_at_once_and_rises_where_a_token_came() {
    for token in [json!("kite-1"), json!(7)] {
        let (app, _upstream, gate, id) = rendering(Some(token.clone())).await;
        app.until("progress while rendering", |messages| {
            let says = |message: &&Value| {
                message["params"]["message"].as_str().is_some_and(|text| text.contains("rendering"))
            };
            messages.iter().find(says).map(|_| ())
        })
        .await;
        gate.open();
        app.result_of(id).await.fields();
        let told = app.progress();
        let values: Vec<_> = told.iter().map(|notice| notice["progress"].as_f64().unwrap()).collect();
        assert!(values.windows(2).all(|pair| pair[0] < pair[1]), "{values:?}");
        for notice in &told {
            assert_eq!(notice["progressToken"], token);
            assert_eq!(notice["total"], 1.0);
            assert!(notice["progress"].as_f64().unwrap() <= 1.0);
        }
        let messages = app.messages();
        assert_eq!(messages.last().unwrap()["id"], id, "nothing is told after the result");
    }
}

#[tokio::test]
async fn no_progress_comes_where_no_token_came() {
    let (app, _upstream, gate, id) = rendering(None).await;
    gate.open();
    app.result_of(id).await.fields();
    assert!(app.progress().is_empty());
}

#[tokio::test]
async fn a_call_cancelled_after_sending_is_not_answered_and_its_image_is_kept() {
    let (mut app, upstream, gate, id) = rendering(None).await;
    app.notify("notifications/cancelled", json!({ "requestId": id, "reason": "too slow" })).await;
    // The server has read the cancellation when it answers what came after it.
    app.request("ping", json!({})).await;
    gate.open();
    let image =
        eventually("the image in the store", || app.home.images().into_iter().find(|path| !hidden(path)))
            .await;
    assert_eq!(std::fs::read(image).unwrap(), png(64, 48, 1));
    let address = loop {
        let listed = app.request("resources/list", json!({})).await;
        if let Some(uri) = listed["result"]["resources"][0]["uri"].as_str() {
            break uri.to_owned();
        }
    };
    app.get(json!({ "id": address })).await.fields();
    assert!(app.messages().iter().all(|message| message["id"] != id), "a cancelled request is not answered");
    assert_eq!(upstream.requests().len(), 1, "it is not sent again");
}

fn hidden(path: &std::path::Path) -> bool {
    path.file_name().unwrap().to_string_lossy().starts_with('.')
}

#[tokio::test]
async fn paid_work_in_flight_is_finished_and_stored_after_the_input_closes() {
    let (mut app, upstream, gate, _) = rendering(None).await;
    let home = app.home.clone();
    app.close_input();
    gate.open();
    assert_eq!(app.end().await.code, 0);
    assert_eq!(upstream.requests().len(), 1);
    let mut later = Setup::on(&home).start().await;
    let listed = later.request("resources/list", json!({})).await;
    let found = later.get(json!({ "id": listed["result"]["resources"][0]["uri"] })).await;
    assert_eq!(found.file(), png(64, 48, 1));
}

#[tokio::test]
async fn calls_are_answered_while_another_renders() {
    let (mut app, _upstream, gate, id) = rendering(None).await;
    let dry = app.generate(json!({ "prompt": "a kite", "dry_run": true })).await;
    assert_eq!(dry.fields()["dry_run"], true);
    gate.open();
    app.result_of(id).await.fields();
}

#[tokio::test]
async fn a_line_of_twenty_million_bytes_is_read() {
    use base64::Engine as _;
    let image = large_png(15_000_000);
    let upstream =
        Upstream::with([Reply::json(200, success_body("images_official.json", &png(64, 48, 1), ""))]).await;
    let mut app = Setup::at(&upstream).start().await;
    let url = format!("data:image/png;base64,{}", base64::engine::general_purpose::STANDARD.encode(&image));
    app.edit(json!({ "prompt": "wider", "images": [url], "quality": "low" })).await.fields();
    assert!(upstream.only_request().parts_named("image")[0].bytes == image, "every byte arrives");
}

#[tokio::test]
async fn lines_that_are_no_messages_do_not_end_the_server() {
    let mut app = Setup::bare().start().await;
    let lines: [&[u8]; 8] = [
        b"hello?",
        b"{\"jsonrpc\":\"2.0\",\"id\":",
        b"[]",
        b"null",
        b"{}",
        b"\xff\xfe\x00",
        b"",
        br#"{"jsonrpc":"2.0","id":"x","method":"tools/call","params":"not an object"}"#,
    ];
    for line in lines {
        app.line(line).await;
        let tools = app.request("tools/list", json!({})).await;
        assert!(tools["result"]["tools"].is_array(), "after {}", String::from_utf8_lossy(line));
    }
}

#[tokio::test]
async fn nothing_but_messages_is_written_to_stdout_whatever_is_logged() {
    let upstream = Upstream::with([drawn(&png(64, 48, 1)), Reply::json(500, "{}")]).await;
    let setup = Setup::at(&upstream).variable("GPT_IMAGE_MCP_LOG", "trace").variable("RUST_BACKTRACE", "1");
    let mut app = setup.start().await;
    app.generate(json!({ "prompt": "a kite" })).await;
    app.generate(json!({ "prompt": "a kite" })).await;
    let ran = app.end().await;
    assert!(!ran.stderr.is_empty());
    for line in ran.stdout.lines() {
        let message: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert_eq!(message["jsonrpc"], "2.0");
    }
}

#[tokio::test]
async fn an_emoji_that_was_cut_in_two_is_drawn_all_the_same() {
    let upstream = Upstream::with([drawn(&png(64, 48, 1))]).await;
    let mut app = Setup::at(&upstream).start().await;
    let call = r#"{"name":"generate_image","arguments":{"prompt":"a kite \ud83d"}}"#;
    app.line(format!(r#"{{"jsonrpc":"2.0","id":4242,"method":"tools/call","params":{call}}}"#)).await;
    app.result_of(4242).await.fields();
    let sent = upstream.only_request().json().to_string();
    assert!(sent.contains("a kite \u{fffd}"), "{sent}");
}
