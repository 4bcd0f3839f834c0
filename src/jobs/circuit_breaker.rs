//! Endpoints without capacity: they are passed over for ten minutes.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::catalog::Endpoint;
use crate::domain::ModelName;
use crate::upstream::{Failure, FailureKind};

/// How long an endpoint without capacity is passed over.
const OPEN_FOR: Duration = Duration::from_mins(10);

/// The chat endpoints that had no capacity. Only those: they share a pool that is empty for minutes, while the images
/// endpoints of the same model have another (docs.apiyi.com, notices of 2026-07-06 and 2026-07-08).
#[derive(Debug, Default)]
pub(super) struct CircuitBreaker {
    open_until: Mutex<HashMap<ModelName, Instant>>,
}

impl CircuitBreaker {
    /// Opens the circuit if the failure says that the endpoint has no capacity.
    pub(super) fn note(&self, model: &ModelName, endpoint: Endpoint, failure: &Failure) {
        let no_capacity = matches!(failure.kind, FailureKind::UpstreamFailed | FailureKind::RateLimited);
        if no_capacity && endpoint == Endpoint::Chat {
            self.lock().insert(model.clone(), Instant::now() + OPEN_FOR);
        }
    }

    /// Whether the endpoint is passed over now.
    pub(super) fn is_open(&self, model: &ModelName, endpoint: Endpoint) -> bool {
        let until = self.lock().get(model).copied();
        endpoint == Endpoint::Chat && until.is_some_and(|until| Instant::now() < until)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ModelName, Instant>> {
        self.open_until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn chat_without_capacity_is_passed_over_for_ten_minutes_and_nothing_else_is() {
        let model = ModelName { provider: "apiyi".to_owned(), model: "gpt-image-2-all".to_owned() };
        for kind in FailureKind::ALL {
            let breaker = CircuitBreaker::default();
            breaker.note(&model, Endpoint::Chat, &Failure::new(kind, ""));
            let no_capacity = matches!(kind, FailureKind::UpstreamFailed | FailureKind::RateLimited);
            assert_eq!(breaker.is_open(&model, Endpoint::Chat), no_capacity, "{kind:?}");
            assert!(!breaker.is_open(&model, Endpoint::Images), "{kind:?}");
            tokio::time::advance(Duration::from_secs(599)).await;
            assert_eq!(breaker.is_open(&model, Endpoint::Chat), no_capacity, "{kind:?}");
            tokio::time::advance(Duration::from_secs(1)).await;
            assert!(!breaker.is_open(&model, Endpoint::Chat), "{kind:?}");
        }
        let breaker = CircuitBreaker::default();
        breaker.note(&model, Endpoint::Images, &Failure::new(FailureKind::UpstreamFailed, ""));
        assert!(!breaker.is_open(&model, Endpoint::Chat) && !breaker.is_open(&model, Endpoint::Images));
    }
}
