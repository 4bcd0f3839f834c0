//! `inpaint_image`: the mask, in the form the model wants, and what is wrong with others.

use serde_json::{Value, json};

use crate::support::{App, Reply, Setup, Upstream, alpha_mask, jpeg, png, success_body, white_mask};

/// A server with an image and masks in its working folder.
async fn studio(upstream: &Upstream) -> App {
    let setup = Setup::at(upstream);
    setup.home.put("photo.png", png(64, 48, 1));
    setup.home.put("alpha.png", alpha_mask(64, 48));
    setup.home.put("white.png", white_mask(64, 48));
    setup.home.put("small.png", alpha_mask(32, 48));
    setup.home.put("photo.jpg", jpeg(64, 48, 1));
    setup.start().await
}

fn drawn() -> Reply {
    Reply::json(200, success_body("images_official.json", &png(64, 48, 99), ""))
}

#[tokio::test]
async fn a_mask_goes_to_the_model_that_takes_one_as_it_is() {
    let upstream = Upstream::with([drawn()]).await;
    let mut app = studio(&upstream).await;
    let answer = app.inpaint(json!({ "prompt": "a door", "image": "photo.png", "mask": "alpha.png" })).await;
    assert_eq!(answer.fields()["model"], "gpt-image-2");
    let request = upstream.only_request();
    assert_eq!(request.target, "/v1/images/edits");
    assert_eq!(request.parts_named("image")[0].bytes, png(64, 48, 1));
    let mask = &request.parts_named("mask")[0];
    assert_eq!(mask.bytes, alpha_mask(64, 48), "an RGBA PNG is sent unchanged");
    assert_eq!(mask.content_type.as_deref(), Some("image/png"));
}

#[tokio::test]
async fn a_black_and_white_mask_becomes_transparency_where_it_says_so() {
    let cases = [("white_is_repainted", 0), ("black_is_repainted", 255)];
    for (means, left) in cases {
        let upstream = Upstream::with([drawn()]).await;
        let mut app = studio(&upstream).await;
        let arguments =
            json!({ "prompt": "a door", "image": "photo.png", "mask": "white.png", "mask_means": means });
        app.inpaint(arguments).await.fields();
        let sent = upstream.only_request().parts_named("mask").remove(0).bytes;
        let sent = image::load_from_memory(&sent).unwrap();
        assert!(sent.color().has_alpha());
        let sent = sent.to_rgba8();
        assert_eq!(sent.dimensions(), (64, 48));
        assert_eq!((sent.get_pixel(0, 0).0[3], sent.get_pixel(63, 47).0[3]), (left, 255 - left), "{means}");
    }
}

#[tokio::test]
async fn every_wrong_mask_has_a_message_of_its_own() {
    let upstream = Upstream::start().await;
    let mut app = studio(&upstream).await;
    app.home.put("clear.png", {
        let clear = image::RgbaImage::from_pixel(64, 48, image::Rgba([0; 4]));
        let mut bytes = std::io::Cursor::new(Vec::new());
        clear.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
        bytes.into_inner()
    });
    app.home.put("notes.txt", "milk, eggs");
    let cases: [(&str, Value, &[&str]); 8] = [
        ("small.png", json!({}), &["mask: ", "32x48", "64x48"]),
        ("white.png", json!({}), &["mask: ", "no alpha channel", "white_is_repainted"]),
        ("photo.jpg", json!({}), &["mask: ", "no alpha channel", "mask_means"]),
        ("clear.png", json!({}), &["mask: ", "the whole image", "edit_image"]),
        (
            "alpha.png",
            json!({ "mask_means": "white_is_repainted" }),
            &["mask: ", "marks nothing", "mask_means"],
        ),
        ("notes.txt", json!({}), &["mask: ", "looks like text"]),
        ("[Image #1]", json!({}), &["mask: ", "ask the user"]),
        ("none.png", json!({}), &["mask: ", "does not exist"]),
    ];
    for (mask, more, said) in cases {
        let mut arguments = json!({ "prompt": "a door", "image": "photo.png", "mask": mask });
        arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = app.inpaint(arguments).await;
        for words in said {
            assert!(answer.refusal().contains(words), "{mask}: no {words:?} in {}", answer.text());
        }
        assert!(answer.refusal().contains("Nothing was charged"), "{mask}: {}", answer.text());
    }
    assert!(upstream.requests().is_empty());
}

#[tokio::test]
async fn a_model_without_masks_is_refused_with_the_models_that_have_them() {
    let upstream = Upstream::start().await;
    let mut app = studio(&upstream).await;
    let arguments =
        json!({ "prompt": "a door", "image": "photo.png", "mask": "alpha.png", "model": "gpt-image-2-all" });
    let answer = app.inpaint(arguments).await;
    assert!(
        answer.refusal().contains("gpt-image-2-all") && answer.refusal().contains("apiyi/gpt-image-2 "),
        "{}",
        answer.text()
    );
    assert!(upstream.requests().is_empty());
}

#[tokio::test]
async fn the_faults_of_image_and_mask_are_told_together() {
    let upstream = Upstream::start().await;
    let mut app = studio(&upstream).await;
    let answer =
        app.inpaint(json!({ "prompt": "a door", "image": "[Image #1]", "mask": "[Image #2]" })).await;
    assert!(answer.refusal().contains("image: ") && answer.refusal().contains("mask: "), "{}", answer.text());
}

#[tokio::test]
async fn the_result_names_the_stored_image_it_was_made_from() {
    let upstream = Upstream::with([drawn(), drawn()]).await;
    let mut app = studio(&upstream).await;
    let first = app.generate(json!({ "prompt": "a house" })).await;
    let second = app.inpaint(json!({ "prompt": "a door", "image": first.id(), "mask": "alpha.png" })).await;
    assert_eq!(second.fields()["images"][0]["made_from"], json!([first.id()]));
}
