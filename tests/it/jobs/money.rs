//! Caps on a day's and a month's spending: refused before sending, with the numbers.

use serde_json::json;

use super::{Rendering, drawn, kite, rendering};
use crate::support::{Reply, Setup, Upstream, error_body};

#[tokio::test]
async fn a_cap_refuses_what_could_go_above_it_before_anything_is_sent() {
    for (setting, period) in [("MAX_COST_USD_PER_DAY", "today"), ("MAX_COST_USD_PER_MONTH", "this month")] {
        let upstream = Upstream::with((0..5).map(drawn)).await;
        let setup = Setup::at(&upstream).variable(&format!("GPT_IMAGE_MCP_{setting}"), "0.10");
        let mut app = setup.start().await;
        app.generate(json!({ "prompt": "kites", "n": 2 })).await.fields();
        let refusal = app.generate(json!({ "prompt": "kites", "n": 2 })).await.refusal().to_owned();
        for words in [
            "it may cost $0.06",
            "$0.06 of the $0.10 allowed",
            period,
            "$0.04 are left",
            "Nothing was charged.",
        ] {
            assert!(refusal.contains(words), "no {words:?} in {refusal}");
        }
        assert!(refusal.contains(&setting.to_lowercase()), "{refusal}");
        app.generate(kite()).await.fields();
        // It holds in a later process, too.
        app.end().await;
        let mut later = setup.start().await;
        assert!(later.generate(kite()).await.refusal().contains("$0.01 are left"));
        assert_eq!(upstream.requests().len(), 3);
    }
}

#[tokio::test]
async fn work_in_flight_counts_in_every_process() {
    let Rendering { app, upstream, gate, id } =
        rendering(|setup| setup.variable("GPT_IMAGE_MCP_MAX_COST_USD_PER_DAY", "0.05"), kite()).await;
    let setup = Setup::at(&upstream).sharing(&app.home);
    let mut other = setup.variable("GPT_IMAGE_MCP_MAX_COST_USD_PER_DAY", "0.05").start().await;
    let refusal = other.generate(json!({ "prompt": "a boat" })).await.refusal().to_owned();
    assert!(refusal.contains("$0.03 of it in flight"), "{refusal}");
    gate.open();
    app.result_of(id).await.fields();
    assert_eq!(upstream.requests().len(), 1);
}

#[tokio::test]
async fn what_was_not_charged_does_not_count() {
    let refused = || Reply::json(400, error_body("moderation_openai.json"));
    let upstream = Upstream::with([refused(), drawn(1)]).await;
    let mut app =
        Setup::at(&upstream).once().variable("GPT_IMAGE_MCP_MAX_COST_USD_PER_DAY", "0.03").start().await;
    app.generate(json!({ "prompt": "something else" })).await.refusal();
    app.generate(kite()).await.fields();
    assert!(app.generate(kite()).await.refusal().contains("$0.00 are left"));
}
