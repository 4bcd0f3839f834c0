//! Files: whole or absent, never over another, where they were asked to be, and everything
//! that stands in the way said before anything is paid.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::json;

use crate::support::{Gate, Reply, Setup, Upstream, eventually, jpeg, png, success_body};

fn drawn(image: &[u8]) -> Reply {
    Reply::json(200, success_body("chat_markdown_data_url.json", image, ""))
}

#[tokio::test]
async fn an_image_is_never_seen_half_written() {
    let image = png(640, 480, 1);
    let gate = Gate::shut();
    let body = success_body("chat_markdown_data_url.json", &image, "");
    let half = body.len() / 2;
    let upstream = Upstream::with([Reply::json(200, body).paused_after(half, &gate)]).await;
    let mut app = Setup::at(&upstream).start().await;
    let folder = app.home.work().join("kites");
    let id = app.begin("generate_image", json!({ "prompt": "a kite", "save_to": "kites/" })).await;
    let names = || -> Vec<String> {
        let entries = std::fs::read_dir(&folder).into_iter().flatten();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    eventually("bytes on disk", || names().first().cloned()).await;
    assert!(names().iter().all(|name| name.starts_with('.')), "{:?}", names());
    gate.open();
    let answer = app.result_of(id).await;
    assert_eq!(answer.file(), image);
    assert_eq!(names().len(), 1, "nothing is left beside it: {:?}", names());
}

#[tokio::test]
async fn an_image_that_never_came_whole_leaves_nothing() {
    let body = success_body("chat_markdown_data_url.json", &png(640, 480, 1), "");
    let half = body.len() / 2;
    let upstream = Upstream::with([Reply::json(200, body).cut_after(half)]).await;
    let mut app = Setup::at(&upstream).start().await;
    assert!(app.generate(json!({ "prompt": "a kite" })).await.is_error());
    assert_eq!(app.home.images(), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn no_file_is_written_over() {
    let upstream = Upstream::with([drawn(&png(64, 48, 1)), drawn(&png(64, 48, 2))]).await;
    let setup = Setup::at(&upstream);
    let mine = setup.home.put("kite.png", "mine");
    let mut app = setup.start().await;
    let mut paths = BTreeSet::from([mine.clone()]);
    for _ in 0..2 {
        let answer = app.generate(json!({ "prompt": "a kite", "save_to": "kite.png" })).await;
        assert!(paths.insert(answer.path()), "{}", answer.text());
        assert_eq!(answer.path().parent(), mine.parent());
        assert!(answer.fields()["warnings"].to_string().contains("kite.png"), "{}", answer.text());
    }
    assert_eq!(std::fs::read(&mine).unwrap(), b"mine");
}

#[tokio::test]
async fn twenty_images_at_once_are_twenty_files() {
    let images: Vec<_> = (0..20).map(|seed| png(64, 48, seed)).collect();
    let gate = Gate::shut();
    let upstream = Upstream::with(images.iter().map(|image| drawn(image).held_by(&gate))).await;
    let mut app = Setup::at(&upstream).start().await;
    let arguments = json!({ "prompt": "a kite", "save_to": "kites/kite.png", "n": 10, "output": "file" });
    let calls =
        [app.begin("generate_image", arguments.clone()).await, app.begin("generate_image", arguments).await];
    upstream.requests_come(20).await;
    gate.open();
    let mut files = BTreeSet::new();
    for call in calls {
        for image in app.result_of(call).await.fields()["images"].as_array().unwrap() {
            let path = image["path"].as_str().unwrap();
            assert!(std::path::Path::new(path).starts_with(app.home.work().join("kites")));
            files.insert(std::fs::read(path).unwrap());
        }
    }
    assert_eq!(files, images.into_iter().collect());
}

#[tokio::test]
async fn the_ending_of_a_file_is_that_of_its_bytes() {
    let upstream = Upstream::with([drawn(&jpeg(64, 48, 1))]).await;
    let mut app = Setup::at(&upstream).start().await;
    let answer = app.generate(json!({ "prompt": "a kite", "save_to": "kite.png" })).await;
    assert_eq!(answer.path(), app.home.work().join("kite.jpg"));
    assert!(answer.fields()["warnings"].to_string().contains("kite.png"), "{}", answer.text());
}

#[tokio::test]
async fn a_folder_gets_names_made_from_the_prompt() {
    let upstream = Upstream::with([drawn(&png(64, 48, 1))]).await;
    let mut app = Setup::at(&upstream).start().await;
    let answer =
        app.generate(json!({ "prompt": "A red kite / über the sea", "save_to": "~/pictures/kites" })).await;
    assert_eq!(answer.path().parent().unwrap(), app.home.user_home().join("pictures/kites"));
    let path = answer.path();
    assert_eq!(path.extension().unwrap(), "png");
    assert!(path.file_stem().unwrap().to_string_lossy().contains("red-kite"), "{}", path.display());
}

#[tokio::test]
async fn a_place_outside_the_allowed_folders_is_refused_before_anything_is_paid() {
    let upstream = Upstream::start().await;
    let mut app = Setup::at(&upstream).start().await;
    let outside = app.home.elsewhere().join("kite.png");
    for place in [outside.to_string_lossy().into_owned(), "../elsewhere/".to_owned()] {
        let answer = app.generate(json!({ "prompt": "a kite", "save_to": place })).await;
        let words = answer.refusal();
        assert!(words.starts_with("save_to: ") && words.contains("outside the allowed folders"), "{words}");
        assert!(words.contains("GPT_IMAGE_MCP_ROOTS") && words.contains("Nothing was charged"), "{words}");
    }
    let hidden = app.generate(json!({ "prompt": "a kite", "save_to": "~/.ssh/kite.png" })).await;
    assert!(
        hidden.refusal().starts_with("save_to: ") && hidden.refusal().contains("hidden"),
        "{}",
        hidden.text()
    );
    assert!(upstream.requests().is_empty());
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_refused_before_anything_is_paid() {
    let upstream = Upstream::start().await;
    let setup = Setup::at(&upstream);
    setup.home.put("file.txt", "in the way");
    let mut app = setup.start().await;
    for place in ["file.txt/kite.png", "file.txt/kites/"] {
        let answer = app.generate(json!({ "prompt": "a kite", "save_to": place })).await;
        let words = answer.refusal();
        assert!(words.starts_with("save_to: ") && words.contains("cannot be written"), "{place}: {words}");
        assert!(words.contains("Nothing was charged"), "{words}");
    }
    assert!(upstream.requests().is_empty());
}

#[tokio::test]
async fn a_store_that_cannot_be_made_is_refused_with_the_setting_before_anything_is_paid() {
    let upstream = Upstream::start().await;
    let setup = Setup::at(&upstream);
    let in_the_way = setup.home.put("file.txt", "in the way");
    let setup = setup.variable("GPT_IMAGE_MCP_STORE", &in_the_way.join("store").to_string_lossy());
    let answer = setup.start().await.generate(json!({ "prompt": "a kite" })).await;
    let words = answer.refusal();
    assert!(words.contains("file.txt") && words.contains("GPT_IMAGE_MCP_STORE"), "{words}");
    assert!(words.contains("Nothing was charged"), "{words}");
    assert!(upstream.requests().is_empty());
}

#[tokio::test]
async fn two_processes_share_a_store() {
    let upstream = Upstream::with((0..8).map(|seed| drawn(&png(64, 48, seed)))).await;
    let setup = Setup::at(&upstream);
    let (mut one, mut other) = (setup.start().await, setup.start().await);
    let arguments = json!({ "prompt": "a kite", "n": 4, "output": "file" });
    let calls = (
        one.begin("generate_image", arguments.clone()).await,
        other.begin("generate_image", arguments).await,
    );
    let (mine, theirs) = (one.result_of(calls.0).await, other.result_of(calls.1).await);
    for (app, answer) in [(&mut other, &mine), (&mut one, &theirs)] {
        assert!(answer.fields().get("warnings").is_none(), "{}", answer.text());
        assert_eq!(
            app.get(json!({ "id": answer.fields()["job"] })).await.fields()["images"],
            answer.fields()["images"]
        );
    }
    assert_eq!(setup.home.images().len(), 8);
}

#[tokio::test]
async fn nothing_is_opened_or_written_by_starting_and_listing() {
    let setup = Setup::bare().variable("APIYI_API_KEY", "sk-test");
    let mut app = setup.start().await;
    app.request("tools/list", json!({})).await;
    assert_eq!(app.end().await.code, 0);
    assert!(!setup.home.data().exists());
    assert_eq!(std::fs::read_dir(setup.home.temporary()).unwrap().count(), 0);
}
