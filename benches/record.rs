//! What the record adds to a call: everything that a call of one image writes down, from the
//! look for an equal job to whom its image went to, in the order of `jobs::run`.
//!
//! Baseline in the same run: as many statements that change nothing, which is what SQLite and the
//! thread it runs on take at least.

use criterion::{Criterion, criterion_group, criterion_main};
use gpt_image_mcp::domain::{
    Billed, CallerState, ImageFormat, JobEvent, JobStatus, ModelName, Operation, Pixels, Usd,
};
use gpt_image_mcp::store::StoreError;
use gpt_image_mcp::store::{
    AttemptEnd, BegunAttempt, JobEnd, JobRecord, LEASE, PlannedAttempt, Store, StoredImage, new_image_id,
    new_job_id,
};
use jiff::{SignedDuration, Timestamp};

fn model() -> ModelName {
    ModelName { provider: "apiyi".to_owned(), model: "gpt-image-2".to_owned() }
}

fn job() -> JobRecord {
    let now = Timestamp::now();
    let id = new_job_id();
    JobRecord {
        owner: "local".to_owned(),
        operation: Operation::Generate,
        arguments: r#"{"prompt":"a red kite over a harbour","size":"1024x1024"}"#.to_owned(),
        fingerprint: blake3::hash(id.as_str().as_bytes()).to_hex().to_string(),
        id,
        status: JobStatus::Queued,
        model: model(),
        estimate: Some((Usd::from_micros(6_000), Usd::from_micros(400_000))),
        created_at: now,
        finished_at: None,
        cost: None,
        problem: None,
        n: 1,
        usual_seconds: 60,
        sandbox: false,
        folder: "/nowhere".into(),
        caller: CallerState::Waiting,
        process: String::new(),
        lease_until: Some(now + LEASE),
        sent_at: None,
        report: None,
    }
}

/// What a call writes down.
async fn write_down(store: &Store) -> Result<(), StoreError> {
    let job = job();
    store.claim_abandoned(&job, SignedDuration::from_mins(30)).await?;
    let plan = PlannedAttempt {
        position: 0,
        model: model(),
        endpoint: "images",
        estimate: Some(Usd::from_micros(400_000)),
    };
    store.open_job(&job, std::slice::from_ref(&plan), &[]).await?;
    let BegunAttempt::Recorded(number) = store.begin_attempt(&job, &plan, &[]).await? else { return Ok(()) };
    let cost = Some(Usd::from_micros(52_680));
    let end = AttemptEnd {
        outcome: "made",
        billed: Billed::Yes,
        cost,
        request_id: Some("req_0123456789".to_owned()),
    };
    store.end_attempt(number, &end).await?;
    let image = StoredImage {
        id: new_image_id(),
        job: Some(job.id.clone()),
        position: 0,
        path: "/nowhere/2026-11-23-a-red-kite-over-a-harbour.png".into(),
        format: ImageFormat::Png,
        pixels: Pixels::new(1024, 1024),
        bytes: 1_500_000,
        hash: blake3::hash(job.id.as_str().as_bytes()),
        model: model(),
        prompt: "a red kite over a harbour".to_owned(),
        created_at: Timestamp::now(),
        parents: Vec::new(),
    };
    store.record_image(&image).await?;
    let report =
        Some(r#"{"why":"the prompt alone","seconds":12.5,"request_ids":["req_0123456789"]}"#.to_owned());
    let end = JobEnd { event: JobEvent::Finish, model: model(), cost, problem: None, report };
    store.end_job(&job.id, &end).await?;
    store.set_caller(&job.id, CallerState::Delivered).await
}

fn record(criterion: &mut Criterion) {
    let Ok(runtime) = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()
    else {
        return;
    };
    let Ok(folder) = tempfile::tempdir() else { return };
    let store = Store::new(folder.path().to_owned());
    assert!(runtime.block_on(write_down(&store)).is_ok());
    let mut group = criterion.benchmark_group("record");
    group.bench_function("all that a call writes down", |bencher| {
        bencher.iter(|| runtime.block_on(write_down(&store)));
    });
    let nobody = new_job_id();
    group.bench_function("baseline: seven statements that change nothing", |bencher| {
        bencher.iter(|| {
            runtime.block_on(async {
                for _ in 0..7 {
                    store.renew_lease(&nobody).await?;
                }
                Ok::<_, StoreError>(())
            })
        });
    });
    group.finish();
}

criterion_group!(benches, record);
criterion_main!(benches);
