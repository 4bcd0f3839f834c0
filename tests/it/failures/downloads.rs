//! Images that are made and only linked to: the download is taken up again as often as is
//! reasonable, the image is never made again for it, and its link is never lost.

use std::time::Duration;

use futures_util::future::join_all;
use gpt_image_mcp::catalog::{Catalog, Endpoint};
use gpt_image_mcp::domain::Secret;
use gpt_image_mcp::sandbox::SandboxOptions;
use gpt_image_mcp::staging::{StagedFile, Staging};
use gpt_image_mcp::upstream::{Call, CallBody, Client, ClientOptions, ModelAddress, Path, Step, dialect};
use serde_json::json;
use url::Url;

use super::scenario::{RunningScenario, Scenario};
use crate::support::{PATIENCE, Reply, Sandbox, Setup, Upstream, png};

const FLAT: f64 = 0.03;

/// The image that every call of these tests gets when nothing goes wrong.
async fn whole() -> Vec<u8> {
    Scenario::calm().start().await.draw(&json!({})).await.file()
}

/// Asked for once, charged once, told the same.
async fn was_paid_once(running: &RunningScenario, fault: &str) {
    assert_eq!((running.asked().as_str(), running.charged()), ("C", 1), "{fault}");
    assert!((running.recorded().await.1 - FLAT).abs() < 1e-9, "{fault}");
}

#[tokio::test]
async fn a_broken_download_is_taken_up_where_it_broke_and_the_image_is_whole() {
    let whole = whole().await;
    let cases: [(&str, &[&str]); 6] = [
        ("cdn_cut", &["", "bytes=1000-"]),
        ("cdn_cut=0", &["", ""]),
        ("cdn_cut=2000,times=3", &["", "bytes=2000-", "bytes=4000-", "bytes=6000-"]),
        // The whole comes in answer to a Range: it is taken from the beginning.
        ("cdn_no_range", &["", "bytes=1000-"]),
        ("cdn_no_range=5000,times=2", &["", "bytes=5000-", "bytes=5000-"]),
        ("cdn_slow=400000", &[""]),
    ];
    let whole = &whole;
    join_all(cases.map(|(fault, downloads)| async move {
        let mut running = Scenario::of(fault).with_second().start().await;
        let answer = running.draw(&json!({})).await;
        assert_eq!(&answer.file(), whole, "{fault}");
        assert_eq!(answer.fields()["cost_usd"], FLAT, "{fault}");
        assert_eq!(running.downloads(), downloads, "{fault}");
        was_paid_once(&running, fault).await;
        running.holds(1, fault);
    }))
    .await;
}

#[tokio::test]
async fn a_download_that_fails_for_good_leaves_its_link_and_the_image_is_not_made_again() {
    let cases: [(&str, &[&str], usize); 5] = [
        ("cdn_404", &["HTTP 404"], 5),
        ("cdn_html", &["no image"], 1),
        ("not_an_image", &["no image"], 1),
        ("truncated_picture", &["cut short"], 1),
        ("cdn_cut=100,times=5", &[], 5),
    ];
    join_all(cases.map(|(fault, words, downloads)| async move {
        let mut running = Scenario::of(fault).with_second().start().await;
        let answer = running.draw(&json!({})).await;
        let link = format!("Link: {}/files/", running.first.base_url());
        let said = ["its download failed", "making it again pays again", "This was charged. Request id: "];
        for words in words.iter().copied().chain(said).chain([link.as_str(), "X-Amz-Signature="]) {
            assert!(answer.refusal().contains(words), "{fault}: no {words:?} in {}", answer.text());
        }
        assert_eq!(running.downloads().len(), downloads, "{fault}");
        was_paid_once(&running, fault).await;
        running.holds(0, fault);
        if fault.contains("times=") {
            leads_to_the_image(&running, answer.refusal()).await;
        }
    }))
    .await;
}

/// The link in a refusal, once the line is good again.
async fn leads_to_the_image(running: &RunningScenario, refusal: &str) {
    let (_, rest) = refusal.split_once("Link: ").unwrap();
    let link = Url::parse(rest.split_whitespace().next().unwrap()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (client, staging) = (client(PATIENCE), Staging::new(folder.path()));
    let staged = client.download(&link, &running.first.base_url(), &staging, &|_| true).await.unwrap();
    assert_eq!(staged.read().unwrap(), whole().await);
}

fn client(stall: Duration) -> Client {
    Client::new(ClientOptions { direct: true, stall, ..ClientOptions::default() })
}

/// A link with this fault waiting in it.
async fn link(client: &Client, sandbox: &Sandbox, fault: &str) -> Url {
    let mut provider = Catalog::builtin().unwrap().provider("apiyi").unwrap().clone();
    provider.base_url = sandbox.base_url();
    let key = Secret::new("sk-sandbox");
    let target = ModelAddress { provider: &provider, wire_id: "gpt-image-2-all", key: Some(&key) };
    let prompt = format!("a kite sandbox:url sandbox:fault={fault}");
    let body = json!({ "model": "gpt-image-2-all", "prompt": prompt }).to_string();
    let call = Call { path: Path::Generations, body: CallBody::Json(body.into()) };
    let nowhere = Staging::new("nothing lands here");
    let reply = client.send(target, call, &nowhere, PATIENCE).await.unwrap();
    let Step::Made(made) = dialect(Endpoint::Images).decode(reply) else { panic!("no link came") };
    Url::parse(&made.addresses[0]).unwrap()
}

#[tokio::test]
async fn a_download_that_stalls_is_taken_up_on_a_new_connection() {
    let sandbox = Sandbox::start(SandboxOptions::default()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let staging = Staging::new(folder.path());
    let client = client(Duration::from_millis(500));
    let calm = link(&client, &sandbox, "cdn_slow=100000000").await;
    let whole = client.download(&calm, &sandbox.base_url(), &staging, &|_| true).await.unwrap();

    let stalling = link(&client, &sandbox, "cdn_stall=3000").await;
    let before = sandbox.seen().len();
    let staged = client.download(&stalling, &sandbox.base_url(), &staging, &|_| true).await.unwrap();
    assert_eq!((staged.bytes, staged.hash), (whole.bytes, whole.hash));
    let ranges: Vec<_> = sandbox.seen().split_off(before).into_iter().map(|seen| seen.range).collect();
    assert_eq!(ranges, [None, Some("bytes=3000-".to_owned())]);

    drop((whole, staged));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing half is left");
}

fn file(status: u16, bytes: &[u8]) -> Reply {
    Reply::new(status, "image/png", bytes)
}

/// What answers in turn bring, and the `range` and `if-range` of each request for them.
async fn downloaded(replies: Vec<Reply>) -> (Vec<u8>, Vec<(String, String)>) {
    let upstream = Upstream::start().await;
    upstream.serve_in_turn("/u.png", replies);
    let folder = tempfile::tempdir().unwrap();
    let url = Url::parse(&format!("{}/u.png", upstream.url())).unwrap();
    let is_whole = |staged: &StagedFile| image::load_from_memory(&staged.read().unwrap()).is_ok();
    let staging = Staging::new(folder.path());
    let staged = client(PATIENCE).download(&url, &upstream.base_url(), &staging, &is_whole).await.unwrap();
    let asked = upstream.requests().into_iter().map(|request| {
        let header = |name| request.header(name).unwrap_or_default().to_owned();
        (header("range"), header("if-range"))
    });
    (staged.read().unwrap(), asked.collect())
}

#[tokio::test]
async fn two_parts_are_joined_only_where_they_are_of_one_file() {
    let (first, second) = (png(320, 240, 1), png(320, 240, 2));
    let half = first.len() / 2;
    let (from, date) = (format!("bytes={half}-"), "Mon, 23 Nov 2026 12:00:00 GMT");
    let cut = || file(200, &first).cut_after(half);
    let rest = |length: usize| {
        let range = format!("bytes {half}-{}/{length}", length - 1);
        file(206, &first[half..]).header("content-range", &range)
    };
    let length = first.len();
    let tagged = |reply: Reply, tag| reply.header("etag", tag);
    let modified = |reply: Reply| reply.header("last-modified", date);
    let cases = [
        (vec![cut(), rest(length)], "", None),
        (vec![tagged(cut(), "\"1\""), tagged(rest(length), "\"1\"")], "\"1\"", None),
        (vec![modified(tagged(cut(), "W/\"1\"")), modified(rest(length))], date, None),
        // Another file by its tag, be it a weak one, by its length, or because the server has no such part.
        (vec![tagged(cut(), "W/\"1\""), tagged(rest(length), "W/\"2\"")], "", Some(&second)),
        (vec![tagged(cut(), "\"1\""), tagged(rest(length), "\"2\"")], "\"1\"", Some(&second)),
        (vec![cut(), rest(length + 1)], "", Some(&second)),
        (vec![cut(), file(416, b"")], "", Some(&second)),
        (vec![cut(), file(416, b"").header("content-range", "bytes */7")], "", Some(&second)),
    ];
    join_all(cases.map(|(mut replies, condition, anew)| {
        let mut asked = vec![(String::new(), String::new()), (from.clone(), condition.to_owned())];
        if let Some(anew) = anew {
            replies.push(file(200, anew));
            asked.push(Default::default());
        }
        let expected = anew.unwrap_or(&first);
        async move { assert_eq!(downloaded(replies).await, (expected.clone(), asked)) }
    }))
    .await;
}

#[tokio::test]
async fn a_link_that_is_not_there_yet_or_ends_early_unannounced_is_asked_for_anew() {
    let image = png(320, 240, 1);
    let half = image.len() / 2;
    let not_yet = [
        file(404, b"<Error/>"),
        file(408, b""),
        file(425, b""),
        file(202, b"wait"),
        file(200, b""),
        file(200, &image).closing_after(0),
        file(200, &image).closing_after(half),
    ];
    let image = &image;
    join_all(not_yet.map(|reply| async move {
        let case = format!("{reply:?}");
        let (bytes, asked) = downloaded(vec![reply, file(200, image)]).await;
        assert_eq!((&bytes, asked), (image, vec![Default::default(); 2]), "{case}");
    }))
    .await;
}

#[tokio::test]
async fn of_several_links_the_one_that_fails_is_named_beside_the_images_that_came() {
    let image = png(64, 48, 1);
    let upstream = Upstream::start().await;
    upstream.serve("/u(1).png", file(200, &image));
    upstream.serve("/gone.png?sig=1", file(410, b"gone"));
    let url = upstream.url();
    let links = format!("![a]({url}/gone.png?sig=1) ![b]({url}/u(1).png) ![b]({url}/u(1).png)");
    let chat = |links: &str| json!({ "choices": [{ "message": { "content": links } }] }).to_string();
    upstream.then(Reply::json(200, chat(&links)));
    upstream.then(Reply::json(200, chat(&format!("![a]({url}/gone.png?sig=1) ![b]({url}/gone.png?sig=2)"))));
    upstream.serve("/gone.png?sig=2", file(410, b"gone"));
    let mut app = Setup::at(&upstream).start().await;
    let answer = app.generate(json!({ "prompt": "a kite" })).await;
    assert_eq!((answer.file(), app.home.images().len()), (image, 1));
    let warnings = answer.fields()["warnings"].to_string();
    assert!(warnings.contains(&format!("Link: {url}/gone.png?sig=1 .")), "{warnings}");

    let lost = app.generate(json!({ "prompt": "a kite" })).await;
    for link in ["gone.png?sig=1", "gone.png?sig=2", "This was charged"] {
        assert!(lost.refusal().contains(link), "{}", lost.text());
    }
}
