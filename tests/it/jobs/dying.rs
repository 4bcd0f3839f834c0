//! What can go wrong with the machine in mid-render: no whole image is lost, no half one is
//! left, and the record says what may have been billed.

use serde_json::json;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _, Row as _};

use super::{Rendering, drawn, kite, rendering};
use crate::support::{Reply, Setup, TestHome, Upstream, eventually, large_png, png, success_body};

/// The database of a home.
pub(super) async fn record(home: &TestHome) -> SqliteConnection {
    SqliteConnectOptions::new().filename(home.store().join("library.db")).connect().await.unwrap()
}

/// As if nobody had renewed a lease for long.
pub(super) async fn let_leases_run_out(home: &TestHome) {
    let mut record = record(home).await;
    sqlx::query("UPDATE jobs SET lease_until = '2020-01-01T00:00:00.000000Z'")
        .execute(&mut record)
        .await
        .unwrap();
    record.close().await.unwrap();
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_image_that_no_file_can_hold_comes_inline() {
    // The largest file may have 512 KiB, as on a disk that is full, and an image has 2 MB.
    let image = large_png(2_000_000);
    let upstream =
        Upstream::with([Reply::json(200, success_body("chat_markdown_data_url.json", &image, ""))]).await;
    let mut app = Setup::at(&upstream).launch_after("ulimit -f 1024");
    app.initialize("2025-06-18").await;
    let answer = app.generate(json!({ "prompt": "a kite", "output": "file" })).await;
    let fields = answer.fields();
    assert_eq!(fields["images"], json!([]));
    let warning = fields["warnings"][0].as_str().unwrap();
    assert!(warning.contains("only in this answer") && warning.contains("save it now"), "{warning}");
    assert!(answer.shown()[0].1 == image, "every byte of it");
    assert!(app.home.images().is_empty(), "{:?}", app.home.images());
}

#[tokio::test]
async fn a_record_that_cannot_be_written_is_refused_before_anything_is_sent() {
    let upstream = Upstream::with([drawn(1)]).await;
    let setup = Setup::at(&upstream);
    std::fs::create_dir_all(setup.home.store()).unwrap();
    std::fs::write(setup.home.store().join("library.db"), "no database".repeat(1000)).unwrap();
    let mut app = setup.start().await;
    let refusal = app.generate(kite()).await.refusal().to_owned();
    for words in ["library.db", "Nothing was charged."] {
        assert!(refusal.contains(words), "no {words:?} in {refusal}");
    }
    assert!(upstream.requests().is_empty());
}

#[tokio::test]
async fn a_record_that_is_locked_for_a_while_is_waited_for() {
    let upstream = Upstream::with([drawn(1), drawn(2)]).await;
    let mut app = Setup::at(&upstream).start().await;
    app.generate(kite()).await.fields();
    let mut lock = record(&app.home).await;
    sqlx::query("BEGIN EXCLUSIVE").execute(&mut lock).await.unwrap();
    let id = app.begin("generate_image", kite()).await;
    app.request("ping", json!({})).await;
    assert_eq!(upstream.requests().len(), 1, "nothing is sent that is not recorded");
    sqlx::query("COMMIT").execute(&mut lock).await.unwrap();
    assert_eq!(app.result_of(id).await.file(), png(64, 48, 2));
}

#[tokio::test]
async fn a_record_that_goes_away_in_mid_render_costs_the_id_and_not_the_image() {
    let Rendering { app, gate, id, .. } = rendering(|setup| setup, kite()).await;
    let mut broken = record(&app.home).await;
    sqlx::query("DROP TABLE lineage").execute(&mut broken).await.unwrap();
    sqlx::query("PRAGMA foreign_keys = OFF").execute(&mut broken).await.unwrap();
    sqlx::query("DROP TABLE images").execute(&mut broken).await.unwrap();
    gate.open();
    let answer = app.result_of(id).await;
    assert_eq!(answer.file(), png(64, 48, 1));
    let warnings = answer.fields()["warnings"].to_string();
    assert!(warnings.contains("the file is kept"), "{warnings}");
}

#[tokio::test]
async fn a_folder_that_goes_away_in_mid_render_costs_the_file_and_not_the_image() {
    let Rendering { app, gate, id, .. } = rendering(|setup| setup, kite()).await;
    std::fs::remove_dir_all(app.home.store().join("images")).unwrap();
    gate.open();
    let answer = app.result_of(id).await;
    assert_eq!(answer.shown()[0].1, png(64, 48, 1), "{}", answer.text());
    assert!(!answer.text().contains("it is whole in"), "that file is gone: {}", answer.text());
    let mut record = record(&app.home).await;
    let row = sqlx::query("SELECT state FROM jobs").fetch_one(&mut record).await.unwrap();
    assert_eq!(row.get::<&str, _>(0), "done", "its image was delivered");
}

#[tokio::test]
async fn what_a_locked_record_did_not_take_is_written_down_before_the_job_ends() {
    let Rendering { app, gate, id, .. } = rendering(|setup| setup, kite()).await;
    let mut lock = record(&app.home).await;
    sqlx::query("BEGIN EXCLUSIVE").execute(&mut lock).await.unwrap();
    gate.open();
    // Each gave up after five seconds.
    let both = ["the end of an attempt was not recorded", "an image was kept and not recorded"];
    let given_up = || both.iter().all(|words| app.complaints().contains(words));
    eventually("the lock being noticed", || given_up().then_some(())).await;
    sqlx::query("COMMIT").execute(&mut lock).await.unwrap();
    let answer = app.result_of(id).await;
    assert!(answer.fields().get("warnings").is_none(), "{}", answer.text());
    let row = sqlx::query("SELECT (SELECT billed FROM tries), (SELECT path FROM images)");
    let row = row.fetch_one(&mut lock).await.unwrap();
    assert_eq!((row.get(0), row.get(1)), ("yes", answer.path().to_str().unwrap()));
}

#[tokio::test]
async fn a_clock_that_jumps_makes_no_job_lost_that_is_worked_on() {
    let Rendering { app, upstream, gate, id } =
        rendering(|setup| setup.variable("GPT_IMAGE_MCP_WAIT_S", "1"), kite()).await;
    let job = app.result_of(id).await.fields()["job"].clone();
    let_leases_run_out(&app.home).await; // as after a night in which the machine slept
    let mut other = Setup::at(&upstream).sharing(&app.home).start().await;
    let looked = other.get(json!({ "id": job, "wait_s": 0 })).await.fields();
    assert_eq!(looked["status"], "rendering");
    let_leases_run_out(&app.home).await;
    let joined = other.begin("generate_image", kite()).await;
    other.request("ping", json!({})).await;
    gate.open();
    assert_eq!(other.result_of(joined).await.file(), png(64, 48, 1), "the same image, and not another");
    assert_eq!(upstream.requests().len(), 1);
}
