//! The ledger: every request counts from before it is sent, and a cap holds whoever asks.

use jiff::{SignedDuration, Timestamp};

use super::{job, model, now};
use crate::domain::{Billed, JobStatus, Usd};
use crate::store::{AttemptEnd, BegunAttempt, Cap, JobRecord, OpenedJob, Period, PlannedAttempt, Store};

fn cents(cents: u64) -> Usd {
    Usd::from_micros(cents * 10_000)
}

fn plan(position: u32, estimate: u64) -> PlannedAttempt {
    PlannedAttempt { position, model: model(), endpoint: "images", estimate: Some(cents(estimate)) }
}

fn cap(most: u64) -> [Cap; 1] {
    let since = Timestamp::now() - SignedDuration::from_hours(1);
    [Cap { period: Period::Day, since, owner: None, most: cents(most) }]
}

fn end(billed: Billed, cost: Option<u64>) -> AttemptEnd {
    AttemptEnd { outcome: "made", billed, cost: cost.map(cents), request_id: Some("req_1".to_owned()) }
}

async fn begun(store: &Store, job: &JobRecord, plan: &PlannedAttempt, caps: &[Cap]) -> i64 {
    match store.begin_attempt(job, plan, caps).await.unwrap() {
        BegunAttempt::Recorded(number) => number,
        BegunAttempt::OverCap(hit) => panic!("{hit:?}"),
    }
}

#[tokio::test]
async fn a_request_counts_as_its_estimate_until_its_cost_is_known() {
    let top = tempfile::tempdir().unwrap();
    let store = Store::new(top.path().to_owned());
    let first = JobRecord { n: 2, ..job("me") };
    assert_eq!(
        store.open_job(&first, &[plan(0, 5), plan(1, 5)], &cap(15)).await.unwrap(),
        OpenedJob::Recorded
    );
    let second = job("you");
    let OpenedJob::OverCap(hit) = store.open_job(&second, &[plan(0, 6)], &cap(15)).await.unwrap() else {
        panic!("a cap counts what is in flight");
    };
    assert_eq!((hit.counted, hit.in_flight), (cents(10), cents(10)));
    assert!(store.job(&second.id, "you").await.is_err(), "what is refused is not recorded");

    let number = begun(&store, &first, &plan(0, 5), &cap(15)).await;
    assert_eq!(store.job(&first.id, "me").await.unwrap().status, JobStatus::Sent);
    store.end_attempt(number, &end(Billed::Yes, Some(1))).await.unwrap();
    assert_eq!(store.open_job(&second, &[plan(0, 6)], &cap(15)).await.unwrap(), OpenedJob::Recorded);
    let tries = store.attempts_of(&first.id).await.unwrap();
    assert_eq!(tries.len(), 2, "the plan became the request");
    assert_eq!((tries[0].billed, tries[0].cost, tries[0].counted), (Billed::Yes, Some(cents(1)), cents(1)));
    assert_eq!((tries[1].billed, tries[1].sent_at, tries[1].counted), (Billed::Maybe, None, cents(5)));
}

#[tokio::test]
async fn what_may_have_been_charged_goes_on_counting_and_what_was_not_does_not() {
    let top = tempfile::tempdir().unwrap();
    let store = Store::new(top.path().to_owned());
    let job = job("me");
    store.open_job(&job, &[plan(0, 5)], &[]).await.unwrap();
    let caps = cap(10);
    let number = begun(&store, &job, &plan(0, 5), &caps).await;
    store.end_attempt(number, &end(Billed::Maybe, None)).await.unwrap();
    let again = begun(&store, &job, &plan(0, 5), &caps).await;
    assert!(matches!(store.begin_attempt(&job, &plan(0, 1), &caps).await.unwrap(), BegunAttempt::OverCap(_)));
    store.end_attempt(again, &end(Billed::No, None)).await.unwrap();
    begun(&store, &job, &plan(0, 5), &caps).await;
    store.close_attempts(&job.id, "lost", Billed::Maybe).await.unwrap();
    let outcomes: Vec<_> = store.attempts_of(&job.id).await.unwrap();
    let outcomes: Vec<_> = outcomes
        .iter()
        .map(|entry| (entry.outcome.as_deref().unwrap(), entry.billed, entry.counted))
        .collect();
    assert_eq!(
        outcomes,
        [
            ("made", Billed::Maybe, cents(5)),
            ("made", Billed::No, cents(0)),
            ("lost", Billed::Maybe, cents(5))
        ]
    );
}

#[tokio::test]
async fn plans_of_a_process_that_is_gone_do_not_count() {
    let top = tempfile::tempdir().unwrap();
    let store = Store::new(top.path().to_owned());
    let gone = JobRecord { lease_until: Some(now() - SignedDuration::from_secs(1)), ..job("me") };
    store.open_job(&gone, &[plan(0, 9)], &[]).await.unwrap();
    assert_eq!(store.open_job(&job("me"), &[plan(0, 9)], &cap(10)).await.unwrap(), OpenedJob::Recorded);
}

#[tokio::test]
async fn an_owners_cap_counts_the_owner_and_the_sandboxs_money_is_none() {
    let top = tempfile::tempdir().unwrap();
    let store = Store::new(top.path().to_owned());
    let of = |owner: &str| cap(10).map(|cap| Cap { owner: Some(owner.to_owned()), ..cap });
    store.open_job(&job("you"), &[plan(0, 9)], &of("you")).await.unwrap();
    let sandbox = JobRecord { sandbox: true, ..job("me") };
    store.open_job(&sandbox, &[plan(0, 9)], &of("me")).await.unwrap();
    assert_eq!(store.open_job(&job("me"), &[plan(0, 9)], &of("me")).await.unwrap(), OpenedJob::Recorded);
    assert!(matches!(
        store.open_job(&job("me"), &[plan(0, 2)], &of("me")).await.unwrap(),
        OpenedJob::OverCap(_)
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_cap_holds_against_many_at_once() {
    let top = tempfile::tempdir().unwrap();
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let store = Store::new(top.path().to_owned()); // as another process has it
            tokio::spawn(async move {
                store.open_job(&job("me"), &[plan(0, 3)], &cap(10)).await.unwrap() == OpenedJob::Recorded
            })
        })
        .collect();
    let mut opened = 0;
    for task in tasks {
        opened += u32::from(task.await.unwrap());
    }
    assert_eq!(opened, 3);
}
