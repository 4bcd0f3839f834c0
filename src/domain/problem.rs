//! What went wrong, in the one form every layer's errors are turned into.
//!
//! Each layer keeps a small error type of its own, whose texts are lower-case fragments;
//! this type joins them into the words a caller reads, always in the same order: where,
//! what, the remedy, the money.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Whose move it is after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProblemKind {
    /// An argument is wrong; the caller can mend it.
    Argument,
    /// No configured model can do what was asked.
    NoModel,
    /// A key or another setting is missing or wrong.
    Settings,
    /// It would cost more than allowed.
    Budget,
    /// The image API failed or refused.
    Upstream,
    /// An image could not be stored or read back.
    Storage,
    /// An id that nobody knows.
    NotFound,
    /// The caller went away before anything was sent.
    Cancelled,
    /// The process that worked on it was ended before it was done.
    Lost,
    /// A fault of ours.
    Internal,
}

impl ProblemKind {
    /// The name in results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Argument => "bad_argument",
            Self::NoModel => "no_model",
            Self::Settings => "settings",
            Self::Budget => "over_budget",
            Self::Upstream => "upstream",
            Self::Storage => "storage",
            Self::NotFound => "not_found",
            Self::Cancelled => "cancelled",
            Self::Lost => "lost",
            Self::Internal => "internal",
        }
    }
}

/// Whether the failed thing was charged for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Billed {
    /// Nothing was sent, or the provider does not charge for such a reply.
    #[default]
    No,
    /// It may have been: the request went out and no verdict came back.
    Maybe,
    /// It was charged.
    Yes,
}

impl Billed {
    /// The name in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Maybe => "maybe",
            Self::Yes => "yes",
        }
    }

    /// Reads a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::No, Self::Maybe, Self::Yes].into_iter().find(|billed| billed.name() == name)
    }
}

/// A failure with its remedy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Whose move it is.
    pub kind: ProblemKind,
    /// The argument at fault, as a path such as `images[1]`.
    pub argument: Option<String>,
    /// What is the matter: a fragment without a full stop.
    pub what: String,
    /// What to do about it: whole sentences, or empty.
    pub remedy: String,
    /// Whether it cost anything.
    pub billed: Billed,
    /// The upstream's request id, for its support.
    pub request_id: Option<String>,
}

impl Problem {
    /// A problem that cost nothing and names no argument.
    #[must_use]
    pub fn new(kind: ProblemKind, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            kind,
            argument: None,
            what: what.into(),
            remedy: remedy.into(),
            billed: Billed::No,
            request_id: None,
        }
    }

    /// A wrong argument: its name, what was given or is the matter, and what is accepted.
    #[must_use]
    pub fn argument(name: impl Into<String>, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { argument: Some(name.into()), ..Self::new(ProblemKind::Argument, what, remedy) }
    }

    /// A fault of ours. The text is for the log's reader; nobody else can act on it.
    #[must_use]
    pub fn internal(what: impl Into<String>) -> Self {
        Self::new(ProblemKind::Internal, what, "This is a fault of the server; its log says more.")
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(argument) = &self.argument {
            write!(f, "{argument}: ")?;
        }
        write!(f, "{}.", self.what.trim_end_matches('.'))?;
        if !self.remedy.is_empty() {
            write!(f, " {}", self.remedy)?;
        }
        f.write_str(match self.billed {
            Billed::No => " Nothing was charged.",
            Billed::Yes => " This was charged.",
            Billed::Maybe => " This may have been charged.",
        })?;
        if let Some(request_id) = &self.request_id {
            write!(f, " Request id: {request_id}.")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_in_one_order_where_what_remedy_money_request() {
        let mut problem =
            Problem::argument("size", "1000x1000 is not on the 16-pixel grid", "Use 1008x1008.");
        assert_eq!(
            problem.to_string(),
            "size: 1000x1000 is not on the 16-pixel grid. Use 1008x1008. Nothing was charged."
        );
        problem.billed = Billed::Maybe;
        problem.request_id = Some("req_1".to_owned());
        assert!(problem.to_string().ends_with("This may have been charged. Request id: req_1."));
    }
}
