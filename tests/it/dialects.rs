//! Every shape in which upstreams answer, through the real binary: the images, and the
//! refusals with their words, their price and what to do.

use serde_json::json;

use crate::support::{Answer, App, Reply, Setup, Upstream, error_body, jpeg, png, success_body, webp};

const SIGNED: &str = "/r2cdn2/u.png?X-Amz-Signature=a%2Fb%3D&X-Amz-Expires=86400";

/// Draws once by each endpoint; the upstream answers both with this. The files last as long as
/// the server that is returned.
async fn drawn_by_both(reply: Reply, upstream: &Upstream) -> (App, [Answer; 2]) {
    upstream.then(reply.clone());
    upstream.then(reply);
    let mut app = Setup::at(upstream).once().start().await;
    let chat = app.generate(json!({ "prompt": "a kite", "output": "file" })).await;
    let images = app.generate(json!({ "prompt": "a kite", "quality": "low", "output": "file" })).await;
    let targets: Vec<_> = upstream
        .requests()
        .into_iter()
        .filter(|request| request.method == "POST")
        .map(|request| request.target)
        .collect();
    assert_eq!(targets, ["/v1/chat/completions", "/v1/images/generations"], "each is sent once");
    (app, [chat, images])
}

#[tokio::test]
async fn every_success_shape_brings_the_image_from_either_endpoint() {
    let shapes = [
        "images_official.json",
        "images_echoing.json",
        "images_all_base64.json",
        "images_all_url.json",
        "images_data_url.json",
        "images_escaped.json",
        "chat_markdown_link.json",
        "chat_markdown_data_url.json",
        "chat_images_shaped.json",
        "chat_parts.json",
        "chat_message_images.json",
        "chat_bare_link.json",
        "chat_bare_data_url.json",
    ];
    let image = png(64, 48, 1);
    for shape in shapes {
        let upstream = Upstream::start().await;
        upstream.serve(SIGNED, Reply::new(200, "image/png", image.clone()));
        let url = format!("{}{SIGNED}", upstream.url());
        let reply = Reply::json(200, success_body(shape, &image, &url));
        let (_app, answers) = drawn_by_both(reply, &upstream).await;
        for answer in answers {
            assert!(!answer.is_error(), "{shape}: {}", answer.text());
            assert_eq!(answer.file(), image, "{shape}");
        }
        for request in upstream.requests() {
            assert_eq!(request.header("accept-encoding"), Some("identity"), "{shape}: {}", request.target);
        }
    }
}

#[tokio::test]
async fn a_reply_that_is_the_images_file_is_kept() {
    let image = png(640, 480, 1);
    let upstream = Upstream::start().await;
    let (_app, answers) = drawn_by_both(Reply::new(200, "image/png", image.clone()), &upstream).await;
    for answer in answers {
        assert_eq!(answer.file(), image);
        assert!(answer.fields()["warnings"].to_string().contains("no known place"), "{}", answer.text());
    }
    let cut = image.len() / 2;
    let upstream = Upstream::start().await;
    let reply = Reply::new(200, "image/png", &image[..cut]);
    for answer in drawn_by_both(reply, &upstream).await.1 {
        assert!(answer.refusal().contains("This was charged"), "{}", answer.text());
    }
}

#[tokio::test]
async fn a_dear_reply_that_cannot_be_read_is_not_paid_again() {
    let packed = b"\x1f\x8b\x08\0\0\0\0\0\0\xff\xabV".to_vec();
    let upstream = Upstream::with([Reply::json(200, packed)]).await;
    let mut app = Setup::at(&upstream).start().await;
    let answer = app.generate(json!({ "prompt": "a kite", "quality": "high", "size": "2048x2048" })).await;
    assert!(answer.refusal().contains("This may have been charged"), "{}", answer.text());
    upstream.only_request();
}

#[tokio::test]
async fn a_reply_cut_into_single_bytes_is_read_like_any_other() {
    let image = png(64, 48, 1);
    for shape in ["images_official.json", "images_escaped.json", "chat_markdown_data_url.json"] {
        let upstream = Upstream::start().await;
        let reply = Reply::json(200, success_body(shape, &image, "")).in_chunks(1);
        let (_app, answers) = drawn_by_both(reply, &upstream).await;
        for answer in answers {
            assert_eq!(answer.file(), image, "{shape}");
        }
    }
}

#[tokio::test]
async fn every_format_is_known_by_its_bytes_whatever_the_reply_calls_it() {
    let images = [("png", png(64, 48, 1)), ("jpeg", jpeg(64, 48, 1)), ("webp", webp(64, 48, 1))];
    for (format, image) in images {
        let upstream = Upstream::start().await;
        let reply = Reply::json(200, success_body("images_data_url.json", &image, ""));
        let (_app, answers) = drawn_by_both(reply, &upstream).await;
        for answer in answers {
            let extension = if format == "jpeg" { "jpg" } else { format };
            assert_eq!(answer.fields()["images"][0]["format"], format);
            assert_eq!(answer.path().extension().unwrap(), extension);
        }
    }
}

#[tokio::test]
async fn a_link_is_fetched_whole_with_its_query_and_without_the_key() {
    let image = png(64, 48, 1);
    let upstream = Upstream::start().await;
    let url = format!("{}{SIGNED}", upstream.url());
    upstream.serve(SIGNED, Reply::new(200, "image/png", image.clone()));
    upstream.then(Reply::json(200, success_body("chat_markdown_link.json", &[], &url)));
    let mut app = Setup::at(&upstream).variable("GPT_IMAGE_MCP_HEADERS", "X-Team: blue").start().await;
    let answer = app.generate(json!({ "prompt": "a kite" })).await;
    assert_eq!(answer.file(), image);

    let [paid, download] = upstream.requests().try_into().unwrap();
    assert_eq!(paid.header("authorization"), Some("Bearer sk-test"));
    assert_eq!((download.method.as_str(), download.target.as_str()), ("GET", SIGNED));
    let sent = format!("{:?}", download.headers);
    assert!(!sent.contains("sk-test") && download.header("authorization").is_none(), "{sent}");
    assert!(download.header("x-team").is_none(), "a provider's headers are for the provider: {sent}");
}

#[tokio::test]
async fn a_download_follows_redirects_and_a_paid_call_does_not() {
    let image = png(64, 48, 1);
    let upstream = Upstream::start().await;
    upstream.serve("/a", Reply::new(302, "text/plain", "").header("location", "/b?x=1"));
    upstream.serve("/b?x=1", Reply::new(200, "image/png", image.clone()));
    upstream
        .then(Reply::json(200, success_body("images_all_url.json", &[], &format!("{}/a", upstream.url()))));
    upstream.then(Reply::new(307, "text/plain", "").header("location", "/v2/chat/completions"));
    let mut app = Setup::at(&upstream).start().await;
    assert_eq!(app.generate(json!({ "prompt": "a kite" })).await.file(), image);
    let moved = app.generate(json!({ "prompt": "a kite" })).await;
    assert!(moved.refusal().contains("/v2/chat/completions"), "{}", moved.text());
    assert_eq!(upstream.requests().iter().filter(|request| request.method == "POST").count(), 2);
}

#[tokio::test]
async fn an_image_whose_download_fails_is_paid_and_its_link_is_given() {
    let upstream = Upstream::start().await;
    let url = format!("{}/gone.png?sig=1", upstream.url());
    upstream.serve("/gone.png?sig=1", Reply::new(410, "text/plain", "gone"));
    upstream.then(Reply::json(200, success_body("chat_markdown_link.json", &[], &url)));
    let mut app = Setup::at(&upstream).start().await;
    let answer = app.generate(json!({ "prompt": "a kite" })).await;
    let words = answer.refusal();
    assert!(words.contains(&url) && words.contains("This was charged"), "{words}");
    assert!(app.home.images().is_empty());
}

#[tokio::test]
async fn a_body_that_is_complete_is_not_waited_for_on_a_connection_that_stays_open() {
    let image = png(64, 48, 1);
    for shape in ["images_official.json", "chat_markdown_data_url.json"] {
        let upstream = Upstream::start().await;
        let reply = Reply::json(200, success_body(shape, &image, "")).never_ending();
        let (_app, answers) = drawn_by_both(reply, &upstream).await;
        for answer in answers {
            assert_eq!(answer.file(), image, "{shape}");
        }
    }
}

#[tokio::test]
async fn a_page_with_status_200_is_quoted_short_and_blames_the_base_url() {
    let page = format!(
        "<!DOCTYPE html><html><body><h1>Welcome to the gateway</h1>{}</body></html>",
        "x".repeat(99_999)
    );
    let upstream = Upstream::start().await;
    let (_app, answers) = drawn_by_both(Reply::new(200, "text/html", page), &upstream).await;
    for answer in answers {
        let words = answer.refusal();
        assert!(words.contains("not JSON") && words.contains("base URL"), "{words}");
        assert!(words.contains("Welcome to the gateway"), "{words}");
        assert!(words.len() < 1_000, "{}", words.len());
    }
}

#[tokio::test]
async fn an_empty_reply_is_a_failure_that_says_so() {
    let upstream = Upstream::start().await;
    let (_app, answers) = drawn_by_both(Reply::json(200, ""), &upstream).await;
    for answer in answers {
        assert!(answer.refusal().contains("empty"), "{}", answer.text());
    }
}

#[tokio::test]
async fn a_reply_that_ends_in_the_middle_of_its_image_was_charged_and_leaves_no_file() {
    let image = png(640, 480, 1);
    let body = success_body("images_official.json", &image, "");
    let upstream = Upstream::start().await;
    let middle = body.len() / 2;
    let (app, answers) = drawn_by_both(Reply::json(200, body).cut_after(middle), &upstream).await;
    for answer in answers {
        assert!(answer.refusal().contains("This was charged"), "{}", answer.text());
        assert!(answer.refusal().contains("ended early"), "{}", answer.text());
    }
    assert!(app.home.images().is_empty());
}

#[tokio::test]
async fn an_image_that_came_whole_is_kept_though_its_reply_ends_early() {
    let image = png(640, 480, 1);
    let body = success_body("images_official.json", &image, "");
    let upstream = Upstream::start().await;
    let almost = body.len() - 20;
    let (_app, answers) = drawn_by_both(Reply::json(200, body).cut_after(almost), &upstream).await;
    for answer in answers {
        assert_eq!(answer.file(), image);
        assert!(answer.fields()["warnings"].to_string().contains("whole"), "{}", answer.text());
    }
}

#[tokio::test]
async fn every_known_error_is_told_in_its_words_with_its_price_and_a_remedy() {
    const NOTHING: &str = "Nothing was charged";
    let cases: [(u16, &str, &[&str]); 17] = [
        (401, "unauthorized.json", &["无效的令牌", "APIYI_API_KEY", "2026112300000000", NOTHING]),
        (429, "no_quota.json", &["no credit", "quota", "Top up", NOTHING]),
        (403, "no_quota.json", &["no credit", "quota", "Top up", NOTHING]),
        (429, "rate_limit.json", &["rate", "input-images per min", "Wait", NOTHING]),
        (429, "no_credit.json", &["no credit", "Top up", NOTHING]),
        (
            400,
            "moderation_openai.json",
            &["refused", "safety system", "sexual", "Change the prompt", NOTHING],
        ),
        (400, "moderation_gateway.json", &["refused", "safety system", "Change the prompt", NOTHING]),
        (451, "moderation_451.json", &["refused", "image_safety", "Change the prompt", NOTHING]),
        (500, "not_as_expected.json", &["refused", "not generated as expected", "4be1", NOTHING]),
        (400, "unknown_parameter.json", &["Unknown parameter: 'response_format'", NOTHING]),
        (400, "invalid_size.json", &["Invalid size '1000x1000'", NOTHING]),
        (400, "invalid_image.json", &["Invalid image file", "image 1", NOTHING]),
        (502, "bad_status.json", &["failed", "502", NOTHING]),
        (500, "write_failed.json", &["failed", "connection reset by peer", NOTHING]),
        (524, "timeout.html", &["524", "A timeout occurred", "may have been charged"]),
        (400, "sdcpp.json", &["prompt required", NOTHING]),
        (503, "detail.json", &["Diffusion engine not initialized", NOTHING]),
    ];
    for (status, name, said) in cases {
        let kind = if name == "timeout.html" { "text/html" } else { "application/json" };
        let upstream = Upstream::start().await;
        let (_app, answers) = drawn_by_both(Reply::new(status, kind, error_body(name)), &upstream).await;
        for answer in answers {
            for words in said {
                assert!(
                    answer.refusal().contains(words),
                    "{status} {name}: no {words:?} in {}",
                    answer.text()
                );
            }
        }
    }
}

#[tokio::test]
async fn an_error_whose_body_cannot_be_read_is_what_its_status_says() {
    let bodies = [
        Reply::json(500, "{\"error\": oops}"),
        Reply::json(500, "{\"error\":{\"message\":\"no\"}}").cut_after(12),
        Reply::new(500, "text/plain", "id: 7 is unknown"),
        Reply::new(500, "text/event-stream", "oops"),
    ];
    for reply in bodies {
        let case = format!("{reply:?}");
        let upstream = Upstream::start().await;
        for answer in drawn_by_both(reply, &upstream).await.1 {
            let words = answer.refusal();
            assert!(words.contains("(HTTP 500)") && words.contains("Nothing was charged"), "{case}: {words}");
        }
    }
}

#[tokio::test]
async fn words_instead_of_an_image_are_quoted_and_were_charged() {
    let upstream = Upstream::start().await;
    let (_app, answers) = drawn_by_both(Reply::json(200, error_body("words.json")), &upstream).await;
    for answer in answers {
        let words = answer.refusal();
        assert!(words.contains("Sorry, I can't do that.") && words.contains("This was charged"), "{words}");
    }
}

#[tokio::test]
async fn an_error_with_status_200_is_an_error() {
    let upstream = Upstream::start().await;
    let (_app, answers) = drawn_by_both(Reply::json(200, error_body("rate_limit.json")), &upstream).await;
    for answer in answers {
        assert!(answer.refusal().contains("Rate limit reached"), "{}", answer.text());
    }
}

#[tokio::test]
async fn the_request_id_of_a_header_reaches_the_caller_of_a_failed_call() {
    for header in ["x-request-id", "request-id"] {
        let upstream = Upstream::start().await;
        let reply = Reply::json(500, error_body("write_failed.json")).header(header, "req-5");
        let (_app, answers) = drawn_by_both(reply, &upstream).await;
        for answer in answers {
            assert!(answer.refusal().contains("Request id: req-5"), "{}", answer.text());
        }
    }
}

#[tokio::test]
async fn an_upstream_that_cannot_be_reached_costs_nothing() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let setup = Setup::bare()
        .variable("APIYI_API_KEY", "sk-test")
        .variable("APIYI_BASE_URL", &format!("http://{closed}/v1"));
    let answer = setup.start().await.generate(json!({ "prompt": "a kite" })).await;
    let words = answer.refusal();
    assert!(words.contains("could not be reached") && words.contains("Nothing was charged"), "{words}");
}

#[tokio::test]
async fn a_connection_lost_after_sending_may_have_been_charged() {
    let upstream = Upstream::start().await;
    // A reply without even a status line.
    let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        use tokio::io::AsyncReadExt as _;
        let (mut connection, _) = socket.accept().await.unwrap();
        let _ = connection.read(&mut [0; 1024]).await;
    });
    let setup = Setup::at(&upstream).variable("APIYI_BASE_URL", &format!("http://{address}/v1"));
    let answer = setup.start().await.generate(json!({ "prompt": "a kite" })).await;
    assert!(answer.refusal().contains("may have been charged"), "{}", answer.text());
}
