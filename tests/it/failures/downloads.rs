//! Pictures that are made and only linked to: the download is taken up again as often as is
//! reasonable, the picture is never made again for it, and its link is never lost.

use std::time::Duration;

use futures_util::future::join_all;
use gpt_image_mcp::catalog::{Catalog, Endpoint};
use gpt_image_mcp::domain::Secret;
use gpt_image_mcp::sandbox::{Options, Sandbox};
use gpt_image_mcp::upstream::{Call, CallBody, Client, ClientOptions, Landing, Path, Step, Target, dialect};
use serde_json::json;
use url::Url;

use super::stage::{Scene, Stage};
use crate::support::PATIENCE;

const FLAT: f64 = 0.03;

/// The picture that every call of these tests gets when nothing goes wrong.
async fn whole() -> Vec<u8> {
    Scene::calm().start().await.draw(&json!({})).await.file()
}

/// Asked for once, charged once, told the same.
async fn was_paid_once(stage: &Stage, fault: &str) {
    assert_eq!((stage.asked().as_str(), stage.charged()), ("C", 1), "{fault}");
    assert!((stage.recorded().await.1 - FLAT).abs() < 1e-9, "{fault}");
}

#[tokio::test]
async fn a_broken_download_is_taken_up_where_it_broke_and_the_picture_is_whole() {
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
        let mut stage = Scene::of(fault).with_second().start().await;
        let answer = stage.draw(&json!({})).await;
        assert_eq!(&answer.file(), whole, "{fault}");
        assert_eq!(answer.fields()["cost_usd"], FLAT, "{fault}");
        assert_eq!(stage.downloads(), downloads, "{fault}");
        was_paid_once(&stage, fault).await;
        stage.holds(1, fault);
    }))
    .await;
}

#[tokio::test]
async fn a_download_that_fails_for_good_leaves_its_link_and_the_picture_is_not_made_again() {
    let cases: [(&str, &[&str], usize); 5] = [
        ("cdn_404", &["HTTP 404"], 1),
        ("cdn_html", &["no picture"], 1),
        ("not_an_image", &["no picture"], 1),
        ("truncated_picture", &["cut short"], 1),
        ("cdn_cut=100,times=5", &[], 5),
    ];
    join_all(cases.map(|(fault, words, downloads)| async move {
        let mut stage = Scene::of(fault).with_second().start().await;
        let answer = stage.draw(&json!({})).await;
        let link = format!("Link: {}/files/", stage.first.base_url());
        let said = ["its download failed", "making it again pays again", "This was charged. Request id: "];
        for words in words.iter().copied().chain(said).chain([link.as_str(), "X-Amz-Signature="]) {
            assert!(answer.refusal().contains(words), "{fault}: no {words:?} in {}", answer.text());
        }
        assert_eq!(stage.downloads().len(), downloads, "{fault}");
        was_paid_once(&stage, fault).await;
        stage.holds(0, fault);
        if downloads > 1 {
            leads_to_the_picture(&stage, answer.refusal()).await;
        }
    }))
    .await;
}

/// The link in a refusal, once the line is good again.
async fn leads_to_the_picture(stage: &Stage, refusal: &str) {
    let (_, rest) = refusal.split_once("Link: ").unwrap();
    let link = Url::parse(rest.split_whitespace().next().unwrap()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (client, landing) = (client(PATIENCE), Landing::new(folder.path()));
    let landed = client.download(&link, &stage.first.base_url(), &landing).await.unwrap();
    assert_eq!(landed.read().unwrap(), whole().await);
}

fn client(stall: Duration) -> Client {
    Client::new(ClientOptions { direct: true, stall, ..ClientOptions::default() })
}

/// A link with this fault waiting in it.
async fn link(client: &Client, sandbox: &Sandbox, fault: &str) -> Url {
    let mut provider = Catalog::builtin().unwrap().provider("apiyi").unwrap().clone();
    provider.base_url = sandbox.base_url();
    let key = Secret::new("sk-sandbox");
    let target = Target { provider: &provider, wire_id: "gpt-image-2-all", key: Some(&key) };
    let prompt = format!("a kite sandbox:url sandbox:fault={fault}");
    let body = json!({ "model": "gpt-image-2-all", "prompt": prompt }).to_string();
    let call = Call { path: Path::Generations, body: CallBody::Json(body.into()) };
    let nowhere = Landing::new("nothing lands here");
    let reply = client.send(target, call, &nowhere, PATIENCE).await.unwrap();
    let Step::Made(made) = dialect(Endpoint::Images).decode(reply) else { panic!("no link came") };
    Url::parse(&made.addresses[0]).unwrap()
}

#[tokio::test]
async fn a_download_that_stalls_is_taken_up_on_a_new_connection() {
    let sandbox = Sandbox::start(Options::default()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let landing = Landing::new(folder.path());
    let client = client(Duration::from_millis(500));
    let calm = link(&client, &sandbox, "cdn_slow=100000000").await;
    let whole = client.download(&calm, &sandbox.base_url(), &landing).await.unwrap();

    let stalling = link(&client, &sandbox, "cdn_stall=3000").await;
    let before = sandbox.seen().len();
    let landed = client.download(&stalling, &sandbox.base_url(), &landing).await.unwrap();
    assert_eq!((landed.bytes, landed.hash), (whole.bytes, whole.hash));
    let ranges: Vec<_> = sandbox.seen().split_off(before).into_iter().map(|seen| seen.range).collect();
    assert_eq!(ranges, [None, Some("bytes=3000-".to_owned())]);

    drop((whole, landed));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing half is left");
}
