//! Which places had no capacity just now: they are passed over for ten minutes.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::failover::Target;
use crate::catalog::Endpoint;
use crate::domain::ModelName;
use crate::upstream::{Failure, FailureKind};

/// How long a place without capacity is passed over.
const PASSED_OVER_FOR: Duration = Duration::from_mins(10);

/// The places passed over. Only chat endpoints: they share a pool that runs dry for minutes,
/// where the images endpoints of the same model have another (docs.apiyi.com, notices of
/// 2026-07-06 and 2026-07-08).
#[derive(Debug, Default)]
pub(super) struct CircuitBreaker {
    dry: Mutex<HashMap<ModelName, Instant>>,
}

impl CircuitBreaker {
    /// Takes note of a failure that says that a place has no circuit_breaker.
    pub(super) fn note(&self, target: Target<'_>, failure: &Failure) {
        let dry = matches!(failure.kind, FailureKind::UpstreamFailed | FailureKind::RateLimited);
        if dry && target.endpoint == Endpoint::Chat {
            self.lock().insert(target.choice.model.name.clone(), Instant::now() + PASSED_OVER_FOR);
        }
    }

    /// Whether a place is to be passed over just now.
    pub(super) fn is_passed_over(&self, target: &Target<'_>) -> bool {
        let until = self.lock().get(&target.choice.model.name).copied();
        target.endpoint == Endpoint::Chat && until.is_some_and(|until| Instant::now() < until)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<ModelName, Instant>> {
        self.dry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::failover::tests::a_prompt_alone;

    #[tokio::test(start_paused = true)]
    async fn chat_without_capacity_is_passed_over_for_ten_minutes_and_nothing_else_is() {
        let route = a_prompt_alone();
        let [chat, images] =
            [Endpoint::Chat, Endpoint::Images].map(|endpoint| Target { choice: &route.first, endpoint });
        for kind in FailureKind::ALL {
            let circuit_breaker = CircuitBreaker::default();
            circuit_breaker.note(chat, &Failure::new(kind, ""));
            let dry = matches!(kind, FailureKind::UpstreamFailed | FailureKind::RateLimited);
            assert_eq!(circuit_breaker.is_passed_over(&chat), dry, "{kind:?}");
            assert!(!circuit_breaker.is_passed_over(&images), "{kind:?}");
            tokio::time::advance(Duration::from_secs(599)).await;
            assert_eq!(circuit_breaker.is_passed_over(&chat), dry, "{kind:?}");
            tokio::time::advance(Duration::from_secs(1)).await;
            assert!(!circuit_breaker.is_passed_over(&chat), "{kind:?}");
        }
        let circuit_breaker = CircuitBreaker::default();
        circuit_breaker.note(images, &Failure::new(FailureKind::UpstreamFailed, ""));
        assert!(!circuit_breaker.is_passed_over(&chat) && !circuit_breaker.is_passed_over(&images));
    }
}
