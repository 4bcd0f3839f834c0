use reqwest::header::RANGE;
use reqwest::{Response, StatusCode};
use serde_json::json;

use super::{Bench, PAINTED, nothing_after, what_comes, with_setting};
use crate::sandbox::SandboxOptions;

/// The link of an answer whose prompt asks for a fault.
async fn link(bench: &Bench, word: &str) -> String {
    let body = json!({ "model": PAINTED, "prompt": format!("a kite {word}"), "response_format": "url" });
    bench.generate(&body).await.body["data"][0]["url"].as_str().unwrap().to_owned()
}

async fn from(bench: &Bench, url: &str, byte: usize) -> Response {
    bench.client.get(url).header(RANGE, format!("bytes={byte}-")).send().await.unwrap()
}

async fn whole(bench: &Bench) -> Vec<u8> {
    let url = link(bench, "").await;
    bench.get(&url).await.bytes().await.unwrap().to_vec()
}

#[tokio::test]
async fn a_cut_download_is_taken_up_by_range_where_it_ended() {
    let bench = Bench::new(SandboxOptions::default()).await;
    let whole = whole(&bench).await;
    let url = link(&bench, "sandbox:fault=cdn_cut=5000").await;
    let first = bench.get(&url).await;
    assert_eq!(first.content_length(), Some(whole.len() as u64));
    let (mut got, well) = what_comes(first).await;
    assert_eq!((got.len(), well), (5000, false));
    let rest = from(&bench, &url, 5000).await;
    assert_eq!(rest.status(), StatusCode::PARTIAL_CONTENT);
    got.extend_from_slice(&rest.bytes().await.unwrap());
    assert_eq!(got, whole);
    let [.., paid, first, rest] = bench.received().try_into().map(|received: [_; 5]| received).unwrap();
    assert_eq!((paid.billed, paid.fault), (1, None), "the fault is the download's");
    assert_eq!((first.range, first.fault.as_deref()), (None, Some("cdn_cut=5000")));
    assert_eq!((rest.range.as_deref(), rest.fault), (Some("bytes=5000-"), None));
    assert_eq!(rest.query, url.split_once('?').map(|(_, query)| query.to_owned()));
}

#[tokio::test]
async fn a_download_may_be_cut_more_than_once_and_a_link_given_out_anew_is_cut_anew() {
    let bench = Bench::new(with_setting("cdn_cut=1000,times=2")).await;
    for _ in 0..2 {
        let url = link(&bench, "").await;
        assert_eq!(what_comes(bench.get(&url).await).await.0.len(), 1000);
        let (second, well) = what_comes(from(&bench, &url, 1000).await).await;
        assert_eq!((second.len(), well), (1000, false), "counted in the bytes of each answer");
        assert!(what_comes(from(&bench, &url, 2000).await).await.1);
    }
}

#[tokio::test]
async fn a_stalled_download_goes_silent_once() {
    let bench = Bench::new(SandboxOptions::default()).await;
    let whole = whole(&bench).await;
    let url = link(&bench, "sandbox:fault=cdn_stall=1234").await;
    let mut first = bench.get(&url).await;
    assert_eq!(first.content_length(), Some(whole.len() as u64));
    assert_eq!(nothing_after(&mut first, 1234).await, whole[..1234]);
    assert_eq!(from(&bench, &url, 1234).await.bytes().await.unwrap(), whole[1234..]);
}

#[tokio::test]
async fn a_cdn_that_ignores_range_cuts_and_then_sends_the_whole() {
    let bench = Bench::new(SandboxOptions::default()).await;
    let whole = whole(&bench).await;
    let url = link(&bench, "sandbox:fault=cdn_no_range=700").await;
    let (got, well) = what_comes(bench.get(&url).await).await;
    assert_eq!((got.len(), well), (700, false));
    for _ in 0..2 {
        let again = from(&bench, &url, 700).await;
        assert_eq!(again.status(), StatusCode::OK);
        assert_eq!(again.bytes().await.unwrap(), whole);
    }
}

#[tokio::test]
async fn a_file_may_be_gone_or_a_web_page() {
    let bench = Bench::new(SandboxOptions::default()).await;
    for (fault, status, content_type) in [
        ("cdn_404", StatusCode::NOT_FOUND, "application/xml"),
        ("cdn_html", StatusCode::OK, "text/html; charset=UTF-8"),
    ] {
        let url = link(&bench, &format!("sandbox:fault={fault}")).await;
        for _ in 0..2 {
            let response = bench.get(&url).await;
            assert_eq!(
                (response.status(), &response.headers()["content-type"]),
                (status, &content_type.parse().unwrap())
            );
        }
        assert_eq!(bench.last_seen().fault.as_deref(), Some(fault));
    }
    // The image of the same prompt without a fault has a link of its own.
    assert!(image::load_from_memory(&whole(&bench).await).is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_slow_download_takes_its_time_and_comes_whole() {
    let bench = Bench::new(SandboxOptions::default()).await;
    let whole = whole(&bench).await;
    let url = link(&bench, "sandbox:fault=cdn_slow=1000").await;
    let begun = tokio::time::Instant::now();
    assert_eq!(bench.get(&url).await.bytes().await.unwrap(), whole);
    let (took, expected) = (begun.elapsed().as_millis(), whole.len() as u128);
    assert!((expected * 9 / 10..expected * 12 / 10).contains(&took), "{took} ms instead of {expected}");
}

#[tokio::test]
async fn a_download_can_ask_for_its_fault_itself() {
    let bench = Bench::new(SandboxOptions::default()).await;
    let url = link(&bench, "").await;
    let get =
        async |fault: &str| bench.client.get(&url).header("x-sandbox-fault", fault).send().await.unwrap();
    assert_eq!(get("cdn_404,times=1").await.status(), StatusCode::NOT_FOUND);
    assert_eq!(get("cdn_404,times=1").await.status(), StatusCode::OK);
    assert_eq!(get("server_error").await.status(), StatusCode::OK, "that is a fault of paid calls");
    assert_eq!(get("cdn_40").await.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn only_chooses_whose_links_fail() {
    let bench = Bench::new(with_setting("cdn_404,only=chat")).await;
    assert_eq!(bench.get(&link(&bench, "").await).await.status(), StatusCode::OK);
    let chat =
        bench.chat(&json!({ "model": PAINTED, "messages": [{ "role": "user", "content": "a kite" }] })).await;
    let content = chat.body["choices"][0]["message"]["content"].as_str().unwrap();
    let url = content.trim().strip_prefix("![image](").unwrap().strip_suffix(')').unwrap();
    assert_eq!(bench.get(url).await.status(), StatusCode::NOT_FOUND);
}
