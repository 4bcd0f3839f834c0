//! Jobs in the record: opened once, alive by their lease, taken over by one.

use jiff::{SignedDuration, Timestamp};

use super::{image, job, model, now, open};
use crate::domain::{Caller, JobEvent, JobState, Standing};
use crate::store::{JobEnd, JobRecord, LEASE, Store};

const HALF_AN_HOUR: SignedDuration = SignedDuration::from_mins(30);

fn store() -> (tempfile::TempDir, Store) {
    let top = tempfile::tempdir().unwrap();
    let store = Store::new(top.path().join("store"));
    (top, store)
}

fn done() -> JobEnd {
    JobEnd { state: JobState::Done, model: model(), cost: None, problem: None, report: None }
}

#[tokio::test]
async fn a_job_moves_only_as_its_states_allow() {
    let (_top, store) = store();
    let job = job("me");
    open(&store, &job).await;
    assert!(!store.move_job(&job.id, JobEvent::Finish).await.unwrap(), "nothing was sent");
    assert!(store.move_job(&job.id, JobEvent::Send).await.unwrap());
    assert!(!store.move_job(&job.id, JobEvent::Send).await.unwrap(), "it is sent once");
    let sent = store.job(&job.id, "me").await.unwrap();
    assert!(sent.sent_at.is_some() && sent.finished_at.is_none());
    store.finish_job(&job.id, &done()).await.unwrap();
    for event in [JobEvent::Fail, JobEvent::Drop, JobEvent::Send] {
        assert!(!store.move_job(&job.id, event).await.unwrap(), "{event:?} after the end");
    }
    assert!(store.finish_job(&job.id, &done()).await.is_err(), "a job ends once");
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
    let (_top, store) = store();
    let first = job("me");
    open(&store, &first).await;
    let equal = job("me");
    assert!(store.claim_left(&equal, HALF_AN_HOUR).await.unwrap().is_none(), "its caller waits");
    store.set_caller(&first.id, Caller::Left).await.unwrap();
    let others = [
        JobRecord { owner: "you".to_owned(), ..equal.clone() },
        JobRecord { fingerprint: "e".repeat(64), ..equal.clone() },
        JobRecord { sandbox: true, ..equal.clone() },
    ];
    for other in others {
        assert!(store.claim_left(&other, HALF_AN_HOUR).await.unwrap().is_none(), "{other:?}");
    }
    assert!(store.claim_left(&equal, -SignedDuration::from_secs(1)).await.unwrap().is_none(), "too old");
    let (one, two) =
        tokio::join!(store.claim_left(&equal, HALF_AN_HOUR), store.claim_left(&equal, HALF_AN_HOUR));
    let claimed: Vec<_> = [one, two].into_iter().filter_map(Result::unwrap).collect();
    assert_eq!(claimed.len(), 1);
    assert_eq!((&claimed[0].job.id, claimed[0].job.caller), (&first.id, Caller::Waiting));
    assert!(!claimed[0].orphaned, "its process goes on");
}

#[tokio::test]
async fn what_was_handed_over_is_never_taken_over_and_what_failed_neither() {
    let (_top, store) = store();
    for (state, caller) in [(JobState::Done, Caller::Served), (JobState::Failed, Caller::Left)] {
        let job = job("me");
        open(&store, &job).await;
        store.move_job(&job.id, JobEvent::Send).await.unwrap();
        store.set_caller(&job.id, caller).await.unwrap();
        store.finish_job(&job.id, &JobEnd { state, ..done() }).await.unwrap();
        store.set_caller(&job.id, Caller::Left).await.unwrap();
        assert!(store.claim_left(&job, HALF_AN_HOUR).await.unwrap().is_none(), "{state:?}");
    }
}

#[tokio::test]
async fn a_job_whose_process_is_gone_before_it_answered_is_taken_over() {
    let (_top, store) = store();
    let gone = JobRecord { lease_until: Some(now() - SignedDuration::from_secs(1)), ..job("me") };
    open(&store, &gone).await;
    store.move_job(&gone.id, JobEvent::Send).await.unwrap();
    store.record_image(&image(&gone.id, 0, std::path::Path::new("/kite.png"))).await.unwrap();
    store.finish_job(&gone.id, &done()).await.unwrap();
    let claimed = store.claim_left(&job("me"), HALF_AN_HOUR).await.unwrap().unwrap();
    assert_eq!((claimed.job.id, claimed.job.state), (gone.id, JobState::Done));
}

#[tokio::test]
async fn a_lease_is_taken_over_by_one() {
    let (_top, store) = store();
    let gone = JobRecord { lease_until: Some(now() - SignedDuration::from_secs(1)), ..job("me") };
    open(&store, &gone).await;
    assert_eq!(store.lost_jobs(10).await.unwrap(), std::slice::from_ref(&gone));
    let (one, two) = tokio::join!(store.take_over(&gone, Caller::Left), store.take_over(&gone, Caller::Left));
    assert!(one.unwrap() ^ two.unwrap());
    assert!(store.lost_jobs(10).await.unwrap().is_empty());
    store.give_up_lease(&gone.id).await.unwrap();
    let lost = store.lost_jobs(10).await.unwrap();
    assert_eq!(lost.len(), 1);
    assert!(
        store.take_over(&lost[0], Caller::Left).await.unwrap(),
        "a lease that was given up can be taken again"
    );
}

/// A job in this process, or in one that was killed.
async fn job_of(store: &Store, process: &str, state: JobState) -> JobRecord {
    let job = JobRecord { process: process.to_owned(), ..job("me") };
    open(store, &job).await;
    if state != JobState::Queued {
        store.move_job(&job.id, JobEvent::Send).await.unwrap();
    }
    if state == JobState::Done {
        store.record_image(&image(&job.id, 0, std::path::Path::new("/kite.png"))).await.unwrap();
        store.finish_job(&job.id, &done()).await.unwrap();
    }
    job
}

#[tokio::test]
async fn a_killed_process_loses_its_jobs_before_its_leases_end_and_to_one_caller_each() {
    for state in [JobState::Queued, JobState::Sent, JobState::Done] {
        let (_top, store) = store();
        let alive = job_of(&store, &store.process(), state).await;
        let unknown = job_of(&store, "", state).await;
        assert!(store.claim_left(&job("me"), HALF_AN_HOUR).await.unwrap().is_none(), "{state:?}");
        let killed = job_of(&store, "killed", state).await;
        let looked = store.job(&killed.id, "me").await.unwrap();
        assert_eq!(looked.lease_until, None, "{state:?}");
        assert!(store.job(&alive.id, "me").await.unwrap().is_alive(now()), "{state:?}");
        let wanted = job("me");
        let (one, two) =
            tokio::join!(store.claim_left(&wanted, HALF_AN_HOUR), store.claim_left(&wanted, HALF_AN_HOUR));
        let claimed: Vec<_> = [one, two].into_iter().filter_map(Result::unwrap).collect();
        assert_eq!(claimed.len(), 1, "{state:?}");
        assert_eq!(claimed[0].job.id, killed.id, "{state:?}, not {alive:?} and not {unknown:?}");
        assert_eq!(claimed[0].orphaned, state != JobState::Done);
        assert_eq!(claimed[0].job.process, store.process(), "it is this process's now");
    }
}
