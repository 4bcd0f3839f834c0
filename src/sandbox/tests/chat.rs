use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{Bench, data_url, png, size};
use crate::sandbox::{ReplyForm, SandboxOptions};

fn ask(text: &str) -> Value {
    json!({ "model": "gpt-image-2-all", "messages": [{ "role": "user", "content": text }] })
}

/// The link in `![image](LINK)` and two line ends.
fn link(content: &Value) -> String {
    let link = content.as_str().unwrap().strip_prefix("![image](").unwrap();
    link.strip_suffix(")\n\n").unwrap().to_owned()
}

#[tokio::test]
async fn a_completion_is_a_markdown_link_that_opens() {
    let bench = Bench::new(SandboxOptions::default()).await;
    let answer = bench.chat(&ask("横版 16:9, Generate image: a red kite")).await;
    assert_eq!(answer.body["object"], "chat.completion");
    assert_eq!(answer.body["choices"][0]["finish_reason"], "stop");
    let usage = &answer.body["usage"];
    let count = |name: &str| usage[name].as_u64().unwrap();
    assert_eq!(count("total_tokens"), count("prompt_tokens") + count("completion_tokens"));
    let url = link(&answer.body["choices"][0]["message"]["content"]);
    assert!(url.contains("?X-Amz-"), "{url}");
    assert_eq!(size(&bench.get(&url).await.bytes().await.unwrap()), (1672, 941));
    let body = json!({ "model": "gpt-image-2-all", "prompt": "横版 16:9, a red kite" });
    let same = bench.generate(&body).await.image(0);
    assert_eq!(bench.get(&url).await.bytes().await.unwrap(), same, "the endpoint changes the image");
    assert_eq!(bench.received()[0].prompt.as_deref(), Some("横版 16:9, Generate image: a red kite"));
}

#[tokio::test]
async fn only_the_last_user_message_counts_and_an_earlier_link_can_go_in_again() {
    let bench = Bench::new(SandboxOptions::default()).await;
    let parts = |text: &str, urls: &[&str]| {
        let images = urls.iter().map(|url| json!({ "type": "image_url", "image_url": { "url": url } }));
        let parts: Vec<Value> =
            std::iter::once(json!({ "type": "text", "text": text })).chain(images).collect();
        json!({ "role": "user", "content": parts })
    };
    let (wide, square) = (data_url(&png(90, 60)), data_url(&png(60, 60)));
    let chat = async |messages: Value| {
        let answer = bench.chat(&json!({ "model": "gpt-image-2-all", "messages": messages })).await;
        let url = link(&answer.body["choices"][0]["message"]["content"]);
        let image = bench.get(&url).await.bytes().await.unwrap();
        (url, image, answer.body["usage"]["prompt_tokens"].as_u64().unwrap())
    };
    let (url, image, tokens) = chat(json!([parts("at night", &[&wide, &square])])).await;
    assert_eq!(size(&image), (1536, 1024));
    let (_, alone, fewer) = chat(json!([parts("at night", &[&wide])])).await;
    assert_ne!(image, alone);
    assert!(fewer < tokens);
    let earlier = json!([parts("a boat", &[&square]), { "role": "assistant", "content": "" }, parts("at night", &[&wide])]);
    assert_eq!(chat(earlier).await.1, alone);
    let (_, again, _) = chat(json!([parts("in snow", &[&url])])).await;
    assert_eq!(size(&again), (1536, 1024));
}

/// Finds the image's address in an answer of one shape.
type Finder = fn(&Value) -> Option<String>;

#[tokio::test]
async fn every_shape_of_answer_can_be_had_by_option_and_by_word() {
    let shapes: [(ReplyForm, &str, Finder); 7] = [
        (ReplyForm::Base64, "base64", |body| {
            let content = body["choices"][0]["message"]["content"].as_str()?;
            Some(content.strip_prefix("![image](")?.strip_suffix(')')?.to_owned())
        }),
        (ReplyForm::Base64Prefixed, "prefixed", |body| {
            let content = body["choices"][0]["message"]["content"].as_str()?;
            Some(content.strip_prefix("![image](")?.strip_suffix(')')?.to_owned())
        }),
        (ReplyForm::Url, "url", |body| Some(link(&body["choices"][0]["message"]["content"]))),
        (ReplyForm::ContentParts, "parts", |body| {
            let part = &body["choices"][0]["message"]["content"][1];
            Some(part["image_url"]["url"].as_str()?.to_owned())
        }),
        (ReplyForm::MessageImages, "message_images", |body| {
            let image = &body["choices"][0]["message"]["images"][0];
            Some(image["image_url"]["url"].as_str()?.to_owned())
        }),
        (ReplyForm::ImagesShaped, "images_shaped", |body| Some(body["data"][0]["url"].as_str()?.to_owned())),
        (ReplyForm::Words, "words", |body| {
            let content = body["choices"][0]["message"]["content"].as_str()?;
            (!content.contains("http") && !content.contains("data:")).then(|| "words".to_owned())
        }),
    ];
    let plain = Bench::new(SandboxOptions::default()).await;
    for (reply, word, find) in shapes {
        let bench = Bench::new(SandboxOptions { reply, ..SandboxOptions::default() }).await;
        let by_option = bench.chat(&ask("a kite")).await;
        let by_word = plain.chat(&ask(&format!("a kite sandbox:{word}"))).await;
        for (answer, bench) in [(by_option, &bench), (by_word, &plain)] {
            assert_eq!(answer.status, StatusCode::OK);
            let found = find(&answer.body).unwrap_or_else(|| panic!("{word}: not in its shape"));
            match found.strip_prefix("data:image/png;base64,") {
                Some(text) => {
                    assert_eq!(size(&base64_simd::STANDARD.decode_to_vec(text).unwrap()), (1254, 1254));
                }
                None if found == "words" => {}
                None => assert_eq!(size(&bench.get(&found).await.bytes().await.unwrap()), (1254, 1254)),
            }
            assert_eq!(bench.received().iter().find(|received| received.method == "POST").unwrap().billed, 1);
        }
    }
}

#[tokio::test]
async fn bad_conversations_are_refused() {
    let bench = Bench::new(SandboxOptions::default()).await;
    let message = |content: Value| json!({ "model": "gpt-image-2-all", "messages": [{ "role": "user", "content": content }] });
    let image = |url: &str| message(json!([{ "type": "image_url", "image_url": { "url": url } }]));
    let cases = [
        (json!({ "model": "gpt-image-2", "messages": [] }), 404, "not a chat model"),
        (json!({ "model": "gpt-image-2-vip", "messages": [] }), 404, "not a chat model"),
        (json!({ "model": "gpt-image-9", "messages": [] }), 404, "'gpt-image-9'"),
        (json!({ "model": "gpt-image-2-all" }), 400, "'messages'"),
        (
            json!({ "model": "gpt-image-2-all", "messages": [{ "role": "system", "content": "x" }] }),
            400,
            "'messages'",
        ),
        (message(json!(7)), 400, "messages.content"),
        (message(json!([{ "type": "audio" }])), 400, "'audio'"),
        (message(json!([{ "type": "image_url", "image_url": "data:" }])), 400, "image_url.url"),
        (image("https://example.com/a.png"), 400, "https://example.com/a.png"),
        (image("data:image/png;base64,AAAA"), 400, "image 1"),
        (image("data:image/png;base64,!"), 400, "Failed to download"),
    ];
    for (body, status, words) in cases {
        let answer = bench.chat(&body).await;
        let text = answer.body["error"]["message"].as_str().unwrap();
        assert_eq!(answer.status.as_u16(), status, "{text}");
        assert!(text.contains(words), "{text:?} lacks {words:?}");
    }
    assert!(bench.received().iter().all(|received| received.billed == 0));
}
