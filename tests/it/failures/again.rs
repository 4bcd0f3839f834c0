//! Each fault once and then no more, at a cheap model of one provider: the kinds that may
//! lift are tried again, the others are told at once.

use std::collections::BTreeSet;

use gpt_image_mcp::sandbox::Fault;
use serde_json::{Value, json};

use super::scenario::{Row, RunningScenario, Scenario, check};

/// What `gpt-image-2` costs for this prompt at low quality.
const LOW: f64 = 0.005_895;

fn cheap() -> Value {
    json!({ "model": "gpt-image-2", "quality": "low", "size": "1024x1024" })
}

fn name(fault: &str) -> &str {
    fault.split(['=', ',']).next().unwrap()
}

/// Faults that lift and cost nothing.
const LIFT: [&str; 13] = [
    "rate_limited,times=1",
    "rate_limited_ms,times=1",
    "rate_limited_date,times=1",
    "saturated,times=1",
    "no_channel,times=1",
    "overloaded,times=1",
    "server_error,times=1",
    "bad_gateway,times=1",
    "write_failed,times=1",
    "html_200,times=1",
    "empty_502,times=1",
    "detail,times=1",
    "should_retry_true,times=1",
];

/// Faults that lift, and what failed is or may be charged.
const LIFT_AND_PAY: [&str; 8] = [
    "hidden_524,times=1",
    "html,times=1",
    "empty,times=1",
    "not_an_image,times=1",
    "broken_base64,times=1",
    "truncated_picture,times=1",
    "cut,times=1",
    "reset,times=1",
];

/// Faults that a client does not notice when it waits long enough.
const HARMLESS: [&str; 2] = ["slow=4000000", "endless"];

/// Faults that trying again does not mend, and what is said of them.
const FINAL: [(&str, &[&str]); 13] = [
    ("unauthorised,times=1", &["the key was not accepted", "APIYI_OFFICIAL_API_KEY or APIYI_API_KEY"]),
    ("token_type,times=1", &["pay-per-use", "APIYI_OFFICIAL_API_KEY"]),
    ("no_credit,times=1", &["no credit left", "Top up the account"]),
    ("no_credit_403,times=1", &["no credit left", "Top up the account"]),
    ("no_credit_openai,times=1", &["no credit left", "Top up the account"]),
    ("error_string,times=1", &["refused the request", "prompt required"]),
    ("moderation,times=1", &["content was refused", "output: sexual", "will be refused again"]),
    ("moderation_451,times=1", &["content was refused", "image_safety"]),
    ("refusal_500,times=1", &["content was refused", "was not generated as expected"]),
    ("bad_parameter,times=1", &["refused the request", "response_format"]),
    ("redirect,times=1", &["refused the request", "/elsewhere", "base URL"]),
    ("should_retry_false,times=1", &["the image API failed", "overloaded"]),
    ("rate_limited=121,times=1", &["limiting the rate", "It asks to wait 121 s"]),
];

#[tokio::test]
async fn what_lifts_and_is_not_charged_is_asked_for_a_second_time_and_paid_once() {
    check(LIFT.map(|fault| Row::new(Scenario::of(fault), cheap(), "OO", 1, LOW).makes(&[]))).await;
}

#[tokio::test]
async fn what_lifts_and_may_be_charged_is_asked_for_a_second_time_where_it_is_cheap_and_both_are_counted() {
    check(LIFT_AND_PAY.map(|fault| Row::new(Scenario::of(fault), cheap(), "OO", 2, 2.0 * LOW).makes(&[])))
        .await;
}

#[tokio::test]
async fn a_reply_that_only_comes_slowly_or_never_ends_is_a_reply() {
    check(HARMLESS.map(|fault| Row::new(Scenario::of(fault), cheap(), "O", 1, LOW).makes(&[]))).await;
}

#[tokio::test]
async fn what_trying_again_does_not_mend_is_told_at_once_and_free() {
    let rows = FINAL.map(|(fault, words)| {
        let words: Vec<_> = words.iter().copied().chain(["Nothing was charged."]).collect();
        Row::new(Scenario::of(fault), cheap(), "O", 0, 0.0).fails(&words)
    });
    check(rows).await;
}

#[tokio::test]
async fn silence_is_waited_out_for_the_time_of_the_model_and_counted_as_maybe_charged() {
    let patient = "[[model]]\nprovider = \"apiyi\"\nid = \"gpt-image-2\"\ntimeouts = { auto = 2, low = 2 }\n";
    let scenario = |fault| Scenario::of(fault).settings(patient);
    check([
        Row::new(scenario("silent,times=1"), cheap(), "OO", 2, 2.0 * LOW).makes(&[]),
        Row::new(scenario("silent").flag("--retries=0"), cheap(), "O", 1, LOW)
            .fails(&["nothing whole after 2 s", "may have been charged"]),
    ])
    .await;
}

#[tokio::test]
async fn what_lasts_is_tried_as_often_as_the_table_says_and_then_told() {
    let row = |fault, asked, charged: u32, words| {
        Row::new(Scenario::of(fault), cheap(), asked, charged, f64::from(charged) * LOW).fails(words)
    };
    check([
        row(
            "server_error",
            "OOO",
            0,
            &["the image API failed (HTTP 500)", "Nothing was charged. Request id: req_"],
        ),
        row("rate_limited_ms", "OOO", 0, &["limiting the rate of requests (HTTP 429)", "Request id: req_"]),
        row("should_retry_true", "OOO", 0, &["refused the request (HTTP 400)", "Nothing was charged."]),
        row("reset", "OOO", 3, &["no whole reply came back", "may have been charged."]),
        row("html", "OOO", 3, &["no whole reply came back", "(HTTP 524)", "may have been charged."]),
        row("cut", "OO", 2, &["ended early or its image is damaged", "This was charged. Request id: req_"]),
        row("broken_base64", "OO", 2, &["damaged", "This was charged. Request id: req_"]),
        row("truncated_picture", "OO", 2, &["damaged", "This was charged. Request id: req_"]),
        row("not_an_image", "OO", 2, &["damaged", "This was charged. Request id: req_"]),
        row("empty", "OO", 2, &["the reply is empty", "This was charged. Request id: req_"]),
    ])
    .await;
}

#[tokio::test]
async fn the_number_of_retries_can_be_set() {
    let row = |flag: &str, asked| {
        Row::new(Scenario::of("rate_limited_ms").flag(flag), cheap(), asked, 0, 0.0)
            .fails(&["limiting the rate"])
    };
    // More than the table's own number is never made.
    check([row("--retries=0", "O"), row("--retries=1", "OO"), row("--retries=9", "OOO")]).await;
}

#[tokio::test]
async fn a_wait_that_is_asked_for_is_kept() {
    let mut running: RunningScenario = Scenario::of("rate_limited=2,times=1").start().await;
    let answer = running.draw(&cheap()).await.fields();
    assert!(answer["seconds"].as_f64().unwrap() >= 2.0, "{answer:#}");
}

#[test]
fn every_fault_of_a_paid_call_is_in_a_table_here() {
    // These two have tests of their own: one waits, the other befalls chat alone.
    let tested = [LIFT.as_slice(), &LIFT_AND_PAY, &HARMLESS, &["silent", "words"]].concat();
    let tested: BTreeSet<_> =
        tested.into_iter().chain(FINAL.iter().map(|(fault, _)| *fault)).map(name).collect();
    let all = Fault::ALL.iter().map(|fault| fault.name()).filter(|name| !name.starts_with("cdn_"));
    assert_eq!(tested, all.collect());
}

#[tokio::test]
async fn a_nonsense_value_for_retries_or_times_is_refused_at_the_start_with_its_line() {
    let model = "[[model]]\nprovider = \"apiyi\"\nid = \"gpt-image-2\"\n";
    let cases = [
        ("\nretries = -1\n".to_owned(), "line 2", "-1"),
        ("retries = 11\n".to_owned(), "line 1", "11"),
        ("retries = \"many\"\n".to_owned(), "line 1", "many"),
        ("\n\nfail_over = \"perhaps\"\n".to_owned(), "line 3", "perhaps"),
        ("retry_timeout_up_to_usd = -0.5\n".to_owned(), "line 1", "-0.5"),
        ("\nretry_timeout_up_to_usd = nan\n".to_owned(), "line 2", "retry_timeout_up_to_usd"),
        ("retry_timeout_up_to_usd = inf\n".to_owned(), "line 1", "inf"),
        (format!("{model}timeouts = {{ auto = 0 }}\n"), "line 4", "0"),
        (format!("{model}timeouts = {{ auto = -5 }}\n"), "line 4", "-5"),
        (format!("{model}\ntimeouts = {{ auto = \"long\" }}\n"), "line 5", "long"),
        (format!("{model}timeouts = {{ hasty = 5 }}\n"), "line 4", "hasty"),
    ];
    for (text, line, word) in cases {
        let ran = crate::support::Setup::bare().settings(&text).run(&[]).await;
        assert_eq!(ran.code, 2, "{text}: {}", ran.stderr);
        for part in ["config.toml", line, word] {
            assert!(ran.stderr.contains(part), "{text}: no {part:?} in {}", ran.stderr);
        }
    }
}
