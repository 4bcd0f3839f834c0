//! The text form of a fault.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use serde::Deserialize;

use super::kinds::{Fault, Reach};
use crate::sandbox::models;

#[cfg(test)]
mod tests;

/// A fault, how often it happens and to which requests: `NAME[=K][,times=N][,only=WHAT]`.
///
/// [`fmt::Display`] writes the same form, without defaults.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct FaultSpec {
    pub(super) fault: Fault,
    pub(super) amount: Option<u32>,
    pub(super) times: Option<u32>,
    pub(super) only: Option<Scope>,
}

/// The requests that a fault is limited to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    Chat,
    Images,
    Files,
    /// Calls of this model, and the links of their replies.
    Model(&'static str),
}

/// A fault that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// An unknown name.
    #[error("unknown fault {0:?}; the nearest is {near}", near = nearest(.0))]
    Unknown(String),
    /// A number after a fault that takes none.
    #[error("{0} takes no number")]
    NoAmount(&'static str),
    /// Something else in place of a number.
    #[error("{what} needs a whole number of at least {least}, not {given:?}")]
    NotANumber {
        /// The fault with its unit, or `times`.
        what: String,
        /// The least accepted.
        least: u32,
        /// What was given.
        given: String,
    },
    /// A part that is not `times` or `only`, or comes twice.
    #[error("cannot read {0:?}; write NAME[=K][,times=N][,only=chat|images|files|MODEL]")]
    Part(String),
    /// `only` with an unknown endpoint or model.
    #[error("only={0} is not an endpoint or a model; use chat, images, files, or one of {ids}", ids = model_ids())]
    UnknownScope(String),
    /// `only` with requests that the fault never applies to.
    #[error("{fault} never happens with only={only}: it applies to {reach}")]
    ImpossibleScope {
        /// The fault.
        fault: &'static str,
        /// The scope.
        only: String,
        /// What it applies to.
        reach: &'static str,
    },
}

fn nearest(given: &str) -> &'static str {
    let likeness = |fault: &&Fault| strsim::jaro_winkler(given, fault.name());
    let nearest = Fault::ALL.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    nearest.map_or("", |fault| fault.name())
}

fn model_ids() -> String {
    let ids: Vec<_> = models::MODELS.iter().map(|model| model.id).collect();
    ids.join(", ")
}

impl FaultSpec {
    /// Which fault.
    #[must_use]
    pub const fn fault(&self) -> Fault {
        self.fault
    }

    /// The number after the name, or its default; 0 for a fault that takes none.
    pub(super) fn amount(&self) -> u32 {
        self.amount.or(self.fault.entry().amount.map(|amount| amount.default)).unwrap_or_default()
    }

    /// The first fault that a word of the prompt asks for.
    pub(super) fn find_in(prompt: &str) -> Option<&str> {
        prompt.split_whitespace().find_map(|word| word.strip_prefix("sandbox:fault="))
    }

    fn scope_is_possible(&self) -> bool {
        let official =
            |id: &str| models::find(id).is_some_and(|model| model.family == models::ModelFamily::Official);
        match (self.fault.entry().reach, &self.only) {
            (_, None)
            | (Reach::Paid, Some(Scope::Chat | Scope::Images | Scope::Model(_)))
            | (Reach::Official, Some(Scope::Images))
            | (Reach::Chat, Some(Scope::Chat))
            | (Reach::Files, Some(_)) => true,
            (Reach::Official, Some(Scope::Model(id))) => official(id),
            (Reach::Chat, Some(Scope::Model(id))) => !official(id),
            (_, Some(_)) => false,
        }
    }
}

impl FromStr for FaultSpec {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let mut parts = text.split(',').map(str::trim);
        let first = parts.next().unwrap_or_default();
        let (name, given) = match first.split_once('=') {
            Some((name, given)) => (name, Some(given)),
            None => (first, None),
        };
        let fault = Fault::ALL.iter().copied().find(|fault| fault.name() == name);
        let fault = fault.ok_or_else(|| FaultError::Unknown(name.to_owned()))?;
        let amount = match (fault.entry().amount, given) {
            (_, None) => None,
            (None, Some(_)) => return Err(FaultError::NoAmount(fault.name())),
            (Some(amount), Some(given)) => {
                Some(number(&format!("{}={}", fault.name(), amount.unit), amount.least, given)?)
            }
        };
        let mut spec = Self { fault, amount, times: None, only: None };
        for part in parts {
            match part.split_once('=') {
                Some(("times", given)) if spec.times.is_none() => {
                    spec.times = Some(number("times", 1, given)?);
                }
                Some(("only", given)) if spec.only.is_none() => spec.only = Some(given.parse()?),
                _ => return Err(FaultError::Part(part.to_owned())),
            }
        }
        if spec.scope_is_possible() {
            return Ok(spec);
        }
        let only = spec.only.map(|only| only.to_string()).unwrap_or_default();
        Err(FaultError::ImpossibleScope { fault: fault.name(), only, reach: reach_name(fault) })
    }
}

impl TryFrom<String> for FaultSpec {
    type Error = FaultError;

    fn try_from(text: String) -> Result<Self, FaultError> {
        text.parse()
    }
}

fn number(what: &str, least: u32, given: &str) -> Result<u32, FaultError> {
    let number = given.parse().ok().filter(|number| *number >= least);
    number.ok_or_else(|| FaultError::NotANumber { what: what.to_owned(), least, given: given.to_owned() })
}

pub(super) const fn reach_name(fault: Fault) -> &'static str {
    match fault.entry().reach {
        Reach::Paid => "paid calls",
        Reach::Official => "paid calls of the official models",
        Reach::Chat => "chat",
        Reach::Files => "downloads",
    }
}

impl FromStr for Scope {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        match text {
            "chat" => Ok(Self::Chat),
            "images" => Ok(Self::Images),
            "files" => Ok(Self::Files),
            id => models::find(id)
                .map(|model| Self::Model(model.id))
                .ok_or_else(|| FaultError::UnknownScope(id.to_owned())),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Chat => "chat",
            Self::Images => "images",
            Self::Files => "files",
            Self::Model(id) => id,
        })
    }
}

impl fmt::Display for FaultSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.fault.name())?;
        if let Some(amount) = self.amount {
            write!(f, "={amount}")?;
        }
        if let Some(times) = self.times {
            write!(f, ",times={times}")?;
        }
        if let Some(only) = &self.only {
            write!(f, ",only={only}")?;
        }
        Ok(())
    }
}

/// The text form, and every fault with its effect, for `--help`.
#[must_use]
pub fn fault_help() -> String {
    let mut help =
        "Faults: NAME[=K][,times=N][,only=chat|images|files|MODEL], in the header x-sandbox-fault of a \
        request, in the setting --sandbox-fault for all requests, or as the word sandbox:fault=NAME of a \
        prompt. With times=N only the first N requests fail. Downloads are counted for each link, and \
        cdn_stall, cdn_cut and cdn_no_range fail once by default. A charged fault counts as a paid image.\n\n"
            .to_owned();
    // Writing to a String cannot fail.
    let _ = write!(help, "  {:30} {:15} REPLY [DEFAULT K]", "NAME[=K]", "FAILURE KIND");
    for fault in Fault::ALL {
        let _ = write!(help, "\n  {}", hanging(&fault.line()));
    }
    help
}

/// The line of a fault, wrapped so that the reply stays in its column.
fn hanging(line: &str) -> String {
    const COLUMN: usize = 47;
    const WIDTH: usize = 76;
    let (head, what) = line.split_at_checked(COLUMN).unwrap_or((line, ""));
    let (mut folded, mut width) = (head.to_owned(), COLUMN);
    for word in what.split_whitespace() {
        let length = word.chars().count();
        if width == COLUMN {
            folded.push_str(word);
            width += length;
        } else if width + 1 + length <= WIDTH {
            let _ = write!(folded, " {word}");
            width += 1 + length;
        } else {
            let _ = write!(folded, "\n{:1$}{word}", "", COLUMN + 2);
            width = COLUMN + length;
        }
    }
    folded
}
