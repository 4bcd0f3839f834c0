//! A caller's hold on its job: how it hears of it, and how the job hears of its caller.
//!
//! **Handed over** means that the images were given to whoever asked, as far as this server
//! can tell: [`Call::served`] was called. Over stdio that is when all of the answer's line was taken
//! by the pipe, and the client had not closed its end before; over HTTP, when its bytes were taken
//! by the connection, or by the stream of a session that can be resumed; a command of a person's
//! is served when its answer is printed. Until then the images belong to the next who asks.

use tokio::sync::{oneshot, watch};

use super::{Outcome, Stage};
use crate::domain::Problem;

/// What a job knows of its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Presence {
    /// It waits.
    Waiting,
    /// It was told to ask again later.
    Told,
    /// It has the images.
    Served,
    /// It cancelled or hung up.
    Gone,
}

/// A call under way. Dropping it is hanging up: what was not sent is dropped, what was sent goes
/// on and is kept.
#[derive(Debug)]
pub struct Call {
    stage: watch::Receiver<Stage>,
    ended: oneshot::Receiver<Result<Outcome, Problem>>,
    presence: watch::Sender<Presence>,
}

/// The job's side of a call.
pub(super) struct Side {
    pub stage: watch::Sender<Stage>,
    pub answer: oneshot::Sender<Result<Outcome, Problem>>,
    pub presence: watch::Receiver<Presence>,
    /// Whether a worker died with the call before it said how far it was. If it sent a request all
    /// the same, that is for the caller to judge.
    pub again: bool,
}

impl Call {
    pub(super) fn new() -> (Self, Side) {
        let (stage_sender, stage) = watch::channel(Stage::Preparing);
        let (answer, ended) = oneshot::channel();
        let (presence, presence_receiver) = watch::channel(Presence::Waiting);
        let side = Side { stage: stage_sender, answer, presence: presence_receiver, again: false };
        (Self { stage, ended, presence }, side)
    }

    /// How far it is, as it changes.
    #[must_use]
    pub fn stage(&self) -> watch::Receiver<Stage> {
        self.stage.clone()
    }

    /// Waits for the end. Dropping this future loses nothing.
    ///
    /// # Errors
    /// A [`Problem`] where no image came at all.
    pub async fn ended(&mut self) -> Result<Outcome, Problem> {
        let ended = (&mut self.ended).await;
        ended.unwrap_or_else(|_| Err(Problem::internal("the work on the call ended without an answer")))
    }

    /// The caller was told to ask again with the job's id: the job goes on for whoever does.
    pub fn told_to_come_back(self) {
        self.presence.send_replace(Presence::Told);
    }

    /// The caller has the images.
    pub fn served(self) {
        self.presence.send_replace(Presence::Served);
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.presence.send_if_modified(|presence| {
            let left = *presence == Presence::Waiting;
            if left {
                *presence = Presence::Gone;
            }
            left
        });
    }
}

/// Waits until the caller is gone; never ends for one that stays or was told to come back.
pub(super) async fn gone(presence: &mut watch::Receiver<Presence>) {
    if presence.wait_for(|presence| *presence == Presence::Gone).await.is_err() {
        // Its side ended, in another state.
        std::future::pending::<()>().await;
    }
}

/// Waits until the caller no longer waits, and says how it left.
pub(super) async fn left(presence: &mut watch::Receiver<Presence>) -> Presence {
    presence
        .wait_for(|presence| *presence != Presence::Waiting)
        .await
        .map_or(Presence::Gone, |presence| *presence)
}
