//! How far a paid call has come: its states, what moves it from one to the next, and how it
//! stands to someone who reads the record. Pure; nothing else decides about states.

use serde::{Deserialize, Serialize};

/// How far a job has come, as the record keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    /// Written down and waiting for its turn; nothing was sent.
    Queued,
    /// Sent: from here on it may cost money.
    Sent,
    /// Its images came, and are kept as far as they could be.
    Done,
    /// It has no image and will get none.
    Failed,
    /// Given up because its caller left.
    Dropped,
}

/// What happens to a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobEvent {
    /// Its first request goes out.
    Send,
    /// Its images are kept, all or some.
    Finish,
    /// It ended without an image.
    Fail,
    /// Its caller left, and nothing was sent or nothing sent is to be kept.
    Drop,
}

impl JobState {
    /// Every state, in the order of a job's life.
    pub const ALL: [Self; 5] = [Self::Queued, Self::Sent, Self::Done, Self::Failed, Self::Dropped];

    /// The name in the record and in results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Dropped => "dropped",
        }
    }

    /// Reads a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// The state after the event; `None` where the event cannot happen.
    #[must_use]
    pub const fn after(self, event: JobEvent) -> Option<Self> {
        match (self, event) {
            (Self::Queued, JobEvent::Send) => Some(Self::Sent),
            (Self::Sent, JobEvent::Finish) => Some(Self::Done),
            (Self::Queued | Self::Sent, JobEvent::Fail) => Some(Self::Failed),
            (Self::Queued | Self::Sent, JobEvent::Drop) => Some(Self::Dropped),
            (Self::Queued, JobEvent::Finish)
            | (Self::Sent, JobEvent::Send)
            | (Self::Done | Self::Failed | Self::Dropped, _) => None,
        }
    }

    /// Whether nothing more will happen to it.
    #[must_use]
    pub const fn has_ended(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Dropped)
    }
}

/// Whom a job's images are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Caller {
    /// Somebody waits for the answer.
    Waiting,
    /// Nobody does: the call was cancelled, hung up on, or answered "still rendering".
    Left,
    /// The images were handed over.
    Served,
}

impl Caller {
    const ALL: [Self; 3] = [Self::Waiting, Self::Left, Self::Served];

    /// The name in the record.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Left => "left",
            Self::Served => "served",
        }
    }

    /// Reads a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|caller| caller.name() == name)
    }
}

/// How a job stands to one who reads its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Waiting for its turn.
    Queued,
    /// Sent, and its process is alive.
    Rendering,
    /// Its process ended before it did.
    Lost {
        /// Whether a request was out, which may have been charged.
        sent: bool,
    },
    /// Its images are there.
    Done,
    /// It has none and will get none.
    Failed,
    /// It was given up.
    Dropped,
}

impl Standing {
    /// The standing of a job in this state whose process is alive or not.
    #[must_use]
    pub const fn of(state: JobState, alive: bool) -> Self {
        match (state, alive) {
            (JobState::Queued, true) => Self::Queued,
            (JobState::Sent, true) => Self::Rendering,
            (JobState::Queued, false) => Self::Lost { sent: false },
            (JobState::Sent, false) => Self::Lost { sent: true },
            (JobState::Done, _) => Self::Done,
            (JobState::Failed, _) => Self::Failed,
            (JobState::Dropped, _) => Self::Dropped,
        }
    }

    /// The name in results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Rendering => "rendering",
            Self::Lost { .. } => "lost",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Dropped => "dropped",
        }
    }

    /// Whether it is worth waiting for.
    #[must_use]
    pub const fn is_under_way(self) -> bool {
        matches!(self, Self::Queued | Self::Rendering)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_in_every_state_has_its_one_outcome() {
        use JobEvent::{Drop, Fail, Finish, Send};
        let table = [
            (JobState::Queued, [Some(JobState::Sent), None, Some(JobState::Failed), Some(JobState::Dropped)]),
            (JobState::Sent, [None, Some(JobState::Done), Some(JobState::Failed), Some(JobState::Dropped)]),
            (JobState::Done, [None; 4]),
            (JobState::Failed, [None; 4]),
            (JobState::Dropped, [None; 4]),
        ];
        assert_eq!(table.map(|(state, _)| state), JobState::ALL);
        for (state, after) in table {
            for (event, after) in [Send, Finish, Fail, Drop].into_iter().zip(after) {
                assert_eq!(state.after(event), after, "{state:?} {event:?}");
                assert!(after.is_none_or(|after| after > state), "nothing goes back: {state:?} {event:?}");
            }
            let ends = [Send, Finish, Fail, Drop].into_iter().all(|event| state.after(event).is_none());
            assert_eq!(state.has_ended(), ends, "{state:?}");
        }
    }

    #[test]
    fn only_an_unfinished_job_can_be_lost_and_only_a_live_one_is_under_way() {
        for state in JobState::ALL {
            let [alive, dead] = [true, false].map(|alive| Standing::of(state, alive));
            assert_eq!(matches!(dead, Standing::Lost { .. }), !state.has_ended(), "{state:?}");
            assert_eq!(alive.is_under_way(), !state.has_ended(), "{state:?}");
            assert!(!dead.is_under_way(), "{state:?}");
            assert_eq!(dead == Standing::Lost { sent: true }, state == JobState::Sent, "{state:?}");
        }
    }

    #[test]
    fn names_are_read_back() {
        for state in JobState::ALL {
            assert_eq!(JobState::parse(state.name()), Some(state));
        }
        for caller in Caller::ALL {
            assert_eq!(Caller::parse(caller.name()), Some(caller));
        }
        assert_eq!(JobState::parse("lost"), None, "that is a standing, not a state");
    }
}
