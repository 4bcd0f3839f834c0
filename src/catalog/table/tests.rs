//! What must hold for the catalogue as shipped, whatever entries it gains.

use std::collections::HashSet;

use crate::catalog::{Catalog, Endpoint, Model, ModelEntry, Price, ProviderEntry, Sizes};
use crate::domain::{ModelName, Operation, Quality, Ratio, Tier, Usd};

fn shipped() -> Catalog {
    Catalog::builtin().expect("the shipped catalogue is sound")
}

fn named(id: &str) -> Model {
    shipped().named(None, id).next().unwrap().clone()
}

#[test]
fn models_come_in_the_documented_order() {
    let catalog = shipped();
    let names: Vec<_> = catalog.models.iter().map(|model| (model.name.to_string(), model.auto)).collect();
    let expected = [
        ("apiyi/gpt-image-2-all", true),
        ("apiyi/gpt-image-2", true),
        ("openai/gpt-image-2", true),
        ("apiyi/gpt-image-2-vip", false),
        ("apiyi/gpt-image-2.5-flare", false),
        ("apiyi/gpt-image-2.5-sunburst", false),
        ("apiyi/gpt-image-2.5-all", false),
        ("apiyi/gpt-image-2.6-flare", false),
        ("apiyi/gpt-image-2.6-sunburst", false),
        ("apiyi/gpt-image-2.6-all", false),
        ("openai/gpt-image-2.5-flare", false),
        ("openai/gpt-image-2.5-sunburst", false),
        ("openai/gpt-image-2.6-flare", false),
        ("openai/gpt-image-2.6-sunburst", false),
    ];
    assert_eq!(names, expected.map(|(name, auto)| (name.to_owned(), auto)));
}

#[test]
fn every_model_is_one_of_a_kind_with_a_key_and_a_price() {
    let catalog = shipped();
    let names: HashSet<ModelName> = catalog.models.iter().map(|model| model.name.clone()).collect();
    assert_eq!(names.len(), catalog.models.len());
    for model in &catalog.models {
        let name = &model.name;
        assert!(catalog.provider(&name.provider).is_some(), "{name}");
        assert!(!model.key_variables.is_empty(), "{name}");
        assert_ne!(model.price, Price::Unknown, "{name}");
        assert_eq!(model.wire_id, name.model);
        for quality in &model.qualities {
            assert!(
                model.timeout_seconds(*quality) >= model.timeout_seconds(Quality::Low),
                "{name} {quality}"
            );
        }
        assert!(model.typical_seconds(Quality::Auto) < model.timeout_seconds(Quality::Auto), "{name}");
        if let Price::Tokens(tokens) = &model.price {
            let mut priced: Vec<_> = tokens.factors.keys().copied().collect();
            priced.sort_unstable();
            assert_eq!(priced, model.qualities, "{name}: a factor for each quality and no other");
        }
    }
}

#[test]
fn every_operation_has_a_model_that_answers_to_auto() {
    let catalog = shipped();
    for operation in [Operation::Generate, Operation::Edit, Operation::Inpaint] {
        assert!(
            catalog.models.iter().any(|model| model.auto && model.operations.contains(&operation)),
            "{operation:?}"
        );
    }
}

#[test]
fn every_ratio_steers_the_flat_price_model() {
    let model = named("gpt-image-2-all");
    let Sizes::Prompt(prefixes) = &model.sizes else { panic!("{:?}", model.sizes) };
    for ratio in Ratio::ALL {
        assert!(prefixes[&ratio].contains(&ratio.to_string()), "{ratio}");
    }
    assert_eq!(prefixes[&Ratio::R16x9], "横版 16:9");
    assert_eq!(model.endpoints, [Endpoint::Chat, Endpoint::Images]);
    assert_eq!(model.price, Price::Flat(Usd::from_dollars(0.03)));
    assert!(model.qualities.is_empty() && model.formats.is_empty() && model.backgrounds.is_empty());
    assert!(model.mask.is_none() && !model.moderation);
}

#[test]
fn the_official_key_comes_before_the_flat_price_one() {
    assert_eq!(named("gpt-image-2").key_variables, ["APIYI_OFFICIAL_API_KEY", "APIYI_API_KEY"]);
    assert_eq!(named("gpt-image-2.6-sunburst").key_variables, ["APIYI_OFFICIAL_API_KEY", "APIYI_API_KEY"]);
    assert_eq!(named("gpt-image-2-all").key_variables, ["APIYI_API_KEY"]);
}

#[test]
fn newer_models_take_more_qualities_at_their_own_factors() {
    let (flare, newest) = (named("gpt-image-2.5-flare"), named("gpt-image-2.6-flare"));
    let (Price::Tokens(price), Price::Tokens(newest_price)) = (&flare.price, &newest.price) else {
        panic!("priced by tokens")
    };
    assert_eq!(price.factors[&Quality::Max], 96);
    assert_eq!(newest_price.scale.get(&Quality::Low), Some(&3.5));
    assert!(newest_price.approximate && !price.approximate);
    assert_eq!(flare.timeout_seconds(Quality::Medium), 240);
}

#[test]
fn the_presets_are_thirty_sizes_ten_to_a_tier() {
    let Sizes::Presets(presets) = named("gpt-image-2-vip").sizes else { panic!("presets") };
    assert_eq!(Tier::ALL.map(|tier| presets[&tier].len()), [10, 10, 10]);
}

#[test]
fn the_schema_describes_every_field_of_an_entry() {
    for schema in [schemars::schema_for!(ProviderEntry), schemars::schema_for!(ModelEntry)] {
        let fields = schema.get("properties").unwrap().as_object().unwrap();
        assert!(fields.len() >= 9);
        for (name, field) in fields {
            assert!(field.get("description").is_some(), "{name}: {field}");
        }
        assert_eq!(schema.get("additionalProperties"), Some(&serde_json::Value::Bool(false)));
    }
}
