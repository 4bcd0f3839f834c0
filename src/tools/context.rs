//! What every tool may use.

use super::show::ReplyOptions;
use super::soft_deadline::SoftDeadline;
use crate::jobs::Manager;

/// Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct ToolContext {
    /// Runs the jobs.
    pub manager: Manager,
    /// What results contain.
    pub options: ReplyOptions,
    /// How long a call may wait for its job.
    pub soft_deadline: SoftDeadline,
}
