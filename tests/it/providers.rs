//! Every settings file under `examples/providers`, loaded as it stands but for the address,
//! against an upstream that answers in that server's manner.

use std::collections::BTreeSet;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use url::Url;

use servers::{
    Server, edit, generate, inpaint, localai, openrouter, servers, stable_diffusion_cpp, vllm_omni,
};

use crate::support::{App, Recorded, Reply, Setup, Upstream, alpha_mask, error_body, png, success_body};

mod profiles;
mod servers;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/providers");

impl Server {
    /// The program with this file as its settings, at the upstream instead of its addresses.
    async fn start(&self, upstream: &Upstream) -> App {
        self.start_at(&upstream.url(), "my-key").await
    }

    /// The same at this address, with this key.
    async fn start_at(&self, origin: &str, key: &str) -> App {
        let text = std::fs::read_to_string(Path::new(FOLDER).join(self.file)).unwrap();
        let lines = text.lines().map(|line| {
            let Some(rest) = line.strip_prefix("base_url = \"") else { return line.to_owned() };
            let (address, _) = rest.split_once('"').unwrap();
            format!("base_url = \"{origin}{}\"", Url::parse(address).unwrap().path())
        });
        let mut setup = Setup::bare().settings(&lines.collect::<Vec<_>>().join("\n")).once();
        if let Some((variable, _, _)) = self.key {
            setup = setup.variable(variable, key);
        }
        setup.home.put("cat.png", image());
        setup.home.put("mask.png", alpha_mask(64, 48));
        setup.start().await
    }
}

/// What goes in.
fn image() -> Vec<u8> {
    png(64, 48, 7)
}

/// The fields of a body, with names in the place of images.
fn fields_of(request: &Recorded) -> Vec<String> {
    if request.header("content-type") == Some("application/json") {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let fields = request.json();
        let fields =
            fields.as_object().unwrap().iter().map(|(name, value)| format!("{name}={}", text(value)));
        return fields.map(|field| field.replace(&STANDARD.encode(image()), "IMAGE")).collect();
    }
    let parts = request.parts().into_iter().map(|part| {
        let value = match part.name.as_str() {
            "mask" => mask_kind(&part.bytes).to_owned(),
            _ if part.bytes == image() => "@IMAGE".to_owned(),
            _ => String::from_utf8(part.bytes).unwrap(),
        };
        format!("{}={value}", part.name)
    });
    parts.collect()
}

/// Which part of a mask marks its left half, which is the one to repaint.
fn mask_kind(mask: &[u8]) -> &'static str {
    let mask = image::load_from_memory(mask).unwrap();
    let (left, right) = ([0, 0], [63, 0]);
    if mask.color().has_alpha() {
        let alpha = mask.to_rgba8();
        let alpha = [left, right].map(|[x, y]| alpha.get_pixel(x, y).0[3]);
        assert_eq!(alpha, [0, 255]);
        return "@clear where repainted";
    }
    let grey = mask.to_luma8();
    assert_eq!([left, right].map(|[x, y]| grey.get_pixel(x, y).0[0]), [255, 0]);
    "@white where repainted"
}

#[test]
fn every_file_is_covered() {
    let files = std::fs::read_dir(FOLDER).unwrap();
    let files: BTreeSet<_> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(files, servers().map(|server| server.file.to_owned()).into());
}

#[tokio::test]
async fn every_server_is_spoken_to_in_its_manner_and_its_images_arrive() {
    for server in servers() {
        let upstream = Upstream::start().await;
        let mut app = server.start(&upstream).await;
        for (place, drawing) in server.drawings.iter().enumerate() {
            let about = format!("{}: {} by {}", server.file, drawing.tool, drawing.model);
            let made = png(64, 48, 100);
            upstream.then(Reply::json(200, success_body(server.success, &made, "")));
            let answer = app.call(drawing.tool, drawing.arguments()).await;
            assert!(!answer.is_error(), "{about}: {}", answer.text());
            assert_eq!(answer.file(), made, "{about}");
            let fields = answer.fields();
            let (provider, model) = drawing.model.split_once('/').unwrap();
            assert_eq!((&fields["provider"], &fields["model"]), (&json!(provider), &json!(model)), "{about}");

            let request = &upstream.requests()[place];
            assert_eq!(
                (request.method.as_str(), request.target.as_str()),
                ("POST", drawing.target),
                "{about}"
            );
            assert_eq!(fields_of(request), drawing.sent, "{about}");
            for header in ["authorization", "api-key"] {
                let key = server.key.and_then(|(_, named, value)| (named == header).then_some(value));
                assert_eq!(request.header(header), key, "{about}: {header}");
            }
            if let Some((name, value)) = server.header {
                assert_eq!(request.header(name), Some(value), "{about}");
            }
        }
        assert_eq!(upstream.requests().len(), server.drawings.len(), "{}: each is sent once", server.file);
    }
}

#[tokio::test]
async fn every_server_is_heard_when_it_refuses() {
    for server in servers() {
        let (status, body, words) = server.refusal;
        let upstream = Upstream::with([Reply::json(status, error_body(body))]).await;
        let mut app = server.start(&upstream).await;
        let answer = app.call(server.drawings[0].tool, server.drawings[0].arguments()).await;
        assert!(answer.refusal().contains(words), "{}: {}", server.file, answer.text());
    }
}

#[tokio::test]
async fn what_a_server_cannot_do_is_refused_before_it_is_asked() {
    let cases = [
        (localai(), edit("localai/flux.1-dev-ggml", &["cat.png"])),
        (localai(), inpaint("localai/flux.1-dev-ggml")),
        (vllm_omni(), inpaint("omni-edit/qwen-image-edit")),
        (vllm_omni(), edit("omni/qwen-image", &["cat.png"])),
        (openrouter(), inpaint("openrouter/gemini-image")),
        (openrouter(), generate("openrouter/gemini-image", json!({ "size": "1024x1024" }))),
    ];
    for (server, drawing) in cases {
        let upstream = Upstream::start().await;
        let answer = server.start(&upstream).await.call(drawing.tool, drawing.arguments()).await;
        assert!(answer.refusal().contains("Nothing was charged"), "{}: {}", server.file, answer.text());
        assert!(upstream.requests().is_empty(), "{}", server.file);
    }
}

#[tokio::test]
async fn a_server_of_ones_own_is_offered_by_name_drawn_with_by_default_and_free() {
    let server = stable_diffusion_cpp();
    let upstream = Upstream::with([Reply::json(200, success_body(server.success, &image(), ""))]).await;
    let mut app = server.start(&upstream).await;
    let tools = app.request("tools/list", json!({})).await;
    let models = &tools["result"]["tools"][0]["inputSchema"]["properties"]["model"]["enum"];
    assert!(models.as_array().unwrap().contains(&json!("sd-cpp-local")), "{models}");
    let fields = app.generate(json!({ "prompt": "a kite" })).await.fields();
    assert_eq!((&fields["model"], &fields["cost_usd"]), (&json!("sd-cpp-local"), &json!(0.0)));
}
