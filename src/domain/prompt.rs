//! The prompt: what to draw or to change.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Text of 1 to 32,000 characters that is not white space alone.
///
/// The upper bound is the Images API's (`prompt`, "maximum 32000 characters").
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompt(String);

/// Why a text is no prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PromptError {
    /// Empty, or white space alone.
    Empty,
    /// More than [`Prompt::MOST_CHARACTERS`]; holds the count.
    TooLong(usize),
}

impl Prompt {
    /// The longest prompt, in characters (Unicode scalar values).
    pub const MOST_CHARACTERS: usize = 32_000;

    /// Checks the bounds. The text is kept as it came.
    pub fn parse(text: impl Into<String>) -> Result<Self, PromptError> {
        let text = text.into();
        if text.trim().is_empty() {
            return Err(PromptError::Empty);
        }
        match text.chars().count() {
            count if count > Self::MOST_CHARACTERS => Err(PromptError::TooLong(count)),
            _ => Ok(Self(text)),
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PromptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("empty"),
            Self::TooLong(count) => write!(f, "{count} characters"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_counted_in_characters_not_bytes() {
        assert!(Prompt::parse("画".repeat(32_000)).is_ok());
        assert_eq!(Prompt::parse("画".repeat(32_001)), Err(PromptError::TooLong(32_001)));
        assert_eq!(Prompt::parse(" \n"), Err(PromptError::Empty));
    }
}
