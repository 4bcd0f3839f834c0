//! `models.json` is `models.toml` once it is read: written here, and held to it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::super::SHIPPED;
use crate::catalog::{
    Auth, Catalog, Free, Grid, ImageField, MaskKind, Model, Paths, Price, Provider, Sizes, TokenPrice, load,
};
use crate::domain::{Quality, Tier};

fn provider(provider: &Provider) -> Value {
    let Provider { id, base_url, base_url_variable, key_variables, auth, paths, .. } = provider;
    let Provider { send_model, headers, price_factor, .. } = provider;
    let Paths { generations, edits, chat } = paths;
    assert!(headers.is_empty(), "headers may be secret, so none ship");
    let auth = match auth {
        Auth::Bearer => json!("bearer"),
        Auth::Header(name) => json!({ "header": name }),
        Auth::None => json!("none"),
    };
    json!({
        "id": id,
        "base_url": base_url,
        "base_url_variable": base_url_variable,
        "key_variables": key_variables,
        "auth": auth,
        "paths": { "generations": generations, "edits": edits, "chat": chat },
        "send_model": send_model,
        "headers": {},
        "price_factor": price_factor,
    })
}

fn model(model: &Model) -> Value {
    let Model { name, wire_id, key_variables, endpoints, operations, sizes, qualities, mask, .. } = model;
    let Model { backgrounds, formats, moderation, most_images, image_field, response_format, .. } = model;
    let Model {
        partial_images, extra, most_image_bytes, price, timeouts, typical_seconds, rank, auto, ..
    } = model;
    let mask = mask.map(|mask| match mask {
        MaskKind::Alpha => "alpha",
        MaskKind::White => "white",
    });
    let image_field = match image_field {
        ImageField::Indexed => "indexed",
        ImageField::Repeated => "repeated",
    };
    json!({
        "name": { "provider": name.provider, "model": name.model },
        "wire_id": wire_id,
        "key_variables": key_variables,
        "endpoints": endpoints.iter().map(|endpoint| endpoint.name()).collect::<Vec<_>>(),
        "operations": operations.iter().map(|operation| operation.name()).collect::<Vec<_>>(),
        "sizes": in_words(sizes),
        "qualities": qualities.iter().map(|quality| quality.name()).collect::<Vec<_>>(),
        "mask": mask,
        "backgrounds": backgrounds.iter().map(|background| background.name()).collect::<Vec<_>>(),
        "formats": formats.iter().map(|format| format.name()).collect::<Vec<_>>(),
        "moderation": moderation,
        "most_images": most_images,
        "image_field": image_field,
        "response_format": response_format,
        "partial_images": partial_images,
        "extra": extra,
        "most_image_bytes": most_image_bytes,
        "price": charged(price),
        "timeouts": by_quality(timeouts),
        "typical_seconds": by_quality(typical_seconds),
        "rank": rank,
        "auto": auto,
    })
}

fn in_words(sizes: &Sizes) -> Value {
    match sizes {
        Sizes::Grid(Grid { step, longest_edge, most_ratio, least_pixels, most_pixels }) => json!({ "grid": {
            "step": step,
            "longest_edge": longest_edge,
            "most_ratio": most_ratio,
            "least_pixels": least_pixels,
            "most_pixels": most_pixels,
        } }),
        Sizes::Prompt(words) => {
            let words: Map<_, _> =
                words.iter().map(|(ratio, words)| (ratio.to_string(), json!(words))).collect();
            json!({ "prompt": words })
        }
        Sizes::Presets(tiers) => {
            let tiers = tiers.iter().map(|(tier, sizes)| {
                let sizes: Vec<_> = sizes.iter().map(ToString::to_string).collect();
                (tier_name(*tier).to_owned(), json!(sizes))
            });
            json!({ "presets": tiers.collect::<Map<_, _>>() })
        }
        Sizes::Free(Free { longest_edge, step }) => {
            json!({ "free": { "longest_edge": longest_edge, "step": step } })
        }
        Sizes::Native => json!("native"),
    }
}

const fn tier_name(tier: Tier) -> &'static str {
    match tier {
        Tier::OneK => "1K",
        Tier::TwoK => "2K",
        Tier::FourK => "4K",
    }
}

fn charged(price: &Price) -> Value {
    match price {
        Price::Tokens(TokenPrice { text_in, image_in, image_out, factors, scale, approximate }) => {
            json!({ "tokens": {
                "text_in": text_in,
                "image_in": image_in,
                "image_out": image_out,
                "factors": by_quality(factors),
                "scale": by_quality(scale),
                "approximate": approximate,
            } })
        }
        Price::Flat(usd) => json!({ "flat": usd.dollars() }),
        Price::Free => json!("free"),
        Price::Unknown => json!("unknown"),
    }
}

fn by_quality<T: Copy + Into<Value>>(table: &BTreeMap<Quality, T>) -> Value {
    table.iter().map(|(quality, value)| (quality.name().to_owned(), (*value).into())).collect()
}

/// A line for each provider and model, so that changes can be reviewed.
fn written(Catalog { providers, models }: &Catalog) -> String {
    let lines = |values: Vec<Value>| {
        let lines: Vec<_> = values.iter().map(ToString::to_string).collect();
        lines.join(",\n")
    };
    let mut file = String::new();
    writeln!(file, "{{\"providers\":[").unwrap();
    writeln!(file, "{}", lines(providers.iter().map(provider).collect())).unwrap();
    writeln!(file, "],\"models\":[").unwrap();
    writeln!(file, "{}", lines(models.iter().map(model).collect())).unwrap();
    writeln!(file, "]}}").unwrap();
    file
}

#[test]
fn what_is_read_at_the_start_is_what_people_wrote() {
    let (providers, models) = load::load(SHIPPED, "").unwrap();
    let catalog = Catalog { providers, models };
    let written = written(&catalog);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/catalog/models.json");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &written).unwrap();
    }
    let file = std::fs::read_to_string(&path).unwrap();
    assert!(file == written, "models.json is not models.toml once read; UPDATE=1 cargo test writes it anew");
    assert_eq!(serde_json::from_str::<Catalog>(&file).unwrap(), catalog);
}
