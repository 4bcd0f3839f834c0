//! The entries of a catalogue file as they are written: every field optional, each checked
//! by itself where it is read, so that an error knows its line. The doc comments here are
//! the descriptions in the schema of the settings file.

use std::collections::BTreeMap;
use std::num::{NonZeroU32, NonZeroU64};

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::{Auth, CatalogError, CatalogFault, Endpoint, ImageField, MaskKind, Price, Sizes};
use crate::domain::{Background, ImageFormat, Operation, Quality, Secret};

mod fields;

/// A provider of images: an address that speaks the OpenAI image or chat API. An entry with
/// the id of a known provider replaces only the fields it states.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProviderEntry {
    /// Its name, without slashes; models are named `provider/model`. Required.
    #[serde(default, deserialize_with = "fields::provider_id")]
    pub id: Option<String>,
    /// Where its API begins, e.g. `https://api.example.com/v1`. Required for a new provider.
    #[serde(default, deserialize_with = "fields::base_url")]
    pub base_url: Option<String>,
    /// An environment variable that overrides `base_url`.
    #[serde(default, deserialize_with = "fields::variable")]
    pub base_url_variable: Option<String>,
    /// Environment variables that may hold the key; the first one set wins. Default: none, no key is needed.
    #[serde(default, deserialize_with = "fields::variables")]
    #[schemars(with = "Option<Vec<String>>")]
    pub key_variables: Option<Vec<String>>,
    /// How the key is sent: `bearer` (default), `{ header = "api-key" }` or `none`.
    #[serde(default, deserialize_with = "fields::auth")]
    pub auth: Option<Auth>,
    /// What follows the base URL, where it differs from the OpenAI API.
    pub paths: Option<PathsEntry>,
    /// Whether requests name the model. Default: true; false where the path names it.
    pub send_model: Option<bool>,
    /// Headers sent with every request.
    #[serde(default, deserialize_with = "fields::headers")]
    #[schemars(with = "Option<BTreeMap<String, String>>")]
    pub headers: Option<BTreeMap<String, Secret>>,
    /// Multiplies every price of its models. Default: 1.
    #[serde(default, deserialize_with = "fields::price_factor")]
    pub price_factor: Option<f64>,
}

/// Paths under the base URL. Each begins with a slash, may hold `{model}` for the model's
/// `wire_id`, and may end in a query string.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct PathsEntry {
    /// Default: `/images/generations`.
    #[serde(default, deserialize_with = "fields::path")]
    pub generations: Option<String>,
    /// Default: `/images/edits`.
    #[serde(default, deserialize_with = "fields::path")]
    pub edits: Option<String>,
    /// Default: `/chat/completions`.
    #[serde(default, deserialize_with = "fields::path")]
    pub chat: Option<String>,
}

/// A model at a provider. An entry with the provider and id of a known model replaces only
/// the fields it states.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelEntry {
    /// The id of its provider. Required.
    pub provider: Option<String>,
    /// Its name in `provider/model`. Required.
    #[serde(default, deserialize_with = "fields::model_id")]
    pub id: Option<String>,
    /// A model, as `provider/model`, whose fields this entry takes where it states none. Not taken
    /// over: `wire_id`, and `key_variables` from a model of another provider.
    pub like: Option<String>,
    /// What the provider calls it, e.g. the deployment's name on Azure. Default: the id.
    #[serde(default, deserialize_with = "fields::text")]
    pub wire_id: Option<String>,
    /// Environment variables that may hold its key, where they are not the provider's.
    #[serde(default, deserialize_with = "fields::variables")]
    #[schemars(with = "Option<Vec<String>>")]
    pub key_variables: Option<Vec<String>>,
    /// The APIs it is called through, in the order they are tried. Default: `["images"]`.
    pub endpoints: Option<Vec<Endpoint>>,
    /// What it does. Required for a new model without `like`.
    pub operations: Option<Vec<Operation>>,
    /// Which sizes it takes. Required for a new model without `like`.
    pub sizes: Option<Sizes>,
    /// Qualities that may be asked for besides `auto`. Default: none.
    pub qualities: Option<Vec<Quality>>,
    /// Which part of a mask is painted anew: where `alpha` is 0, or where it is `white`. Needed to inpaint.
    pub mask: Option<MaskKind>,
    /// Backgrounds that may be asked for besides `auto`. Default: none.
    pub backgrounds: Option<Vec<Background>>,
    /// Output formats that may be asked for. Default: none, `output_format` is not sent.
    pub formats: Option<Vec<ImageFormat>>,
    /// Whether `moderation` may be asked for. Default: false.
    pub moderation: Option<bool>,
    /// How many images may go in. Default: 1.
    pub most_images: Option<NonZeroU32>,
    /// The form field of images that go in: `indexed` (default: `image` for one, `image[]` for each
    /// of several) or `repeated` (`image` for each).
    pub image_field: Option<ImageField>,
    /// The value of `response_format`, e.g. `b64_json`. Default: not sent.
    #[serde(default, deserialize_with = "fields::text")]
    pub response_format: Option<String>,
    /// Whether it streams partial images where the setting `partial_images` asks for them. Default: false.
    pub streams: Option<bool>,
    /// Fields added to every request as they stand, e.g. `{ modalities = ["image", "text"] }`; in a
    /// form their values are text. What a call says itself, such as its size, goes before them. Default: none.
    #[serde(default, deserialize_with = "fields::extra")]
    #[schemars(with = "Option<BTreeMap<String, Value>>")]
    pub extra: Option<BTreeMap<String, Value>>,
    /// The largest image that may go in, in bytes. Default: 50,000,000.
    pub most_image_bytes: Option<NonZeroU64>,
    /// What it charges. Default: `unknown`.
    pub price: Option<Price>,
    /// How long to wait for a reply, in seconds, by quality; `auto` is for every quality not
    /// stated. Default: `{ auto = 300 }`.
    pub timeouts: Option<BTreeMap<Quality, NonZeroU32>>,
    /// How long a reply usually takes, in seconds, by quality. Default: `{ auto = 60 }`.
    pub typical_seconds: Option<BTreeMap<Quality, NonZeroU32>>,
    /// Its place among the models: lower is considered first. Default: 100.
    pub rank: Option<i32>,
    /// Whether it answers to `model = auto`. Default: false.
    pub auto: Option<bool>,
}

impl ProviderEntry {
    /// These fields, and the base's where there are none.
    pub(super) fn over(self, base: Self) -> Self {
        Self {
            id: self.id.or(base.id),
            base_url: self.base_url.or(base.base_url),
            base_url_variable: self.base_url_variable.or(base.base_url_variable),
            key_variables: self.key_variables.or(base.key_variables),
            auth: self.auth.or(base.auth),
            paths: match (self.paths, base.paths) {
                (Some(paths), Some(base)) => Some(paths.over(base)),
                (paths, base) => paths.or(base),
            },
            send_model: self.send_model.or(base.send_model),
            headers: self.headers.or(base.headers),
            price_factor: self.price_factor.or(base.price_factor),
        }
    }
}

impl PathsEntry {
    fn over(self, base: Self) -> Self {
        Self {
            generations: self.generations.or(base.generations),
            edits: self.edits.or(base.edits),
            chat: self.chat.or(base.chat),
        }
    }
}

impl ModelEntry {
    /// These fields, and the base's where there are none. `like` is not taken over: it was
    /// followed when the base was made.
    pub(super) fn over(self, base: Self) -> Self {
        Self {
            provider: self.provider.or(base.provider),
            id: self.id.or(base.id),
            like: self.like,
            wire_id: self.wire_id.or(base.wire_id),
            key_variables: self.key_variables.or(base.key_variables),
            endpoints: self.endpoints.or(base.endpoints),
            operations: self.operations.or(base.operations),
            sizes: self.sizes.or(base.sizes),
            qualities: self.qualities.or(base.qualities),
            mask: self.mask.or(base.mask),
            backgrounds: self.backgrounds.or(base.backgrounds),
            formats: self.formats.or(base.formats),
            moderation: self.moderation.or(base.moderation),
            most_images: self.most_images.or(base.most_images),
            image_field: self.image_field.or(base.image_field),
            response_format: self.response_format.or(base.response_format),
            streams: self.streams.or(base.streams),
            extra: self.extra.or(base.extra),
            most_image_bytes: self.most_image_bytes.or(base.most_image_bytes),
            price: self.price.or(base.price),
            timeouts: self.timeouts.or(base.timeouts),
            typical_seconds: self.typical_seconds.or(base.typical_seconds),
            rank: self.rank.or(base.rank),
            auto: self.auto.or(base.auto),
        }
    }

    /// This entry as a pattern for a model of that provider: without its own names, and
    /// without its keys where the provider is another, so that no key reaches a stranger.
    pub(super) fn into_pattern_at(self, provider: Option<&String>) -> Self {
        let key_variables = self.key_variables.filter(|_| self.provider.as_ref() == provider);
        Self { provider: None, id: None, wire_id: None, key_variables, ..self }
    }
}

/// An entry and where it stands in its file.
#[derive(Clone, Debug)]
pub(super) struct Located<E> {
    pub(super) entry: E,
    /// What errors call it.
    pub(super) label: String,
    /// The line of its head.
    pub(super) line: usize,
    /// The line of each field it states.
    pub(super) field_lines: BTreeMap<String, usize>,
}

impl<E> Located<E> {
    /// A fault of this entry, at the field if it states that.
    pub(super) fn fault(&self, field: &str, fault: CatalogFault) -> CatalogError {
        let line = self.field_lines.get(field).copied().unwrap_or(self.line);
        CatalogError { line, entry: self.label.clone(), fault }
    }
}
