//! How long a call may run before the server answers "still rendering": less than the client's
//! timeout, so that the answer arrives.

use std::fmt;
use std::time::Duration;

use rmcp::RoleServer;
use rmcp::service::RequestContext;

/// For unknown clients: the shortest known timeout is 60 s.
const USUAL: Duration = Duration::from_secs(50);

/// The soft deadline for a client of this name; `None` for an unknown client.
pub type KnownClient = fn(&str) -> Option<Duration>;

/// The soft deadlines of calls.
#[derive(Clone, Copy)]
pub struct SoftDeadline {
    /// The setting, which overrides what is known of the client.
    pub stated: Option<Duration>,
    /// What is known about clients.
    pub known: KnownClient,
}

impl SoftDeadline {
    /// The deadline for this call; a shorter time that it asks for wins.
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
