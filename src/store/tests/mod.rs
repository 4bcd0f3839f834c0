//! The store as its users see it: files, the record, both together, several at once.

mod files;
mod jobs;
mod attempts;
mod leftovers;
mod images;

use std::collections::HashSet;
use std::path::Path;

use jiff::Timestamp;

use super::{JobRecord, LEASE, OpenedJob, Store, StoredImage};
use crate::domain::{CallerState, ImageFormat, JobId, JobStatus, ModelName, Operation, Pixels, Usd};
use crate::staging::{StagedFile, Staging};
use crate::store::{new_image_id, new_job_id};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and the rest";

fn land(staging: &Staging, bytes: &[u8]) -> StagedFile {
    let mut writer = staging.begin();
    writer.write(bytes).unwrap();
    writer.finish()
}

fn names(folder: &Path) -> HashSet<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// A time without the digits that the record drops.
fn now() -> Timestamp {
    Timestamp::from_microsecond(Timestamp::now().as_microsecond()).unwrap()
}

fn model() -> ModelName {
    ModelName { provider: "apiyi".to_owned(), model: "gpt-image-2".to_owned() }
}

fn job(owner: &str) -> JobRecord {
    JobRecord {
        id: new_job_id(),
        owner: owner.to_owned(),
        operation: Operation::Edit,
        arguments: r#"{"prompt":"Red kite"}"#.to_owned(),
        fingerprint: "f".repeat(64),
        status: JobStatus::Queued,
        model: model(),
        estimate: Some((Usd::from_micros(6_000), Usd::from_micros(400_000))),
        created_at: now(),
        finished_at: None,
        cost: None,
        problem: None,
        n: 1,
        usual_seconds: 60,
        sandbox: false,
        folder: "/nowhere".into(),
        caller: CallerState::Waiting,
        process: String::new(),
        lease_until: Some(now() + LEASE),
        sent_at: None,
        report: None,
    }
}

fn image(job: &JobId, position: u32, path: &Path) -> StoredImage {
    StoredImage {
        id: new_image_id(),
        job: Some(job.clone()),
        position,
        path: path.to_owned(),
        format: ImageFormat::Png,
        pixels: Pixels::new(3840, 2160),
        bytes: PNG.len() as u64,
        hash: blake3::hash(PNG),
        model: model(),
        prompt: "Red kite 画".to_owned(),
        created_at: now(),
        parents: Vec::new(),
    }
}

async fn open(store: &Store, job: &JobRecord) {
    assert_eq!(store.open_job(job, &[], &[]).await.unwrap(), OpenedJob::Recorded);
}
