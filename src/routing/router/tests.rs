//! The routing table of the design, cell by cell.

use super::*;
use crate::domain::{Problem, ProblemKind, Prompt, Quality};

mod refusals;

fn request() -> ImageRequest {
    ImageRequest::for_prompt(Prompt::parse("a red kite").unwrap())
}

fn asking(change: impl FnOnce(&mut ImageRequest)) -> ImageRequest {
    let mut request = request();
    change(&mut request);
    request
}

fn size(text: &str) -> SizeRequest {
    SizeRequest::parse(text).unwrap()
}

/// Routes through the shipped catalogue with these variables set.
fn with_keys(request: &ImageRequest, keys: &[&str], most: Option<f64>) -> Result<Route, Problem> {
    let has_key =
        |model: &Model| model.key_variables.iter().any(|variable| keys.contains(&variable.as_str()));
    let catalog = Catalog::builtin().unwrap();
    route(request, &catalog, &has_key, most.map(Usd::from_dollars)).map_err(Problem::from)
}

/// The models chosen, the first and then the fail-over list, with both providers' keys.
fn chosen(request: &ImageRequest) -> Vec<String> {
    names(&with_keys(request, &["APIYI_API_KEY", "OPENAI_API_KEY"], None).unwrap())
}

fn names(route: &Route) -> Vec<String> {
    std::iter::once(&route.first).chain(&route.rest).map(|choice| choice.model.name.to_string()).collect()
}

const ALL_THREE: [&str; 3] = ["apiyi/gpt-image-2-all", "apiyi/gpt-image-2", "openai/gpt-image-2"];
const OFFICIAL: [&str; 2] = ["apiyi/gpt-image-2", "openai/gpt-image-2"];

#[test]
fn what_the_flat_price_model_can_do_goes_there() {
    let mut cases = vec![
        ("a prompt alone", request()),
        ("size 1K", asking(|it| it.size = size("1K"))),
        ("several", asking(|it| it.n = 4)),
        (
            "references",
            asking(|it| {
                it.operation = Operation::Edit;
                it.references = 3;
            }),
        ),
    ];
    for ratio in Ratio::ALL {
        cases.push(("a ratio", asking(|it| it.aspect_ratio = ratio)));
        cases.push((
            "1K and a ratio",
            asking(|it| {
                it.size = size("1K");
                it.aspect_ratio = ratio;
            }),
        ));
    }
    for (case, request) in cases {
        assert_eq!(chosen(&request), ALL_THREE, "{case} {}", request.aspect_ratio);
    }
}

#[test]
fn every_control_it_lacks_goes_to_the_official_model() {
    let inpaint = |it: &mut ImageRequest| {
        it.operation = Operation::Inpaint;
        it.references = 1;
    };
    let cases: [(&str, &str, ImageRequest); 12] = [
        ("2K", "size", asking(|it| it.size = size("2K"))),
        ("4K", "size", asking(|it| it.size = size("4K"))),
        ("exact pixels", "size", asking(|it| it.size = size("1536x1024"))),
        ("low", "quality", asking(|it| it.quality = Quality::Low)),
        ("medium", "quality", asking(|it| it.quality = Quality::Medium)),
        ("high", "quality", asking(|it| it.quality = Quality::High)),
        ("a mask", "mask", asking(inpaint)),
        ("a format", "output_format", asking(|it| it.output_format = Some(ImageFormat::Png))),
        (
            "compression",
            "output_format",
            asking(|it| {
                it.output_format = Some(ImageFormat::Webp);
                it.output_compression = Some(60);
            }),
        ),
        ("opaque", "background", asking(|it| it.background = Background::Opaque)),
        ("transparent", "background", asking(|it| it.background = Background::Transparent)),
        ("moderation low", "moderation", asking(|it| it.moderation = Moderation::Low)),
    ];
    for (case, argument, request) in cases {
        assert_eq!(chosen(&request), OFFICIAL, "{case}");
        let route = with_keys(&request, &["APIYI_API_KEY"], None).unwrap();
        assert_eq!(route.dropped[0].model.to_string(), "apiyi/gpt-image-2-all", "{case}");
        assert_eq!(route.dropped[0].argument, argument, "{case}");
    }
}

#[test]
fn keys_decide_which_providers_are_asked() {
    let openai = with_keys(&request(), &["OPENAI_API_KEY"], None).unwrap();
    assert_eq!(names(&openai), ["openai/gpt-image-2"]);
    assert_eq!(
        openai.why,
        "first in the catalogue that can do it, as gpt-image-2-all has no key (APIYI_API_KEY); \
         apiyi/gpt-image-2 has no key (APIYI_OFFICIAL_API_KEY or APIYI_API_KEY)"
    );
    let official = with_keys(&request(), &["APIYI_OFFICIAL_API_KEY"], None).unwrap();
    assert_eq!(names(&official), ["apiyi/gpt-image-2"]);
    let none = with_keys(&request(), &[], None).unwrap_err();
    assert_eq!(none.kind, ProblemKind::Settings);
    assert_eq!(
        none.to_string(),
        "no key is set for a model that can do this (apiyi/gpt-image-2-all, apiyi/gpt-image-2, openai/gpt-image-2). \
         Set APIYI_API_KEY or APIYI_OFFICIAL_API_KEY or OPENAI_API_KEY where the server is started, \
         or start it with --sandbox to try it without a key. Nothing was charged."
    );
}

#[test]
fn a_cap_passes_over_what_may_cost_more() {
    let capped = |request: &ImageRequest, most| with_keys(request, &["APIYI_API_KEY"], Some(most));
    assert_eq!(
        names(&capped(&request(), 0.03).unwrap()),
        ["apiyi/gpt-image-2-all"],
        "a range counts at its high end"
    );
    assert_eq!(names(&capped(&request(), 0.22).unwrap()).len(), 2);

    // With the flat-price model out of reach of the cap, the next that fits is taken.
    let catalog = Catalog::with_user(
        "[[model]]\nprovider = \"apiyi\"\nid = \"gpt-image-2-all\"\nprice = { flat = 0.5 }\n",
    )
    .unwrap();
    let next = route(&request(), &catalog, &|_| true, Some(Usd::from_dollars(0.3))).unwrap();
    assert_eq!(names(&next), OFFICIAL);
    assert_eq!(
        next.why,
        "first in the catalogue that can do it, as gpt-image-2-all costs $0.50, above the allowed $0.30"
    );

    let refused = capped(&asking(|it| it.size = size("4K")), 0.05).unwrap_err();
    assert_eq!(refused.kind, ProblemKind::Budget);
    assert_eq!(
        refused.to_string(),
        "max_cost_usd: apiyi/gpt-image-2 would cost $0.0198 to $0.7116, and at most $0.05 is allowed. \
         Allow $0.7116 (max_cost_usd, or the cap in the settings), or ask for fewer images, \
         or for quality low and a small exact size such as 1024x1024, which cost less. Nothing was charged."
    );
    let cheapest = capped(&request(), 0.01).unwrap_err().to_string();
    assert!(cheapest.contains("apiyi/gpt-image-2-all would cost $0.03"), "{cheapest}");
}

#[test]
fn a_model_without_a_price_cannot_be_held_to_a_cap() {
    let catalog = Catalog::with_user(
        "[[model]]\nprovider = \"apiyi\"\nid = \"gpt-image-2-all\"\nprice = \"unknown\"\nrank = 1\n",
    )
    .unwrap();
    let named = asking(|it| it.model = ModelChoice::parse("gpt-image-2-all"));
    assert_eq!(route(&named, &catalog, &|_| true, None).unwrap().first.estimate, None);
    let refusal = route(&named, &catalog, &|_| true, Some(Usd::from_dollars(9.0))).unwrap_err();
    let problem = Problem::from(refusal).to_string();
    assert!(problem.contains("the price of apiyi/gpt-image-2-all is not known"), "{problem}");
    assert!(problem.contains("State its price"), "{problem}");
}

#[test]
fn a_named_model_may_change_its_provider_and_never_its_model() {
    let named = |name: &str| asking(|it| it.model = ModelChoice::parse(name));
    assert_eq!(chosen(&named("gpt-image-2")), OFFICIAL);
    assert_eq!(chosen(&named("openai/gpt-image-2")), ["openai/gpt-image-2"]);
    assert_eq!(chosen(&named("gpt-image-2-vip")), ["apiyi/gpt-image-2-vip"]);
    assert_eq!(
        chosen(&named("gpt-image-2.5-flare")),
        ["apiyi/gpt-image-2.5-flare", "openai/gpt-image-2.5-flare"]
    );
    let route = with_keys(&named("gpt-image-2"), &["OPENAI_API_KEY"], None).unwrap();
    assert_eq!(
        route.why,
        "named in the call, as apiyi/gpt-image-2 has no key (APIYI_OFFICIAL_API_KEY or APIYI_API_KEY)"
    );
}

#[test]
fn a_server_of_ones_own_comes_where_its_rank_puts_it() {
    let user = "\
[[provider]]
id = \"local\"
base_url = \"http://127.0.0.1:1234/v1\"
[[model]]
provider = \"local\"
id = \"sd\"
operations = [\"generate\"]
sizes = { free = { longest_edge = 1024, step = 64 } }
price = \"free\"
rank = 1
auto = true
";
    let catalog = Catalog::with_user(user).unwrap();
    let keyless = |model: &Model| model.key_variables.is_empty();
    let taken = route(&request(), &catalog, &keyless, Some(Usd::ZERO)).unwrap();
    assert_eq!(names(&taken), ["local/sd"]);
    let edit = asking(|it| {
        it.operation = Operation::Edit;
        it.references = 1;
    });
    let refusal = route(&edit, &catalog, &keyless, None).unwrap_err();
    assert!(matches!(refusal, Refusal::NoKey { .. }), "{refusal}");

    // A server that does not answer to auto is offered by its name.
    let by_name = Catalog::with_user(&user.replace("auto = true", "auto = false")).unwrap();
    let problem = Problem::from(route(&request(), &by_name, &keyless, None).unwrap_err());
    assert!(
        problem.remedy.ends_with(" Or pass model local/sd, which can do all that was asked."),
        "{problem}"
    );
}

#[test]
fn a_choice_carries_its_own_shape_and_price() {
    let route = with_keys(&asking(|it| it.aspect_ratio = Ratio::R16x9), &["APIYI_API_KEY"], None).unwrap();
    assert_eq!(route.why, "first in the catalogue that can do it");
    assert_eq!(route.first.shape.prompt_prefix.as_deref(), Some("横版 16:9"));
    assert_eq!(route.first.estimate.unwrap().to_string(), "$0.03");
    let second = &route.rest[0];
    assert_eq!(second.shape.pixels.unwrap().to_string(), "1536x864");
    assert!(second.estimate.unwrap().low < second.estimate.unwrap().high);
}
