//! The table of sizes that the README shows, and every way a size can be refused.

use super::*;
use crate::catalog::Catalog;

fn model(id: &str) -> Model {
    Catalog::builtin().unwrap().named(None, id).next().unwrap().clone()
}

fn with_sizes(sizes: Sizes) -> Model {
    Model { sizes, ..model("gpt-image-2") }
}

fn ask(model: &Model, size: &str, ratio: &str) -> Result<Shape, SizeFault> {
    let ratio = if ratio == "auto" { Ratio::Auto } else { Ratio::parse(ratio).unwrap() };
    shape(model, SizeRequest::parse(size).unwrap(), ratio)
}

/// The size as text, or the fault and what is accepted.
fn told(model: &Model, size: &str, ratio: &str) -> String {
    match ask(model, size, ratio) {
        Ok(shape) => shape.pixels.map_or_else(|| "auto".to_owned(), |pixels| pixels.to_string()),
        Err(fault) => format!("{}: {fault}. {}", fault.argument(), fault.accepted()),
    }
}

#[test]
fn tiers_and_ratios_come_to_the_documented_pixels() {
    let ratios = ["1:1", "3:2", "4:3", "16:9", "5:2", "21:9"];
    let table = [
        ("1K", ["1024x1024", "1536x1024", "1344x1008", "1536x864", "1520x608", "1456x624"]),
        ("2K", ["2048x2048", "2016x1344", "2048x1536", "2048x1152", "2000x800", "2016x864"]),
        ("4K", ["2880x2880", "3504x2336", "3264x2448", "3840x2160", "3840x1536", "3808x1632"]),
    ];
    let model = model("gpt-image-2");
    for (tier, row) in table {
        for (ratio, size) in ratios.into_iter().zip(row) {
            assert_eq!(told(&model, tier, ratio), size, "{tier} {ratio}");
            let mirrored = |text: &str, by: char| {
                let (one, other) = text.split_once(by).unwrap();
                format!("{other}{by}{one}")
            };
            assert_eq!(
                told(&model, tier, &mirrored(ratio, ':')),
                mirrored(size, 'x'),
                "{tier} {ratio} upright"
            );
        }
    }
}

#[test]
fn what_is_left_out_has_a_meaning() {
    let model = model("gpt-image-2");
    assert_eq!(ask(&model, "auto", "auto"), Ok(Shape::default()), "nothing asked, nothing sent");
    assert_eq!(told(&model, "auto", "16:9"), "1536x864", "a ratio alone is 1K");
    assert_eq!(told(&model, "2K", "auto"), "2048x2048", "a tier alone is a square");
}

#[test]
fn exact_pixels_are_taken_or_refused_with_the_rule_and_the_nearest() {
    let model = model("gpt-image-2");
    let nearest = |size: &str| format!(". size {size} (the nearest), auto or a tier such as 1K");
    let cases = [
        ("1536x1024", "1536x1024".to_owned()),
        ("3840x2160", "3840x2160".to_owned()),
        (
            "1000x1000",
            "size: does not take 1000x1000: both edges must be multiples of 16".to_owned()
                + &nearest("1008x1008"),
        ),
        (
            "3856x1600",
            "size: does not take 3856x1600: no edge may exceed 3840".to_owned() + &nearest("3840x1600"),
        ),
        (
            "3840x1024",
            "size: does not take 3840x1024: the long edge may be at most 3 times the short one".to_owned()
                + &nearest("3456x1152"),
        ),
        (
            "512x512",
            "size: does not take 512x512: at least 655360 pixels in all are needed".to_owned()
                + &nearest("816x816"),
        ),
        (
            "3840x3840",
            "size: does not take 3840x3840: at most 8294400 pixels in all are allowed".to_owned()
                + &nearest("2880x2880"),
        ),
    ];
    for (size, expected) in cases {
        assert_eq!(told(&model, size, "auto"), expected, "{size}");
    }
}

#[test]
fn a_ratio_beside_exact_pixels_is_refused_on_every_model() {
    for model in Catalog::builtin().unwrap().models {
        assert_eq!(ask(&model, "1024x1024", "1:1"), Err(SizeFault::RatioBesidePixels), "{}", model.name);
    }
}

#[test]
fn a_model_steered_by_words_takes_ratios_and_no_pixels() {
    let model = model("gpt-image-2-all");
    for size in ["auto", "1K"] {
        let shape = ask(&model, size, "9:16").unwrap();
        assert_eq!(shape, Shape { pixels: None, prompt_prefix: Some("竖屏 9:16".to_owned()) });
        assert_eq!(ask(&model, size, "auto"), Ok(Shape::default()), "{size} alone steers nothing");
    }
    for size in ["2K", "4K", "1024x1024"] {
        let expected = format!(
            "size: takes no exact pixels and no tier above 1K (asked: {size}). size auto or 1K, with any aspect_ratio"
        );
        assert_eq!(told(&model, size, "auto"), expected);
    }
    let few = with_sizes(Sizes::Prompt([(Ratio::R1x1, "square".to_owned())].into()));
    assert_eq!(told(&few, "auto", "3:2"), "aspect_ratio: has no aspect ratio 3:2 here. aspect_ratio 1:1");
}

#[test]
fn presets_are_met_by_shape_within_a_tier_and_exactly_otherwise() {
    let model = model("gpt-image-2-vip");
    let cases = [
        ("1K", "auto", "1280x1280"),
        ("auto", "2:3", "848x1280"),
        ("2K", "21:9", "2048x864"),
        ("4K", "3:4", "2480x3312"),
        ("4K", "16:9", "3840x2160"),
        ("1360x2048", "auto", "1360x2048"),
        (
            "1024x1024",
            "auto",
            "size: does not take 1024x1024: it takes the sizes on its list and no others. size 1024x1280 (the nearest), auto or a tier such as 1K",
        ),
        (
            "1K",
            "5:2",
            "aspect_ratio: has no aspect ratio 5:2 here. aspect_ratio 1:1, 3:2, 2:3, 4:3, 3:4, 16:9, 9:16, 21:9",
        ),
    ];
    for (size, ratio, expected) in cases {
        assert_eq!(told(&model, size, ratio), expected, "{size} {ratio}");
    }
    let small = with_sizes(Sizes::Presets([(Tier::OneK, vec![Pixels::new(1328, 800)])].into()));
    assert_eq!(
        told(&small, "2K", "auto"),
        "size: has no 2K: its longest edge is 1328. size auto, a lower tier, or up to 1328 pixels on the long edge"
    );
}

#[test]
fn free_sizes_are_bounded_by_their_longest_edge_alone() {
    let free = with_sizes(Sizes::Free(Free { longest_edge: 2048, step: 64 }));
    let cases = [
        ("1001x77", "auto", "1001x77"),
        ("1K", "16:9", "1024x576"),
        ("2K", "auto", "2048x2048"),
        (
            "4K",
            "auto",
            "size: has no 4K: its longest edge is 2048. size auto, a lower tier, or up to 2048 pixels on the long edge",
        ),
        (
            "4096x2000",
            "auto",
            "size: does not take 4096x2000: no edge may exceed 2048. size 2048x2000 (the nearest), auto or a tier such as 1K",
        ),
    ];
    for (size, ratio, expected) in cases {
        assert_eq!(told(&free, size, ratio), expected, "{size} {ratio}");
    }
}

#[test]
fn a_model_without_sizes_takes_none() {
    let native = with_sizes(Sizes::Native);
    assert_eq!(told(&native, "auto", "auto"), "auto");
    for (size, ratio, argument) in
        [("1K", "auto", "size"), ("auto", "1:1", "aspect_ratio"), ("64x64", "auto", "size")]
    {
        let expected = format!("{argument}: takes neither a size nor an aspect ratio. {argument} auto");
        assert_eq!(told(&native, size, ratio), expected);
    }
}
