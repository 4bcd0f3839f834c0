//! Real processes, killed at random points hundreds of times; then the books are compared with
//! what the upstream saw.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use gpt_image_mcp::codec::inspect_bytes;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use sqlx::Row as _;

use super::dying::{let_leases_run_out, record};
use crate::support::{Reply, Setup, TestHome, Upstream, large_png, success_body};

const SERVERS_AT_ONCE: u32 = 4;
const KILLS_EACH: u32 = 80;

fn setup(upstream: &Upstream, home: &TestHome, server: u32) -> Setup {
    let setup = Setup::at(upstream).sharing(home);
    if server.is_multiple_of(2) { setup.flag("--worker=false") } else { setup }
}

fn two_kites(prompt: &str) -> Value {
    json!({ "prompt": prompt, "n": 2, "output": "file" })
}

/// How long a call takes that nobody disturbs, from the start of its server.
async fn undisturbed(setup: &Setup) -> Duration {
    let started = Instant::now();
    let mut app = setup.start().await;
    app.generate(two_kites("an undisturbed kite")).await.fields();
    started.elapsed()
}

/// Starts a server, lets it draw, and kills it and its worker after this time.
async fn kill_after(setup: &Setup, prompt: &str, time: Duration) {
    let started = Instant::now();
    let mut app = setup.start().await;
    app.begin("generate_image", two_kites(prompt)).await;
    tokio::time::sleep(time.saturating_sub(started.elapsed())).await;
    let workers = app.children();
    app.kill_group(Signal::KILL).await;
    for worker in workers {
        // One that had nothing to do yet has ended by itself.
        let _ = kill_process(Pid::from_raw(worker).unwrap(), Signal::KILL);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whenever_the_processes_are_killed_the_books_agree_with_the_upstream() {
    let upstream = Upstream::start().await;
    let image = success_body("chat_markdown_data_url.json", &large_png(300_000), "");
    upstream.otherwise(Reply::json(200, image).in_chunks(4096));
    let home = TestHome::new();
    undisturbed(&setup(&upstream, &home, 1)).await; // the record is made, the program is in memory
    let storms = (0..SERVERS_AT_ONCE).map(|server| {
        let setup = setup(&upstream, &home, server);
        tokio::spawn(async move {
            let mut whole = undisturbed(&setup).await;
            for kill in 0..KILLS_EACH {
                // Every point from the start to a little after the answer, thinly and evenly.
                let part = f64::from((kill * 37 + server * 11) % 100) / 80.0;
                kill_after(&setup, &format!("kite {server} {kill}"), whole.mul_f64(part)).await;
                if kill % 20 == 19 {
                    whole = undisturbed(&setup).await; // the machine may be busier now
                }
            }
        })
    });
    for storm in storms.collect::<Vec<_>>() {
        storm.await.unwrap();
    }
    // A server that comes later goes through what they left.
    let_leases_run_out(&home).await;
    let mut later = setup(&upstream, &home, 1).start().await;
    later.generate(two_kites("the last ones")).await.fields();

    let mut books = record(&home).await;
    let jobs = sqlx::query("SELECT id FROM jobs").fetch_all(&mut books).await.unwrap();
    let (mut found, mut lost) = (0, 0);
    for job in &jobs {
        let id: String = job.get(0);
        let answer = later.get(json!({ "id": id, "wait_s": 5, "output": "file" })).await;
        if answer.is_error() {
            let words = answer.text();
            assert!(words.contains("is lost") || words.contains("failed"), "{words}");
            lost += 1;
        } else {
            let images = answer.fields()["images"].as_array().unwrap().clone();
            for image in &images {
                let bytes = std::fs::read(image["path"].as_str().unwrap()).unwrap();
                inspect_bytes(&bytes).unwrap();
            }
            found += images.len();
        }
    }
    println!("{found} images found, {lost} jobs lost, {} requests", upstream.requests().len());
    assert!(lost > 20 && found > 100, "{found} found, {lost} lost: the kills were not spread");

    // Every file is whole, under a name, and recorded; there is nothing else.
    let rows = sqlx::query("SELECT path FROM images").fetch_all(&mut books).await.unwrap();
    let recorded: BTreeSet<_> =
        rows.iter().map(|row| std::path::PathBuf::from(row.get::<String, _>(0))).collect();
    let files: BTreeSet<_> = home.images().into_iter().collect();
    let differ: Vec<_> = files.symmetric_difference(&recorded).collect();
    assert!(differ.is_empty(), "files and record differ: {differ:#?}");

    // Every request that was charged is in the ledger as charged or as maybe charged.
    let row = sqlx::query(
        "SELECT count(*) FILTER (WHERE sent_at IS NOT NULL), count(*) FILTER (WHERE billed <> 'no'), \
         sum(counted_micros) FROM tries",
    );
    let row = row.fetch_one(&mut books).await.unwrap();
    let (sent, charged, counted): (i64, i64, i64) = (row.get(0), row.get(1), row.get(2));
    let seen = i64::try_from(upstream.requests().len()).unwrap();
    assert!(sent >= seen, "{seen} requests came, {sent} are in the ledger");
    assert!(charged >= seen, "{seen} were charged, the ledger counts {charged}");
    assert!(counted >= seen * 30_000, "{counted} millionths of a dollar for {seen} images");
    assert!(sent - seen < 40, "{sent} in the ledger for {seen} requests: it counts what never went out");
}
