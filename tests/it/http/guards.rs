//! Who may call, from where, and how much.

use std::time::Duration;

use gpt_image_mcp::transports::Clocks;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::eras::{call_in, drawing, kite};
use crate::support::{Ask, Gate, Reply, Setup, Upstream, png, success_body};

const ALICE: &str = "alice-0123456789-abcdef";
const BOB: &str = "bob-0123456789-abcdef";
const LISTED: &str = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;

fn ping() -> Ask {
    Ask::modern("tools/list", json!({}))
}

#[tokio::test]
async fn an_address_that_others_reach_is_refused_without_a_token() {
    for listen in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let ran = Setup::bare().run(&["http", "--listen", listen]).await;
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        assert!(
            ran.stderr.contains("not a loopback address") && ran.stderr.contains("--token-file"),
            "{}",
            ran.stderr
        );
        assert_eq!(ran.stdout, "");
    }
}

#[tokio::test]
async fn a_token_that_cannot_be_used_stops_the_start_and_is_not_quoted() {
    for (token, part) in [("alice", "there is no ="), ("alice=sk-lonely", "too short")] {
        let ran = Setup::bare().variable("GPT_IMAGE_MCP_TOKENS", token).run(&["http"]).await;
        assert_eq!(ran.code, 2);
        assert!(ran.stderr.contains(part) && !ran.stderr.contains("lonely"), "{}", ran.stderr);
    }
    let ran = Setup::bare().run(&["http", "--token-file", "no-such-file"]).await;
    assert!(ran.code == 2 && ran.stderr.contains("no-such-file cannot be read"), "{}", ran.stderr);
}

#[tokio::test]
async fn with_tokens_every_route_but_the_probes_wants_one() {
    let setup = Setup::bare().variable("GPT_IMAGE_MCP_TOKENS", &format!("alice={ALICE};bob={BOB}"));
    let app = setup.serve(&[]).await;
    let routes =
        [ping(), Ask::events("/sse"), Ask::post("/messages?sessionId=1", LISTED), Ask::get("/nothing")];
    for route in routes {
        let without = app.ask(route.clone()).await;
        assert_eq!(without.status, 401, "{route:?}");
        assert_eq!(without.header("www-authenticate"), Some("Bearer realm=\"gpt-image-mcp\""));
        for wrong in ["wrong-0123456789-abcdef", "", &ALICE[..22], "alice"] {
            let reply = app.ask(route.clone().token(wrong)).await;
            assert_eq!(reply.status, 401, "{wrong}");
            assert!(reply.header("www-authenticate").unwrap().contains("invalid_token"));
        }
        assert_eq!(app.ask(route.header("authorization", format!("Basic {ALICE}"))).await.status, 401);
    }
    for token in [ALICE, BOB] {
        assert_eq!(app.ask(ping().token(token)).await.status, 200);
    }
    assert_eq!(app.ask(ping().header("authorization", format!("bearer  {ALICE}"))).await.status, 200);
    for probe in ["/healthz", "/readyz"] {
        assert_eq!(app.ask(Ask::get(probe)).await.status, 200);
    }
    assert!(!app.complaints().contains("0123456789"), "{}", app.complaints());
}

#[cfg(unix)]
#[tokio::test]
async fn the_token_file_is_read_again_on_sighup_and_a_bad_one_changes_nothing() {
    let setup = Setup::bare();
    let file = setup.home.put("tokens", format!("alice = {ALICE}\n"));
    let app = setup.serve(&["--token-file", file.to_str().unwrap()]).await;
    assert_eq!(app.ask(ping().token(ALICE)).await.status, 200);
    std::fs::write(&file, "bad").unwrap();
    app.signal("HUP");
    app.logs(1, "stay as they were").await;
    assert_eq!(app.ask(ping().token(ALICE)).await.status, 200);
    std::fs::write(&file, format!("bob = {BOB}\n")).unwrap();
    app.signal("HUP");
    app.logs(1, "read again").await;
    assert_eq!(app.ask(ping().token(ALICE)).await.status, 401);
    assert_eq!(app.ask(ping().token(BOB)).await.status, 200);
}

#[tokio::test]
async fn host_and_origin_are_checked_on_every_route() {
    let app = Setup::bare()
        .serve(&["--allowed-host", "images.example.com", "--public-url", "https://pub.example.com/x"])
        .await;
    let routes =
        [ping(), Ask::events("/sse"), Ask::post("/messages?sessionId=1", LISTED), Ask::get("/healthz")];
    for route in routes {
        let forged = app.ask(route.clone().header("host", "evil.example:8787")).await;
        assert_eq!(forged.status, 403, "{route:?}");
        for origin in ["https://evil.example", "null", "http://localhost.evil.example"] {
            let foreign = app.ask(route.clone().header("origin", origin)).await;
            assert_eq!(foreign.status, 403, "{route:?}");
            assert!(foreign.header("access-control-allow-origin").is_none());
        }
    }
    for host in ["images.example.com", "pub.example.com", "localhost:1"] {
        assert_eq!(app.ask(ping().header("host", host)).await.status, 200, "{host}");
    }
    for origin in ["http://localhost:6274", "https://pub.example.com"] {
        let reply = app.ask(ping().header("origin", origin)).await;
        assert_eq!((reply.status, reply.header("access-control-allow-origin")), (200, Some(origin)));
    }
    let asks = Ask::new("OPTIONS", "/mcp").header("origin", "http://localhost:6274");
    let reply = app.ask(asks.header("access-control-request-method", "POST")).await;
    assert_eq!(reply.status, 204);
    assert!(reply.header("access-control-allow-headers").unwrap().contains("mcp-session-id"));
}

#[tokio::test]
async fn bodies_may_be_large_but_not_larger_than_said() {
    let app = Setup::bare().serve(&["--max-body-bytes", "6000000"]).await;
    let padded = |bytes: usize| {
        let params = json!({ "name": "edit_image", "arguments": { "prompt": "x".repeat(bytes) } });
        Ask::modern("tools/call", params)
    };
    // More than the library's own 4 MiB, and refused by the tool, in words.
    let reply = app.ask(padded(5_000_000)).await;
    assert_eq!(reply.status, 200);
    assert!(reply.answer().is_error());
    for chunked in [false, true] {
        let large = "x".repeat(6_000_001);
        let ask = if chunked {
            let body = format!("{:x}\r\n{large}\r\n0\r\n\r\n", large.len());
            Ask::message(body).header("transfer-encoding", "chunked")
        } else {
            Ask::message(large)
        };
        let reply = app.ask(ask).await;
        assert_eq!(reply.status, 413);
        assert!(reply.text().contains("6000000"));
    }
    assert_eq!(app.ask(ping()).await.status, 200);
}

#[tokio::test]
async fn headers_and_bodies_that_drip_are_not_waited_for() {
    let soon = Duration::from_millis(300);
    let app = Setup::bare().serve_within(Clocks { headers: soon, body: soon, ..Clocks::default() }).await;
    let mut slow = app.send(Ask::message("{").header("content-length", 1_000)).await;
    slow.write(b"\"jsonrpc\"").await.unwrap();
    assert_eq!(slow.head().await.head.status, 408);
    let mut socket = tokio::net::TcpStream::connect(app.address).await.unwrap();
    socket.write_all(b"POST /mcp HTTP/1.1\r\nhost: loc").await.unwrap();
    let mut rest = Vec::new();
    tokio::time::timeout(crate::support::PATIENCE, socket.read_to_end(&mut rest)).await.unwrap().unwrap();
    assert_eq!(app.ask(ping()).await.status, 200);
}

#[tokio::test]
async fn sessions_are_as_many_as_said_and_another_owners_are_unknown() {
    let setup = Setup::bare().variable("GPT_IMAGE_MCP_TOKENS", &format!("alice={ALICE};bob={BOB}"));
    let app = setup.serve(&["--max-sessions", "2"]).await;
    let first = app.session_with(|ask| ask.token(ALICE)).await;
    let stream = app.open(Ask::events("/sse").token(ALICE)).await;
    let third = app.ask(Ask::events("/sse").token(BOB)).await;
    assert_eq!(third.status, 503);
    assert!(third.header("retry-after").is_some());
    let list = || Ask::message(json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" })).session(&first);
    assert_eq!(app.ask(list().token(BOB)).await.status, 404);
    assert_eq!(app.ask(Ask::new("DELETE", "/mcp").session(&first).token(BOB)).await.status, 404);
    assert_eq!(app.ask(list().token(ALICE)).await.status, 200);
    drop(stream);
    assert_eq!(app.ask(Ask::new("DELETE", "/mcp").session(&first).token(ALICE)).await.status, 202);
    app.session_with(|ask| ask.token(BOB)).await;
}

#[tokio::test]
async fn calls_in_flight_are_as_many_as_said() {
    let gate = Gate::shut();
    let reply =
        || Reply::json(200, success_body("chat_markdown_data_url.json", &png(64, 48, 1), "")).held_by(&gate);
    let upstream = Upstream::with([reply(), reply(), reply()]).await;
    let setup = Setup::at(&upstream).once();
    let setup = setup.variable("GPT_IMAGE_MCP_TOKENS", &format!("alice={ALICE};bob={BOB}"));
    let app = setup.serve(&["--max-calls", "2", "--max-calls-per-token", "1"]).await;
    let one = app.open(Ask::call("generate_image", kite()).token(ALICE)).await;
    upstream.requests_come(1).await;
    let over = app.ask(Ask::call("generate_image", kite()).token(ALICE)).await;
    assert_eq!((over.status, over.error_code()), (429, 429));
    assert!(over.text().contains("1 calls with this token are running"), "{}", over.text());
    let two = app.open(Ask::call("generate_image", kite()).token(BOB)).await;
    gate.open();
    for call in [one, two] {
        assert!(!call.whole().await.answer().is_error());
    }
    let again = app.ask(Ask::call("generate_image", kite()).token(ALICE)).await;
    assert!(!again.answer().is_error());
}

#[tokio::test]
async fn requests_a_minute_are_as_many_as_said() {
    let setup = Setup::bare().variable("GPT_IMAGE_MCP_TOKENS", &format!("alice={ALICE};bob={BOB}"));
    let app = setup.serve(&["--max-requests-per-minute", "3"]).await;
    for _ in 0..3 {
        assert_eq!(app.ask(ping().token(ALICE)).await.status, 200);
    }
    let over = app.ask(ping().token(ALICE)).await;
    assert_eq!(over.status, 429);
    assert!((1..=20).contains(&over.header("retry-after").unwrap().parse::<u32>().unwrap()));
    assert_eq!(app.ask(ping().token(BOB)).await.status, 200);
}

#[tokio::test]
async fn bad_input_has_its_status_and_the_next_call_is_answered() {
    let (_upstream, setup) = drawing(1).await;
    let app = setup.serve(&[]).await;
    let session = app.session().await;
    let cases = [
        ("malformed JSON", Ask::message("{\"jsonrpc\": \"2.0\", "), 400),
        ("no message", Ask::message("{}"), 400),
        ("a batch", Ask::message(format!("[{LISTED}]")), 400),
        ("a batch in a session", Ask::message(format!("[{LISTED}]")).session(&session), 400),
        ("malformed JSON in a session", Ask::message("{").session(&session), 400),
        ("text", Ask::message(LISTED).header("content-type", "text/plain"), 415),
        ("a form", Ask::message(LISTED).header("content-type", "application/x-www-form-urlencoded"), 415),
        ("no content type", Ask::post("/mcp", LISTED), 415),
        ("no session", Ask::message(LISTED), 400),
        ("an unknown session", Ask::message(LISTED).session("11111111-2222-3333-4444-555555555555"), 404),
        ("a stream of an unknown session", Ask::events("/mcp").session("x"), 404),
        ("a client that takes no events", Ask::message(LISTED).header("accept", "application/json"), 406),
        ("a page", Ask::get("/"), 404),
        ("a path above", Ask::get("/images/../../etc/passwd"), 404),
        ("a path above, in disguise", Ask::get("/images/..%2f..%2fetc%2fpasswd"), 404),
        ("a wrong method", Ask::new("PUT", "/mcp"), 405),
        ("a wrong method of SSE", Ask::post("/sse", LISTED), 405),
        ("a message to no session", Ask::post("/messages", LISTED), 400),
        ("a message to an unknown session", Ask::post("/messages?sessionId=1", LISTED), 404),
        (
            "another revision",
            Ask::message(LISTED).session(&session).header("mcp-protocol-version", "1999-01-01"),
            400,
        ),
    ];
    for (what, ask, status) in cases {
        let reply = app.ask(ask).await;
        assert_eq!(reply.status, status, "{what}: {}", reply.text());
        assert!(reply.header("x-request-id").is_some(), "{what}");
    }
    assert!(!app.ask(call_in(&session, 9)).await.answer().is_error());
}

#[tokio::test]
async fn files_of_the_server_are_not_named_over_http_unless_roots_are_given() {
    let (upstream, setup) = drawing(2).await;
    let image = setup.home.put("image.png", png(64, 48, 1));
    let app = setup.serve(&[]).await;
    let path = image.to_str().unwrap();
    for (tool, argument, arguments) in [
        ("edit_image", "images[0]", json!({ "prompt": "redder", "images": [path] })),
        (
            "edit_image",
            "images[1]",
            json!({ "prompt": "redder", "images": ["img_0123456789ab", format!("file://{path}")] }),
        ),
        ("inpaint_image", "mask", json!({ "prompt": "redder", "image": "img_0123456789ab", "mask": path })),
    ] {
        let reply = app.ask(Ask::call(tool, arguments)).await;
        let answer = reply.answer();
        let words = answer.refusal();
        assert!(words.starts_with(argument), "{words}");
        assert!(
            words.contains("https URL") && words.contains("POST") && words.contains("/images"),
            "{words}"
        );
    }
    let reply =
        app.ask(Ask::call("generate_image", json!({ "prompt": "a kite", "save_to": "kites/" }))).await;
    assert!(reply.answer().refusal().starts_with("save_to"), "{}", reply.text());
    assert!(upstream.requests().is_empty());
    // Nor are they told of.
    let fields = app.ask(Ask::call("generate_image", kite())).await.answer().fields();
    let image = &fields["images"][0];
    assert!(image.get("path").is_none(), "{fields:#}");
    let id = image["id"].as_str().unwrap();
    assert_eq!(image["url"], app.url(&format!("/images/{id}")));

    let app = setup.clone().flag("--root").flag(setup.home.work().to_str().unwrap()).serve(&[]).await;
    let arguments = json!({ "prompt": "a kite", "save_to": "kites/" });
    let fields = app.ask(Ask::call("generate_image", arguments)).await.answer().fields();
    assert!(fields["images"][0]["path"].as_str().unwrap().contains("kites"), "{fields:#}");
    // The store holds everybody's images, and is entered by id alone.
    let stored = setup.home.data().join("gpt-image-mcp/images");
    let arguments = json!({ "prompt": "redder", "images": [stored.join("x.png")] });
    assert!(app.ask(Ask::call("edit_image", arguments)).await.answer().is_error());
}
