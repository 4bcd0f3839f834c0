//! Jobs in the database: opened once, alive by their lease, taken over by one.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::{image, job, model, now, open};
use crate::domain::{CallerState, JobEvent, JobStatus};
use crate::store::{BegunAttempt, JobEnd, JobRecord, LEASE, PlannedAttempt, Store};

const HALF_AN_HOUR: SignedDuration = SignedDuration::from_mins(30);

fn store() -> (tempfile::TempDir, Store) {
    let top = tempfile::tempdir().unwrap();
    let store = Store::new(top.path().join("store"));
    (top, store)
}

fn done() -> JobEnd {
    JobEnd { event: JobEvent::Finish, model: model(), cost: None, problem: None, report: None }
}

/// Records that the job's request is sent.
async fn send(store: &Store, job: &JobRecord) {
    let plan = PlannedAttempt { position: 0, model: model(), endpoint: "images", estimate: None };
    let begun = store.begin_attempt(job, &plan, &[]).await.unwrap();
    assert!(matches!(begun, BegunAttempt::Recorded(_)));
}

/// Applies an event the way the program does. `true` where the database took it.
async fn apply(store: &Store, job: &JobRecord, event: JobEvent) -> bool {
    match event {
        JobEvent::Send => {
            let before = store.job(&job.id, "me").await.unwrap().status;
            send(store, job).await;
            before != store.job(&job.id, "me").await.unwrap().status
        }
        JobEvent::Drop => store.drop_job(&job.id).await.unwrap(),
        event => store.end_job(&job.id, &JobEnd { event, ..done() }).await.is_ok(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn the_database_changes_a_status_exactly_as_the_table_does(
        events in prop::collection::vec(
            prop::sample::select(vec![JobEvent::Send, JobEvent::Finish, JobEvent::Fail, JobEvent::Drop]), 0..7),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (_top, store) = store();
            let job = job("me");
            open(&store, &job).await;
            let mut status = JobStatus::Queued;
            for event in events {
                let after = status.after(event);
                prop_assert_eq!(apply(&store, &job, event).await, after.is_some(), "{:?} {:?}", status, event);
                status = after.unwrap_or(status);
                let recorded = store.job(&job.id, "me").await.unwrap();
                prop_assert_eq!(recorded.status, status);
                prop_assert_eq!(recorded.finished_at.is_some(), !status.is_under_way());
                if event == JobEvent::Send {
                    continue; // the test sends after the end too, which the program does not
                }
                let open = store.attempts_of(&job.id).await.unwrap().into_iter().filter(|one| one.ended_at.is_none());
                prop_assert!(status.is_under_way() || after.is_none() || open.count() == 0);
            }
            Ok(())
        })?;
    }
}

#[tokio::test]
async fn a_job_is_alive_while_its_lease_is_and_a_clock_set_back_does_not_keep_it_so() {
    let job = job("me");
    let at = |seconds| job.created_at + SignedDuration::from_secs(seconds);
    assert_eq!(job.seen(at(0)), JobStatus::Queued);
    assert_eq!(job.seen(at(LEASE.as_secs() - 1)), JobStatus::Queued);
    assert_eq!(job.seen(at(LEASE.as_secs() + 1)), JobStatus::Lost);
    assert_eq!(job.seen(at(-3600)), JobStatus::Lost, "the clock was set back an hour");
    let without = JobRecord { lease_until: None, status: JobStatus::Sent, ..job };
    assert_eq!(without.seen(Timestamp::now()), JobStatus::Lost);
}

#[tokio::test]
async fn only_a_job_that_its_caller_left_is_taken_over_and_by_one_only() {
    let (_top, store) = store();
    let first = job("me");
    open(&store, &first).await;
    let equal = job("me");
    assert!(store.claim_abandoned(&equal, HALF_AN_HOUR).await.unwrap().is_none(), "its caller waits");
    store.set_caller(&first.id, CallerState::Detached).await.unwrap();
    let others = [
        JobRecord { owner: "you".to_owned(), ..equal.clone() },
        JobRecord { fingerprint: "e".repeat(64), ..equal.clone() },
        JobRecord { sandbox: true, ..equal.clone() },
    ];
    for other in others {
        assert!(store.claim_abandoned(&other, HALF_AN_HOUR).await.unwrap().is_none(), "{other:?}");
    }
    assert!(store.claim_abandoned(&equal, -SignedDuration::from_secs(1)).await.unwrap().is_none(), "too old");
    let (one, two) = tokio::join!(
        store.claim_abandoned(&equal, HALF_AN_HOUR),
        store.claim_abandoned(&equal, HALF_AN_HOUR)
    );
    let claimed: Vec<_> = [one, two].into_iter().filter_map(Result::unwrap).collect();
    assert_eq!(claimed.len(), 1);
    assert_eq!((&claimed[0].job.id, claimed[0].job.caller), (&first.id, CallerState::Waiting));
    assert!(!claimed[0].orphaned, "its process goes on");
}

#[tokio::test]
async fn what_was_handed_over_is_never_taken_over_and_what_failed_neither() {
    let (_top, store) = store();
    for (event, caller) in
        [(JobEvent::Finish, CallerState::Delivered), (JobEvent::Fail, CallerState::Detached)]
    {
        let job = job("me");
        open(&store, &job).await;
        send(&store, &job).await;
        store.set_caller(&job.id, caller).await.unwrap();
        store.end_job(&job.id, &JobEnd { event, ..done() }).await.unwrap();
        store.set_caller(&job.id, CallerState::Detached).await.unwrap();
        assert!(store.claim_abandoned(&job, HALF_AN_HOUR).await.unwrap().is_none(), "{event:?}");
    }
}

#[tokio::test]
async fn a_job_whose_process_is_gone_before_it_answered_is_taken_over() {
    let (_top, store) = store();
    let gone = JobRecord { lease_until: Some(now() - SignedDuration::from_secs(1)), ..job("me") };
    open(&store, &gone).await;
    send(&store, &gone).await;
    store.record_image(&image(&gone.id, 0, std::path::Path::new("/kite.png"))).await.unwrap();
    store.end_job(&gone.id, &done()).await.unwrap();
    let claimed = store.claim_abandoned(&job("me"), HALF_AN_HOUR).await.unwrap().unwrap();
    assert_eq!((claimed.job.id, claimed.job.status), (gone.id, JobStatus::Done));
}

#[tokio::test]
async fn a_lease_is_taken_over_by_one() {
    let (_top, store) = store();
    let gone = JobRecord { lease_until: Some(now() - SignedDuration::from_secs(1)), ..job("me") };
    open(&store, &gone).await;
    assert_eq!(store.lost_jobs(10).await.unwrap(), std::slice::from_ref(&gone));
    let (one, two) = tokio::join!(
        store.take_over(&gone, CallerState::Detached),
        store.take_over(&gone, CallerState::Detached)
    );
    assert!(one.unwrap() ^ two.unwrap());
    assert!(store.lost_jobs(10).await.unwrap().is_empty());
    store.give_up_lease(&gone.id).await.unwrap();
    let lost = store.lost_jobs(10).await.unwrap();
    assert_eq!(lost.len(), 1);
    assert!(
        store.take_over(&lost[0], CallerState::Detached).await.unwrap(),
        "a lease that was given up can be taken again"
    );
}

/// A job in this process, or in one that was killed.
async fn job_of(store: &Store, process: &str, state: JobStatus) -> JobRecord {
    let job = JobRecord { process: process.to_owned(), ..job("me") };
    open(store, &job).await;
    if state != JobStatus::Queued {
        send(store, &job).await;
    }
    if state == JobStatus::Done {
        store.record_image(&image(&job.id, 0, std::path::Path::new("/kite.png"))).await.unwrap();
        store.end_job(&job.id, &done()).await.unwrap();
    }
    job
}

#[tokio::test]
async fn a_killed_process_loses_its_jobs_before_its_leases_end_and_to_one_caller_each() {
    for state in [JobStatus::Queued, JobStatus::Sent, JobStatus::Done] {
        let (_top, store) = store();
        let alive = job_of(&store, &store.process(), state).await;
        let unknown = job_of(&store, "", state).await;
        assert!(store.claim_abandoned(&job("me"), HALF_AN_HOUR).await.unwrap().is_none(), "{state:?}");
        let killed = job_of(&store, "killed", state).await;
        let looked = store.job(&killed.id, "me").await.unwrap();
        assert_eq!(looked.lease_until, None, "{state:?}");
        assert!(store.job(&alive.id, "me").await.unwrap().is_alive(now()), "{state:?}");
        let wanted = job("me");
        let (one, two) = tokio::join!(
            store.claim_abandoned(&wanted, HALF_AN_HOUR),
            store.claim_abandoned(&wanted, HALF_AN_HOUR)
        );
        let claimed: Vec<_> = [one, two].into_iter().filter_map(Result::unwrap).collect();
        assert_eq!(claimed.len(), 1, "{state:?}");
        assert_eq!(claimed[0].job.id, killed.id, "{state:?}, not {alive:?} and not {unknown:?}");
        assert_eq!(claimed[0].orphaned, state != JobStatus::Done);
        assert_eq!(claimed[0].job.process, store.process(), "it is this process's now");
    }
}
