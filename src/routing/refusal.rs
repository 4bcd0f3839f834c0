//! Why there is no route, in words that name the argument and the remedy.

use thiserror::Error;

use super::{Estimate, Unmet};
use crate::domain::{ModelName, Problem, ProblemKind, Usd};

/// Why no model is asked.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// Two arguments that no model could honour together.
    #[error("{what}")]
    Contradiction {
        /// The argument to change.
        argument: &'static str,
        /// What is the matter.
        what: &'static str,
        /// What to pass instead.
        remedy: &'static str,
    },
    /// A model nobody has.
    #[error("there is no model {asked:?} in the catalogue")]
    UnknownModel {
        /// What was named.
        asked: String,
        /// The models there are, the most alike first.
        known: Vec<String>,
    },
    /// No candidate can do all that was asked.
    #[error("{model} {}", reasons(.unmet))]
    Unable {
        /// The candidate that comes nearest.
        model: ModelName,
        /// What it lacks; never empty.
        unmet: Vec<Unmet>,
        /// The models that could, were they named.
        able: Vec<ModelName>,
    },
    /// No candidate that can do it has its key.
    #[error("no key is set for a model that can do this ({})", names(.models))]
    NoKey {
        /// The candidates.
        models: Vec<ModelName>,
        /// The variables that would help.
        variables: Vec<String>,
        /// Models that could do it and have their key, were they named.
        able: Vec<ModelName>,
    },
    /// Every candidate would cost more than allowed.
    #[error("{}", over(.model, .estimate.as_ref(), *.most))]
    OverBudget {
        /// The cheapest candidate.
        model: ModelName,
        /// What it would cost; `None` where its price is unknown.
        estimate: Option<Estimate>,
        /// What was allowed.
        most: Usd,
    },
}

fn reasons(unmet: &[Unmet]) -> String {
    unmet.iter().map(|unmet| unmet.reason.as_str()).collect::<Vec<_>>().join(" and ")
}

fn names(models: &[ModelName]) -> String {
    models.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn over(model: &ModelName, estimate: Option<&Estimate>, most: Usd) -> String {
    match estimate {
        Some(estimate) => format!("{model} would cost {estimate}, and at most {most} is allowed"),
        None => format!("the price of {model} is not known, and at most {most} is allowed"),
    }
}

/// The sentence that offers models by name; empty where there are none.
fn by_name(able: &[ModelName]) -> String {
    match able.split_first() {
        None => String::new(),
        Some((first, [])) => format!(" Or pass model {first}, which can do all that was asked."),
        Some((first, rest)) => {
            format!(" Or pass model {first} (or {}), which can do all that was asked.", names(rest))
        }
    }
}

impl Refusal {
    fn kind(&self) -> ProblemKind {
        match self {
            Self::Contradiction { .. } | Self::UnknownModel { .. } => ProblemKind::Argument,
            Self::Unable { unmet, able, .. } => {
                let mendable = !able.is_empty() || unmet.iter().all(|unmet| unmet.has_control);
                if mendable { ProblemKind::Argument } else { ProblemKind::NoModel }
            }
            Self::NoKey { .. } => ProblemKind::Settings,
            Self::OverBudget { .. } => ProblemKind::Budget,
        }
    }

    fn argument(&self) -> Option<&'static str> {
        match self {
            Self::Contradiction { argument, .. } => Some(argument),
            Self::UnknownModel { .. } => Some("model"),
            Self::Unable { unmet, .. } => unmet.first().map(|unmet| unmet.argument),
            Self::NoKey { .. } => None,
            Self::OverBudget { .. } => Some("max_cost_usd"),
        }
    }

    fn remedy(&self) -> String {
        match self {
            Self::Contradiction { remedy, .. } => (*remedy).to_owned(),
            Self::UnknownModel { known, .. } => format!("Pass auto or one of: {}.", known.join(", ")),
            Self::Unable { unmet, able, .. } => {
                let accepted: Vec<_> = unmet.iter().map(|unmet| unmet.accepted.as_str()).collect();
                format!("It accepts {}.{}", accepted.join("; "), by_name(able))
            }
            Self::NoKey { variables, able, .. } => format!(
                "Set {} where the server is started, or start it with --sandbox to try it without a key.{}",
                variables.join(" or "),
                by_name(able)
            ),
            Self::OverBudget { estimate: Some(estimate), .. } => format!(
                "Allow {} (max_cost_usd, or the cap in the settings), or ask for fewer images, or for quality low \
                 and a small exact size such as 1024x1024, which cost less.",
                estimate.high
            ),
            Self::OverBudget { estimate: None, .. } => {
                "State its price in its [[model]] entry, or lift the cap.".to_owned()
            }
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self {
            argument: refusal.argument().map(str::to_owned),
            ..Self::new(refusal.kind(), refusal.to_string(), refusal.remedy())
        }
    }
}
