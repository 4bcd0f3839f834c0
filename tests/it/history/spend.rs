//! `spend`: sums that are true, also of what may have been charged and of what is under way.

use serde_json::json;

use super::{drawn, json, sql, told};
use crate::support::{Gate, Reply, Setup, Upstream};

#[tokio::test]
async fn what_was_charged_is_summed_by_day_and_by_model() {
    let upstream = Upstream::with([drawn(1), drawn(2), drawn(3)]).await;
    let setup = Setup::at(&upstream);
    let mut app = setup.start().await;
    app.generate(json!({ "prompt": "a kite", "n": 2 })).await.fields();
    app.generate(json!({ "prompt": "a boat" })).await.fields();
    assert_eq!(app.end().await.code, 0);
    sql(&setup.home, "UPDATE tries SET planned_at = '2026-01-02T12:00:00.000000Z' WHERE id = 1").await;

    let year = json(&setup, &["spend", "--since", "2026-01-01"]).await;
    let all = json!({ "tries": 3, "pictures": 3, "charged_usd": 0.09, "may_be_charged_usd": 0.0, "in_flight_usd": 0.0 });
    assert_eq!(year["total"], all);
    assert_eq!(year["sandbox"], false);
    let days: Vec<_> = year["days"].as_array().unwrap().iter().map(|day| &day["charged_usd"]).collect();
    assert_eq!(days, [&json!(0.06), &json!(0.03)], "newest first");
    assert_eq!(year["days"][1]["day"], "2026-01-02");
    assert_eq!(year["days"][1]["models"][0]["charged_usd"], 0.03);
    assert_eq!(year["models"][0]["model"], "gpt-image-2-all");
    assert_eq!(year["models"][0]["pictures"], 3);

    let today = json(&setup, &["spend", "--days", "1"]).await;
    assert_eq!(today["total"]["charged_usd"], 0.06);
    let table = told(&setup, &["spend", "--since", "2026-01-01"]).await;
    for line in [
        "2026-01-02      1       1    $0.03",
        "all             3       3    $0.09",
        "apiyi/gpt-image-2-all      3",
    ] {
        assert!(table.contains(line), "{line} in\n{table}");
    }
}

#[tokio::test]
async fn what_may_have_been_charged_and_what_is_under_way_stand_beside_what_was() {
    let gate = Gate::shut();
    let upstream = Upstream::with([Reply::json(504, "too late"), drawn(1).held_by(&gate)]).await;
    let setup = Setup::at(&upstream).once();
    let mut app = setup.start().await;
    assert!(app.generate(json!({ "prompt": "a kite" })).await.is_error());
    let call = app.begin("generate_image", json!({ "prompt": "a boat" })).await;
    upstream.requests_come(2).await;

    let capped = setup.clone().flag("--max-cost-usd-per-day=1").flag("--max-cost-usd-per-month=0.05");
    let now = json(&capped, &["spend"]).await;
    let all = json!({ "tries": 2, "pictures": 0, "charged_usd": 0.0, "may_be_charged_usd": 0.03, "in_flight_usd": 0.03 });
    assert_eq!(now["total"], all);
    let day = json!({ "period": "day", "setting": "max_cost_usd_per_day", "most_usd": 1.0, "counted_usd": 0.06,
        "in_flight_usd": 0.03, "left_usd": 0.94 });
    assert_eq!(now["caps"][0], day);
    assert_eq!((&now["caps"][1]["period"], &now["caps"][1]["left_usd"]), (&json!("month"), &json!(0.0)));
    let table = told(&capped, &["spend"]).await;
    assert!(table.contains("$0.06 of $1.00 spent today, including $0.03 in flight;"), "{table}");
    assert!(table.contains("$0.94 left (max_cost_usd_per_day)."), "{table}");

    gate.open();
    app.result_of(call).await.fields();
    let then = json(&setup, &["spend"]).await;
    let all = json!({ "tries": 2, "pictures": 1, "charged_usd": 0.03, "may_be_charged_usd": 0.03, "in_flight_usd": 0.0 });
    assert_eq!(then["total"], all);
}

#[tokio::test]
async fn a_process_that_is_gone_has_nothing_in_flight() {
    let gate = Gate::shut();
    let upstream = Upstream::with([drawn(1).held_by(&gate)]).await;
    let setup = Setup::at(&upstream).flag("--worker=false");
    let mut app = setup.start().await;
    app.begin("generate_image", json!({ "prompt": "a kite" })).await;
    upstream.requests_come(1).await;
    drop(app); // killed
    sql(&setup.home, "UPDATE jobs SET lease_until = '2026-01-02T12:00:00.000000Z'").await;
    let total = &json(&setup, &["spend"]).await["total"];
    assert_eq!((&total["may_be_charged_usd"], &total["in_flight_usd"]), (&json!(0.03), &json!(0.0)));
}

#[tokio::test]
async fn the_sandboxs_sums_are_apart_and_are_no_money() {
    let setup = Setup::sandbox();
    let mut app = setup.start().await;
    app.generate(json!({ "prompt": "a kite" })).await.fields();
    let real = Setup::on(&setup.home);
    assert_eq!(json(&real, &["spend"]).await["total"]["tries"], 0);
    assert!(told(&real, &["spend"]).await.contains("Nothing was spent."));
    assert_eq!(json(&real, &["spend", "--sandbox"]).await["total"]["tries"], 1);
    assert!(told(&real, &["spend", "--sandbox"]).await.contains("which are free"));
}

#[tokio::test]
async fn asking_makes_nothing_and_wrong_days_are_wrong_usage() {
    let setup = Setup::bare();
    assert!(told(&setup, &["spend"]).await.contains("Nothing was spent."));
    assert!(!setup.home.data().exists());
    for arguments in [["--days", "0"], ["--since", "yesterday"], ["--since", "9999-01-01"]] {
        assert_eq!(setup.run(&[&["spend"], arguments.as_slice()].concat()).await.code, 2, "{arguments:?}");
    }
}
