//! Images over HTTP: fetched by their ids, put in by those who share no disk with the server,
//! and nobody else's business.

use serde_json::{Value, json};

use super::eras::{drawing, kite};
use crate::support::{Ask, Setup, png, webp};

const ALICE: &str = "alice-0123456789-abcdef";
const BOB: &str = "bob-0123456789-abcdef";

fn of_two(setup: Setup) -> Setup {
    setup.variable("GPT_IMAGE_MCP_TOKENS", &format!("alice={ALICE};bob={BOB}"))
}

#[tokio::test]
async fn a_drawn_image_is_fetched_whole_in_parts_and_not_again() {
    let (_upstream, setup) = drawing(1).await;
    let image = png(64, 48, 1);
    let app = setup.serve(&[]).await;
    let id = app.ask(Ask::call("generate_image", kite())).await.answer().id();
    let path = format!("/images/{id}");

    let whole = app.ask(Ask::get(&path)).await;
    assert_eq!((whole.status, &whole.body), (200, &image));
    assert_eq!(whole.header("content-type"), Some("image/png"));
    assert_eq!(whole.header("content-length"), Some(image.len().to_string().as_str()));
    assert_eq!(whole.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(whole.header("accept-ranges"), Some("bytes"));
    let tag = whole.header("etag").unwrap().to_owned();

    let head = app.open(Ask::new("HEAD", &path)).await.head;
    assert_eq!((head.status, head.header("content-length")), (200, whole.header("content-length")));
    let known = app.ask(Ask::get(&path).header("if-none-match", format!("\"other\", {tag}"))).await;
    assert_eq!((known.status, known.header("etag")), (304, Some(tag.as_str())));

    let part = app.ask(Ask::get(&path).header("range", "bytes=1-3")).await;
    assert_eq!((part.status, part.body.as_slice()), (206, &b"PNG"[..]));
    assert_eq!(part.header("content-range"), Some(format!("bytes 1-3/{}", image.len()).as_str()));
    let end = app.ask(Ask::get(&path).header("range", "bytes=-8").header("if-range", &tag)).await;
    assert_eq!((end.status, end.body.as_slice()), (206, &image[image.len() - 8..]));
    let other = app.ask(Ask::get(&path).header("range", "bytes=-8").header("if-range", "\"other\"")).await;
    assert_eq!((other.status, other.body.len()), (200, image.len()));
    let beyond = app.ask(Ask::get(&path).header("range", "bytes=1000000-")).await;
    assert_eq!(beyond.status, 416);
    assert_eq!(beyond.header("content-range"), Some(format!("bytes */{}", image.len()).as_str()));
}

#[tokio::test]
async fn an_image_put_in_is_named_by_its_id_from_then_on() {
    let (upstream, setup) = drawing(1).await;
    let app = setup.serve(&[]).await;
    let image = webp(64, 48, 3);
    let put = app.ask(Ask::post("/images", image.clone()).header("content-type", "image/png")).await;
    assert_eq!(put.status, 201, "{}", put.text());
    let fields: Value = serde_json::from_slice(&put.body).unwrap();
    let id = fields["id"].as_str().unwrap();
    assert_eq!((&fields["format"], &fields["width"]), (&json!("webp"), &json!(64)));
    assert_eq!(fields["url"], app.url(&format!("/images/{id}")));
    assert_eq!(put.header("location"), Some(format!("/images/{id}").as_str()));
    let fetched = app.ask(Ask::get(&format!("/images/{id}"))).await;
    assert_eq!((fetched.header("content-type"), &fetched.body), (Some("image/webp"), &image));

    let arguments = json!({ "prompt": "redder", "images": [id] });
    let edited = app.ask(Ask::call("edit_image", arguments)).await.answer().fields();
    assert_eq!(edited["images"][0]["made_from"], json!([id]));
    assert_eq!(upstream.requests().len(), 1);
    let shown = app.ask(Ask::call("get_image", json!({ "id": id }))).await.answer();
    assert_eq!(shown.shown().len(), 1);
    let listed = app.ask(Ask::modern("resources/list", json!({}))).await.result();
    assert_eq!(listed["resources"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn what_is_no_image_is_not_kept() {
    let app = Setup::bare().serve(&["--max-body-bytes", "70000"]).await;
    let cut = &png(64, 48, 1)[..60];
    for (what, body, status) in [
        ("a page", b"<!doctype html>".to_vec(), 422),
        ("nothing", Vec::new(), 422),
        ("half an image", cut.to_vec(), 422),
        ("too much", vec![0; 70_001], 413),
    ] {
        let reply = app.ask(Ask::post("/images", body)).await;
        assert_eq!(reply.status, status, "{what}: {}", reply.text());
    }
    let form = Ask::post("/images", png(64, 48, 1)).header("content-type", "multipart/form-data; boundary=x");
    assert_eq!(app.ask(form).await.status, 415);
    assert_eq!(app.ask(Ask::get("/images")).await.status, 405);
    assert_eq!(app.ask(Ask::new("DELETE", "/images/img_0123456789ab")).await.status, 405);
    let listed = app.ask(Ask::modern("resources/list", json!({}))).await.result();
    assert_eq!(listed["resources"], json!([]));
}

#[tokio::test]
async fn another_owners_images_jobs_and_ids_do_not_exist() {
    let (upstream, setup) = drawing(1).await;
    let app = of_two(setup).serve(&[]).await;
    let drawn = app.ask(Ask::call("generate_image", kite()).token(ALICE)).await.answer();
    let (job, id) = (drawn.fields()["job"].as_str().unwrap().to_owned(), drawn.id());
    let put = app.ask(Ask::post("/images", png(64, 48, 2)).token(ALICE)).await;
    let put: Value = serde_json::from_slice(&put.body).unwrap();
    let put = put["id"].as_str().unwrap().to_owned();
    for id in [&id, &put] {
        let path = format!("/images/{id}");
        assert_eq!(app.ask(Ask::get(&path).token(ALICE)).await.status, 200);
        let (theirs, nobodys) = (
            app.ask(Ask::get(&path).token(BOB)).await,
            app.ask(Ask::get("/images/img_0123456789ab").token(BOB)).await,
        );
        assert_eq!((theirs.status, theirs.body), (404, nobodys.body));
        assert_eq!(app.ask(Ask::get(&path)).await.status, 401);
        let read = Ask::modern("resources/read", json!({ "uri": format!("image://{id}") }));
        assert_eq!(app.ask(read.token(BOB)).await.error_code(), -32_602);
        let edit = Ask::call("edit_image", json!({ "prompt": "redder", "images": [id] }));
        assert!(app.ask(edit.token(BOB)).await.answer().refusal().contains("nothing stored has the id"));
    }
    for id in [&id, &put, &job] {
        let get = Ask::call("get_image", json!({ "id": id }));
        assert!(
            app.ask(get.clone().token(BOB)).await.answer().refusal().contains("nothing stored has the id")
        );
        assert!(!app.ask(get.token(ALICE)).await.answer().is_error());
    }
    let listed = app.ask(Ask::modern("resources/list", json!({})).token(BOB)).await.result();
    assert_eq!(listed["resources"], json!([]));
    assert_eq!(upstream.requests().len(), 1);
}

#[tokio::test]
async fn a_token_spends_no_more_than_its_cap_and_another_is_not_held_by_it() {
    let (upstream, setup) = drawing(2).await;
    let app = of_two(setup).serve(&["--max-cost-usd-per-day-per-token", "0.05"]).await;
    let call = || Ask::call("generate_image", kite());
    assert!(!app.ask(call().token(ALICE)).await.answer().is_error());
    let over = app.ask(call().token(ALICE)).await.answer();
    assert!(over.refusal().contains("by alice") && over.refusal().contains("max_cost_usd_per_day_per_token"));
    assert!(!app.ask(call().token(BOB)).await.answer().is_error());
    assert_eq!(upstream.requests().len(), 2);
}
