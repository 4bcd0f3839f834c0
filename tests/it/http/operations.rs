//! What those who run the server look at: probes, counts, logs.

use serde_json::{Value, json};

use super::eras::{drawing, kite};
use crate::support::{Ask, Reply, Setup, Upstream, error_body};

#[tokio::test]
async fn counts_are_there_to_be_scraped() {
    let (_upstream, setup) = drawing(1).await;
    let app = setup.serve(&[]).await;
    app.session().await;
    assert!(!app.ask(Ask::call("generate_image", kite())).await.answer().is_error());
    let reply = app.ask(Ask::get("/metrics")).await;
    assert!(reply.header("content-type").unwrap().starts_with("application/openmetrics-text"));
    let text = reply.text();
    let model = "provider=\"apiyi\",model=\"gpt-image-2-all\"";
    for line in [
        "gpt_image_http_requests_total{status=\"200\"} 2".to_owned(),
        "gpt_image_call_seconds_count 1".to_owned(),
        "gpt_image_calls_in_flight 0".to_owned(),
        "gpt_image_sessions 1".to_owned(),
        "gpt_image_queued_requests 0".to_owned(),
        format!("gpt_image_upstream_requests_total{{{model},outcome=\"made\"}} 1"),
        format!("gpt_image_upstream_seconds_count{{{model}}} 1"),
        format!("gpt_image_cost_dollars_total{{{model}}} 0.03"),
    ] {
        assert!(text.lines().any(|known| known == line), "{line} is not in\n{text}");
    }
    assert!(text.contains(&format!("gpt_image_pictures_bytes_total{{{model}}} ")), "{text}");
}

#[tokio::test]
async fn failures_are_counted_by_their_kind() {
    let upstream = Upstream::with([Reply::json(401, error_body("unauthorized.json"))]).await;
    let app = Setup::at(&upstream).once().serve(&[]).await;
    assert!(app.ask(Ask::call("generate_image", kite())).await.answer().is_error());
    let text = app.ask(Ask::get("/metrics")).await.text();
    assert!(text.contains("outcome=\"unauthorised\"} 1"), "{text}");
}

#[tokio::test]
async fn logs_are_json_and_have_the_requests_id_from_the_request_to_the_call() {
    let setup = Setup::bare().flag("--log=gpt_image_mcp=info").flag("--log-format=json");
    let app = setup.serve(&[]).await;
    let ask = Ask::call("get_image", json!({ "id": "img_0123456789ab" })).header("x-request-id", "proxy-1.2");
    let reply = app.ask(ask).await;
    assert_eq!(reply.header("x-request-id"), Some("proxy-1.2"));
    let odd = app.ask(Ask::get("/healthz").header("x-request-id", "a b\"c")).await;
    assert_eq!(odd.header("x-request-id").unwrap().len(), 16);
    app.logs(1, "/healthz").await;
    let lines = app.complaints();
    let lines = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let lines: Vec<_> = lines.filter(|line| line["fields"]["request_id"] == "proxy-1.2").collect();
    assert_eq!(lines.len(), 2, "{lines:#?}");
    let (call, request) = (&lines[0]["fields"], &lines[1]["fields"]);
    assert_eq!(
        (&call["message"], &call["tool"], &call["failed"]),
        (&json!("call"), &json!("get_image"), &json!(true))
    );
    assert_eq!(
        (&request["message"], &request["path"], &request["status"]),
        (&json!("request"), &json!("/mcp"), &json!(200))
    );
}
