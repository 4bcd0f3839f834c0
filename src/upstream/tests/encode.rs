//! Orders and the very calls they become.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::catalog::{Catalog, Endpoint, Model};
use crate::domain::{
    Background, ImageFormat, ImageRequest, Moderation, Operation, Prompt, Quality, Ratio, SizeRequest,
};
use crate::routing::shape;
use crate::upstream::{Call, CallBody, Order, Part, Path, Upload, dialect};

fn request() -> ImageRequest {
    ImageRequest::for_prompt(Prompt::parse("a red kite").unwrap())
}

fn call(
    model: &str,
    endpoint: Endpoint,
    request: &ImageRequest,
    images: &[Upload],
    mask: Option<&Bytes>,
) -> Call {
    let catalog = Catalog::builtin().unwrap();
    let model: &Model = catalog.named(Some("apiyi"), model).next().unwrap();
    let shape = shape(model, request.size, request.aspect_ratio).unwrap();
    let provider = catalog.provider("apiyi").unwrap();
    dialect(endpoint).encode(&Order { request, model, provider, shape: &shape, images, mask })
}

/// The call of a model whose settings add fields, to each of its endpoints.
fn call_with_extra(endpoint: Endpoint, request: &ImageRequest, images: &[Upload]) -> Call {
    let settings = "\
[[model]]
provider = \"apiyi\"
id = \"gpt-image-2-all\"
sizes = { free = { longest_edge = 2048, step = 16 } }
extra = { size = \"512x512\", seed = 7, style = \"ink\", modalities = [\"image\", \"text\"] }
";
    let catalog = Catalog::with_user(settings).unwrap();
    let model = catalog.named(Some("apiyi"), "gpt-image-2-all").next().unwrap();
    let shape = shape(model, request.size, request.aspect_ratio).unwrap();
    let provider = catalog.provider("apiyi").unwrap();
    dialect(endpoint).encode(&Order { request, model, provider, shape: &shape, images, mask: None })
}

fn json_of(call: Call) -> (Path, Value) {
    match call.body {
        CallBody::Json(text) => (call.path, serde_json::from_slice(&text).unwrap()),
        CallBody::Form(parts) => panic!("{parts:?}"),
    }
}

/// A form as `name=value` and `name=@file;type` lines.
fn form_of(call: Call) -> (Path, Vec<String>) {
    let CallBody::Form(parts) = call.body else { panic!("{:?}", call.body) };
    let lines = parts.into_iter().map(|part| match part {
        Part::Text { name, value } => format!("{name}={value}"),
        Part::File { name, file } => format!("{name}=@{};{}", file.name, file.format.mime()),
    });
    (call.path, lines.collect())
}

fn images() -> Vec<Upload> {
    let upload =
        |name: &str, format| Upload { name: name.to_owned(), format, bytes: Bytes::from_static(b"abc") };
    vec![upload("a.png", ImageFormat::Png), upload("b.jpg", ImageFormat::Jpeg)]
}

#[test]
fn a_generation_sends_what_was_asked_and_nothing_else() {
    let plain = json_of(call("gpt-image-2", Endpoint::Images, &request(), &[], None));
    assert_eq!(plain, (Path::Generations, json!({ "model": "gpt-image-2", "prompt": "a red kite" })));
    let full = ImageRequest {
        size: SizeRequest::parse("1K").unwrap(),
        aspect_ratio: Ratio::R3x2,
        quality: Quality::Medium,
        background: Background::Opaque,
        output_format: Some(ImageFormat::Webp),
        output_compression: Some(80),
        moderation: Moderation::Low,
        n: 3,
        ..request()
    };
    let (_, body) = json_of(call("gpt-image-2", Endpoint::Images, &full, &[], None));
    let expected = json!({
        "model": "gpt-image-2", "prompt": "a red kite", "size": "1536x1024", "quality": "medium",
        "background": "opaque", "moderation": "low", "output_format": "webp", "output_compression": 80,
    });
    assert_eq!(body, expected, "and n is never sent: three images are three calls");
}

#[test]
fn the_flat_price_model_is_steered_by_the_verified_prefix() {
    let wide = ImageRequest { aspect_ratio: Ratio::R16x9, ..request() };
    let (path, body) = json_of(call("gpt-image-2-all", Endpoint::Images, &wide, &[], None));
    assert_eq!(path, Path::Generations);
    let expected = json!({ "model": "gpt-image-2-all", "prompt": "横版 16:9, a red kite", "response_format": "b64_json" });
    assert_eq!(body, expected);
    let (path, body) = json_of(call("gpt-image-2-all", Endpoint::Chat, &wide, &[], None));
    assert_eq!(path, Path::Chat);
    let content = "横版 16:9, Generate image: a red kite";
    assert_eq!(
        body,
        json!({ "messages": [{ "role": "user", "content": content }], "model": "gpt-image-2-all" })
    );
}

/// What is asked of two images: they are named in order.
const NAMED: &str = "a red kite\n\nThe images, in order: image 1 is a.png, image 2 is b.jpg.";

#[test]
fn a_chat_edit_is_one_user_message_with_the_images_as_data_urls() {
    let edit = ImageRequest { operation: Operation::Edit, references: 2, ..request() };
    let (_, body) = json_of(call("gpt-image-2-all", Endpoint::Chat, &edit, &images(), None));
    let parts = json!([
        { "type": "text", "text": format!("Generate image: {NAMED}") },
        { "type": "image_url", "image_url": { "url": "data:image/png;base64,YWJj" } },
        { "type": "image_url", "image_url": { "url": "data:image/jpeg;base64,YWJj" } },
    ]);
    assert_eq!(body["messages"], json!([{ "role": "user", "content": parts }]));
}

#[test]
fn an_edit_is_a_form_with_the_image_field_the_model_wants() {
    let edit =
        ImageRequest { operation: Operation::Edit, quality: Quality::High, references: 2, ..request() };
    let (path, parts) = form_of(call("gpt-image-2", Endpoint::Images, &edit, &images(), None));
    assert_eq!(path, Path::Edits);
    let official = [
        "model=gpt-image-2",
        &format!("prompt={NAMED}"),
        "quality=high",
        "image[]=@a.png;image/png",
        "image[]=@b.jpg;image/jpeg",
    ];
    assert_eq!(parts, official);
    let edit = ImageRequest { quality: Quality::Auto, ..edit };
    let (_, parts) = form_of(call("gpt-image-2-all", Endpoint::Images, &edit, &images(), None));
    let flat = [
        "model=gpt-image-2-all",
        &format!("prompt={NAMED}"),
        "response_format=b64_json",
        "image=@a.png;image/png",
        "image=@b.jpg;image/jpeg",
    ];
    assert_eq!(parts, flat);
}

#[test]
fn a_mask_goes_last_beside_the_one_image() {
    let inpaint = ImageRequest { operation: Operation::Inpaint, references: 1, ..request() };
    let mask = Bytes::from_static(b"mask");
    let (_, parts) = form_of(call("gpt-image-2", Endpoint::Images, &inpaint, &images()[..1], Some(&mask)));
    let expected =
        ["model=gpt-image-2", "prompt=a red kite", "image=@a.png;image/png", "mask=@mask.png;image/png"];
    assert_eq!(parts, expected);
}

#[test]
fn extra_fields_go_along_as_they_stand_and_what_the_call_says_goes_before_them() {
    let sized = ImageRequest { size: SizeRequest::parse("640x640").unwrap(), ..request() };
    let (_, body) = json_of(call_with_extra(Endpoint::Images, &sized, &[]));
    let expected = json!({
        "model": "gpt-image-2-all", "prompt": "a red kite", "size": "640x640", "response_format": "b64_json",
        "modalities": ["image", "text"], "seed": 7, "style": "ink",
    });
    assert_eq!(body, expected);

    let (_, body) = json_of(call_with_extra(Endpoint::Chat, &request(), &[]));
    assert_eq!((&body["modalities"], &body["seed"]), (&json!(["image", "text"]), &json!(7)));
    assert_eq!(body["messages"][0]["content"], "Generate image: a red kite");

    let edit = ImageRequest { operation: Operation::Edit, references: 1, ..sized };
    let (_, parts) = form_of(call_with_extra(Endpoint::Images, &edit, &images()[..1]));
    let expected = [
        "model=gpt-image-2-all",
        "prompt=a red kite",
        "size=640x640",
        "response_format=b64_json",
        "modalities=[\"image\",\"text\"]",
        "seed=7",
        "style=ink",
        "image=@a.png;image/png",
    ];
    assert_eq!(parts, expected);
}

#[test]
fn partial_images_are_asked_for_where_the_model_streams_and_the_settings_say_so() {
    let request = request();
    let catalog = Catalog::builtin().unwrap();
    let provider = catalog.provider("apiyi").unwrap();
    let upload = images();
    for (id, set, json, form) in [
        ("gpt-image-2", Some(2), Some(2), vec!["stream=true", "partial_images=2"]),
        ("gpt-image-2", Some(0), None, vec![]),
        ("gpt-image-2-all", None, None, vec![]),
    ] {
        let model = catalog.named(Some("apiyi"), id).next().unwrap();
        assert_eq!(model.partial_images.is_some(), set.is_some(), "{id}");
        let model = &Model { partial_images: set, ..model.clone() };
        let shape = shape(model, request.size, request.aspect_ratio).unwrap();
        let encode = |images| {
            let order = Order { request: &request, model, provider, shape: &shape, images, mask: None };
            dialect(Endpoint::Images).encode(&order)
        };
        let (_, body) = json_of(encode(&[]));
        assert_eq!(body.get("partial_images").and_then(Value::as_u64), json, "{id}");
        assert_eq!(body.get("stream"), json.map(|_| &Value::Bool(true)), "{id}");
        let (_, fields) = form_of(encode(&upload));
        let streams = |field: &&String| field.starts_with("stream=") || field.starts_with("partial_images=");
        assert_eq!(fields.iter().filter(streams).collect::<Vec<_>>(), form, "{id}");
    }
}
