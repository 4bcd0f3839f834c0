use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use serde_json::{Value, json};

use super::{Bench, PAINTED, json_of};
use crate::sandbox::SandboxOptions;

const OFFICIAL: &str = "gpt-image-2";

#[tokio::test]
async fn each_refusal_has_its_documented_status_and_body_and_costs_nothing() {
    let bench = Bench::new(SandboxOptions::default()).await;
    let cases = [
        (
            "unauthorised",
            OFFICIAL,
            401,
            json!({ "code": "invalid_api_key", "type": "invalid_request_error" }),
        ),
        ("unauthorised", PAINTED, 401, json!({ "code": null, "type": "shell_api_error" })),
        ("token_type", OFFICIAL, 403, json!({ "code": null, "type": "shell_api_error" })),
        ("no_credit", PAINTED, 429, json!({ "code": "insufficient_user_quota", "param": "" })),
        ("no_credit_403", PAINTED, 403, json!({ "code": "insufficient_user_quota" })),
        (
            "no_credit_openai",
            OFFICIAL,
            429,
            json!({ "code": "credit_balance_exhausted", "type": "insufficient_quota" }),
        ),
        ("rate_limited", OFFICIAL, 429, json!({ "code": "rate_limit_exceeded" })),
        ("rate_limited_ms", OFFICIAL, 429, json!({ "code": "rate_limit_exceeded" })),
        ("rate_limited_date", OFFICIAL, 429, json!({ "code": "rate_limit_exceeded" })),
        ("saturated", PAINTED, 429, json!({ "code": null, "type": "shell_api_error" })),
        ("no_channel", OFFICIAL, 503, json!({ "code": null, "type": "shell_api_error" })),
        (
            "overloaded",
            OFFICIAL,
            503,
            json!({ "code": "server_is_overloaded", "type": "service_unavailable_error" }),
        ),
        ("server_error", OFFICIAL, 500, json!({ "code": null, "type": "server_error" })),
        (
            "bad_gateway",
            PAINTED,
            502,
            json!({
                "message": "", "type": "shell_api_error", "param": "502", "code": "bad_response_status_code",
            }),
        ),
        ("write_failed", PAINTED, 500, json!({ "code": "write_response_body_failed" })),
        (
            "moderation",
            OFFICIAL,
            400,
            json!({
                "code": "moderation_blocked", "type": "image_generation_user_error",
                "moderation_details": { "moderation_stage": "output", "categories": ["sexual"] },
            }),
        ),
        ("moderation", PAINTED, 400, json!({ "code": "moderation_blocked", "type": "shell_api_error" })),
        ("moderation_451", PAINTED, 451, json!({ "code": null, "type": "shell_api_error" })),
        ("refusal_500", PAINTED, 500, json!({ "code": null, "localized_message": "Unknown error" })),
        ("bad_parameter", OFFICIAL, 400, json!({ "code": "unknown_parameter", "param": "response_format" })),
        ("should_retry_true", OFFICIAL, 400, json!({ "code": null })),
        ("should_retry_false", OFFICIAL, 503, json!({ "code": "server_is_overloaded" })),
    ];
    for (fault, model, status, expected) in cases {
        let response = bench.provoke(fault, model).send().await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{fault}");
        let id = if model == OFFICIAL { "x-request-id" } else { "request-id" };
        assert!(response.headers().contains_key(id), "{fault}");
        let body = json_of(response).await;
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(&body["error"][name], value, "{fault}: {body}");
        }
        let received = bench.last_seen();
        assert_eq!((received.fault.as_deref(), received.billed), (Some(fault), 0));
    }
}

#[tokio::test]
async fn the_words_that_tell_one_refusal_from_another_are_there() {
    let bench = Bench::new(SandboxOptions::default()).await;
    let cases = [
        ("unauthorised", "gpt-image-2-all", "无效的令牌 (request id: "),
        ("token_type", OFFICIAL, "按次计费"),
        ("saturated", PAINTED, "上游负载已饱和"),
        ("no_channel", OFFICIAL, "No available channel for model gpt-image-2 "),
        ("no_credit", PAINTED, "preConsumedQuota"),
        ("moderation", OFFICIAL, "rejected by the safety system"),
        ("moderation_451", PAINTED, "image_safety"),
        (
            "refusal_500",
            PAINTED,
            "Image was not generated as expected. Please adjust the prompt and retry (traceid: ",
        ),
    ];
    for (fault, model, words) in cases {
        let body = json_of(bench.provoke(fault, model).send().await.unwrap()).await;
        let message = body["error"]["message"].as_str().unwrap();
        assert!(message.contains(words), "{fault}: {message}");
    }
}

#[tokio::test]
async fn answers_that_are_no_envelope_are_what_their_servers_send() {
    let bench = Bench::new(SandboxOptions::default()).await;
    let html = "text/html; charset=UTF-8";
    for (fault, status, content_type, body) in [
        ("html_200", 200, Some(html), "<!DOCTYPE html>"),
        ("empty_502", 502, None, ""),
        ("detail", 503, Some("application/json"), "{\"detail\":\"Diffusion engine not initialized.\"}"),
        ("error_string", 400, Some("application/json"), "{\"error\":\"prompt required\"}"),
    ] {
        let response = bench.provoke(fault, PAINTED).send().await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{fault}");
        let sent = response.headers().get(CONTENT_TYPE).map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(sent.as_deref(), content_type, "{fault}");
        let text = response.text().await.unwrap();
        assert!(text.starts_with(body) && text.is_empty() == body.is_empty(), "{fault}: {text}");
        assert_eq!(bench.last_seen().billed, 0, "{fault}");
    }
}

#[tokio::test]
async fn the_wait_is_asked_for_in_each_of_its_forms() {
    let bench = Bench::new(SandboxOptions::default()).await;
    let headers = async |fault: &str| bench.provoke(fault, OFFICIAL).send().await.unwrap().headers().clone();
    assert_eq!(headers("rate_limited=7").await[RETRY_AFTER], "7");
    assert_eq!(headers("rate_limited").await[RETRY_AFTER], "1");
    let finer = headers("rate_limited_ms=250").await;
    assert_eq!((&finer["retry-after-ms"], finer.get(RETRY_AFTER)), (&"250".parse().unwrap(), None));
    let date = headers("rate_limited_date=3600").await[RETRY_AFTER].to_str().unwrap().to_owned();
    let ends = jiff::fmt::rfc2822::parse(&date).unwrap().timestamp();
    let ahead = ends.as_second() - jiff::Timestamp::now().as_second();
    assert!((3590..=3600).contains(&ahead), "{date}");
    for (fault, value) in [("should_retry_true", "true"), ("should_retry_false", "false")] {
        assert_eq!(headers(fault).await["x-should-retry"], value);
    }
}

#[tokio::test]
async fn a_redirect_is_one_and_following_it_shows() {
    let bench = Bench::new(SandboxOptions::default()).await;
    let policy = reqwest::redirect::Policy::none();
    let stays = reqwest::Client::builder().no_proxy().redirect(policy).build().unwrap();
    let request = bench.provoke("redirect", PAINTED).build().unwrap();
    let response = stays.execute(request.try_clone().unwrap()).await.unwrap();
    assert_eq!(response.status().as_u16(), 307);
    assert_eq!(response.headers()["location"], format!("{}/elsewhere", bench.sandbox.base_url()));
    assert_eq!(bench.received().len(), 1);
    let followed = bench.client.execute(request).await.unwrap();
    assert_eq!(followed.status().as_u16(), 404);
    assert_eq!(bench.last_seen().path, "/v1/elsewhere");
}

#[tokio::test]
async fn a_bad_key_is_refused_before_any_fault_and_uses_none_up() {
    let bench = Bench::new(SandboxOptions::default()).await;
    let refused = bench.provoke("server_error,times=1", PAINTED).header("authorization", "Bearer sk-invalid");
    let mut request = refused.build().unwrap();
    request.headers_mut().remove("authorization");
    assert_eq!(bench.client.execute(request).await.unwrap().status().as_u16(), 401);
    assert_eq!(bench.last_seen().fault, None);
    assert_eq!(bench.status(bench.provoke("server_error,times=1", PAINTED)).await, 500);
}

#[tokio::test]
async fn chat_and_edits_are_befallen_too() {
    let bench = Bench::new(SandboxOptions::default()).await;
    assert_eq!(bench.status(bench.provoke_chat("overloaded")).await, 503);
    let form = super::super::form(&[("model", OFFICIAL), ("prompt", "at night")])
        .part("image", super::super::part(super::super::png(16, 16)));
    let edit = bench.post("/images/edits").multipart(form).header("x-sandbox-fault", "overloaded");
    assert_eq!(bench.status(edit).await, 503);
    let paths: Vec<_> =
        bench.received().into_iter().map(|received| (received.path, received.fault)).collect();
    let fault = |path: &str| (path.to_owned(), Some("overloaded".to_owned()));
    assert_eq!(paths, [fault("/v1/chat/completions"), fault("/v1/images/edits")]);
    let stays: Value = json_of(bench.provoke_chat("token_type").send().await.unwrap()).await;
    assert!(stays["choices"].is_array(), "a per-call token is good for the gateway's own models");
}
