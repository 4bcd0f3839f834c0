//! The catalogue itself: every provider and model there is, in order.

use super::{CatalogError, Model, Provider, load};

/// What ships, as people write it.
const SHIPPED: &str = include_str!("models.toml");

/// Providers and models. Models are in the order the router considers them.
#[derive(Clone, Debug, PartialEq)]
pub struct Catalog {
    /// The providers.
    pub providers: Vec<Provider>,
    /// The models, lower ranks first.
    pub models: Vec<Model>,
}

impl Catalog {
    /// The catalogue as shipped.
    pub fn builtin() -> Result<Self, CatalogError> {
        Self::with_user("")
    }

    /// The catalogue as shipped with the `[[provider]]` and `[[model]]` tables of a settings
    /// file merged over it; the file's other keys are left alone. Errors give lines of that file.
    pub fn with_user(settings_text: &str) -> Result<Self, CatalogError> {
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
