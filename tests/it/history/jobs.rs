//! `jobs`: what was asked for, how it stands, and what it may have cost.

use serde_json::{Value, json};

use super::{drawn, json, sql, told};
use crate::support::{Gate, PATIENCE, Reply, Setup, Upstream};

fn ids(jobs: &Value) -> Vec<&str> {
    jobs.as_array().unwrap().iter().map(|job| job["job"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_newest_come_first_and_one_can_be_seen_whole() {
    let upstream = Upstream::with([drawn(1), drawn(2)]).await;
    let setup = Setup::at(&upstream);
    let mut app = setup.start().await;
    let first = app.generate(json!({ "prompt": "a kite \u{1b}[31m over\nthe sea ".repeat(5) })).await;
    let parent = first.id();
    let second = app.edit(json!({ "prompt": "at night", "images": [parent] })).await;
    assert_eq!(app.end().await.code, 0);
    let (old, new) = (first.fields()["job"].clone(), second.fields()["job"].clone());
    let (old, new) = (old.as_str().unwrap(), new.as_str().unwrap());

    let listed = json(&setup, &["jobs"]).await;
    assert_eq!(ids(&listed), [new, old]);
    assert_eq!(listed[0]["tool"], "edit_image");
    assert_eq!((&listed[1]["state"], &listed[1]["served"]), (&json!("done"), &json!(true)));
    assert_eq!((&listed[1]["cost_usd"], &listed[1]["n"]), (&json!(0.03), &json!(1)));
    assert_eq!(ids(&json(&setup, &["jobs", "--limit", "1"]).await), [new]);
    assert_eq!(ids(&json(&setup, &["jobs", "--state", "failed"]).await), [""; 0]);
    let table = told(&setup, &["jobs"]).await;
    assert!(table.lines().all(|line| line.chars().count() <= 80), "{table}");
    assert!(table.contains("a kite [31m over the sea a kite") && table.contains('…'), "{table}");
    assert!(!table.contains('\u{1b}'), "a prompt steers no terminal");

    let whole = json(&setup, &["jobs", old]).await;
    assert_eq!(whole["arguments"]["prompt"], listed[1]["prompt"]);
    assert_eq!((&whole["tries"][0]["billed"], &whole["tries"][0]["cost_usd"]), (&json!("yes"), &json!(0.03)));
    assert_eq!(whole["tries"][0]["outcome"], "made");
    assert_eq!(whole["images"][0]["id"], parent);
    assert_eq!(whole["images"][0]["made_into"], json!([second.id()]));
    assert_eq!(whole["report"]["cost_basis"], "flat price");
    assert_eq!((&whole["problem"], &whole["images"][0]["missing"]), (&Value::Null, &json!(false)));
    std::fs::remove_file(second.path()).unwrap();
    let words = told(&setup, &["jobs", new]).await;
    for said in
        ["edit_image", "prompt: at night", "made from", &parent, "$0.03 (flat price)", "file is missing"]
    {
        assert!(words.contains(said), "{said} in {words}");
    }
}

#[tokio::test]
async fn a_failure_says_what_went_wrong_and_what_may_have_been_charged() {
    let refusal = Reply::json(504, "too late").header("x-request-id", "req-42");
    let upstream = Upstream::with([refusal]).await;
    let setup = Setup::at(&upstream).once();
    let mut app = setup.start().await;
    let answer = app.generate(json!({ "prompt": "a kite" })).await;
    assert!(answer.is_error());
    let listed = json(&setup, &["jobs", "--state", "failed"]).await;
    let id = listed[0]["job"].as_str().unwrap();
    let whole = json(&setup, &["jobs", id]).await;
    assert_eq!((&whole["state"], &whole["problem"]["billed"]), (&json!("failed"), &json!("maybe")));
    assert_eq!(
        (&whole["tries"][0]["request_id"], &whole["tries"][0]["billed"]),
        (&json!("req-42"), &json!("maybe"))
    );
    let words = told(&setup, &["jobs", id]).await;
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    for said in ["cost ≤ $0.03", "This may have been charged.", "maybe, up to $0.03", "request req-42"] {
        assert!(words.contains(said), "{said} in {words}");
    }
}

#[tokio::test]
async fn a_lost_job_is_told_from_one_under_way_in_the_words_of_get_image() {
    let gate = Gate::shut();
    let upstream = Upstream::with([drawn(1).held_by(&gate), drawn(2).held_by(&gate)]).await;
    let setup = Setup::at(&upstream).flag("--worker=false");
    let mut gone = setup.start().await;
    gone.begin("generate_image", json!({ "prompt": "a kite" })).await;
    upstream.requests_come(1).await;
    drop(gone); // killed
    sql(&setup.home, "UPDATE jobs SET lease_until = '2026-01-02T12:00:00.000000Z'").await;
    let mut app = setup.start().await;
    app.begin("generate_image", json!({ "prompt": "a boat" })).await;
    upstream.requests_come(2).await;

    // At its first call a server looks through what was left, and holds such a job while it does.
    let listed = async {
        loop {
            let lost = json(&setup, &["jobs", "--state", "lost"]).await;
            if lost[0].is_object() {
                return lost;
            }
        }
    };
    let lost = tokio::time::timeout(PATIENCE, listed).await.expect("the job is not listed as lost");
    assert_eq!((lost.as_array().unwrap().len(), &lost[0]["prompt"]), (1, &json!("a kite")));
    let rendering = json(&setup, &["jobs", "--state", "rendering"]).await;
    assert_eq!((rendering.as_array().unwrap().len(), &rendering[0]["prompt"]), (1, &json!("a boat")));
    let table = told(&setup, &["jobs"]).await;
    assert!(table.contains(" awaited") && table.contains("≤ $0.03"), "{table}");

    let id = lost[0]["job"].as_str().unwrap();
    let words = app.get(json!({ "id": id })).await.refusal().to_owned();
    let whole = json(&setup, &["jobs", id]).await;
    let said = whole["problem"]["what"].as_str().unwrap();
    assert!(words.contains(said) && said.contains("may be billed up to $0.03"), "{said:?} in {words:?}");
}

#[tokio::test]
async fn a_job_whose_clock_ran_out_is_not_lost_while_a_process_is_at_work_on_it() {
    let gate = Gate::shut();
    let body =
        crate::support::success_body("chat_markdown_data_url.json", &crate::support::png(640, 480, 1), "");
    let half = body.len() / 2;
    let upstream = Upstream::with([Reply::json(200, body).paused_after(half, &gate)]).await;
    let setup = Setup::at(&upstream);
    let mut app = setup.start().await;
    let call = app.begin("generate_image", json!({ "prompt": "a kite" })).await;
    crate::support::eventually("the request", || upstream.requests().pop()).await;
    crate::support::eventually("bytes on disk", || setup.home.images().pop()).await;
    sql(&setup.home, "UPDATE jobs SET lease_until = '2026-01-02T12:00:00.000000Z'").await;
    let listed = json(&setup, &["jobs"]).await;
    assert_eq!((&listed[0]["state"], &listed[0]["served"]), (&json!("rendering"), &json!(false)));
    let whole = json(&setup, &["jobs", listed[0]["job"].as_str().unwrap()]).await;
    assert_eq!((&whole["state"], &whole["problem"]), (&json!("rendering"), &Value::Null));
    gate.open();
    app.result_of(call).await.fields();
}

#[tokio::test]
async fn an_id_that_nobody_knows_is_refused_and_looking_makes_nothing() {
    let setup = Setup::bare();
    assert!(told(&setup, &["jobs"]).await.contains("There are no jobs yet"));
    let unknown = setup.run(&["jobs", "job_0123456789ab"]).await;
    assert_eq!((unknown.code, unknown.stdout.as_str()), (1, ""));
    assert!(unknown.stderr.contains("job_0123456789ab"), "{}", unknown.stderr);
    assert!(!setup.home.data().exists());
    for wrong in [["jobs", "img_0123456789ab"], ["jobs", "--limit=0"], ["jobs", "--state=gone"]] {
        assert_eq!(setup.run(&wrong).await.code, 2, "{wrong:?}");
    }
}
