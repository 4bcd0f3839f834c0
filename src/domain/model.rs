//! Words about models: what they are called and the controls they may have.
//!
//! Which model has which control is data in `catalog`.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A model at a provider; the two together are its name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ModelName {
    /// The provider's id, e.g. `apiyi`.
    pub provider: String,
    /// The model's id, e.g. `gpt-image-2`.
    pub model: String,
}

impl fmt::Display for ModelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.provider, self.model)
    }
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Operation {
    /// An image from words.
    Generate,
    /// An image from images and words.
    Edit,
    /// An edit of a masked part.
    Inpaint,
}

impl Operation {
    /// The tool that does it.
    #[must_use]
    pub const fn tool(self) -> &'static str {
        match self {
            Self::Generate => "generate_image",
            Self::Edit => "edit_image",
            Self::Inpaint => "inpaint_image",
        }
    }

    /// `generate`, `edit` or `inpaint`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Generate => "generate",
            Self::Edit => "edit",
            Self::Inpaint => "inpaint",
        }
    }
}

/// Defines a control that a request may leave to the model (`Auto`) or fix, with its names.
macro_rules! control {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "lowercase")]
        #[schemars(inline)]
        pub enum $name {
            /// Left to the model.
            #[default]
            Auto,
            $($(#[$variant_doc])* $variant),+
        }

        impl $name {
            /// The name in arguments, in the catalogue and on the wire.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    Self::Auto => "auto",
                    $(Self::$variant => $text),+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

control! {
    /// Detail, and with it the price.
    Quality {
        /// Drafts.
        Low = "low",
        /// In between.
        Medium = "medium",
        /// Finals.
        High = "high",
        /// Models from 2.5 on.
        Xhigh = "xhigh",
        /// Models from 2.5 on.
        Max = "max",
    }
}

control! {
    /// What is behind the subject.
    Background {
        /// No alpha.
        Opaque = "opaque",
        /// Alpha; not with jpeg.
        Transparent = "transparent",
    }
}

control! {
    /// How strictly a prompt is screened.
    Moderation {
        /// Less strict.
        Low = "low",
    }
}
