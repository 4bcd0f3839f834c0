//! `get_image`: what was drawn, again and for free, in this process and in later ones.

use serde_json::json;

use crate::support::{Reply, Setup, Upstream, png, success_body};

fn drawn(seed: u8) -> Reply {
    Reply::json(200, success_body("chat_markdown_data_url.json", &png(64, 48, seed), ""))
}

#[tokio::test]
async fn an_image_is_found_by_its_id_its_address_and_its_job_at_no_cost() {
    let upstream = Upstream::with([drawn(1)]).await;
    let mut app = Setup::at(&upstream).start().await;
    let made = app.generate(json!({ "prompt": "a red kite" })).await;
    let job = made.fields()["job"].as_str().unwrap().to_owned();
    for id in [made.id(), format!("image://{}", made.id()), format!(" {} ", made.id()), job.clone()] {
        let answer = app.get(json!({ "id": id })).await;
        let fields = answer.fields();
        assert_eq!(fields["images"], made.fields()["images"], "{id}");
        assert_eq!((&fields["job"], &fields["cost_usd"]), (&json!(job), &json!(0.0)));
        assert_eq!((&fields["model"], &fields["prompt"]), (&json!("gpt-image-2-all"), &json!("a red kite")));
        assert!(fields["created_at"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok(), "{fields:#}");
        assert_eq!(answer.shown().len(), 1);
    }
    assert_eq!(upstream.requests().len(), 1);
}

#[tokio::test]
async fn a_later_process_finds_what_an_earlier_one_drew_without_a_key() {
    let upstream = Upstream::with([drawn(1), drawn(2)]).await;
    let setup = Setup::at(&upstream);
    let mut first = setup.start().await;
    let made = first.generate(json!({ "prompt": "a kite", "n": 2 })).await.fields();
    assert_eq!(first.end().await.code, 0);

    let mut later = Setup::on(&setup.home).start().await;
    let found = later.get(json!({ "id": made["job"], "output": "file" })).await;
    assert_eq!(found.fields()["images"], made["images"]);
    assert!(found.shown().is_empty());
    let one = later.get(json!({ "id": made["images"][1]["id"], "output": "inline" })).await;
    assert_eq!(one.shown(), [("image/png".to_owned(), one.file())]);
}

#[tokio::test]
async fn ids_that_nobody_knows_and_texts_that_are_no_ids_are_told_apart() {
    let upstream = Upstream::start().await;
    let mut app = Setup::at(&upstream).start().await;
    let cases: [(&str, &[&str]); 5] = [
        ("img_0123456789ab", &["id: ", "img_0123456789ab", "earlier result"]),
        ("job_0123456789ab", &["id: ", "job_0123456789ab", "earlier result"]),
        ("the last one", &["id: ", "\"the last one\" was given", "img_"]),
        ("../../etc/passwd", &["id: ", "was given", "img_"]),
        ("", &["id: ", "\"\" was given"]),
    ];
    for (id, said) in cases {
        let answer = app.get(json!({ "id": id })).await;
        for words in said {
            assert!(answer.refusal().contains(words), "{id}: no {words:?} in {}", answer.text());
        }
    }
}

#[tokio::test]
async fn a_job_that_failed_says_why_when_it_is_asked_for() {
    let upstream = Upstream::with([Reply::json(500, r#"{"error":{"message":"the engine broke"}}"#)]).await;
    let setup = Setup::at(&upstream).variable("GPT_IMAGE_MCP_LOG", "info");
    let mut app = setup.start().await;
    assert!(app.generate(json!({ "prompt": "a kite" })).await.is_error());
    let job = crate::support::eventually("the job in the log", || {
        let log = app.complaints();
        let (_, rest) = log.split_once("job_")?;
        Some(format!("job_{}", rest.get(..12)?))
    })
    .await;
    let answer = app.get(json!({ "id": job })).await;
    assert!(
        answer.refusal().contains(&job) && answer.refusal().contains("the engine broke"),
        "{}",
        answer.text()
    );
}

#[tokio::test]
async fn an_image_whose_file_was_moved_away_is_told_from_one_that_never_was() {
    let upstream = Upstream::with([drawn(1)]).await;
    let mut app = Setup::at(&upstream).start().await;
    let made = app.generate(json!({ "prompt": "a kite" })).await;
    std::fs::remove_file(made.path()).unwrap();
    for output in ["preview", "inline"] {
        let answer = app.get(json!({ "id": made.id(), "output": output })).await;
        assert!(answer.0.to_string().contains("no longer at"), "{:#}", answer.0);
    }
    let reused = app.edit(json!({ "prompt": "wider", "images": [made.id()] })).await;
    assert!(reused.refusal().contains("no longer at"), "{}", reused.text());
}

/// Neither by a link nor by a renamed folder is anything read that was not kept.
#[cfg(unix)]
#[tokio::test]
async fn what_was_put_in_an_images_place_is_not_read() {
    use std::os::unix::fs::symlink;
    let secret = b"what no caller may read".repeat(9);
    let (linked, folder, cut) = (0, 1, 2);
    for place in [linked, folder, cut] {
        let upstream = Upstream::with([drawn(1)]).await;
        let mut app = Setup::at(&upstream).start().await;
        let made = app.generate(json!({ "prompt": "a kite", "save_to": "kites/kite.png" })).await;
        let path = made.path();
        let elsewhere = app.home.elsewhere();
        std::fs::write(elsewhere.join("kite.png"), &secret).unwrap();
        if place == linked {
            std::fs::remove_file(&path).unwrap();
            symlink(elsewhere.join("kite.png"), &path).unwrap();
        } else if place == folder {
            let kites = path.parent().unwrap();
            std::fs::rename(kites, kites.with_file_name("renamed")).unwrap();
            symlink(&elsewhere, kites).unwrap();
        } else {
            std::fs::write(&path, "cut").unwrap();
        }
        for output in ["preview", "inline"] {
            let answer = app.get(json!({ "id": made.id(), "output": output })).await;
            assert!(answer.0.to_string().contains("no longer the image that was kept"), "{:#}", answer.0);
            assert!(answer.0["content"].as_array().unwrap().iter().all(|block| block["type"] == "text"));
        }
        let reused = app.edit(json!({ "prompt": "wider", "images": [made.id()] })).await;
        assert!(reused.refusal().contains("no longer the image"), "{}", reused.text());
        assert_eq!(upstream.requests().len(), 1, "nothing of it was sent");
    }
}
