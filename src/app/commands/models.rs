//! `models`: the catalogue as a table: what each model can do, what it costs, and whether its key is set.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::console::print;
use crate::app::Config;
use crate::app::exit::DONE;
use crate::catalog::{Model, Sizes};
use crate::domain::{Background, ImageFormat, ImageRequest, Operation, Pixels, Prompt, Quality};
use crate::routing::{Estimate, Shape, estimate};

/// The widest line.
const WIDTH: usize = 80;
/// The image whose price is shown.
const PRICED: Pixels = Pixels::new(1024, 1024);

/// `models`
#[derive(Debug, clap::Args)]
pub struct ModelsArguments {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Prints the models in the order in which they are considered.
pub fn run(arguments: &ModelsArguments, config: &Config) -> Result<u8, String> {
    let text = if arguments.json { format!("{:#}\n", json(config)) } else { table(config) };
    print(&text)?;
    Ok(DONE)
}

fn table(config: &Config) -> String {
    let mut rows = vec![["MODEL", "CHOSEN", "PRICE", "KEY"].map(str::to_owned)];
    rows.extend(config.catalog.models.iter().map(|model| {
        let chosen = if model.auto { "auto" } else { "by name" };
        let price = price(model, config).map_or_else(|| "unknown".to_owned(), |price| short(&price));
        [model.name.to_string(), chosen.to_owned(), price, key(model, config)]
    }));
    let widths: [usize; 3] = std::array::from_fn(|column| {
        rows.iter().filter_map(|row| row.get(column)).map(String::len).max().unwrap_or(0)
    });
    let abilities = config.catalog.models.iter().map(abilities);
    let mut text = String::new();
    for (row, abilities) in rows.iter().zip(std::iter::once(String::new()).chain(abilities)) {
        let [name, chosen, price, key] = row;
        let [first, second, third] = widths;
        let _ = writeln!(text, "{name:first$}  {chosen:second$}  {price:third$}  {key}");
        text.push_str(&wrapped(&abilities));
    }
    let _ = writeln!(
        text,
        "\nA model marked \"by name\" is used only when a call names it. Prices are for\n\
         {PRICED}, from the lowest quality to the highest; --dry-run shows a call's own."
    );
    if config.sandbox {
        text.push_str("The sandbox replaces every provider: no key is needed, nothing is charged.\n");
    }
    text
}

/// The variable that holds the key, or the first one that might.
fn key(model: &Model, config: &Config) -> String {
    let set = model.key_variables.iter().find(|variable| config.keys.contains_key(*variable));
    match (set, model.key_variables.as_slice()) {
        (Some(variable), _) => format!("{variable} is set"),
        (None, []) => "none needed".to_owned(),
        (None, _) => "not set".to_owned(),
    }
}

fn abilities(model: &Model) -> String {
    let mut parts = vec![list(&model.operations, Operation::name)];
    parts.push(sizes(&model.sizes));
    if !model.qualities.is_empty() {
        parts.push(format!("quality {}", list(&model.qualities, Quality::name)));
    }
    if model.mask.is_some() {
        parts.push("mask".to_owned());
    }
    if model.backgrounds.contains(&Background::Transparent) {
        parts.push("transparent".to_owned());
    }
    if !model.formats.is_empty() {
        parts.push(list(&model.formats, ImageFormat::name));
    }
    if !model.key_variables.is_empty() {
        parts.push(format!("key in {}", model.key_variables.join(" or ")));
    }
    parts.join("; ")
}

fn sizes(sizes: &Sizes) -> String {
    match sizes {
        Sizes::Grid(grid) => format!("any pixels up to {} in steps of {}", grid.longest_edge, grid.step),
        Sizes::Free(free) => format!("any pixels up to {} in steps of {}", free.longest_edge, free.step),
        Sizes::Prompt(_) => "shape by words".to_owned(),
        Sizes::Presets(tiers) => {
            let tiers: Vec<_> = tiers.keys().map(|tier| tier.name()).collect();
            format!("fixed sizes of {}", tiers.join(", "))
        }
        Sizes::Native => "one size".to_owned(),
    }
}

fn list<T: Copy>(values: &[T], name: impl Fn(T) -> &'static str) -> String {
    values.iter().map(|value| name(*value)).collect::<Vec<_>>().join(", ")
}

/// The price of one generated image; `None` if unknown.
fn price(model: &Model, config: &Config) -> Option<Estimate> {
    let factor = config.catalog.provider(&model.name.provider)?.price_factor;
    let request = ImageRequest::for_prompt(Prompt::parse("an image").ok()?);
    estimate(model, factor, &request, &Shape { pixels: Some(PRICED), prompt_prefix: None }, &[])
}

/// Three decimals are enough to compare prices.
fn short(price: &Estimate) -> String {
    let about = if price.approximate { "~" } else { "" };
    if price.low == price.high {
        format!("{about}{}", price.high)
    } else {
        format!("{about}${:.3} to ${:.3}", price.low.dollars(), price.high.dollars())
    }
}

/// Indented and broken at the width.
fn wrapped(text: &str) -> String {
    let mut lines = String::new();
    let mut length = WIDTH;
    for word in text.split_whitespace() {
        if length + 1 + word.len() > WIDTH {
            lines.push_str(if lines.is_empty() { "   " } else { "\n   " });
            length = 3;
        }
        lines.push(' ');
        lines.push_str(word);
        length += 1 + word.len();
    }
    if lines.is_empty() { lines } else { lines + "\n" }
}

fn json(config: &Config) -> Value {
    let models = config.catalog.models.iter().map(|model| {
        let price = price(model, config).map(|price| {
            json!({ "low": price.low.dollars(), "high": price.high.dollars(), "approximate": price.approximate })
        });
        let operations: Vec<_> = model.operations.iter().map(|operation| operation.name()).collect();
        let qualities: Vec<_> = model.qualities.iter().map(|quality| quality.name()).collect();
        let backgrounds: Vec<_> = model.backgrounds.iter().map(|background| background.name()).collect();
        let formats: Vec<_> = model.formats.iter().map(|format| format.name()).collect();
        let set = model.key_variables.iter().find(|variable| config.keys.contains_key(*variable));
        json!({
            "model": model.name.model,
            "provider": model.name.provider,
            "auto": model.auto,
            "operations": operations,
            "sizes": sizes(&model.sizes),
            "qualities": qualities,
            "mask": model.mask.is_some(),
            "backgrounds": backgrounds,
            "formats": formats,
            "most_images": model.most_images,
            "price_usd": price,
            "key_variables": model.key_variables,
            "key_set": set.is_some() || model.key_variables.is_empty(),
            "key_variable": set,
        })
    });
    models.collect()
}
