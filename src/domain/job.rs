//! The status of a paid job, the events that change it, and the state of the caller that asked for it.
//!
//! Pure. Nothing else decides about a status; `store/transitions.rs` alone writes one.

use serde::{Deserialize, Serialize};

/// How far a job has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JobStatus {
    /// Recorded and waiting for its turn. Nothing was sent.
    Queued,
    /// At least one request was sent, so it may cost money.
    Sent,
    /// At least one image was received and kept.
    Done,
    /// It ended without an image.
    Failed,
    /// Its caller cancelled it, and nothing more is done for it.
    Dropped,
    /// Its process ended before the job did. A reader derives this; the database never holds it.
    Lost,
}

/// What changes the status of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobEvent {
    /// The first request is sent.
    Send,
    /// All images that came are kept.
    Finish,
    /// It ended without an image.
    Fail,
    /// Its caller cancelled it.
    Drop,
    /// Its process ended.
    Lose,
}

impl JobStatus {
    /// Every status that the database holds, in the order of a job's life.
    pub const STORED: [Self; 5] = [Self::Queued, Self::Sent, Self::Done, Self::Failed, Self::Dropped];

    /// The status after the event, or `None` where the event cannot happen.
    #[must_use]
    pub const fn after(self, event: JobEvent) -> Option<Self> {
        match (self, event) {
            (Self::Queued, JobEvent::Send) => Some(Self::Sent),
            // The images of a lost job are found in its folder.
            (Self::Sent | Self::Lost, JobEvent::Finish) => Some(Self::Done),
            (Self::Queued | Self::Sent, JobEvent::Fail) => Some(Self::Failed),
            (Self::Queued | Self::Sent, JobEvent::Drop) => Some(Self::Dropped),
            (Self::Queued | Self::Sent, JobEvent::Lose) => Some(Self::Lost),
            (Self::Queued, JobEvent::Finish)
            | (Self::Sent, JobEvent::Send)
            | (Self::Lost, JobEvent::Send | JobEvent::Fail | JobEvent::Drop | JobEvent::Lose)
            | (Self::Done | Self::Failed | Self::Dropped, _) => None,
        }
    }

    /// The statuses in the database from which the event leads to another.
    pub fn stored_before(event: JobEvent) -> impl Iterator<Item = Self> {
        Self::STORED.into_iter().filter(move |status| status.after(event).is_some())
    }

    /// This status as a reader sees it: lost where the job has not ended and its process has.
    #[must_use]
    pub fn seen(self, process_is_alive: bool) -> Self {
        if process_is_alive { self } else { self.after(JobEvent::Lose).unwrap_or(self) }
    }

    /// Whether it is worth waiting for.
    #[must_use]
    pub const fn is_under_way(self) -> bool {
        matches!(self, Self::Queued | Self::Sent)
    }

    /// The spelling in results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sent => "rendering",
            Self::Lost => "lost",
            stored => stored.stored_name(),
        }
    }

    /// The spelling in the database. A lost job is stored as what it was before.
    #[must_use]
    pub const fn stored_name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sent | Self::Lost => "sent",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Dropped => "dropped",
        }
    }

    /// Reads the spelling in the database.
    #[must_use]
    pub fn parse_stored(name: &str) -> Option<Self> {
        Self::STORED.into_iter().find(|status| status.stored_name() == name)
    }
}

/// What became of the caller that asked for a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CallerState {
    /// It waits for the result.
    Waiting,
    /// It was told to ask again later.
    Detached,
    /// It cancelled or hung up.
    Cancelled,
    /// It has received the result.
    Delivered,
}

impl CallerState {
    /// The spelling in the database, which does not distinguish how a caller left.
    #[must_use]
    pub const fn stored_name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Detached | Self::Cancelled => "left",
            Self::Delivered => "served",
        }
    }

    /// Reads the spelling in the database.
    #[must_use]
    pub fn parse_stored(name: &str) -> Option<Self> {
        [Self::Waiting, Self::Detached, Self::Delivered].into_iter().find(|state| state.stored_name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENTS: [JobEvent; 5] =
        [JobEvent::Send, JobEvent::Finish, JobEvent::Fail, JobEvent::Drop, JobEvent::Lose];

    #[test]
    fn every_event_in_every_status_has_one_outcome() {
        use JobStatus::{Done, Dropped, Failed, Lost, Queued, Sent};
        let table = [
            (Queued, [Some(Sent), None, Some(Failed), Some(Dropped), Some(Lost)]),
            (Sent, [None, Some(Done), Some(Failed), Some(Dropped), Some(Lost)]),
            (Done, [None; 5]),
            (Failed, [None; 5]),
            (Dropped, [None; 5]),
            (Lost, [None, Some(Done), None, None, None]),
        ];
        for (status, after) in table {
            for (event, after) in EVENTS.into_iter().zip(after) {
                assert_eq!(status.after(event), after, "{status:?} {event:?}");
            }
        }
        assert_eq!(JobStatus::stored_before(JobEvent::Finish).collect::<Vec<_>>(), [Sent]);
    }

    #[test]
    fn only_an_unfinished_job_can_be_lost_and_only_a_live_one_is_under_way() {
        for status in JobStatus::STORED {
            let unfinished = status.is_under_way();
            assert_eq!(status.seen(true), status);
            assert_eq!(status.seen(false), if unfinished { JobStatus::Lost } else { status });
            assert!(!status.seen(false).is_under_way(), "{status:?}");
        }
    }

    #[test]
    fn spellings_in_the_database_are_read_back() {
        for status in JobStatus::STORED {
            assert_eq!(JobStatus::parse_stored(status.stored_name()), Some(status));
        }
        assert_eq!(JobStatus::parse_stored("lost"), None, "a reader derives it");
        for state in [CallerState::Waiting, CallerState::Detached, CallerState::Delivered] {
            assert_eq!(CallerState::parse_stored(state.stored_name()), Some(state));
        }
    }
}
