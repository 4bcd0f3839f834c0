//! An image API at an address: where it is, how it is signed for, what its paths are.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::domain::Secret;

/// A provider, checked and with every default filled in.
#[derive(Clone, Debug, PartialEq)]
pub struct Provider {
    /// Its name in `provider/model`; holds no slash.
    pub id: String,
    /// An http or https address without a trailing slash, query or fragment.
    pub base_url: String,
    /// The environment variable that overrides `base_url`.
    pub base_url_variable: Option<String>,
    /// Environment variables that may hold the key; the first one set wins. Empty: no key is needed.
    pub key_variables: Vec<String>,
    /// How the key travels.
    pub auth: Auth,
    /// What follows the base URL.
    pub paths: Paths,
    /// Whether requests name the model; false where the path does.
    pub send_model: bool,
    /// Headers sent with every request.
    pub headers: BTreeMap<String, Secret>,
    /// Every price of its models is multiplied by this; positive.
    pub price_factor: f64,
}

/// How the key travels.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Auth {
    /// `Authorization: Bearer KEY`.
    #[default]
    Bearer,
    /// The bare key in this header, e.g. `api-key`.
    Header(String),
    /// Not at all.
    None,
}

/// The paths of the endpoints, each beginning with a slash. `{model}` in a path stands for
/// the model's `wire_id`; a path may end in a query string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    /// Images from words.
    pub generations: String,
    /// Images from images.
    pub edits: String,
    /// Chat completions.
    pub chat: String,
}

impl Default for Paths {
    /// The paths of the OpenAI API.
    fn default() -> Self {
        Self {
            generations: "/images/generations".to_owned(),
            edits: "/images/edits".to_owned(),
            chat: "/chat/completions".to_owned(),
        }
    }
}
