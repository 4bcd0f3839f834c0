//! How long a call is waited for before it is answered "still rendering": less than its client
//! waits, so that the answer arrives.

use std::fmt;
use std::time::Duration;

use rmcp::RoleServer;
use rmcp::service::RequestContext;

/// For clients that nobody knows: the shortest known time-out is 60 s.
const USUAL: Duration = Duration::from_secs(50);

/// How long the client of this name can be made to wait; `None` for one that is not known.
pub type KnownClient = fn(&str) -> Option<Duration>;

/// How long calls are waited for.
#[derive(Clone, Copy)]
pub struct SoftDeadline {
    /// The setting, which is stronger than what is known of the client.
    pub stated: Option<Duration>,
    /// What is known of clients.
    pub known: KnownClient,
}

impl SoftDeadline {
    /// For the call of this context, or so much less as it asks for itself.
    pub(super) fn of(&self, context: &RequestContext<RoleServer>, asked: Option<Duration>) -> Duration {
        let known = || context.client_info().and_then(|client| (self.known)(&client.name));
        let most = self.stated.or_else(known).unwrap_or(USUAL);
        asked.map_or(most, |asked| asked.min(most))
    }
}

impl fmt::Debug for SoftDeadline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SoftDeadline").field("stated", &self.stated).finish_non_exhaustive()
    }
}
