//! What an attempt cost, as far as that is known, and what several cost together. Pure.

use super::context::JobContext;
use super::outcome::{Cost, CostBasis};
use crate::catalog::Price;
use crate::domain::Usd;
use crate::routing::{Choice, Usage, actual};

/// What an attempt cost that was charged or may have been, and how that is known.
pub(super) fn cost(context: &JobContext, choice: &Choice, usage: Option<&Usage>, images: u32) -> Cost {
    let model = &choice.model;
    let provider = context.services.options.catalog.provider(&model.name.provider);
    let actual = provider.and_then(|provider| actual(model, provider.price_factor, usage, images));
    match (actual, &model.price) {
        (Some(usd), Price::Tokens(_)) => Cost { usd, basis: CostBasis::ReportedUsage },
        (Some(usd), _) => Cost { usd, basis: CostBasis::FlatPrice },
        (None, Price::Unknown) => Cost { usd: Usd::ZERO, basis: CostBasis::Unknown },
        (None, _) => {
            Cost { usd: context.price_of_one(choice).unwrap_or_default(), basis: CostBasis::Estimate }
        }
    }
}

/// The sum of all charges, known as well as the least certain of them.
pub(super) fn total(charges: &[Cost]) -> Cost {
    let mut total = Cost { usd: Usd::ZERO, basis: CostBasis::FlatPrice };
    for cost in charges {
        total.usd = total.usd + cost.usd;
        total.basis = total.basis.max(cost.basis);
    }
    total
}
