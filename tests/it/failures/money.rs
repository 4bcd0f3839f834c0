//! Where one more try may pay twice: what is dear is not tried again, what is capped stays
//! under its cap, and what was or may have been charged is counted and said.

use serde_json::{Value, json};

use super::scenario::{Row, Scenario, check};

const FLAT: f64 = 0.03;
/// An image of 1024 by 1024 at high quality.
const HIGH: f64 = 0.210_735;
/// One of 3840 by 2160.
const HIGH_4K: f64 = 0.400_275;

fn dear() -> Value {
    json!({ "quality": "high", "size": "1024x1024" })
}

#[tokio::test]
async fn a_dear_render_that_may_have_been_charged_is_not_made_again_anywhere() {
    let row = |fault, words: &[&'static str]| {
        Row::new(Scenario::of(fault).with_second(), dear(), "O", 1, HIGH).fails(words)
    };
    let maybe = ["no whole reply came back", "This may have been charged."];
    let charged = ["This was charged."];
    check([
        row("reset", &maybe),
        row("html", &maybe),
        row("hidden_524", &maybe),
        row("cut", &charged),
        row("empty", &charged),
        row("broken_base64", &charged),
        row("truncated_picture", &charged),
        row("not_an_image", &charged),
    ])
    .await;
}

#[tokio::test]
async fn a_dear_render_that_cannot_have_been_charged_is_tried_again_and_elsewhere() {
    check([
        Row::new(Scenario::of("server_error,times=1").with_second(), dear(), "OO", 1, HIGH).makes(&[]),
        Row::new(Scenario::of("server_error").with_second(), dear(), "OOOS", 1, HIGH)
            .makes(&["moved on to openai/gpt-image-2"]),
    ])
    .await;
}

#[tokio::test]
async fn a_4k_render_that_is_cut_or_lost_is_told_and_not_made_again() {
    let render = || json!({ "size": "3840x2160", "quality": "high" });
    check([
        Row::new(Scenario::of("reset").with_second(), render(), "O", 1, HIGH_4K)
            .fails(&["This may have been charged."]),
        Row::new(Scenario::of("cut").with_second(), render(), "O", 1, HIGH_4K).fails(&["This was charged."]),
    ])
    .await;
}

#[tokio::test]
async fn the_flat_price_is_tried_again_and_does_not_lead_to_a_dear_model() {
    let row = |fault, asked, charged: u32| {
        Row::new(Scenario::of(fault).with_second(), json!({}), asked, charged, f64::from(charged) * FLAT)
    };
    check([
        row("reset,times=1", "CC", 2).makes(&[]),
        row("reset,only=chat", "CCCI", 4).makes(&["moved on to apiyi/gpt-image-2-all over images"]),
        row("reset", "CCCIII", 6)
            .fails(&["moved on to apiyi/gpt-image-2-all over images", "This may have been charged."]),
        row("cut,times=1", "CC", 2).makes(&[]),
        row("cut", "CCII", 4).fails(&["This was charged."]),
    ])
    .await;
}

#[tokio::test]
async fn a_damaged_image_in_a_flat_price_reply_is_asked_for_once_more_at_each_endpoint() {
    let row = |fault, asked, charged: u32| {
        let scenario = Scenario::of(fault).in_base64().with_second();
        Row::new(scenario, json!({}), asked, charged, f64::from(charged) * FLAT)
    };
    check([
        row("broken_base64,times=1", "CC", 2).makes(&[]),
        row("truncated_picture,times=1", "CC", 2).makes(&[]),
        row("broken_base64", "CCII", 4).fails(&["This was charged."]),
        row("truncated_picture", "CCII", 4).fails(&["This was charged."]),
        // On chat, what is no image reads as words.
        row("not_an_image", "CII", 3).fails(&["This was charged."]),
    ])
    .await;
}

#[tokio::test]
async fn how_dear_one_more_try_may_be_can_be_set() {
    let low = || json!({ "model": "gpt-image-2", "quality": "low", "size": "1024x1024" });
    check([
        Row::new(Scenario::of("reset").flag("--retry-timeout-up-to-usd=0"), low(), "O", 1, 0.005_895)
            .fails(&["may have been charged"]),
        Row::new(
            Scenario::of("reset,times=1").flag("--retry-timeout-up-to-usd=0.5"),
            dear(),
            "OO",
            2,
            2.0 * HIGH,
        )
        .makes(&[]),
    ])
    .await;
}

#[tokio::test]
async fn all_tries_of_a_call_that_may_be_charged_stay_under_its_cap() {
    let row = |fault, arguments: Value, asked, charged: u32| {
        Row::new(Scenario::of(fault), arguments, asked, charged, f64::from(charged) * FLAT)
    };
    check([
        row("reset", json!({ "max_cost_usd": 0.03 }), "C", 1).fails(&["may have been charged"]),
        row("reset", json!({ "max_cost_usd": 0.07 }), "CC", 2).fails(&["may have been charged"]),
        row("cut", json!({ "max_cost_usd": 0.1 }), "CCI", 3).fails(&["This was charged."]),
        row("words", json!({ "max_cost_usd": 0.05 }), "C", 1).fails(&["Sorry", "This was charged."]),
        row("reset", json!({ "max_cost_usd": 0.1, "n": 2 }), "CCC", 3).fails(&["may have been charged"]),
        // What is not charged takes nothing of it.
        row("overloaded,times=3", json!({ "max_cost_usd": 0.03 }), "CIII", 1).makes(&["moved on"]),
    ])
    .await;
}

#[tokio::test]
async fn of_several_images_those_that_come_are_delivered_and_the_other_is_told() {
    let cases = [
        ("moderation,times=1", "CCC", 2, "the content was refused", "Nothing was charged."),
        ("unauthorised,times=1", "CCC", 2, "the key was not accepted", "Nothing was charged."),
    ];
    for (fault, asked, charged, words, money) in cases {
        let mut running = Scenario::of(fault).start().await;
        let fields = running.draw(&json!({ "n": 3 })).await.fields();
        assert_eq!(fields["images"].as_array().unwrap().len(), 2, "{fields:#}");
        let [failed] = fields["failed"].as_array().unwrap().as_slice() else { panic!("{fields:#}") };
        let failed = failed.as_str().unwrap();
        assert!(failed.contains(words) && failed.contains(money), "{failed}");
        assert_eq!((running.asked().as_str(), running.charged()), (asked, charged), "{fault}");
        assert!((fields["cost_usd"].as_f64().unwrap() - 2.0 * FLAT).abs() < 1e-9, "{fields:#}");
        running.holds(2, fault);
    }
    // One that fails and comes in the end is told in neither.
    let mut running = Scenario::of("reset,times=1").start().await;
    let fields = running.draw(&json!({ "n": 3 })).await.fields();
    assert_eq!(fields["images"].as_array().unwrap().len(), 3, "{fields:#}");
    assert!(fields.get("failed").is_none(), "{fields:#}");
    assert_eq!((running.asked().as_str(), running.charged()), ("CCCC", 4));
    assert!((fields["cost_usd"].as_f64().unwrap() - 4.0 * FLAT).abs() < 1e-9, "{fields:#}");
}
