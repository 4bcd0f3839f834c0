use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{Bench, form, part, png};
use crate::sandbox::{ReceivedRequest, Sandbox, SandboxOptions};

async fn link(bench: &Bench) -> String {
    let body = json!({ "model": "gpt-image-2-all", "prompt": "a kite", "response_format": "url" });
    bench.generate(&body).await.body["data"][0]["url"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_link_opens_only_whole_and_only_without_a_key() {
    let bench = Bench::new(SandboxOptions::default()).await;
    let url = link(&bench).await;
    let (path, query) = url.split_once('?').unwrap();
    let other = url.replace("/files/", "/files/0");
    for (url, status) in [
        (path.to_owned(), StatusCode::FORBIDDEN),
        (format!("{path}?{}", query.to_lowercase()), StatusCode::FORBIDDEN),
        (format!("{url}0"), StatusCode::FORBIDDEN),
        (other, StatusCode::FORBIDDEN),
        (url.clone(), StatusCode::OK),
    ] {
        assert_eq!(bench.get(&url).await.status(), status, "{url}");
    }
    let signed_twice = bench.client.get(&url).bearer_auth("sk-sandbox").send().await.unwrap();
    assert_eq!(signed_twice.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_download_can_be_taken_up_where_it_broke_off() {
    let bench = Bench::new(SandboxOptions::default()).await;
    let url = link(&bench).await;
    let whole = bench.get(&url).await.bytes().await.unwrap();
    let from = |from: usize| bench.client.get(&url).header("range", format!("bytes={from}-")).send();
    let rest = from(1000).await.unwrap();
    assert_eq!(rest.status(), StatusCode::PARTIAL_CONTENT);
    let range = format!("bytes 1000-{}/{}", whole.len() - 1, whole.len());
    assert_eq!(rest.headers()["content-range"], range.as_str());
    assert_eq!(rest.bytes().await.unwrap(), whole.slice(1000..));
    assert_eq!(from(whole.len()).await.unwrap().status(), StatusCode::RANGE_NOT_SATISFIABLE);
}

#[tokio::test]
async fn requests_are_remembered_as_they_came() {
    let bench = Bench::new(SandboxOptions::default()).await;
    let form = form(&[("prompt", "at night"), ("model", "gpt-image-2"), ("quality", "low")])
        .part("image", part(png(16, 16)));
    bench.edit(form).await;
    let expected = ReceivedRequest {
        method: "POST".to_owned(),
        path: "/v1/images/edits".to_owned(),
        query: None,
        range: None,
        content_type: Some("multipart/form-data".to_owned()),
        authorized: true,
        model: Some("gpt-image-2".to_owned()),
        prompt: Some("at night".to_owned()),
        parameters: ["prompt", "model", "quality"].map(str::to_owned).to_vec(),
        images: 1,
        mask: false,
        billed: 1,
        fault: None,
    };
    assert_eq!(bench.received(), [expected]);
}

#[tokio::test]
async fn the_list_of_models_needs_a_key_and_names_both_families() {
    let bench = Bench::new(SandboxOptions::default()).await;
    let url = format!("{}/models", bench.sandbox.base_url());
    assert_eq!(bench.get(&url).await.status(), StatusCode::UNAUTHORIZED);
    let answer = super::read(bench.client.get(&url).bearer_auth("sk-sandbox")).await;
    let models = answer.body["data"].as_array().unwrap();
    for id in ["gpt-image-2", "gpt-image-2-all"] {
        assert!(models.iter().any(|model| model["id"] == id), "{id}");
    }
}

#[tokio::test]
async fn a_delay_holds_back_paid_answers_and_no_refusal() {
    let bench =
        Bench::new(SandboxOptions { delay: Duration::from_mins(1), ..SandboxOptions::default() }).await;
    let begun = Instant::now();
    let refused = bench.generate(&json!({ "model": "gpt-image-2", "prompt": "" })).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(begun.elapsed() < Duration::from_secs(30));
    let body = json!({ "model": "gpt-image-2-all", "prompt": "a kite" });
    let paid = tokio::spawn(bench.post("/images/generations").json(&body).send());
    while bench.received().len() < 2 {
        tokio::task::yield_now().await;
    }
    assert!(!paid.is_finished(), "answered without its delay");
    assert_eq!(bench.received()[1].billed, 1, "what is under way is charged though nobody waits");
}

#[tokio::test]
async fn a_large_answer_comes_whole_and_without_its_length() {
    let bench = Bench::new(SandboxOptions::default()).await;
    let body = json!({ "model": "gpt-image-2", "prompt": "a kite", "size": "2048x2048", "quality": "high" });
    let response = bench.post("/images/generations").json(&body).send().await.unwrap();
    assert_eq!(response.content_length(), None);
    let bytes = response.bytes().await.unwrap();
    assert!(bytes.len() > 4_000_000, "grain makes a file as large as real ones: {}", bytes.len());
    serde_json::from_slice::<Value>(&bytes).unwrap();
}

#[tokio::test]
async fn a_large_upload_is_taken() {
    let bench = Bench::new(SandboxOptions::default()).await;
    let heavy = [png(16, 16), vec![0; 40 * 1024 * 1024]].concat();
    let form = form(&[("model", "gpt-image-2"), ("prompt", "at night"), ("quality", "low")])
        .part("image[]", part(heavy.clone()))
        .part("image[]", part(heavy));
    assert_eq!(bench.edit(form).await.status, StatusCode::OK);
}

#[tokio::test]
async fn dropping_it_frees_the_port_and_two_cannot_share_one() {
    let bench = Bench::new(SandboxOptions::default()).await;
    let url = bench.sandbox.base_url();
    let port = url.rsplit(':').next().and_then(|rest| rest.split('/').next()).unwrap().parse().unwrap();
    assert!(Sandbox::start(SandboxOptions { port, ..SandboxOptions::default() }).await.is_err());
    let Bench { sandbox, .. } = bench;
    drop(sandbox);
    let freed = tokio::time::timeout(Duration::from_secs(20), async {
        while Sandbox::start(SandboxOptions { port, ..SandboxOptions::default() }).await.is_err() {
            tokio::task::yield_now().await;
        }
    });
    freed.await.expect("the port is still taken");
}
