//! Makes providers and models of entries: fills in the defaults and checks what one field
//! says against the others.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use super::entry::Located;
use super::{
    CatalogError, CatalogFault, Endpoint, Model, ModelEntry, Paths, PathsEntry, Price, Provider,
    ProviderEntry,
};
use crate::domain::{Background, ModelName, Operation, Quality};

/// The images endpoint's own bound on an image that goes in, "less than 50MB".
const MOST_IMAGE_BYTES: u64 = 50_000_000;
const TIMEOUT_SECONDS: u32 = 300;
const TYPICAL_SECONDS: u32 = 60;
const RANK: i32 = 100;

pub(super) fn provider(located: &Located<ProviderEntry>) -> Result<Provider, CatalogError> {
    let entry = located.entry.clone();
    let paths = entry.paths.unwrap_or_default();
    Ok(Provider {
        id: entry.id.unwrap_or_default(),
        base_url: entry.base_url.ok_or_else(|| {
            missing(located, "base_url", "an http or https address such as https://api.example.com/v1")
        })?,
        base_url_variable: entry.base_url_variable,
        key_variables: entry.key_variables.unwrap_or_default(),
        auth: entry.auth.unwrap_or_default(),
        paths: with_defaults(paths),
        send_model: entry.send_model.unwrap_or(true),
        headers: entry.headers.unwrap_or_default(),
        price_factor: entry.price_factor.unwrap_or(1.0),
    })
}

fn with_defaults(stated: PathsEntry) -> Paths {
    let default = Paths::default();
    Paths {
        generations: stated.generations.unwrap_or(default.generations),
        edits: stated.edits.unwrap_or(default.edits),
        chat: stated.chat.unwrap_or(default.chat),
    }
}

pub(super) fn model(located: &Located<ModelEntry>, providers: &[Provider]) -> Result<Model, CatalogError> {
    let entry = located.entry.clone();
    let name =
        ModelName { provider: entry.provider.unwrap_or_default(), model: entry.id.unwrap_or_default() };
    let Some(provider) = providers.iter().find(|provider| provider.id == name.provider) else {
        let known: Vec<_> = providers.iter().map(|provider| provider.id.as_str()).collect();
        let fault =
            CatalogFault::UnknownProvider { provider: name.provider.clone(), known: known.join(", ") };
        return Err(located.fault("provider", fault));
    };
    let model = Model {
        wire_id: entry.wire_id.unwrap_or_else(|| name.model.clone()),
        name,
        key_variables: entry.key_variables.unwrap_or_else(|| provider.key_variables.clone()),
        endpoints: entry.endpoints.unwrap_or_else(|| vec![Endpoint::Images]),
        operations: entry.operations.ok_or_else(|| {
            missing(located, "operations", "any of generate, edit and inpaint, or state like")
        })?,
        sizes: entry.sizes.ok_or_else(|| {
            missing(located, "sizes", "one of grid, prompt, presets, free and native, or state like")
        })?,
        qualities: entry.qualities.unwrap_or_default(),
        mask: entry.mask,
        backgrounds: entry.backgrounds.unwrap_or_default(),
        formats: entry.formats.unwrap_or_default(),
        moderation: entry.moderation.unwrap_or_default(),
        most_images: entry.most_images.map_or(1, NonZeroU32::get),
        image_field: entry.image_field.unwrap_or_default(),
        response_format: entry.response_format,
        partial_images: entry.streams.unwrap_or_default().then_some(0),
        extra: entry.extra.unwrap_or_default(),
        most_image_bytes: entry.most_image_bytes.map_or(MOST_IMAGE_BYTES, std::num::NonZeroU64::get),
        price: entry.price.unwrap_or_default(),
        timeouts: seconds(entry.timeouts, TIMEOUT_SECONDS),
        typical_seconds: seconds(entry.typical_seconds, TYPICAL_SECONDS),
        rank: entry.rank.unwrap_or(RANK),
        auto: entry.auto.unwrap_or_default(),
    };
    match contradiction(&model) {
        Some((field, what)) => Err(located.fault(field, CatalogFault::field(field, what))),
        None => Ok(model),
    }
}

fn missing<E>(located: &Located<E>, field: &'static str, accepted: &'static str) -> CatalogError {
    located.fault(field, CatalogFault::Missing { field, accepted })
}

/// The table with an `auto`: where none is stated, the longest time that is.
fn seconds(stated: Option<BTreeMap<Quality, NonZeroU32>>, default: u32) -> BTreeMap<Quality, u32> {
    let mut table: BTreeMap<_, _> =
        stated.unwrap_or_default().into_iter().map(|(quality, seconds)| (quality, seconds.get())).collect();
    let longest = table.values().copied().max().unwrap_or(default);
    table.entry(Quality::Auto).or_insert(longest);
    table
}

/// The first field that makes no sense beside the others, and why.
fn contradiction(model: &Model) -> Option<(&'static str, String)> {
    let inpaints = model.operations.contains(&Operation::Inpaint);
    if model.endpoints.is_empty() {
        return Some(("endpoints", "empty, expected images, chat or both".to_owned()));
    }
    if model.operations.is_empty() {
        return Some(("operations", "empty, expected any of generate, edit and inpaint".to_owned()));
    }
    if model.qualities.contains(&Quality::Auto) {
        return Some(("qualities", "auto can always be asked for; leave it out".to_owned()));
    }
    if model.backgrounds.contains(&Background::Auto) {
        return Some(("backgrounds", "auto can always be asked for; leave it out".to_owned()));
    }
    if inpaints && model.mask.is_none() {
        return Some(("mask", "a model that inpaints needs it, expected alpha or white".to_owned()));
    }
    if inpaints && !model.endpoints.contains(&Endpoint::Images) {
        return Some(("endpoints", "inpainting needs images, since chat takes no mask".to_owned()));
    }
    if let Some(what) = model.sizes.nonsense() {
        return Some(("sizes", what.to_owned()));
    }
    let Price::Tokens(tokens) = &model.price else {
        return None;
    };
    if tokens.factors.is_empty() {
        return Some(("price", "factors are empty, expected one for every quality".to_owned()));
    }
    let without = model.qualities.iter().find(|quality| !tokens.factors.contains_key(quality))?;
    Some(("price", format!("factors have none for the quality {without}")))
}
