//! A value that must never be shown: API keys and the headers made of them.
//!
//! It prints nothing of itself, has no `Deref`, and cannot be serialised; the one way
//! to the text is [`Secret::expose`], called where a request is signed and nowhere else.

use std::fmt;

use serde::Deserialize;

/// A key or token; empty means that none is set.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub struct Secret(String);

impl Secret {
    /// Wraps a key; surrounding white space, the usual slip of a pasted key, is dropped.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.trim().to_owned())
    }

    /// Whether there is no key: an empty variable means "not set".
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A text of others, with the key struck out of it: some servers repeat the key they refuse.
    #[must_use]
    pub fn struck_from(&self, text: &str) -> String {
        if self.is_empty() { text.to_owned() } else { text.replace(&self.0, "…") }
    }

    /// The key itself, for the header of a request.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(&text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_holds_nothing_of_the_key() {
        let secret = Secret::new(" sk-12345 \n");
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        assert_eq!(secret.expose(), "sk-12345");
    }

    #[test]
    fn a_key_is_struck_from_a_text_wherever_it_stands() {
        let secret = Secret::new("sk-1");
        assert_eq!(secret.struck_from("sk-1: no such key (sk-1)"), "…: no such key (…)");
        assert_eq!(Secret::new("").struck_from("no key"), "no key");
    }

    #[test]
    fn white_space_alone_is_no_key() {
        assert!(Secret::new(" \t\n").is_empty());
    }
}
