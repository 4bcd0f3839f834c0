//! What is wrong with a catalogue file, in words for the person who wrote it.

use thiserror::Error;

/// A fault in the user's entries. The caller adds the file's name in front.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}: {entry}{}{fault}", if entry.is_empty() { "" } else { ": " })]
pub struct CatalogError {
    /// The line in the file, from 1.
    pub line: usize,
    /// The entry, e.g. `model azure/draw`; empty where the file as a whole cannot be read.
    pub entry: String,
    /// What is wrong and what is accepted.
    pub fault: CatalogFault,
}

/// What is wrong with an entry.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CatalogFault {
    /// The text is not TOML.
    #[error("not readable as TOML: {0}")]
    Unreadable(String),
    /// The name stands for something else than tables.
    #[error("entries are written as [[{0}]] tables")]
    NotTables(&'static str),
    /// A field nobody knows, or a value that does not fit its field.
    #[error("{field}: {what}")]
    Field {
        /// The field.
        field: String,
        /// What is the matter and what is accepted.
        what: String,
    },
    /// A field that a new entry needs.
    #[error("{field} is missing; {accepted}")]
    Missing {
        /// The field.
        field: &'static str,
        /// What it may hold.
        accepted: &'static str,
    },
    /// The same name twice in one file.
    #[error("stated a second time, first on line {first}; keep one of the two")]
    Duplicate {
        /// The line of the first.
        first: usize,
    },
    /// A model of a provider that is not in the catalogue.
    #[error("provider: no [[provider]] has the id {provider:?}; known are {known}")]
    UnknownProvider {
        /// What was named.
        provider: String,
        /// The ids in the catalogue.
        known: String,
    },
    /// `like` names nothing.
    #[error("like: there is no model {like:?}; expected provider/model, one of {known}")]
    UnknownLike {
        /// What was named.
        like: String,
        /// The models in the catalogue.
        known: String,
    },
    /// `like` leads back to its own entry.
    #[error("like: {0} leads back to this entry; name another model")]
    LikeItself(String),
}

impl CatalogFault {
    /// A value that does not fit its field.
    pub(super) fn field(field: &str, what: impl Into<String>) -> Self {
        Self::Field { field: field.to_owned(), what: what.into() }
    }
}
