//! Why there is no route: each refusal names the argument, what is accepted and which model can.

use super::*;

fn refused(request: &ImageRequest) -> String {
    with_keys(request, &["APIYI_API_KEY", "OPENAI_API_KEY"], None).unwrap_err().to_string()
}

#[test]
fn a_named_model_that_cannot_says_which_argument_and_which_model_can() {
    let named = |name: &str, change: fn(&mut ImageRequest)| {
        let mut request = asking(change);
        request.model = ModelChoice::parse(name);
        refused(&request)
    };
    let cases = [
        (
            named("gpt-image-2-all", |it| it.quality = Quality::High),
            "quality: apiyi/gpt-image-2-all takes no quality (asked: high). It accepts calls without quality. \
             Or pass model apiyi/gpt-image-2 (or openai/gpt-image-2, apiyi/gpt-image-2-vip), \
             which can do all that was asked. Nothing was charged.",
        ),
        (
            named("gpt-image-2-all", |it| {
                it.operation = Operation::Inpaint;
                it.references = 1;
                it.background = Background::Transparent;
            }),
            "mask: apiyi/gpt-image-2-all takes no mask or regions and takes no background (asked: transparent). \
             It accepts generate_image, edit_image; calls without background. \
             Or pass model apiyi/gpt-image-2 (or openai/gpt-image-2, apiyi/gpt-image-2.5-flare), \
             which can do all that was asked. Nothing was charged.",
        ),
        (
            named("gpt-image-2", |it| it.quality = Quality::Max),
            "quality: apiyi/gpt-image-2 has no quality max. It accepts quality low, medium, high. \
             Or pass model apiyi/gpt-image-2.5-flare (or apiyi/gpt-image-2.5-sunburst, apiyi/gpt-image-2.6-flare), \
             which can do all that was asked. Nothing was charged.",
        ),
        (
            named("gpt-image-2.6-all", |it| it.output_format = Some(ImageFormat::Webp)),
            "output_format: apiyi/gpt-image-2.6-all has no output_format webp. It accepts output_format png, jpeg. \
             Or pass model apiyi/gpt-image-2 (or openai/gpt-image-2, apiyi/gpt-image-2.5-flare), \
             which can do all that was asked. Nothing was charged.",
        ),
    ];
    for (message, expected) in cases {
        assert_eq!(message, expected);
    }
}

#[test]
fn what_no_candidate_can_do_is_told_by_the_one_that_comes_nearest() {
    assert_eq!(
        refused(&asking(|it| it.size = size("1000x1000"))),
        "size: apiyi/gpt-image-2 does not take 1000x1000: both edges must be multiples of 16. \
         It accepts size 1008x1008 (the nearest), auto or a tier such as 1K. \
         Or pass model apiyi/gpt-image-2.6-all, which can do all that was asked. Nothing was charged."
    );
    let nobody = asking(|it| {
        it.operation = Operation::Inpaint;
        it.references = 1;
        it.quality = Quality::High;
        it.size = size("9000x9000");
    });
    let problem = with_keys(&nobody, &["APIYI_API_KEY"], None).unwrap_err();
    assert_eq!(problem.argument.as_deref(), Some("size"));
    assert_eq!(problem.remedy, "It accepts size 2880x2880 (the nearest), auto or a tier such as 1K.");
    let nobody_at_all = asking(|it| {
        it.model = ModelChoice::parse("gpt-image-2-all");
        it.operation = Operation::Inpaint;
        it.references = 17;
    });
    let problem = with_keys(&nobody_at_all, &["APIYI_API_KEY"], None).unwrap_err();
    assert_eq!(problem.kind, ProblemKind::NoModel);
    assert!(!problem.remedy.contains("Or pass model"), "{problem}");
    let many = asking(|it| {
        it.operation = Operation::Edit;
        it.references = 17;
    });
    let problem = refused(&many);
    assert!(
        problem.starts_with("images: apiyi/gpt-image-2-all takes at most 16 images, and 17 were given."),
        "{problem}"
    );
}

#[test]
fn an_unknown_name_is_answered_with_the_names_most_like_it() {
    let named = |name: &str| refused(&asking(|it| it.model = ModelChoice::parse(name)));
    let short = named("gpt-image-2.5");
    assert!(
        short.starts_with("model: there is no model \"gpt-image-2.5\" in the catalogue. Pass auto or one of: gpt-image-2.5-all, gpt-image-2.5-flare, gpt-image-2.5-sunburst, gpt-image-2, "),
        "{short}"
    );
    let full = named("opnai/gpt-image-2");
    assert!(full.contains("Pass auto or one of: openai/gpt-image-2, apiyi/gpt-image-2, "), "{full}");
}

#[test]
fn arguments_that_contradict_each_other_are_refused_before_any_model_is_looked_at() {
    let cases = [
        (
            "aspect_ratio: exact pixels have a shape already.",
            asking(|it| {
                it.size = size("1024x1024");
                it.aspect_ratio = Ratio::R1x1;
            }),
        ),
        (
            "background: jpeg has no transparency. Pass output_format png or webp",
            asking(|it| {
                it.background = Background::Transparent;
                it.output_format = Some(ImageFormat::Jpeg);
            }),
        ),
        (
            "output_compression: only jpeg and webp are compressed by degrees. Pass output_format jpeg or webp beside it",
            asking(|it| it.output_compression = Some(50)),
        ),
        (
            "output_compression: only jpeg and webp",
            asking(|it| {
                it.output_compression = Some(50);
                it.output_format = Some(ImageFormat::Png);
            }),
        ),
        (
            "moderation: only generate_image takes it.",
            asking(|it| {
                it.moderation = Moderation::Low;
                it.operation = Operation::Edit;
                it.references = 1;
            }),
        ),
    ];
    for (expected, request) in cases {
        let message = refused(&request);
        assert!(message.starts_with(expected), "{message}");
    }
}
