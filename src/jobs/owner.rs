//! Whose a call is, and how much may be spent: by everybody, and by one owner.

use jiff::Zoned;
use serde::{Deserialize, Serialize};

use crate::domain::{ModelName, Problem, ProblemKind, Usd};
use crate::store::{Cap, CapHit, Period};

/// Whose a call, its job and its images are. Another owner's do not exist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The name in the database.
    pub name: String,
    /// What this owner may spend.
    pub caps: SpendingCaps,
}

impl Owner {
    /// The one owner of a server without callers' names.
    #[must_use]
    pub fn local() -> Self {
        Self { name: "local".to_owned(), caps: SpendingCaps::default() }
    }
}

/// How much may be spent, all calls together. Days and months are the calendar's, where the
/// server is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpendingCaps {
    /// Since midnight.
    pub per_day: Option<Usd>,
    /// Since the first of the month.
    pub per_month: Option<Usd>,
}

impl SpendingCaps {
    /// As caps on what this owner spends, or everybody, in the day and the month that it is now.
    pub fn caps(self, owner: Option<&str>, now: &Zoned) -> impl Iterator<Item = Cap> + use<> {
        let day = now.start_of_day();
        let month = now.first_of_month().and_then(|first| first.start_of_day());
        // A day that cannot be told is the last 24 hours; that does not happen in this millennium.
        let since = |start: Result<Zoned, jiff::Error>| {
            start.map_or_else(
                |_| now.timestamp() - jiff::SignedDuration::from_hours(24),
                |start| start.timestamp(),
            )
        };
        let limits = [(Period::Day, self.per_day, since(day)), (Period::Month, self.per_month, since(month))];
        let owner = owner.map(str::to_owned);
        let cap = move |(period, most, since): (_, Option<Usd>, _)| {
            Some(Cap { period, since, owner: owner.clone(), most: most? })
        };
        limits.into_iter().filter_map(cap)
    }
}

/// The caps that a call of this owner's is under now.
pub(super) fn caps(everybody: SpendingCaps, owner: &Owner) -> Vec<Cap> {
    let now = Zoned::now();
    everybody.caps(None, &now).chain(owner.caps.caps(Some(&owner.name), &now)).collect()
}

/// The refusal of a call that could go above a cap.
pub(super) fn over(hit: &CapHit, more: Usd) -> Problem {
    let CapHit { cap, counted, in_flight } = hit;
    let (period, setting) = match cap.period {
        Period::Day => ("today", "max_cost_usd_per_day"),
        Period::Month => ("this month", "max_cost_usd_per_month"),
    };
    let per_token = if cap.owner.is_some() { "_per_token" } else { "" };
    let of = cap.owner.as_deref().map_or_else(String::new, |owner| format!(" by {owner}"));
    let left = cap.most.saturating_sub(*counted);
    Problem::new(
        ProblemKind::Budget,
        format!(
            "it may cost {more}, and {counted} of the {} allowed {period} are spent{of}, {in_flight} of it in flight",
            cap.most
        ),
        format!(
            "{left} are left: choose a smaller size, a lower quality or fewer images, wait, or ask the user to \
             raise {setting}{per_token}."
        ),
    )
}

/// The refusal of a call whose price nobody knows, where caps are to be kept.
pub(super) fn unknown_price(model: &ModelName) -> Problem {
    Problem::new(
        ProblemKind::Budget,
        format!("the price of {model} is unknown, so the spending cap cannot be enforced"),
        "Choose a model with a price, state its price in the settings file, or ask the user to remove the cap.",
    )
}
