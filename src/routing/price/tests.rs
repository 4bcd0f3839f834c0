//! Estimates against the published prices, and what usage comes to afterwards.

use super::*;
use crate::catalog::Catalog;
use crate::domain::Prompt;

fn model(id: &str) -> Model {
    Catalog::builtin().unwrap().named(None, id).next().unwrap().clone()
}

fn request(quality: Quality, n: u32) -> ImageRequest {
    ImageRequest { quality, n, ..ImageRequest::for_prompt(Prompt::parse("a").unwrap()) }
}

fn at(width: u32, height: u32) -> Shape {
    Shape { pixels: Some(Pixels::new(width, height)), prompt_prefix: None }
}

fn told(model: &Model, request: &ImageRequest, shape: &Shape, inputs: &[Option<Pixels>]) -> String {
    estimate(model, 1.0, request, shape, inputs)
        .map_or_else(|| "unknown".to_owned(), |estimate| estimate.to_string())
}

#[test]
fn estimates_reproduce_the_published_prices() {
    // One text token, $0.000005, is within the rounding.
    let cases = [
        ((1024, 1024), ["$0.0059", "$0.0527", "$0.2107"]),
        ((3840, 2160), ["$0.0111", "$0.1001", "$0.4003"]),
        ((2048, 2048), ["$0.0119", "$0.107", "$0.4282"]),
    ];
    let model = model("gpt-image-2");
    for ((width, height), prices) in cases {
        for (quality, price) in [Quality::Low, Quality::Medium, Quality::High].into_iter().zip(prices) {
            assert_eq!(
                told(&model, &request(quality, 1), &at(width, height), &[]),
                price,
                "{width}x{height}"
            );
        }
    }
}

#[test]
fn what_the_model_decides_is_a_range_or_a_guess() {
    let auto = request(Quality::Auto, 1);
    let newest = model("gpt-image-2.6-flare");
    assert_eq!(told(&model("gpt-image-2"), &auto, &at(1024, 1024), &[]), "$0.0059 to $0.2107");
    assert_eq!(told(&model("gpt-image-2"), &auto, &Shape::default(), &[]), "about $0.0059 to $0.2107");
    assert_eq!(told(&newest, &request(Quality::High, 1), &at(1536, 1024), &[]), "about $0.0412");
    assert_eq!(
        told(&newest, &request(Quality::Low, 1), &at(1536, 1024), &[]),
        "about $0.0166",
        "3.5 times 158 tokens"
    );
    assert_eq!(told(&newest, &auto, &at(1536, 1024), &[]), "about $0.0166 to $0.1646");
}

#[test]
fn every_image_pays_for_what_goes_in() {
    let model = model("gpt-image-2");
    let inputs = [Some(Pixels::new(2048, 2048)), None];
    let four = estimate(&model, 1.0, &request(Quality::Low, 4), &at(1024, 1024), &inputs).unwrap();
    let each = |unknown: f64| Usd::from_dollars(1.0 * 5e-6 + (1521.0 + unknown) * 8e-6 + 196.0 * 30e-6);
    assert_eq!((four.low, four.high), (each(1024.0) * 4, each(1536.0) * 4));
    assert!(four.approximate, "a size is not known");
    let prefixed = Shape { prompt_prefix: Some("横版".to_owned()), ..at(1024, 1024) };
    let one = estimate(&model, 1.0, &request(Quality::Low, 1), &prefixed, &[]).unwrap();
    assert_eq!(one.high, Usd::from_dollars(3.0 * 5e-6 + 196.0 * 30e-6));
}

#[test]
fn flat_free_and_unknown_prices_need_no_formula() {
    let (flat, auto) = (model("gpt-image-2-all"), request(Quality::Auto, 3));
    assert_eq!(told(&flat, &auto, &Shape::default(), &[None]), "$0.09");
    let dearer = estimate(&flat, 1.2, &auto, &Shape::default(), &[]).unwrap();
    assert_eq!(dearer.high, Usd::from_dollars(0.108));
    let free = Model { price: Price::Free, ..flat.clone() };
    assert_eq!(told(&free, &auto, &Shape::default(), &[]), "$0.00");
    let unknown = Model { price: Price::Unknown, ..flat };
    assert_eq!(told(&unknown, &auto, &Shape::default(), &[]), "unknown");
    assert_eq!(actual(&free, 1.0, None, 2), Some(Usd::ZERO));
    assert_eq!(actual(&unknown, 1.0, None, 2), None);
}

#[test]
fn usage_is_priced_only_where_it_is_told_apart() {
    let official = model("gpt-image-2");
    let detailed = Usage { input_text: Some(9), input_image: Some(1024), output: 1372 };
    let cost = Usd::from_dollars(9.0 * 5e-6 + 1024.0 * 8e-6 + 1372.0 * 30e-6);
    assert_eq!(actual(&official, 1.0, Some(&detailed), 1), Some(cost));
    assert_eq!(actual(&official, 1.2, Some(&detailed), 1), Some(cost.scaled(1.2)));
    let bare = Usage { input_text: None, input_image: None, ..detailed };
    assert_eq!(actual(&official, 1.0, Some(&bare), 1), None);
    assert_eq!(actual(&official, 1.0, Some(&Usage { output: 0, ..detailed }), 1), None);
    assert_eq!(actual(&official, 1.0, None, 1), None);
    assert_eq!(actual(&model("gpt-image-2-all"), 1.0, Some(&bare), 2), Some(Usd::from_dollars(0.06)));
}

#[test]
fn partial_images_may_add_a_hundred_tokens_each() {
    let model = Model { partial_images: Some(3), ..model("gpt-image-2") };
    assert_eq!(told(&model, &request(Quality::Low, 1), &at(1024, 1024), &[]), "$0.0059 to $0.0149");
    assert_eq!(told(&model, &request(Quality::Low, 2), &at(1024, 1024), &[]), "$0.0118 to $0.0298");
}
