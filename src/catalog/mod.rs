//! Layer 1: providers and models, as data.
//!
//! `models.toml` is what ships; the `[[provider]]` and `[[model]]` tables of a user's
//! settings file are merged over it by name, field by field. What leaves this layer has
//! been checked: every model's provider exists, every stated fact makes sense with the
//! others. No clock, no environment, no network: the files come in as text, and which keys
//! are set is the business of layers above.

mod entry;
mod error;
mod load;
mod model;
mod price;
mod provider;
mod resolve;
mod sizes;
mod table;

pub use entry::{ModelEntry, PathsEntry, ProviderEntry};
pub use error::{CatalogError, CatalogFault};
pub use model::{Endpoint, ImageField, MaskKind, Model};
pub use price::{Price, TokenPrice};
pub use provider::{Auth, Paths, Provider};
pub use sizes::{Free, Grid, Sizes};
pub use table::Catalog;
