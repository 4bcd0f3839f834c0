//! What every step of a running job can read. It is made by `prepare` and changes no more.

use std::sync::Arc;
use std::time::Instant;

use super::budget::CallBudget;
use super::prepare::Inputs;
use super::services::JobServices;
use crate::domain::{ImageRequest, Usd};
use crate::references::Destination;
use crate::routing::{Choice, Route};
use crate::staging::Staging;
use crate::store::{Cap, JobRecord};

/// One job after its preparation: what to send, where to, where its images go, and what it may cost.
pub(super) struct JobContext {
    pub services: Arc<JobServices>,
    /// The job as it is recorded when it begins.
    pub record: JobRecord,
    pub request: ImageRequest,
    /// The models that can do it, in the order in which they are tried.
    pub route: Route,
    pub inputs: Inputs,
    pub destination: Destination,
    /// Where its images are received.
    pub staging: Staging,
    /// The caps on spending that the job counts towards.
    pub caps: Vec<Cap>,
    /// What the call as a whole may spend.
    pub budget: CallBudget,
    pub started: Instant,
}

impl JobContext {
    /// The most that one image of this choice may cost.
    pub(super) fn price_of_one(&self, choice: &Choice) -> Option<Usd> {
        let whole = choice.estimate?.high.micros();
        Some(Usd::from_micros(whole.div_ceil(u64::from(self.request.n.max(1)))))
    }
}
