//! `gallery`: one page that shows every stored image and needs nothing else to do so.

use serde_json::{Value, json};

use super::{drawn, printed, sql, told};
use crate::support::{Setup, Upstream};

/// The card of an image.
fn card<'a>(page: &'a str, id: &str) -> &'a str {
    let (_, rest) =
        page.split_once(&format!("<article id=\"{id}\"")).unwrap_or_else(|| panic!("{id} in {page}"));
    rest.split_once("</article>").unwrap().0
}

fn ids(answer: &Value) -> Vec<&str> {
    answer["images"].as_array().unwrap().iter().map(|image| image["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn every_image_has_a_card_with_its_price_and_what_was_made_from_what() {
    let upstream = Upstream::with((0..4).map(drawn)).await;
    let setup = Setup::at(&upstream);
    let mut app = setup.start().await;
    let pair =
        app.generate(json!({ "prompt": "<script>alert('x')</script> & \"kite\"", "n": 2 })).await.fields();
    let first = ids(&pair);
    let child = app.edit(json!({ "prompt": "at night", "images": first })).await;
    let elsewhere = app.generate(json!({ "prompt": "a boat", "save_to": "my boat #1.png" })).await;
    assert_eq!(app.end().await.code, 0);

    let said = printed(&setup, &["gallery"]).await;
    let path = setup.home.store().join("gallery.html");
    assert_eq!(said.lines().next(), path.to_str());
    assert!(said.contains("file://") && said.contains("4 images"), "{said}");
    let page = std::fs::read_to_string(&path).unwrap();
    let order: Vec<_> =
        page.split("<article id=\"").skip(1).map(|part| part.split_once('"').unwrap().0).collect();
    assert_eq!(order[..2], [elsewhere.id(), child.id()], "newest first");
    for image in &first {
        let card = card(&page, image);
        assert!(card.contains("<em>$0.03</em>"), "each of a pair costs half: {card}");
        assert!(card.contains(&format!("made into <a href=\"#{}\">3</a>", child.id())), "{card}");
        assert!(
            card.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;kite&quot;"),
            "{card}"
        );
        assert!(card.contains("href=\"images/"), "a link from beside it: {card}");
        assert!(card.contains("64 × 48 png") && card.contains("apiyi/gpt-image-2-all"), "{card}");
    }
    let parents = card(&page, &child.id()).split_once("made from ").unwrap().1.lines().next().unwrap();
    assert!(first.iter().all(|parent| parents.contains(&format!("href=\"#{parent}\""))), "{parents}");
    assert!(card(&page, &elsewhere.id()).contains("my%20boat%20%231.png"), "{page}");
    assert!(!page.contains("<script"));
    for (at, _) in page.match_indices("src=\"") {
        assert!(page[at..].starts_with("src=\"data:image/"), "it loads nothing");
    }
}

#[tokio::test]
async fn a_thumbnail_is_made_once_and_outlives_its_image() {
    let setup = Setup::sandbox();
    let mut app = setup.start().await;
    let whole = app.generate(json!({ "prompt": "a kite" })).await;
    let never_seen = app.generate(json!({ "prompt": "a boat" })).await;
    std::fs::remove_file(never_seen.path()).unwrap();
    assert!(printed(&setup, &["gallery"]).await.contains("2 images, the files of 1 are missing"));
    let thumbnail = setup.home.store().join(format!("thumbnails/{}.jpg", whole.id()));
    let info = image::open(&thumbnail).unwrap();
    assert_eq!(info.width().max(info.height()), 320);
    assert!(std::fs::metadata(&thumbnail).unwrap().len() < 10_000);

    std::fs::remove_file(whole.path()).unwrap();
    told(&setup, &["gallery"]).await;
    let page = std::fs::read_to_string(setup.home.store().join("gallery.html")).unwrap();
    let (kept, lost) = (card(&page, &whole.id()), card(&page, &never_seen.id()));
    assert!(kept.contains("the file is missing") && kept.contains("src=\"data:image/jpeg"), "{kept}");
    assert!(lost.contains("the file is missing") && lost.contains("no preview"), "{lost}");
    assert!(kept.contains("<em>sandbox</em>"), "{kept}");
}

#[tokio::test]
async fn a_parent_that_is_no_longer_stored_is_named_and_months_are_apart() {
    let setup = Setup::sandbox();
    let mut app = setup.start().await;
    let parent = app.generate(json!({ "prompt": "a kite" })).await.id();
    let child = app.edit(json!({ "prompt": "at night", "images": [parent] })).await.id();
    app.generate(json!({ "prompt": "a boat" })).await.fields();
    sql(
        &setup.home,
        "UPDATE images SET created_at = '2026-01-15T12:00:00.000000Z' WHERE prompt = 'at night'",
    )
    .await;
    sql(&setup.home, "DELETE FROM images WHERE id = (SELECT parent FROM lineage)").await;
    let setup = Setup::on(&setup.home);
    printed(&setup, &["gallery", "--out", "page.html"]).await;
    let page = std::fs::read_to_string(setup.home.work().join("page.html")).unwrap();
    assert!(card(&page, &child).contains(&format!("<code>{parent}</code>, no longer stored")), "{page}");
    assert!(page.contains("<a href=\"#2026-01\">January 2026 <span>1</span></a>"), "{page}");
    assert!(page.contains("<h2 id=\"2026-01\">January 2026</h2>"), "{page}");
}

#[tokio::test]
async fn what_was_put_back_into_its_original_has_one_card_and_one_price() {
    let setup = Setup::sandbox();
    let mut app = setup.start().await;
    let original = app.generate(json!({ "prompt": "a kite", "size": "1024x1024" })).await.id();
    let regions = json!([{ "shape": "box", "x": 512, "y": 512, "width": 512, "height": 512 }]);
    let inpainted = app.inpaint(json!({ "prompt": "a moon", "image": original, "regions": regions })).await;
    assert!(!inpainted.is_error(), "{}", inpainted.text());
    let listed = app.request("resources/list", json!({})).await;
    assert_eq!(listed["result"]["resources"].as_array().unwrap().len(), 2);
    assert_eq!(app.end().await.code, 0);
    sql(&setup.home, "UPDATE jobs SET sandbox = 0, cost_micros = 30000").await;
    assert!(printed(&setup, &["gallery"]).await.contains("2 images"));
    let page = std::fs::read_to_string(setup.home.store().join("gallery.html")).unwrap();
    let inpainting = card(&page, &inpainted.id());
    assert!(inpainting.contains("by a mask") && inpainting.contains("as the model sent it"), "{inpainting}");
    assert!(inpainting.contains("<em>$0.03</em>"), "{inpainting}");
    let (_, children) = card(&page, &original).split_once("made into ").unwrap();
    let children = children.lines().next().unwrap();
    assert_eq!(children, format!("<a href=\"#{}\">2</a></p>", inpainted.id()));
}

#[tokio::test]
async fn no_file_of_somebody_elses_is_replaced_and_an_empty_store_has_no_page() {
    let setup = Setup::sandbox();
    assert!(told(&setup, &["gallery"]).await.contains("no stored image"));
    assert!(!setup.home.data().exists());
    setup.start().await.generate(json!({ "prompt": "a kite" })).await.fields();
    let mine = setup.home.put("mine.html", "<title>mine</title>");
    for (out, why) in [("mine.html", "not made by this command"), ("no/such/page.html", "has no folder")] {
        let refused = setup.run(&["gallery", "--out", out]).await;
        assert_eq!((refused.code, refused.stdout.as_str()), (1, ""));
        assert!(refused.stderr.contains(out) && refused.stderr.contains(why), "{}", refused.stderr);
        assert!(refused.stderr.contains("--out"), "{}", refused.stderr);
    }
    assert_eq!(std::fs::read_to_string(mine).unwrap(), "<title>mine</title>");
    for _ in 0..2 {
        printed(&setup, &["gallery", "--out", "page.html"]).await;
    }
}
