use std::path::PathBuf;

use serde_json::json;

use super::*;

#[cfg(unix)]
const FOLDER: &str = "/demo folder";
#[cfg(windows)]
const FOLDER: &str = r"C:\demo folder";

fn call(outcome: Result<Drawn, String>, arguments: Value) -> DemoCall {
    DemoCall { tool: "edit_image", shows: "", arguments, outcome }
}

fn drawn(id: &str, name: &str, made_from: &[&str]) -> Drawn {
    let image = json!({
        "id": id, "path": PathBuf::from(FOLDER).join(name), "width": 30, "height": 20,
        "format": "png", "bytes": 1234, "made_from": made_from,
    });
    let drawn = json!({
        "model": "m", "provider": "p", "why": "w", "images": [image], "seconds": 1.25,
        "cost_usd": 0.03,
        "cost_basis": "flat price",
    });
    serde_json::from_value(drawn).unwrap()
}

fn page_of(calls: &[DemoCall]) -> String {
    page(calls, Path::new(FOLDER), &NextSteps::with(Path::new("/bin/gpt-image-mcp")))
}

#[test]
fn nothing_that_a_server_says_becomes_markup() {
    const EVIL: &str = "<script>alert('x')</script>\"&";
    let mut shown = drawn(EVIL, "a.png", &[]);
    for text in [&mut shown.model, &mut shown.provider, &mut shown.why, &mut shown.cost_basis] {
        EVIL.clone_into(text);
    }
    let page = page_of(&[
        call(Ok(shown), json!({ "prompt": EVIL, EVIL: [EVIL], "mask": EVIL })),
        call(Err(EVIL.to_owned()), json!({})),
    ]);
    assert!(!page.contains("<script"), "{page}");
    assert!(!page.contains("')"), "{page}");
    assert!(page.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot;&amp;"), "{page}");
}

#[test]
fn links_are_relative_and_lead_to_names_of_every_kind() {
    let cases = [("a.png", "a.png"), ("my cat#1.png", "my%20cat%231.png"), ("雨.png", "%E9%9B%A8.png")];
    for (name, link) in cases {
        let page = page_of(&[call(Ok(drawn("img_a", name, &[])), json!({}))]);
        assert!(page.contains(&format!("<a href=\"{link}\"><img src=\"{link}\"")), "{page}");
    }
}

#[test]
fn an_image_names_the_call_it_was_made_from_and_its_mask() {
    let page = page_of(&[
        call(Ok(drawn("img_a", "a.png", &[])), json!({})),
        call(Ok(drawn("img_b", "b.png", &["img_a"])), json!({ "mask": "mask-2.png" })),
    ]);
    let (first, second) = page.split_once("id=\"call-2\"").unwrap();
    assert!(!first.contains("class=\"lineage\""), "{first}");
    assert!(second.contains("<a href=\"#call-1\"><img src=\"a.png\""), "{second}");
    assert!(second.contains("src=\"mask-2.png\""), "{second}");
}

#[test]
fn a_failure_is_counted_and_shown_in_its_own_words() {
    let page = page_of(&[
        call(Ok(drawn("img_a", "a.png", &[])), json!({})),
        call(Err("images: no such file.".to_owned()), json!({})),
    ]);
    assert!(page.contains("1 failed."), "{page}");
    assert!(page.contains("<p class=\"failure\">images: no such file.</p>"), "{page}");
}
