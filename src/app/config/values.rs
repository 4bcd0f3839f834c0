//! Single values of settings, checked, and the error for one that the program cannot use.

use std::path::{Path, PathBuf};

use crate::domain::Usd;

/// A setting that cannot be used. The process ends with code 2.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The settings file, or something in it.
    #[error("the settings file {}: {problem}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong, with its line.
        problem: String,
    },
    /// A value of the right type that cannot be used.
    #[error("the setting {name}: {problem}")]
    Value {
        /// The setting's name in the settings file.
        name: &'static str,
        /// What is wrong and what to pass.
        problem: String,
    },
}

impl ConfigError {
    pub(in crate::app) fn in_file(path: &Path, problem: String) -> Self {
        Self::File { path: path.to_owned(), problem }
    }
}

pub(super) fn to_usize(bytes: u32) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

pub(super) fn dollars(name: &'static str, usd: f64) -> Result<Usd, ConfigError> {
    if usd.is_finite() && usd >= 0.0 {
        return Ok(Usd::from_dollars(usd));
    }
    Err(ConfigError::Value { name, problem: format!("{usd} was given; pass US dollars, 0 or more") })
}
