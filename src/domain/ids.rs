//! Short ids that say what they are: `job_…` and `img_…`.
//!
//! Twelve characters of Crockford's base 32 (no i, l, o, u, so none is misread or spells
//! anything) hold 60 bits; the randomness comes from the caller, because this layer has none.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const CHARACTERS: u32 = 12;

fn encode(prefix: &str, entropy: u64) -> String {
    let characters = (0..CHARACTERS).filter_map(|place| {
        let digit = (entropy >> (place * 5)) & 31;
        ALPHABET.get(usize::try_from(digit).ok()?).copied().map(char::from)
    });
    prefix.chars().chain(characters).collect()
}

fn parse(prefix: &str, text: &str) -> Option<String> {
    let rest = text.strip_prefix(prefix)?;
    let whole = rest.len() == CHARACTERS as usize && rest.bytes().all(|byte| ALPHABET.contains(&byte));
    whole.then(|| text.to_owned())
}

/// Defines an id type with its prefix.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        pub struct $name(String);

        impl $name {
            /// What every such id begins with.
            pub const PREFIX: &'static str = $prefix;

            /// An id from 60 of these bits.
            #[must_use]
            pub fn from_entropy(entropy: u64) -> Self {
                Self(encode($prefix, entropy))
            }

            /// Reads an id; `None` unless prefix, length and alphabet are right.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                parse($prefix, text).map(Self)
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Self::parse(&text).ok_or_else(|| D::Error::custom(format!("{text:?} is no id")))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(
    /// A paid call.
    JobId,
    "job_"
);
id!(
    /// A stored image.
    ImageId,
    "img_"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_read_back_and_differ_by_every_bit_they_hold() {
        let ids: std::collections::HashSet<_> = (0..60).map(|bit| ImageId::from_entropy(1 << bit)).collect();
        assert_eq!(ids.len(), 60);
        assert!(ids.iter().all(|id| ImageId::parse(id.as_str()).as_ref() == Some(id)));
    }

    #[test]
    fn another_kind_or_shape_is_no_id() {
        for text in ["job_000000000000", "img_00000000000", "img_0000000000000", "img_00000000000l", ""] {
            assert_eq!(ImageId::parse(text), None, "{text}");
        }
    }
}
