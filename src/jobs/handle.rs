//! Connects a caller and its job: the caller follows the progress, the job learns what became of the caller.
//!
//! **Delivered** means that the result reached whoever asked, as far as this server can tell, and that
//! [`JobHandle::delivered`] was called. Over stdio that is when the pipe took the whole line and the client had
//! not closed its end before. Over HTTP it is when the connection took the bytes, or the stream of a session that
//! can be resumed. For a command it is when the answer was printed. Until then the images belong to the next
//! caller that asks.

use tokio::sync::{oneshot, watch};

use super::outcome::Outcome;
use super::progress::JobProgress;
use crate::domain::{CallerState, Problem};

/// A caller's side of a running job. Dropping it means hanging up: work that was not sent is dropped, work that was
/// sent goes on and its images are kept.
#[derive(Debug)]
pub struct JobHandle {
    progress: watch::Receiver<JobProgress>,
    result: oneshot::Receiver<Result<Outcome, Problem>>,
    caller: watch::Sender<CallerState>,
}

/// The job's side.
pub(super) struct CallerLink {
    pub progress: watch::Sender<JobProgress>,
    pub result: oneshot::Sender<Result<Outcome, Problem>>,
    pub caller: watch::Receiver<CallerState>,
    /// Whether a worker died with this call before it reported any progress. If that worker sent a request all the
    /// same, the caller decides whether to pay again.
    pub restarted: bool,
}

impl JobHandle {
    pub(super) fn new() -> (Self, CallerLink) {
        let (progress_sender, progress) = watch::channel(JobProgress::Preparing);
        let (result_sender, result) = oneshot::channel();
        let (caller, caller_receiver) = watch::channel(CallerState::Waiting);
        let link = CallerLink {
            progress: progress_sender,
            result: result_sender,
            caller: caller_receiver,
            restarted: false,
        };
        (Self { progress, result, caller }, link)
    }

    /// The progress, as it changes.
    #[must_use]
    pub fn progress(&self) -> watch::Receiver<JobProgress> {
        self.progress.clone()
    }

    /// Waits for the end. Dropping this future loses nothing.
    ///
    /// # Errors
    /// A [`Problem`] where no image came at all.
    pub async fn ended(&mut self) -> Result<Outcome, Problem> {
        let result = (&mut self.result).await;
        result.unwrap_or_else(|_| Err(Problem::internal("the job ended without a result")))
    }

    /// The caller was told to ask again with the job's id. The job goes on for whoever does.
    pub fn detached(self) {
        self.caller.send_replace(CallerState::Detached);
    }

    /// The caller has received the result.
    pub fn delivered(self) {
        self.caller.send_replace(CallerState::Delivered);
    }
}

impl Drop for JobHandle {
    fn drop(&mut self) {
        self.caller.send_if_modified(|state| {
            let waiting = *state == CallerState::Waiting;
            if waiting {
                *state = CallerState::Cancelled;
            }
            waiting
        });
    }
}

impl CallerLink {
    /// Sends the result. A caller that left finds it in the database.
    pub(super) fn answer(self, result: Result<Outcome, Problem>) -> watch::Receiver<CallerState> {
        let _ = self.result.send(result);
        self.caller
    }
}

/// Waits until the caller cancels. Never ends for one that stays or detaches.
pub(super) async fn cancelled(caller: &mut watch::Receiver<CallerState>) {
    if caller.wait_for(|state| *state == CallerState::Cancelled).await.is_err() {
        // The handle is gone in another state.
        std::future::pending::<()>().await;
    }
}

/// Waits until the caller no longer waits, and returns what became of it.
pub(super) async fn left(caller: &mut watch::Receiver<CallerState>) -> CallerState {
    let left = caller.wait_for(|state| *state != CallerState::Waiting).await;
    left.map_or(CallerState::Cancelled, |state| *state)
}
