//! Which places had no capacity just now: they are passed over for ten minutes.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::trail::Station;
use crate::catalog::Endpoint;
use crate::domain::ModelName;
use crate::upstream::{Failure, FailureKind};

/// How long a place without capacity is passed over.
const PASSED_OVER_FOR: Duration = Duration::from_mins(10);

/// The places passed over. Only chat endpoints: they share a pool that runs dry for minutes,
/// where the images endpoints of the same model have another (docs.apiyi.com, notices of
/// 2026-07-06 and 2026-07-08).
#[derive(Debug, Default)]
pub(super) struct Capacity {
    dry: Mutex<HashMap<ModelName, Instant>>,
}

impl Capacity {
    /// Takes note of a failure that says that a place has no capacity.
    pub(super) fn note(&self, station: Station<'_>, failure: &Failure) {
        let dry = matches!(failure.kind, FailureKind::UpstreamFailed | FailureKind::RateLimited);
        if dry && station.endpoint == Endpoint::Chat {
            self.lock().insert(station.choice.model.name.clone(), Instant::now() + PASSED_OVER_FOR);
        }
    }

    /// Whether a place is to be passed over just now.
    pub(super) fn is_passed_over(&self, station: &Station<'_>) -> bool {
        let until = self.lock().get(&station.choice.model.name).copied();
        station.endpoint == Endpoint::Chat && until.is_some_and(|until| Instant::now() < until)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<ModelName, Instant>> {
        self.dry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::trail::tests::a_prompt_alone;

    #[tokio::test(start_paused = true)]
    async fn chat_without_capacity_is_passed_over_for_ten_minutes_and_nothing_else_is() {
        let route = a_prompt_alone();
        let [chat, images] =
            [Endpoint::Chat, Endpoint::Images].map(|endpoint| Station { choice: &route.first, endpoint });
        for kind in FailureKind::ALL {
            let capacity = Capacity::default();
            capacity.note(chat, &Failure::new(kind, ""));
            let dry = matches!(kind, FailureKind::UpstreamFailed | FailureKind::RateLimited);
            assert_eq!(capacity.is_passed_over(&chat), dry, "{kind:?}");
            assert!(!capacity.is_passed_over(&images), "{kind:?}");
            tokio::time::advance(Duration::from_secs(599)).await;
            assert_eq!(capacity.is_passed_over(&chat), dry, "{kind:?}");
            tokio::time::advance(Duration::from_secs(1)).await;
            assert!(!capacity.is_passed_over(&chat), "{kind:?}");
        }
        let capacity = Capacity::default();
        capacity.note(images, &Failure::new(FailureKind::UpstreamFailed, ""));
        assert!(!capacity.is_passed_over(&chat) && !capacity.is_passed_over(&images));
    }
}
