//! The sandbox over real sockets, as its clients see it.

mod chat;
mod faults;
mod images;
mod api_errors;
mod server;

use std::sync::mpsc::{Receiver, channel};
use std::sync::{Mutex, Once};

use image::{DynamicImage, ImageFormat, Rgba, RgbaImage};
use reqwest::multipart::{Form, Part};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde_json::Value;

use super::{ReceivedRequest, Sandbox, SandboxOptions};

/// A sandbox and a client for it.
struct Bench {
    sandbox: Sandbox,
    client: Client,
    requests: Mutex<(Receiver<ReceivedRequest>, Vec<ReceivedRequest>)>,
}

/// A reply, read to its end.
struct Answer {
    status: StatusCode,
    request_id: Option<String>,
    body: Value,
}

impl Bench {
    async fn new(options: SandboxOptions) -> Self {
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| {
            // Another test of this process may have installed it already.
            let _ = rustls::crypto::ring::default_provider().install_default();
        });
        let client = Client::builder().no_proxy().build().unwrap();
        let (sender, receiver) = channel();
        let options = SandboxOptions { requests: Some(sender), ..options };
        let sandbox = Sandbox::start(options).await.unwrap();
        Self { sandbox, client, requests: Mutex::new((receiver, Vec::new())) }
    }

    /// The requests so far, oldest first.
    fn received(&self) -> Vec<ReceivedRequest> {
        let (receiver, requests) = &mut *self.requests.lock().unwrap();
        requests.extend(receiver.try_iter());
        requests.clone()
    }

    fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(format!("{}{path}", self.sandbox.base_url())).bearer_auth("sk-sandbox")
    }

    async fn generate(&self, body: &Value) -> Answer {
        read(self.post("/images/generations").json(body)).await
    }

    async fn edit(&self, form: Form) -> Answer {
        read(self.post("/images/edits").multipart(form)).await
    }

    async fn chat(&self, body: &Value) -> Answer {
        read(self.post("/chat/completions").json(body)).await
    }

    async fn get(&self, url: &str) -> Response {
        self.client.get(url).send().await.unwrap()
    }
}

async fn read(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let status = response.status();
    let header = |name: &str| response.headers().get(name).map(|id| id.to_str().unwrap().to_owned());
    let request_id = header("x-request-id").or_else(|| header("request-id"));
    Answer { status, request_id, body: response.json().await.unwrap() }
}

impl Answer {
    /// The image at a place of `data`, from bare base64.
    fn image(&self, index: usize) -> Vec<u8> {
        assert_eq!(self.status, StatusCode::OK, "{}", self.body);
        let text = self.body["data"][index]["b64_json"].as_str().unwrap();
        base64_simd::STANDARD.decode_to_vec(text).unwrap()
    }

    /// Width and height of that image.
    fn size(&self, index: usize) -> (u32, u32) {
        size(&self.image(index))
    }
}

fn size(file: &[u8]) -> (u32, u32) {
    let image = image::load_from_memory(file).unwrap();
    (image.width(), image.height())
}

/// An image of one colour as a file.
fn file(format: ImageFormat, (width, height): (u32, u32), colour: [u8; 4]) -> Vec<u8> {
    let image = DynamicImage::ImageRgba8(RgbaImage::from_pixel(width, height, Rgba(colour)));
    let image = if format == ImageFormat::Jpeg { DynamicImage::ImageRgb8(image.into_rgb8()) } else { image };
    let mut bytes = std::io::Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// An RGBA PNG.
fn png(width: u32, height: u32) -> Vec<u8> {
    file(ImageFormat::Png, (width, height), [180, 60, 40, 255])
}

/// A form of texts.
fn form(texts: &[(&'static str, &str)]) -> Form {
    texts.iter().fold(Form::new(), |form, (name, text)| form.text(*name, (*text).to_owned()))
}

/// A file of a form.
fn part(bytes: Vec<u8>) -> Part {
    Part::bytes(bytes).file_name("image.png").mime_str("image/png").unwrap()
}

fn data_url(bytes: &[u8]) -> String {
    format!("data:image/png;base64,{}", base64_simd::STANDARD.encode_to_string(bytes))
}
