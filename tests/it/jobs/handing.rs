//! What counts as handed over on stdio: an answer that was written to its last byte for a client that
//! had not left.

use rustix::process::Signal;
use serde_json::json;

use super::{Rendering, drawn, kite, no_longer, rendering};
use crate::support::{Gate, Reply, Setup, Upstream, large_png, png, success_body};

#[tokio::test]
async fn an_answer_that_cannot_be_written_hands_nothing_over() {
    for flag in ["--worker=true", "--worker=false"] {
        let Rendering { mut app, upstream, gate, .. } = rendering(|setup| setup.flag(flag), kite()).await;
        app.close_output().await;
        gate.open();
        assert_eq!(no_longer(&app.home, "caller", &["waiting"]).await, "left", "{flag}");
        let mut later = Setup::at(&upstream).sharing(&app.home).start().await;
        assert_eq!(later.generate(kite()).await.file(), png(64, 48, 1), "{flag}");
        assert_eq!(upstream.requests().len(), 1, "{flag}");
    }
}

#[tokio::test]
async fn an_answer_that_is_stuck_in_the_pipe_when_its_server_is_killed_hands_nothing_over() {
    let (gate, image) = (Gate::shut(), large_png(2_000_000));
    let body = success_body("chat_markdown_data_url.json", &image, "");
    let upstream = Upstream::with([Reply::json(200, body).held_by(&gate), drawn(2)]).await;
    let mut app = Setup::at(&upstream).start().await;
    let inline = json!({ "prompt": "a red kite", "output": "inline" });
    app.begin("generate_image", inline.clone()).await;
    upstream.requests_come(1).await;
    app.stop_reading().await;
    gate.open();
    no_longer(&app.home, "state", &["queued", "sent"]).await;
    let home = app.home.clone();
    app.kill_group(Signal::KILL).await;
    assert_eq!(no_longer(&home, "caller", &["waiting"]).await, "left");
    let mut later = Setup::at(&upstream).sharing(&home).start().await;
    assert!(later.generate(inline).await.file() == image);
    assert_eq!(upstream.requests().len(), 1);
}

#[tokio::test]
async fn a_client_that_closes_its_end_in_mid_call_is_not_known_to_read_the_answer() {
    let Rendering { mut app, upstream, gate, .. } = rendering(|setup| setup, kite()).await;
    let home = app.home.clone();
    app.close_input();
    gate.open();
    app.leave_unread().await;
    let mut later = Setup::at(&upstream).sharing(&home).start().await;
    assert_eq!(later.generate(kite()).await.file(), png(64, 48, 1));
    assert_eq!(upstream.requests().len(), 1);
}

#[tokio::test]
async fn a_client_that_reads_its_answer_and_leaves_at_once_has_its_image() {
    let upstream = Upstream::with((1..=6).map(drawn)).await;
    let setup = Setup::at(&upstream);
    for seed in 1..=6 {
        let mut app = setup.start().await;
        assert_eq!(app.generate(kite()).await.file(), png(64, 48, seed), "a new one each time");
        app.end().await;
    }
}
