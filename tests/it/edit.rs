//! `edit_image`: every form of reference, and what is sent of it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::support::{Reply, Setup, Upstream, jpeg, large_png, photo, pixels_of, png, success_body};

fn drawn() -> Reply {
    Reply::json(200, success_body("images_official.json", &png(64, 48, 99), ""))
}

#[tokio::test]
async fn the_official_model_gets_the_files_as_they_are_in_the_form_its_sdks_send() {
    let upstream = Upstream::with([drawn(), drawn()]).await;
    let setup = Setup::at(&upstream);
    let (cat, dog) = (png(64, 48, 1), jpeg(32, 32, 2));
    setup.home.put("My Cat.png", &cat);
    setup.home.put("dog.jpg", &dog);
    let mut app = setup.start().await;
    let arguments = json!({
        "prompt": "put image1 into image2", "images": ["My Cat.png", "dog.jpg"], "quality": "high", "size": "1536x1024",
    });
    app.edit(arguments).await.fields();
    app.edit(json!({ "prompt": "brighter", "images": ["dog.jpg"], "quality": "low" })).await.fields();

    let [two, one] = upstream.requests().try_into().unwrap();
    assert_eq!((two.method.as_str(), two.target.as_str()), ("POST", "/v1/images/edits"));
    let text = |name: &str| String::from_utf8(two.parts_named(name)[0].bytes.clone()).unwrap();
    assert_eq!(
        ["model", "prompt", "size", "quality"].map(text),
        ["gpt-image-2", "put image1 into image2", "1536x1024", "high"]
    );
    let files = two.parts_named("image[]");
    assert_eq!(files.iter().map(|part| &part.bytes).collect::<Vec<_>>(), [&cat, &dog], "in order, unchanged");
    let described: Vec<_> = files
        .iter()
        .map(|part| (part.file_name.as_deref().unwrap(), part.content_type.as_deref().unwrap()))
        .collect();
    assert_eq!(described, [("my-cat.png", "image/png"), ("dog.jpg", "image/jpeg")]);
    for name in ["response_format", "input_fidelity", "moderation", "n", "mask"] {
        assert!(two.parts_named(name).is_empty(), "{name}");
    }
    assert_eq!(one.parts_named("image").len(), 1, "one image goes without brackets");
}

#[tokio::test]
async fn the_flat_price_model_gets_the_images_as_data_urls_in_one_message() {
    let upstream = Upstream::with([drawn()]).await;
    let setup = Setup::at(&upstream);
    let (cat, dog) = (png(64, 48, 1), jpeg(32, 32, 2));
    setup.home.put("cat.png", &cat);
    setup.home.put("dog.jpg", &dog);
    let mut app = setup.start().await;
    app.edit(json!({ "prompt": "put image1 into image2", "images": ["cat.png", "dog.jpg"] })).await.fields();
    let request = upstream.only_request();
    assert_eq!(request.target, "/v1/chat/completions");
    let data_url = |kind: &str, bytes: &[u8]| json!({ "type": "image_url", "image_url": { "url": format!("data:image/{kind};base64,{}", STANDARD.encode(bytes)) } });
    let content = &request.json()["messages"][0]["content"];
    assert_eq!(content[0]["type"], "text");
    assert!(content[0]["text"].as_str().unwrap().ends_with("put image1 into image2"));
    assert_eq!(content[1], data_url("png", &cat));
    assert_eq!(content[2], data_url("jpeg", &dog));
}

#[tokio::test]
async fn an_image_may_be_named_in_every_documented_way() {
    let upstream = Upstream::start().await;
    let setup = Setup::at(&upstream);
    let cat = png(64, 48, 1);
    let path = setup.home.put("images/cat.png", &cat);
    std::fs::write(setup.home.user_home().join("cat.png"), &cat).unwrap();
    let mut app = setup.start().await;
    upstream.then(Reply::json(200, success_body("chat_markdown_data_url.json", &cat, "")));
    let drawn_before = app.generate(json!({ "prompt": "a cat" })).await;

    let references = [
        path.display().to_string(),
        "images/cat.png".to_owned(),
        "~/cat.png".to_owned(),
        url::Url::from_file_path(&path).unwrap().to_string(),
        format!("data:image/png;base64,{}", STANDARD.encode(&cat)),
        drawn_before.id(),
        format!("image://{}", drawn_before.id()),
    ];
    for reference in references {
        upstream.then(drawn());
        let answer = app.edit(json!({ "prompt": "wider", "images": [reference], "quality": "low" })).await;
        assert!(!answer.is_error(), "{reference}: {}", answer.text());
        let sent = upstream.requests().last().unwrap().parts_named("image");
        assert_eq!(sent[0].bytes, cat, "{reference}");
    }
}

#[tokio::test]
async fn a_result_names_the_stored_images_it_was_made_from() {
    let upstream = Upstream::with([drawn(), drawn()]).await;
    let mut app = Setup::at(&upstream).start().await;
    let first = app.generate(json!({ "prompt": "a cat" })).await;
    let second = app.edit(json!({ "prompt": "wider", "images": [first.id()] })).await;
    assert_eq!(second.fields()["images"][0]["made_from"], json!([first.id()]));
    assert!(first.fields()["images"][0].get("made_from").is_none());
}

#[tokio::test]
async fn one_text_where_a_list_is_meant_is_taken_for_one_image() {
    let upstream = Upstream::with([drawn(), drawn()]).await;
    let setup = Setup::at(&upstream);
    setup.home.put("cat.png", png(64, 48, 1));
    let mut app = setup.start().await;
    app.edit(json!({ "prompt": "wider", "images": "cat.png" })).await.fields();
    app.edit(json!({ "prompt": "wider", "images": "[\"cat.png\"]" })).await.fields();
    assert_eq!(upstream.requests().len(), 2);
}

#[tokio::test]
async fn what_agents_wrongly_pass_is_answered_with_what_to_pass_instead() {
    let upstream = Upstream::start().await;
    let setup = Setup::at(&upstream);
    let mut app = setup.start().await;
    let bare_base64 = STANDARD.encode(png(64, 48, 1));
    let cases = [
        ("[Image #1]", "ask the user for the file's path"),
        ("attachment://cat.png", "ask the user for the file's path"),
        ("cat.png attached", "ask the user for the file's path"),
        ("/mnt/user-data/uploads/cat.png", "sandbox"),
        ("/mnt/data/cat.png", "sandbox"),
        (bare_base64.as_str(), "data:image/png;base64,"),
        ("blob:https://chat.example/1", "save the image"),
        ("http://example.com/cat.png", "https"),
        ("ftp://example.com/cat.png", "https"),
        ("job_0123456789ab", "get_image"),
        ("img_short", "img_"),
        ("img_0123456789ab", "earlier result"),
        ("no-such-file.png", "does not exist"),
    ];
    for (reference, remedy) in cases {
        let answer = app.edit(json!({ "prompt": "wider", "images": [reference] })).await;
        let words = answer.refusal();
        assert!(words.starts_with("images[0]: "), "{reference}: {words}");
        assert!(words.contains(remedy), "{reference}: {words}");
        assert!(words.contains("Nothing was charged") && words.len() < 1_000, "{reference}: {words}");
    }
    assert!(upstream.requests().is_empty());
}

#[tokio::test]
async fn an_address_in_a_private_network_is_not_fetched() {
    let upstream = Upstream::start().await;
    let mut app = Setup::at(&upstream).start().await;
    let hosts = [
        format!("127.0.0.1:{}", upstream.port()),
        format!("localhost:{}", upstream.port()),
        "169.254.169.254".to_owned(),
        "10.0.0.1".to_owned(),
        "192.168.1.1".to_owned(),
        "[::1]".to_owned(),
        "[::ffff:127.0.0.1]".to_owned(),
        "2130706433".to_owned(),
        "printer.local".to_owned(),
    ];
    for host in hosts {
        let answer =
            app.edit(json!({ "prompt": "wider", "images": [format!("https://{host}/cat.png")] })).await;
        let words = answer.refusal();
        assert!(words.starts_with("images[0]: ") && words.contains("private"), "{host}: {words}");
        assert!(words.contains("Pass the path of a file"), "{host}: {words}");
    }
    assert!(upstream.requests().is_empty());
}

#[tokio::test]
async fn a_path_outside_the_allowed_folders_is_refused_with_the_folders_and_the_setting() {
    let upstream = Upstream::start().await;
    let setup = Setup::at(&upstream);
    let outside = setup.home.elsewhere().join("cat.png");
    std::fs::write(&outside, png(64, 48, 1)).unwrap();
    let mut app = setup.start().await;
    for path in [outside.display().to_string(), "../elsewhere/cat.png".to_owned()] {
        let answer = app.edit(json!({ "prompt": "wider", "images": [path] })).await;
        let words = answer.refusal();
        assert!(words.starts_with("images[0]: ") && words.contains("outside the allowed folders"), "{words}");
        assert!(words.contains(&*app.home.user_home().to_string_lossy()), "{words}");
        assert!(words.contains("GPT_IMAGE_MCP_ROOTS"), "{words}");
    }
    assert!(upstream.requests().is_empty());
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_out_of_the_allowed_folders_is_followed_before_it_is_judged() {
    let upstream = Upstream::start().await;
    let setup = Setup::at(&upstream);
    let outside = setup.home.elsewhere().join("cat.png");
    std::fs::write(&outside, png(64, 48, 1)).unwrap();
    std::os::unix::fs::symlink(&outside, setup.home.work().join("innocent.png")).unwrap();
    let answer = setup.start().await.edit(json!({ "prompt": "wider", "images": ["innocent.png"] })).await;
    assert!(answer.refusal().contains("outside the allowed folders"), "{}", answer.text());
    assert!(upstream.requests().is_empty());
}

#[tokio::test]
async fn hidden_folders_are_not_read() {
    let upstream = Upstream::start().await;
    let setup = Setup::at(&upstream);
    setup.home.put(".secrets/cat.png", png(64, 48, 1));
    let answer = setup.start().await.edit(json!({ "prompt": "wider", "images": [".secrets/cat.png"] })).await;
    assert!(answer.refusal().contains("hidden folder"), "{}", answer.text());
    assert!(upstream.requests().is_empty());
}

#[tokio::test]
async fn a_file_that_is_no_image_is_refused_by_what_it_looks_like() {
    let upstream = Upstream::start().await;
    let setup = Setup::at(&upstream);
    let whole = png(64, 48, 1);
    let files: [(&str, &[u8], &str); 7] = [
        ("notes.txt", b"milk, eggs", "text"),
        ("page.png", b"<!doctype html><title>404</title>", "HTML"),
        ("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        ("phone.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
        ("paper.pdf", b"%PDF-1.7", "PDF"),
        ("empty.png", b"", "empty"),
        ("cut.png", &whole[..20], "cut short"),
    ];
    for (name, bytes, _) in files {
        setup.home.put(name, bytes);
    }
    std::fs::create_dir(setup.home.work().join("folder.png")).unwrap();
    let mut app = setup.start().await;
    for (name, _, look) in files.into_iter().chain([("folder.png", b"".as_slice(), "not a file")]) {
        let answer = app.edit(json!({ "prompt": "wider", "images": [name] })).await;
        let words = answer.refusal();
        assert!(words.starts_with("images[0]: ") && words.contains(look), "{name}: {words}");
        assert!(words.contains("Nothing was charged"), "{words}");
    }
    assert!(upstream.requests().is_empty());
}

#[tokio::test]
async fn an_image_beyond_what_the_model_takes_is_made_smaller_and_the_answer_says_so() {
    let upstream = Upstream::with([drawn()]).await;
    let setup = Setup::at(&upstream);
    let large = large_png(10_500_000);
    setup.home.put("large.png", &large);
    let answer = setup.start().await.edit(json!({ "prompt": "wider", "images": ["large.png"] })).await;
    let warnings = answer.fields()["warnings"].to_string();
    assert!(warnings.contains("images[0]: its ") && warnings.contains("10000000"), "{warnings}");
    let body = upstream.only_request().json();
    let url = body["messages"][0]["content"][1]["image_url"]["url"].as_str().unwrap().to_owned();
    let sent = STANDARD.decode(url.strip_prefix("data:image/jpeg;base64,").unwrap()).unwrap();
    assert!(sent.len() <= 10_000_000 && image::load_from_memory(&sent).unwrap().width() > 1_000);
}

#[tokio::test]
async fn every_bad_reference_is_named_at_once() {
    let upstream = Upstream::start().await;
    let mut app = Setup::at(&upstream).start().await;
    let arguments = json!({ "prompt": "wider", "images": ["[Image #1]", "img_0123456789ab", "blob:x"] });
    let answer = app.edit(arguments).await;
    let words = answer.refusal();
    assert!(words.contains("images[0]: ") && words.contains("images[2]: "), "{words}");
    assert_eq!(words.matches("Nothing was charged").count(), 1, "{words}");
}

#[tokio::test]
async fn several_images_are_named_in_their_order_unless_the_prompt_numbers_them() {
    let upstream = Upstream::with([drawn(), drawn(), drawn()]).await;
    let setup = Setup::at(&upstream);
    setup.home.put("My Cat.png", png(64, 48, 1));
    setup.home.put("room.jpg", jpeg(32, 32, 2));
    let mut app = setup.start().await;
    let both = ["My Cat.png", "room.jpg"];
    app.edit(json!({ "prompt": "the cat in the room", "images": both, "quality": "low" })).await.fields();
    app.edit(json!({ "prompt": "image 1 within image 2", "images": both, "quality": "low" })).await.fields();
    app.edit(json!({ "prompt": "sharper", "images": ["room.jpg"], "quality": "low" })).await.fields();
    let prompts: Vec<_> = upstream
        .requests()
        .iter()
        .map(|request| String::from_utf8(request.parts_named("prompt")[0].bytes.clone()).unwrap())
        .collect();
    let named = "the cat in the room\n\nThe images, in order: image 1 is my-cat.png, image 2 is room.jpg.";
    assert_eq!(prompts, [named, "image 1 within image 2", "sharper"]);
}

#[tokio::test]
async fn the_same_image_twice_is_sent_twice_and_read_once() {
    let upstream = Upstream::with([drawn()]).await;
    let mut app = Setup::at(&upstream).start().await;
    app.home.put("cat.png", png(64, 48, 1));
    let arguments =
        json!({ "prompt": "image 1 beside image 2", "images": ["cat.png", "cat.png"], "quality": "low" });
    let answer = app.edit(arguments).await;
    assert!(!answer.is_error(), "{}", answer.text());
    let sent: Vec<_> =
        upstream.only_request().parts_named("image[]").into_iter().map(|part| part.bytes).collect();
    assert_eq!(sent, [png(64, 48, 1), png(64, 48, 1)]);
}

#[tokio::test]
async fn what_people_have_is_converted_and_the_answer_says_so() {
    let upstream = Upstream::with([drawn()]).await;
    let mut app = Setup::at(&upstream).start().await;
    let names = ["several.mpo", "cmyk.jpg", "deep.png", "animated.gif", "plain.bmp", "plain.tif"];
    for name in names {
        app.home.put(name, photo(name));
    }
    let answer = app.edit(json!({ "prompt": "together", "images": names, "quality": "low" })).await;
    let warnings = answer.fields()["warnings"].as_array().unwrap().clone();
    for (index, told) in ["MPO", "CMYK", "16 bits", "GIF", "BMP", "TIFF"].iter().enumerate() {
        let warning = warnings[index].as_str().unwrap();
        assert!(warning.starts_with(&format!("images[{index}]: ")) && warning.contains(told), "{warning}");
    }
    let sent = upstream.only_request().parts_named("image[]");
    let kinds: Vec<_> = sent.iter().map(|part| part.content_type.clone().unwrap()).collect();
    assert_eq!(kinds, ["image/jpeg", "image/jpeg", "image/png", "image/png", "image/png", "image/png"]);
    let names: Vec<_> = sent.iter().map(|part| part.file_name.clone().unwrap()).collect();
    assert_eq!(names, ["several.jpg", "cmyk.jpg", "deep.png", "animated.png", "plain.png", "plain.png"]);
    for part in sent {
        assert_eq!(pixels_of(&part.bytes), (48, 32));
    }
}

#[tokio::test]
async fn places_and_serial_numbers_go_out_only_where_a_setting_says_so() {
    for (keep, setup) in [(false, None), (true, Some("keep_metadata = true\n"))] {
        let upstream = Upstream::with([drawn()]).await;
        let app = Setup::at(&upstream);
        let app = match setup {
            Some(settings) => app.settings(settings),
            None => app,
        };
        app.home.put("located.jpg", photo("located.jpg"));
        let answer = app
            .start()
            .await
            .edit(json!({ "prompt": "brighter", "images": ["located.jpg"], "quality": "low" }))
            .await;
        assert!(!answer.is_error(), "{}", answer.text());
        let sent = upstream.only_request().parts_named("image").remove(0).bytes;
        let holds = |part: &[u8]| sent.windows(part.len()).any(|window| window == part);
        assert_eq!((holds(b"SERIAL-0042"), sent == photo("located.jpg")), (keep, keep));
        assert!(holds(b"Camera Co"));
    }
}

#[tokio::test]
async fn what_is_read_by_other_programs_only_is_answered_with_how_to_convert_it() {
    let upstream = Upstream::start().await;
    let mut app = Setup::at(&upstream).start().await;
    for (name, kind) in [("plain.heic", "a HEIC image"), ("plain.avif", "an AVIF image")] {
        app.home.put(name, photo(name));
        let answer = app.edit(json!({ "prompt": "wider", "images": [name] })).await;
        let words = answer.refusal();
        assert!(
            words.contains(kind) && words.contains("heif-convert") && words.contains("Nothing was charged"),
            "{words}"
        );
    }
    assert!(upstream.requests().is_empty());
}

#[tokio::test]
async fn an_edit_of_an_edit_goes_to_chat_in_a_fresh_message_and_get_image_tells_its_ancestry() {
    let images = [png(64, 48, 1), png(64, 48, 2), png(64, 48, 3)];
    let replies =
        images.iter().map(|image| Reply::json(200, success_body("chat_markdown_data_url.json", image, "")));
    let upstream = Upstream::with(replies).await;
    let mut app = Setup::at(&upstream).start().await;
    let first = app.generate(json!({ "prompt": "a cat" })).await.id();
    let second = app.edit(json!({ "prompt": "with a hat", "images": [first] })).await.id();
    let third = app.edit(json!({ "prompt": "and a tie", "images": [second] })).await.id();
    let last = upstream.requests().remove(2).json();
    let messages = last["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 1, "one message, without history: {messages:?}");
    assert_eq!(messages[0]["role"], "user");
    let url = messages[0]["content"][1]["image_url"]["url"].as_str().unwrap();
    assert_eq!(STANDARD.decode(url.strip_prefix("data:image/png;base64,").unwrap()).unwrap(), images[1]);

    let shown = app.get(json!({ "id": third })).await.fields();
    let ancestry = shown["ancestry"].as_array().unwrap();
    let told: Vec<_> = ancestry
        .iter()
        .map(|one| (one["id"].clone(), one["prompt"].clone(), one["made_from"].clone()))
        .collect();
    assert_eq!(
        told,
        [(json!(second), json!("with a hat"), json!([first])), (json!(first), json!("a cat"), json!(null)),]
    );
    assert!(app.get(json!({ "id": first })).await.fields().get("ancestry").is_none());
}

#[tokio::test]
async fn a_dry_run_says_what_the_call_would_say() {
    let upstream = Upstream::with([]).await;
    let mut app = Setup::at(&upstream).start().await;
    app.home.put("words.png", "<html>no image</html>");
    app.home.put("cat.bmp", {
        let mut bytes = std::io::Cursor::new(Vec::new());
        image::RgbImage::new(8, 8).write_to(&mut bytes, image::ImageFormat::Bmp).unwrap();
        bytes.into_inner()
    });
    let asked = |image: &str| json!({ "prompt": "at night", "images": [image], "dry_run": true });
    for (image, said) in [("none.png", "none.png does not exist"), ("words.png", "HTML")] {
        let refused = app.edit(asked(image)).await;
        assert!(refused.refusal().contains(said), "{}", refused.text());
    }
    let mut arguments = asked("cat.bmp");
    let planned = app.edit(arguments.clone()).await;
    assert!(planned.fields()["warnings"][0].as_str().unwrap().contains("sent as PNG"), "{}", planned.text());
    arguments["save_to"] = json!("/proc/cat.png");
    let refused = app.edit(arguments).await;
    assert!(refused.refusal().starts_with("save_to: "), "{}", refused.text());
    assert!(upstream.requests().is_empty());
}
