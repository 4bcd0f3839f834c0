//! Stored images as resources at `image://ID`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::support::{Reply, Setup, Upstream, jpeg, png, success_body};

#[tokio::test]
async fn stored_images_are_listed_newest_first_and_read_whole() {
    let images = [png(64, 48, 1), jpeg(64, 48, 2)];
    let replies =
        images.iter().map(|image| Reply::json(200, success_body("chat_markdown_data_url.json", image, "")));
    let upstream = Upstream::with(replies).await;
    let mut app = Setup::at(&upstream).start().await;
    let first = app.generate(json!({ "prompt": "a red kite" })).await;
    let second = app.generate(json!({ "prompt": "a blue kite" })).await;

    let listed = app.request("resources/list", json!({})).await;
    let resources = listed["result"]["resources"].as_array().unwrap();
    let addresses: Vec<_> = resources.iter().map(|resource| resource["uri"].as_str().unwrap()).collect();
    assert_eq!(addresses, [format!("image://{}", second.id()), format!("image://{}", first.id())]);
    assert_eq!(resources[0]["mimeType"], "image/jpeg");
    assert_eq!(resources[1]["size"], images[0].len());
    assert!(resources[1]["description"].as_str().unwrap().contains("a red kite"));

    for (made, image, kind) in [(&first, &images[0], "image/png"), (&second, &images[1], "image/jpeg")] {
        let address = format!("image://{}", made.id());
        let read = app.request("resources/read", json!({ "uri": address })).await;
        let contents = &read["result"]["contents"][0];
        assert_eq!((&contents["uri"], &contents["mimeType"]), (&json!(address), &json!(kind)));
        assert_eq!(&STANDARD.decode(contents["blob"].as_str().unwrap()).unwrap(), image);
    }
}

#[tokio::test]
async fn a_long_list_comes_in_pages_that_hold_while_images_come_and_go() {
    let upstream =
        Upstream::with((0..54).map(|seed| {
            Reply::json(200, success_body("chat_markdown_data_url.json", &png(64, 48, seed), ""))
        }))
        .await;
    let mut app = Setup::at(&upstream).start().await;
    let mut made = Vec::new();
    for (n, prompt) in [(1, "the  first\nof many, ".repeat(9)), (10, "a kite".to_owned())] {
        for _ in 0..if n == 1 { 1 } else { 5 } {
            let fields = app.generate(json!({ "prompt": prompt, "n": n, "output": "file" })).await.fields();
            let images = fields["images"].as_array().unwrap().iter();
            made.push(
                images.map(|image| format!("image://{}", image["id"].as_str().unwrap())).collect::<Vec<_>>(),
            );
        }
    }
    let first = app.request("resources/list", json!({})).await["result"].clone();
    let page = |list: &serde_json::Value| -> Vec<String> {
        list["resources"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["uri"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(page(&first).len(), 50);
    assert!(made[5].iter().all(|id| page(&first)[..10].contains(id)), "newest first");
    let later = app.generate(json!({ "prompt": "a boat" })).await.id();
    let cursor = first["nextCursor"].as_str().unwrap();
    let second = app.request("resources/list", json!({ "cursor": cursor })).await["result"].clone();
    assert_eq!((page(&second), second.get("nextCursor")), (made[0].clone(), None));
    let oldest = &second["resources"][0];
    assert_eq!(oldest["title"], "the first of many, the first of many, the first of many, the…");
    assert!(oldest["name"].as_str().unwrap().contains("the-first-of-many"), "{oldest}");
    assert!(oldest["annotations"]["lastModified"].as_str().unwrap().parse::<jiff::Timestamp>().is_ok());
    let again = app.request("resources/list", json!({})).await["result"].clone();
    assert_eq!(page(&again)[0], format!("image://{later}"));

    for cursor in ["", "2", "2026-11-23T00:00:00Z img_1", "yesterday img_0123456789ab"] {
        let refused = app.request("resources/list", json!({ "cursor": cursor })).await;
        assert_eq!(refused["error"]["code"], -32602, "{refused}");
    }
}

#[tokio::test]
async fn nothing_is_promised_of_changes() {
    let mut app = Setup::bare().launch();
    let promised = app.initialize("2025-06-18").await["capabilities"]["resources"].clone();
    assert_eq!(promised, json!({}), "no subscribe, no listChanged");
}

#[tokio::test]
async fn the_form_of_their_addresses_is_a_template() {
    let mut app = Setup::bare().start().await;
    let listed = app.request("resources/templates/list", json!({})).await;
    assert_eq!(listed["result"]["resourceTemplates"][0]["uriTemplate"], "image://{id}");
}

#[tokio::test]
async fn an_empty_store_lists_nothing_and_is_not_made_by_looking() {
    let setup = Setup::bare();
    let mut app = setup.start().await;
    let listed = app.request("resources/list", json!({})).await;
    assert_eq!(listed["result"]["resources"], json!([]));
    assert_eq!(app.end().await.code, 0);
    assert!(!setup.home.data().exists());
}

#[tokio::test]
async fn nothing_but_stored_images_can_be_read() {
    let setup = Setup::bare();
    let secret = setup.home.put("secret.png", png(64, 48, 1));
    let mut app = setup.start().await;
    let addresses = [
        "image://img_0123456789ab".to_owned(),
        "image://../../secret.png".to_owned(),
        format!("image://{}", secret.display()),
        url::Url::from_file_path(&secret).unwrap().to_string(),
        "https://127.0.0.1/secret.png".to_owned(),
        String::new(),
    ];
    for address in addresses {
        let answer = app.request("resources/read", json!({ "uri": address })).await;
        assert_eq!(answer["error"]["code"], -32002, "{address}: {answer:#}");
        assert!(answer["error"]["message"].as_str().unwrap().contains(&address));
    }
}

#[tokio::test]
async fn links_to_resources_come_only_where_the_setting_asks_for_them() {
    for (wanted, links) in [("false", 0), ("true", 1)] {
        let image = png(64, 48, 1);
        let upstream =
            Upstream::with([Reply::json(200, success_body("chat_markdown_data_url.json", &image, ""))]).await;
        let mut app = Setup::at(&upstream).variable("GPT_IMAGE_MCP_RESOURCE_LINKS", wanted).start().await;
        let answer = app.generate(json!({ "prompt": "a kite" })).await;
        let blocks = answer.0["content"].as_array().unwrap();
        let linked: Vec<_> = blocks.iter().filter(|block| block["type"] == "resource_link").collect();
        assert_eq!(linked.len(), links);
        for link in linked {
            assert_eq!(link["uri"], format!("image://{}", answer.id()));
        }
    }
}
