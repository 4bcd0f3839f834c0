//! The one text form of a fault, wherever it is asked for.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use serde::Deserialize;

use super::kinds::{Fault, Reach};
use crate::sandbox::models;

#[cfg(test)]
mod tests;

/// A fault, how often it happens and to what: `NAME[=K][,times=N][,only=WHAT]`.
///
/// [`fmt::Display`] writes the same form, without what is left at its default.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct FaultSpec {
    pub(super) fault: Fault,
    pub(super) amount: Option<u32>,
    pub(super) times: Option<u32>,
    pub(super) only: Option<Only>,
}

/// What a fault is kept to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Only {
    Chat,
    Images,
    Files,
    /// Calls that name this model, and the links of their answers.
    Model(&'static str),
}

/// A spelling that is none, and what is accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// A name that no fault has.
    #[error("there is no fault {0:?}; there are {names}", names = names())]
    Unknown(String),
    /// A number where the fault takes none.
    #[error("{0} takes no number")]
    NoAmount(&'static str),
    /// Something else where a number is wanted.
    #[error("{what} takes a whole number from {least}, not {given:?}")]
    NotANumber {
        /// The fault with its unit, or `times`.
        what: String,
        /// The least accepted.
        least: u32,
        /// What was given.
        given: String,
    },
    /// A part that is neither `times` nor `only`, or comes twice.
    #[error("{0:?} is not understood; accepted is NAME[=K][,times=N][,only=chat|images|files|MODEL]")]
    Part(String),
    /// `only` with something that is no endpoint and no model.
    #[error("only={0} names nothing; accepted are chat, images, files, {ids}", ids = model_ids())]
    NoSuchPlace(String),
    /// `only` with something that the fault never befalls.
    #[error("{fault} never happens with only={only}: it befalls {reach}")]
    NeverThere {
        /// The fault.
        fault: &'static str,
        /// What it was to be kept to.
        only: String,
        /// What it befalls.
        reach: &'static str,
    },
}

fn names() -> String {
    let names: Vec<_> = Fault::ALL.iter().map(|fault| fault.name()).collect();
    names.join(", ")
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

    /// The number after the name, or the usual one; 0 for a fault that takes none.
    pub(super) fn amount(&self) -> u32 {
        self.amount.or(self.fault.entry().amount.map(|amount| amount.usual)).unwrap_or_default()
    }

    /// The spelling in the first word of a prompt that asks for a fault.
    pub(super) fn spelt_in(prompt: &str) -> Option<&str> {
        prompt.split_whitespace().find_map(|word| word.strip_prefix("sandbox:fault="))
    }

    fn reaches_its_place(&self) -> bool {
        let official =
            |id: &str| models::find(id).is_some_and(|model| model.family == models::Family::Official);
        match (self.fault.entry().reach, &self.only) {
            (_, None)
            | (Reach::Paid, Some(Only::Chat | Only::Images | Only::Model(_)))
            | (Reach::Official, Some(Only::Images))
            | (Reach::Chat, Some(Only::Chat))
            | (Reach::Files, Some(_)) => true,
            (Reach::Official, Some(Only::Model(id))) => official(id),
            (Reach::Chat, Some(Only::Model(id))) => !official(id),
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
        if spec.reaches_its_place() {
            return Ok(spec);
        }
        let only = spec.only.map(|only| only.to_string()).unwrap_or_default();
        Err(FaultError::NeverThere { fault: fault.name(), only, reach: reach_in_words(fault) })
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

pub(super) const fn reach_in_words(fault: Fault) -> &'static str {
    match fault.entry().reach {
        Reach::Paid => "paid calls",
        Reach::Official => "paid calls of the official models",
        Reach::Chat => "chat",
        Reach::Files => "downloads",
    }
}

impl FromStr for Only {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        match text {
            "chat" => Ok(Self::Chat),
            "images" => Ok(Self::Images),
            "files" => Ok(Self::Files),
            id => models::find(id)
                .map(|model| Self::Model(model.id))
                .ok_or_else(|| FaultError::NoSuchPlace(id.to_owned())),
        }
    }
}

impl fmt::Display for Only {
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

/// The spelling and every fault with what it does, for `--help`.
#[must_use]
pub fn fault_help() -> String {
    let mut help =
        "Faults: NAME[=K][,times=N][,only=chat|images|files|MODEL], as the header x-sandbox-fault of a \
        request, as the setting --sandbox-fault for all, or as a word in a prompt, \
        sandbox:fault=NAME. With times=N only the first N requests fail; downloads count for each link, and \
        cdn_stall, cdn_cut and cdn_no_range fail once unless it says more. Charged faults count as a picture \
        that was paid for.\n\n"
            .to_owned();
    // Writing to a String cannot fail.
    let _ = write!(help, "  {:30} {:15} WHAT COMES [USUAL K]", "NAME[=K]", "TAKEN FOR");
    for fault in Fault::ALL {
        let _ = write!(help, "\n  {}", hanging(&fault.line()));
    }
    help
}

/// The line of a fault, so folded that what comes keeps to its column.
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
