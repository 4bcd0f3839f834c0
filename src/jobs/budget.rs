//! How much a call may still spend: all its tries together stay under its cap.

use std::sync::{Mutex, PoisonError};

use crate::domain::Usd;

/// What is promised so far, under a cap.
#[derive(Debug)]
pub(super) struct CallBudget {
    most: Option<Usd>,
    promised: Mutex<Usd>,
}

impl CallBudget {
    /// An budget of which the first tries are promised already.
    pub(super) fn new(most: Option<Usd>, promised: Usd) -> Self {
        Self { most, promised: Mutex::new(promised) }
    }

    /// Promises so much more, if the cap allows it. `None`, an unknown price, is allowed only
    /// where there is no cap.
    pub(super) fn grant(&self, more: Option<Usd>) -> bool {
        let Some(most) = self.most else { return true };
        let Some(more) = more else { return false };
        let mut promised = self.promised.lock().unwrap_or_else(PoisonError::into_inner);
        let total = *promised + more;
        if total > most {
            return false;
        }
        *promised = total;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_are_granted_until_the_cap_and_without_one_for_ever() {
        let cents = |cents: u64| Usd::from_micros(cents * 10_000);
        let capped = CallBudget::new(Some(cents(10)), cents(3));
        assert!(capped.grant(Some(cents(3))));
        assert!(!capped.grant(Some(cents(5))));
        assert!(capped.grant(Some(cents(4))));
        assert!(!capped.grant(None));
        let free = CallBudget::new(None, Usd::ZERO);
        assert!(free.grant(Some(cents(1_000))) && free.grant(None));
    }
}
