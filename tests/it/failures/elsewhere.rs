//! Faults that last: on along the endpoints, then models, then providers that can do the same,
//! or no further, as the kind says.

use gpt_image_mcp::domain::Usd;
use serde_json::{Value, json};

use super::scenario::{Row, Scenario, check};
use crate::support::{Sandbox, Setup};

/// What the flat-price model costs.
const FLAT: f64 = 0.03;
/// What `gpt-image-2` costs where the sandbox chooses quality and size, as it reports.
const OFFICIAL: f64 = 0.052_695;

fn anything() -> Value {
    json!({})
}

const TO_IMAGES: &str = "moved on to apiyi/gpt-image-2-all over images, because apiyi/gpt-image-2-all: ";
const TO_OFFICIAL: &str = "moved on to apiyi/gpt-image-2 over images, because apiyi/gpt-image-2-all: ";
const TO_SECOND: &str = "moved on to openai/gpt-image-2 over images, because apiyi/gpt-image-2";

#[tokio::test]
async fn a_call_moves_on_to_endpoints_then_models_then_providers_and_says_why() {
    check([
        // Chat is not tried again: without capacity now, it will have none in a second.
        Row::new(Scenario::of("overloaded,only=chat"), anything(), "CI", 1, FLAT)
            .makes(&[TO_IMAGES, "the image API failed (HTTP 503): The server is currently overloaded"]),
        Row::new(Scenario::of("rate_limited=1,only=chat"), anything(), "CI", 1, FLAT)
            .makes(&[TO_IMAGES, "limiting the rate"]),
        Row::new(Scenario::of("saturated,times=2"), anything(), "CII", 1, FLAT).makes(&[TO_IMAGES]),
        Row::new(Scenario::of("server_error,only=gpt-image-2-all"), anything(), "CIIIO", 1, OFFICIAL)
            .makes(&[TO_IMAGES, TO_OFFICIAL]),
        Row::new(Scenario::of("server_error").with_second(), anything(), "CIIIOOOS", 1, OFFICIAL).makes(&[
            TO_IMAGES,
            TO_OFFICIAL,
            TO_SECOND,
        ]),
        // A wait of two minutes and a second is not waited for anywhere.
        Row::new(Scenario::of("rate_limited=121").with_second(), anything(), "CIOS", 1, OFFICIAL).makes(&[
            TO_IMAGES,
            TO_OFFICIAL,
            TO_SECOND,
        ]),
        Row::new(Scenario::of("should_retry_false").with_second(), anything(), "CIOS", 1, OFFICIAL).makes(&[
            TO_IMAGES,
            TO_OFFICIAL,
            TO_SECOND,
        ]),
    ])
    .await;
}

#[tokio::test]
async fn where_everything_fails_the_refusal_names_every_place_and_costs_nothing() {
    let scenario = Scenario::of("overloaded").with_second_failing("server_error");
    check([Row::new(scenario, anything(), "CIIIOOOSSS", 0, 0.0).fails(&[
        "openai/gpt-image-2: the image API failed (HTTP 500)",
        TO_IMAGES,
        TO_OFFICIAL,
        TO_SECOND,
        "Nothing was charged. Request id: req_",
    ])])
    .await;
}

#[tokio::test]
async fn an_empty_account_leaves_the_provider_at_once_or_is_told() {
    let faults = ["no_credit", "no_credit_403", "no_credit_openai"];
    check(faults.map(|fault| {
        Row::new(Scenario::of(fault).with_second(), anything(), "CS", 1, OFFICIAL)
            .makes(&["moved on to openai/gpt-image-2 over images", "no credit left"])
    }))
    .await;
    check(faults.map(|fault| {
        Row::new(Scenario::of(fault), anything(), "C", 0, 0.0).fails(&[
            "no credit left",
            "Top up",
            "Nothing was charged.",
        ])
    }))
    .await;
}

#[tokio::test]
async fn a_named_model_may_change_its_provider_and_is_never_changed() {
    let model = |name| json!({ "model": name, "quality": "low", "size": "1024x1024" });
    check([
        Row::new(Scenario::of("server_error").with_second(), model("gpt-image-2"), "OOOS", 1, 0.005_895)
            .makes(&[TO_SECOND]),
        Row::new(Scenario::of("server_error").with_second(), model("apiyi/gpt-image-2"), "OOO", 0, 0.0)
            .fails(&["the image API failed"]),
        Row::new(
            Scenario::of("server_error").with_second(),
            json!({ "model": "gpt-image-2-all" }),
            "CIII",
            0,
            0.0,
        )
        .fails(&[TO_IMAGES]),
    ])
    .await;
}

#[tokio::test]
async fn nothing_moves_for_content_requests_or_keys_that_are_refused() {
    let rows = [
        ("moderation", "the content was refused"),
        ("moderation_451", "the content was refused"),
        ("refusal_500", "the content was refused"),
        ("bad_parameter", "refused the request"),
        ("error_string", "refused the request"),
        ("redirect", "refused the request"),
        ("unauthorised", "Check the key in APIYI_API_KEY."),
    ];
    check(rows.map(|(fault, words)| {
        Row::new(Scenario::of(fault).with_second(), anything(), "C", 0, 0.0)
            .fails(&[words, "Nothing was charged."])
    }))
    .await;
}

#[tokio::test]
async fn words_instead_of_an_image_are_answered_by_the_images_endpoint_once() {
    check([
        Row::new(Scenario::of("words").with_second(), anything(), "CI", 2, 2.0 * FLAT).makes(&[
            TO_IMAGES,
            "answered with words and no image",
            "Sorry, I can't do that.",
        ]),
        Row::new(Scenario::of("words").flag("--fail-over=false"), anything(), "C", 1, FLAT)
            .fails(&["Sorry, I can't do that.", "This was charged."]),
    ])
    .await;
}

#[tokio::test]
async fn without_fail_over_a_call_stays_where_it_is() {
    let row = |fault, asked, charged: u32, words| {
        let scenario = Scenario::of(fault).with_second().flag("--fail-over=false");
        Row::new(scenario, anything(), asked, charged, f64::from(charged) * FLAT).fails(words)
    };
    check([
        row("overloaded", "C", 0, &["failed (HTTP 503)", "Nothing was charged."]),
        row("rate_limited=121", "C", 0, &["It asks to wait 121 s.", "Nothing was charged."]),
        row("no_credit", "C", 0, &["no credit left"]),
        row("moderation", "C", 0, &["refused"]),
        row("reset", "CCC", 3, &["may have been charged."]),
        row("cut", "CC", 2, &["This was charged."]),
    ])
    .await;
}

#[tokio::test]
async fn chat_without_capacity_is_passed_over_by_the_next_call() {
    for fault in
        ["overloaded,only=chat", "no_channel,only=chat", "saturated,only=chat", "rate_limited,only=chat"]
    {
        let mut running = Scenario::of(fault).start().await;
        assert!(!running.draw(&anything()).await.is_error());
        assert_eq!(running.asked(), "CI", "{fault}");
        let second = running.draw(&anything()).await.fields();
        assert_eq!(running.asked(), "CII", "{fault}");
        assert_eq!(second["cost_usd"], FLAT);
        running.holds(2, fault);
    }
    // What says nothing of capacity says nothing to the next call.
    let mut running = Scenario::of("words,times=1").start().await;
    running.draw(&anything()).await.fields();
    running.draw(&anything()).await.fields();
    assert_eq!(running.asked(), "CIC");
}

#[tokio::test]
async fn without_fail_over_chat_is_not_passed_over() {
    let mut running = Scenario::of("overloaded").flag("--fail-over=false").start().await;
    for asked in ["C", "CC"] {
        assert!(running.draw(&anything()).await.is_error());
        assert_eq!(running.asked(), asked);
    }
}

#[tokio::test]
async fn a_provider_that_cannot_be_reached_is_left_for_another_and_costs_nothing() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = format!("http://{}/v1", nobody.local_addr().unwrap());
    drop(nobody);
    let other = Sandbox::start(gpt_image_mcp::sandbox::SandboxOptions::default()).await.unwrap();
    let alone = Setup::bare().variable("APIYI_API_KEY", "sk-first").variable("APIYI_BASE_URL", &closed);
    let refused = alone.start().await.generate(json!({ "prompt": "a kite" })).await;
    for words in ["could not be reached", "base URL", "Nothing was charged."] {
        assert!(refused.refusal().contains(words), "{}", refused.text());
    }
    assert!(alone.home.images().is_empty());

    let both = alone.variable("OPENAI_API_KEY", "sk-second").variable("OPENAI_BASE_URL", &other.base_url());
    let fields = both.start().await.generate(json!({ "prompt": "a kite" })).await.fields();
    assert_eq!(fields["provider"], "openai");
    let warning = fields["warnings"][0].as_str().unwrap();
    assert!(warning.contains("moved on to openai/gpt-image-2") && warning.contains("reached"), "{warning}");
    assert_eq!(other.seen().len(), 1);
    let usd = fields["cost_usd"].as_f64().unwrap();
    assert!(Usd::from_dollars(usd) > Usd::ZERO && usd < 0.06, "only what was drawn is paid: {usd}");
}
