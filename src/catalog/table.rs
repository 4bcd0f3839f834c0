//! The catalogue itself: every provider and model there is, in order.

use serde::Deserialize;

use super::{CatalogError, CatalogFault, Model, Provider, load};

/// What ships, as people write it.
const SHIPPED: &str = include_str!("models.toml");
/// The same once it is read, every default filled in; `UPDATE=1 cargo test` writes it. Reading
/// this at every start takes half a megabyte less of memory than reading the other.
const RESOLVED: &str = include_str!("models.json");

/// Providers and models. Models are in the order the router considers them.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Catalog {
    /// The providers.
    pub providers: Vec<Provider>,
    /// The models, lower ranks first.
    pub models: Vec<Model>,
}

impl Catalog {
    /// The catalogue as shipped.
    pub fn builtin() -> Result<Self, CatalogError> {
        serde_json::from_str(RESOLVED).map_err(|error| CatalogError {
            line: error.line(),
            entry: "the catalogue that ships".to_owned(),
            fault: CatalogFault::Unreadable(error.to_string()),
        })
    }

    /// The catalogue as shipped with the `[[provider]]` and `[[model]]` tables of a settings
    /// file merged over it; the file's other keys are left alone. Errors give lines of that file.
    pub fn with_user(settings_text: &str) -> Result<Self, CatalogError> {
        if settings_text.trim().is_empty() {
            return Self::builtin();
        }
        let (providers, models) = load::load(SHIPPED, settings_text)?;
        Ok(Self { providers, models })
    }

    /// The provider of this id.
    #[must_use]
    pub fn provider(&self, id: &str) -> Option<&Provider> {
        self.providers.iter().find(|provider| provider.id == id)
    }

    /// The models that `provider/model`, or `model` at any provider, may mean. As a model's
    /// id may hold a slash, `provider/model` is also read as an id.
    pub fn named<'a>(&'a self, provider: Option<&'a str>, model: &'a str) -> impl Iterator<Item = &'a Model> {
        let whole = provider.map(|provider| format!("{provider}/{model}"));
        self.models.iter().filter(move |candidate| {
            let name = &candidate.name;
            (name.model == model && provider.is_none_or(|provider| provider == name.provider))
                || whole.as_ref() == Some(&name.model)
        })
    }
}

#[cfg(test)]
mod tests;
