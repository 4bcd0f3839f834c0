//! What is done after a failure: again, elsewhere, or nothing.
//!
//! A pure function of the kind, the number of tries, what one more would cost and the
//! settings. It waits for nothing and sends nothing. The rule behind the table: what cannot
//! have been charged is tried again freely; what may have been is tried again only where
//! one more charge is small.

use std::time::Duration;

use super::failure::{Failure, FailureKind};
use crate::catalog::Endpoint;
use crate::domain::{Billed, Usd};

/// Above this, an upstream that asks to wait is not waited for (openai-python 3.54.0 does
/// the same).
const LONGEST_WAIT: Duration = Duration::from_mins(2);
/// The first pause; each one after it is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The longest pause of our own.
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// What may be spent on trying again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetrySettings {
    /// After a failure that may have been charged, one more try may cost at most this.
    pub timeout_up_to: Usd,
    /// At one place no more tries than this follow the first.
    pub most: u32,
    /// Whether another endpoint, model or provider may be tried.
    pub fail_over: bool,
}

impl Default for RetrySettings {
    /// Up to $0.05: the flat-price model is tried again, a 4K render is not.
    fn default() -> Self {
        Self { timeout_up_to: Usd::from_micros(50_000), most: 2, fail_over: true }
    }
}

/// A try that failed.
#[derive(Clone, Copy, Debug)]
pub struct Tried<'a> {
    /// How it failed.
    pub failure: &'a Failure,
    /// How many tries there have been at this endpoint, this one included.
    pub tries: u32,
    /// Where.
    pub endpoint: Endpoint,
    /// What one more try there may cost; `None` where nobody knows.
    pub price: Option<Usd>,
    /// From 0 up to 1: how much of the jitter is taken.
    pub jitter: f64,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The same once more, after a pause.
    Again(Duration),
    /// Go on to the next place.
    MoveOn(Skip),
    /// Nothing: say so.
    Stop,
}

/// How much of the list is passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skip {
    /// This endpoint of this model.
    Endpoint,
    /// Everything at this provider: its host is down or its account is empty.
    Provider,
    /// Everything but the same model's images endpoint: chat answered with words.
    AllButImages,
}

/// A row of the table.
struct Rule {
    again: u32,
    then: Option<Skip>,
}

const fn rule(kind: FailureKind, endpoint: Endpoint) -> Rule {
    use FailureKind as Kind;
    let (again, then) = match (kind, endpoint) {
        (Kind::NotSent, _) => (2, Some(Skip::Provider)),
        // Chat that has no capacity now will have none in a second; the images endpoint may.
        (Kind::RateLimited | Kind::UpstreamFailed, Endpoint::Chat) => (0, Some(Skip::Endpoint)),
        (Kind::RateLimited | Kind::UpstreamFailed | Kind::TimedOut, _) => (2, Some(Skip::Endpoint)),
        (Kind::CutShort, _) => (1, Some(Skip::Endpoint)),
        (Kind::NoCredit, _) => (0, Some(Skip::Provider)),
        (Kind::NoImage, Endpoint::Chat) => (0, Some(Skip::AllButImages)),
        (Kind::NoImage, Endpoint::Images)
        | (Kind::DownloadFailed | Kind::RefusedContent | Kind::BadRequest | Kind::Unauthorised, _) => {
            (0, None)
        }
    };
    Rule { again, then }
}

/// The next step after a failed try.
#[must_use]
pub fn next(tried: Tried<'_>, settings: RetrySettings) -> Next {
    let Tried { failure, tries, endpoint, price, .. } = tried;
    let Rule { again, then } = rule(failure.kind, endpoint);
    // `NoImage` pays a second time by design: the images endpoint is asked once.
    let pays_again = failure.kind.billed() != Billed::No && failure.kind != FailureKind::NoImage;
    let affordable = !pays_again || price.is_some_and(|price| price <= settings.timeout_up_to);
    let again = again.min(settings.most);
    let wanted = match failure.should_retry {
        Some(false) => false,
        Some(true) if again == 0 && then.is_none() => {
            failure.kind.billed() == Billed::No
                && failure.kind != FailureKind::RefusedContent
                && tries <= settings.most
        }
        _ => tries <= again,
    };
    if !affordable {
        return Next::Stop;
    }
    match (wanted, failure.wait) {
        (true, Some(wait)) if wait <= LONGEST_WAIT => Next::Again(wait),
        (true, None) => Next::Again(pause(tries, tried.jitter)),
        _ => match then {
            Some(skip) if settings.fail_over => Next::MoveOn(skip),
            _ => Next::Stop,
        },
    }
}

/// Half a second, doubled with every try up to eight, less up to a quarter.
fn pause(tries: u32, jitter: f64) -> Duration {
    let doubled = FIRST_PAUSE.saturating_mul(1 << tries.saturating_sub(1).min(10));
    doubled.min(LONGEST_PAUSE).mul_f64(1.0 - 0.25 * jitter.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests;
