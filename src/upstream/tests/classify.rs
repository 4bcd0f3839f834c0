//! Error bodies as the documents show them, each with its kind.

use super::step;
use crate::domain::{Billed, ModelName};
use crate::upstream::{Failure, FailureKind as Kind, Step};

fn failure(status: u16, body: &str) -> Failure {
    match step(status, body) {
        Step::Failed(lost) => lost.failure,
        Step::Made(made) => panic!("{status} {body}: {made:?}"),
    }
}

#[test]
fn every_documented_error_is_of_its_kind() {
    let gateway = |message: &str, code: &str| {
        format!(r#"{{"error":{{"message":"{message}","type":"shell_api_error","param":"","code":{code}}}}}"#)
    };
    let refusal = "Your request was rejected by the safety system. … safety_violations=[sexual].";
    let cases = [
        (401, gateway("无效的令牌 (request id: 2026…)", "null"), Kind::Unauthorised),
        (429, gateway("user [1] quota [10] preConsumedQuota [99] is not enough", "\"insufficient_user_quota\""), Kind::NoCredit),
        (403, gateway("user [1] quota [10] preConsumedQuota [99] is not enough", "\"insufficient_user_quota\""), Kind::NoCredit),
        (429, gateway("Rate limit reached … input-images per min", "\"rate_limit_exceeded\""), Kind::RateLimited),
        (429, gateway("当前分组上游负载已饱和", "null"), Kind::RateLimited),
        (429, r#"{"error":{"message":"…","type":"insufficient_quota","param":null,"code":"credit_balance_exhausted"}}"#.to_owned(), Kind::NoCredit),
        (429, r#"{"error":{"message":"…","type":"insufficient_quota","code":"project_spend_limit_exceeded"}}"#.to_owned(), Kind::NoCredit),
        (400, r#"{"error":{"message":"Billing hard limit has been reached","type":"image_generation_user_error","code":"billing_hard_limit_reached"}}"#.to_owned(), Kind::NoCredit),
        (400, format!(r#"{{"error":{{"message":"{refusal}","type":"image_generation_user_error","param":null,"code":"moderation_blocked"}}}}"#), Kind::RefusedContent),
        (400, format!(r#"{{"status_code":400,"error":{{"message":"{refusal}","type":"shell_api_error","code":"moderation_blocked"}}}}"#), Kind::RefusedContent),
        (451, gateway("… image_safety …", "null"), Kind::RefusedContent),
        (500, r#"{"error":{"message":"Image was not generated as expected. Please adjust the prompt and retry (traceid: t1)","localized_message":"Unknown error","type":"invalid_request_error","param":"","code":null}}"#.to_owned(), Kind::RefusedContent),
        (400, gateway("Unknown parameter: 'response_format'.", "\"unknown_parameter\""), Kind::BadRequest),
        (400, gateway("Invalid image file or mode for image 1, please check your image file.", "\"invalid_image_file\""), Kind::BadRequest),
        (404, gateway("The model `x` does not exist", "\"model_not_found\""), Kind::BadRequest),
        (502, r#"{"error":{"message":"","type":"shell_api_error","param":"502","code":"bad_response_status_code"}}"#.to_owned(), Kind::UpstreamFailed),
        (500, r#"{"error":{"message":"","type":"shell_api_error","param":"524","code":"bad_response_status_code"}}"#.to_owned(), Kind::TimedOut),
        (500, r#"{"status_code":500,"error":{"message":"write tcp … connection reset by peer","type":"shell_api_error","code":"write_response_body_failed"}}"#.to_owned(), Kind::UpstreamFailed),
        (503, r#"{"error":{"message":"overloaded","type":"service_unavailable_error","code":"server_is_overloaded"}}"#.to_owned(), Kind::UpstreamFailed),
        (503, gateway("当前令牌为按次计费，无可用渠道", "null"), Kind::Unauthorised),
        (524, "<html><head><title>524</title></head><body>A timeout occurred</body></html>".to_owned(), Kind::TimedOut),
        (503, r#"{"detail":"Diffusion engine not initialized. …"}"#.to_owned(), Kind::UpstreamFailed),
        (422, r#"{"detail":[{"loc":["body","size"],"msg":"bad size","type":"value_error"}]}"#.to_owned(), Kind::BadRequest),
        (400, r#"{"error":"prompt required"}"#.to_owned(), Kind::BadRequest),
        (500, r#"{"error":"server_error","message":"out of memory"}"#.to_owned(), Kind::UpstreamFailed),
        (502, String::new(), Kind::UpstreamFailed),
        (308, String::new(), Kind::BadRequest),
    ];
    for (status, body, kind) in cases {
        assert_eq!(failure(status, &body).kind, kind, "{status} {body}");
    }
}

#[test]
fn the_upstreams_words_and_request_id_come_through() {
    let in_message = failure(401, r#"{"error":{"message":"Invalid token (request id: abc123)"}}"#);
    assert_eq!(in_message.request_id.as_deref(), Some("req_1"), "the header goes before the message");
    let page = failure(524, "<html><title>524: A timeout occurred</title></html>");
    assert_eq!(page.words, "524: A timeout occurred");
    let field = failure(500, r#"{"error":"server_error","message":"out of memory"}"#);
    assert_eq!(field.words, "out of memory");
    let long = failure(400, &format!(r#"{{"error":{{"message":"{}"}}}}"#, "x".repeat(5_000)));
    let model = ModelName { provider: "a".to_owned(), model: "b".to_owned() };
    assert!(long.problem(&model).what.chars().count() < 500, "quoted short");
}

#[test]
fn a_moderation_reply_says_what_was_refused() {
    let body = r#"{"error":{"message":"rejected by the safety system","code":"moderation_blocked","moderation_details":{"moderation_stage":"output","categories":["sexual"]}}}"#;
    assert!(failure(400, body).words.ends_with("[stage output: sexual]"));
}

#[test]
fn each_kind_says_what_happened_what_it_cost_and_what_to_do() {
    let model = ModelName { provider: "apiyi".to_owned(), model: "gpt-image-2".to_owned() };
    for kind in Kind::ALL {
        let text = Failure::new(kind, "its own words").problem(&model).to_string();
        assert!(text.starts_with("apiyi/gpt-image-2: "), "{text}");
        assert!(text.contains(": its own words. "), "{text}");
        let money = match kind.billed() {
            Billed::No => "Nothing was charged.",
            Billed::Yes => "This was charged.",
            Billed::Maybe => "This may have been charged.",
        };
        assert!(text.ends_with(money), "{text}");
    }
}
