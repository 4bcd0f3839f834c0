//! Receives every finished upstream request, for metrics.

use std::fmt;
use std::sync::Arc;

use crate::domain::{ModelName, Usd};

/// A request to an image API that ended.
#[derive(Clone, Copy, Debug)]
pub struct Requested<'a> {
    /// The model that was asked.
    pub model: &'a ModelName,
    /// `made`, or the kind of failure.
    pub outcome: &'static str,
    /// How long it took.
    pub seconds: f64,
    /// The bytes of the images it brought.
    pub bytes: u64,
    /// What it cost, as far as that is known. `None` in the sandbox.
    pub cost: Option<Usd>,
}

/// Receives upstream request events.
#[derive(Clone)]
pub struct Observer(Arc<dyn Fn(Requested<'_>) + Send + Sync>);

impl Observer {
    /// Calls this function for each event.
    pub fn new(observe: impl Fn(Requested<'_>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(observe))
    }

    pub(super) fn observe(&self, requested: Requested<'_>) {
        (self.0)(requested);
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer")
    }
}
