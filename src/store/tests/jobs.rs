//! Jobs in the record: opened once, alive by their lease, taken over by one.

use jiff::{SignedDuration, Timestamp};

use super::{image, job, model, now, open};
use crate::domain::{Caller, JobEvent, JobState, Standing};
use crate::store::{JobEnd, JobRecord, LEASE, Library};

const HALF_AN_HOUR: SignedDuration = SignedDuration::from_mins(30);

fn library() -> (tempfile::TempDir, Library) {
    let top = tempfile::tempdir().unwrap();
    let library = Library::new(top.path().join("store"));
    (top, library)
}

fn done() -> JobEnd {
    JobEnd { state: JobState::Done, model: model(), cost: None, problem: None, report: None }
}

#[tokio::test]
async fn a_job_moves_only_as_its_states_allow() {
    let (_top, library) = library();
    let job = job("me");
    open(&library, &job).await;
    assert!(!library.move_job(&job.id, JobEvent::Finish).await.unwrap(), "nothing was sent");
    assert!(library.move_job(&job.id, JobEvent::Send).await.unwrap());
    assert!(!library.move_job(&job.id, JobEvent::Send).await.unwrap(), "it is sent once");
    let sent = library.job(&job.id, "me").await.unwrap();
    assert!(sent.sent_at.is_some() && sent.finished_at.is_none());
    library.finish_job(&job.id, &done()).await.unwrap();
    for event in [JobEvent::Fail, JobEvent::Drop, JobEvent::Send] {
        assert!(!library.move_job(&job.id, event).await.unwrap(), "{event:?} after the end");
    }
    assert!(library.finish_job(&job.id, &done()).await.is_err(), "a job ends once");
}

#[tokio::test]
async fn a_job_is_alive_while_its_lease_is_and_a_clock_set_back_does_not_keep_it_so() {
    let job = job("me");
    let at = |seconds| job.created_at + SignedDuration::from_secs(seconds);
    assert_eq!(job.standing(at(0)), Standing::Queued);
    assert_eq!(job.standing(at(LEASE.as_secs() - 1)), Standing::Queued);
    assert_eq!(job.standing(at(LEASE.as_secs() + 1)), Standing::Lost { sent: false });
    assert_eq!(job.standing(at(-3600)), Standing::Lost { sent: false }, "the clock was set back an hour");
    let without = JobRecord { lease_until: None, state: JobState::Sent, ..job };
    assert_eq!(without.standing(Timestamp::now()), Standing::Lost { sent: true });
}

#[tokio::test]
async fn only_a_job_that_its_caller_left_is_taken_over_and_by_one_only() {
    let (_top, library) = library();
    let first = job("me");
    open(&library, &first).await;
    let equal = job("me");
    assert!(library.claim_left(&equal, HALF_AN_HOUR).await.unwrap().is_none(), "its caller waits");
    library.set_caller(&first.id, Caller::Left).await.unwrap();
    let others = [
        JobRecord { owner: "you".to_owned(), ..equal.clone() },
        JobRecord { fingerprint: "e".repeat(64), ..equal.clone() },
        JobRecord { sandbox: true, ..equal.clone() },
    ];
    for other in others {
        assert!(library.claim_left(&other, HALF_AN_HOUR).await.unwrap().is_none(), "{other:?}");
    }
    assert!(library.claim_left(&equal, -SignedDuration::from_secs(1)).await.unwrap().is_none(), "too old");
    let (one, two) =
        tokio::join!(library.claim_left(&equal, HALF_AN_HOUR), library.claim_left(&equal, HALF_AN_HOUR));
    let claimed: Vec<_> = [one, two].into_iter().filter_map(Result::unwrap).collect();
    assert_eq!(claimed.len(), 1);
    assert_eq!((&claimed[0].job.id, claimed[0].job.caller), (&first.id, Caller::Waiting));
    assert!(!claimed[0].orphaned, "its process goes on");
}

#[tokio::test]
async fn what_was_handed_over_is_never_taken_over_and_what_failed_neither() {
    let (_top, library) = library();
    for (state, caller) in [(JobState::Done, Caller::Served), (JobState::Failed, Caller::Left)] {
        let job = job("me");
        open(&library, &job).await;
        library.move_job(&job.id, JobEvent::Send).await.unwrap();
        library.set_caller(&job.id, caller).await.unwrap();
        library.finish_job(&job.id, &JobEnd { state, ..done() }).await.unwrap();
        library.set_caller(&job.id, Caller::Left).await.unwrap();
        assert!(library.claim_left(&job, HALF_AN_HOUR).await.unwrap().is_none(), "{state:?}");
    }
}

#[tokio::test]
async fn a_job_whose_process_is_gone_before_it_answered_is_taken_over() {
    let (_top, library) = library();
    let gone = JobRecord { lease_until: Some(now() - SignedDuration::from_secs(1)), ..job("me") };
    open(&library, &gone).await;
    library.move_job(&gone.id, JobEvent::Send).await.unwrap();
    library.record_image(&image(&gone.id, 0, std::path::Path::new("/kite.png"))).await.unwrap();
    library.finish_job(&gone.id, &done()).await.unwrap();
    let claimed = library.claim_left(&job("me"), HALF_AN_HOUR).await.unwrap().unwrap();
    assert_eq!((claimed.job.id, claimed.job.state), (gone.id, JobState::Done));
}

#[tokio::test]
async fn a_lease_is_taken_over_by_one() {
    let (_top, library) = library();
    let gone = JobRecord { lease_until: Some(now() - SignedDuration::from_secs(1)), ..job("me") };
    open(&library, &gone).await;
    assert_eq!(library.lost_jobs(10).await.unwrap(), std::slice::from_ref(&gone));
    let (one, two) =
        tokio::join!(library.take_over(&gone, Caller::Left), library.take_over(&gone, Caller::Left));
    assert!(one.unwrap() ^ two.unwrap());
    assert!(library.lost_jobs(10).await.unwrap().is_empty());
    library.give_up_lease(&gone.id).await.unwrap();
    let lost = library.lost_jobs(10).await.unwrap();
    assert_eq!(lost.len(), 1);
    assert!(
        library.take_over(&lost[0], Caller::Left).await.unwrap(),
        "a lease that was given up can be taken again"
    );
}

/// A job in this process, or in one that was killed.
async fn job_of(library: &Library, process: &str, state: JobState) -> JobRecord {
    let job = JobRecord { process: process.to_owned(), ..job("me") };
    open(library, &job).await;
    if state != JobState::Queued {
        library.move_job(&job.id, JobEvent::Send).await.unwrap();
    }
    if state == JobState::Done {
        library.record_image(&image(&job.id, 0, std::path::Path::new("/kite.png"))).await.unwrap();
        library.finish_job(&job.id, &done()).await.unwrap();
    }
    job
}

#[tokio::test]
async fn a_killed_process_loses_its_jobs_before_its_leases_end_and_to_one_caller_each() {
    for state in [JobState::Queued, JobState::Sent, JobState::Done] {
        let (_top, library) = library();
        let alive = job_of(&library, &library.process(), state).await;
        let unknown = job_of(&library, "", state).await;
        assert!(library.claim_left(&job("me"), HALF_AN_HOUR).await.unwrap().is_none(), "{state:?}");
        let killed = job_of(&library, "killed", state).await;
        let looked = library.job(&killed.id, "me").await.unwrap();
        assert_eq!(looked.lease_until, None, "{state:?}");
        assert!(library.job(&alive.id, "me").await.unwrap().is_alive(now()), "{state:?}");
        let wanted = job("me");
        let (one, two) = tokio::join!(
            library.claim_left(&wanted, HALF_AN_HOUR),
            library.claim_left(&wanted, HALF_AN_HOUR)
        );
        let claimed: Vec<_> = [one, two].into_iter().filter_map(Result::unwrap).collect();
        assert_eq!(claimed.len(), 1, "{state:?}");
        assert_eq!(claimed[0].job.id, killed.id, "{state:?}, not {alive:?} and not {unknown:?}");
        assert_eq!(claimed[0].orphaned, state != JobState::Done);
        assert_eq!(claimed[0].job.process, library.process(), "it is this process's now");
    }
}
