//! Who is told of every request to an image API, for those who count.

use std::fmt;
use std::sync::Arc;

use crate::domain::{ModelName, Usd};

/// A request that ended.
#[derive(Clone, Copy, Debug)]
pub struct Requested<'a> {
    /// The model it went to.
    pub model: &'a ModelName,
    /// `made`, or the kind of failure.
    pub outcome: &'static str,
    /// How long it took.
    pub seconds: f64,
    /// The bytes of the images it brought.
    pub bytes: u64,
    /// What it cost, as far as that is known; nothing in the sandbox.
    pub cost: Option<Usd>,
}

/// Is told.
#[derive(Clone)]
pub struct Observer(Arc<dyn Fn(Requested<'_>) + Send + Sync>);

impl Observer {
    /// One that does this with each.
    pub fn new(tell: impl Fn(Requested<'_>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(tell))
    }

    pub(super) fn tell(&self, requested: Requested<'_>) {
        (self.0)(requested);
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer")
    }
}
