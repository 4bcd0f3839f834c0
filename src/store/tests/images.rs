//! The record keeps what it was told, for its owner alone.

use std::io::Read as _;
use std::path::Path;

use super::{PNG, image, job, land, model, names, open};
use crate::domain::{ImageId, JobEvent, JobStatus, ModelName, ProblemKind, Usd};
use crate::references::Destination;
use crate::store::StoreError;

use crate::store::{JobEnd, Parent, ParentRole, PlannedAttempt, Store, StoredImage, keep, rows};
use crate::store::{new_image_id, new_job_id};

#[tokio::test]
async fn what_was_recorded_is_found_through_another_handle() {
    let top = tempfile::tempdir().unwrap();
    let store = Store::new(top.path().join("store"));
    let staging = store.staging(&Destination::Store).unwrap();
    let mut job = job("me");
    open(&store, &job).await;

    let mut images = Vec::new();
    for position in 0..3 {
        let kept = keep(land(&staging, PNG), &Destination::Store, "kite", &new_image_id()).unwrap();
        let mut image = image(&job.id, position, &kept.path);
        image.parents = images.iter().map(|parent: &StoredImage| parent.id.clone()).map(reference).collect();
        store.record_image(&image).await.unwrap();
        images.push(image);
    }
    let end = JobEnd {
        event: JobEvent::Finish,
        model: ModelName { provider: "openai".to_owned(), model: "gpt-image-2".to_owned() },
        cost: Some(Usd::from_micros(52_680)),
        problem: Some("one of four did not come".to_owned()),
        report: Some("{}".to_owned()),
    };
    let plan = PlannedAttempt { position: 0, model: model(), endpoint: "images", estimate: None };
    store.begin_attempt(&job, &plan, &[]).await.unwrap();
    store.end_job(&job.id, &end).await.unwrap();

    let other = Store::new(top.path().join("store"));
    let found = other.job(&job.id, "me").await.unwrap();
    assert!(found.finished_at.unwrap() >= job.created_at);
    (job.sent_at, job.finished_at) = (found.sent_at, found.finished_at);
    (job.status, job.model, job.cost, job.problem) = (JobStatus::Done, end.model, end.cost, end.problem);
    job.report = end.report;
    assert_eq!(found, job);
    assert_eq!(other.images_of(&job.id, "me").await.unwrap(), images);
    assert_eq!(other.image(&images[2].id, "me").await.unwrap(), images[2]);
    assert_eq!(images[2].parents.len(), 2);
    let newest_first: Vec<_> = images.iter().rev().take(2).cloned().collect();
    assert_eq!(other.recent("me", None, 2).await.unwrap(), newest_first);
}

fn reference(id: ImageId) -> Parent {
    Parent { id, role: ParentRole::Reference }
}

#[tokio::test]
async fn what_belongs_to_another_owner_does_not_exist() {
    let top = tempfile::tempdir().unwrap();
    let store = Store::new(top.path().join("store"));
    let job = job("me");
    open(&store, &job).await;
    let image = image(&job.id, 0, Path::new("/kite.png"));
    store.record_image(&image).await.unwrap();
    assert!(
        matches!(store.job(&job.id, "you").await, Err(StoreError::UnknownId(id)) if id == job.id.as_str())
    );
    assert!(matches!(store.image(&image.id, "you").await, Err(StoreError::UnknownId(_))));
    assert!(store.images_of(&job.id, "you").await.unwrap().is_empty());
    assert!(store.recent("you", None, 10).await.unwrap().is_empty());
    assert_eq!(store.recent("me", None, 10).await.unwrap(), [image]);
}

#[tokio::test]
async fn a_job_nobody_recorded_takes_no_images_and_no_end() {
    let top = tempfile::tempdir().unwrap();
    let store = Store::new(top.path().join("store"));
    let id = new_job_id();
    let end = JobEnd { event: JobEvent::Fail, model: model(), cost: None, problem: None, report: None };
    assert!(matches!(store.end_job(&id, &end).await, Err(StoreError::UnknownId(_))));
    let image = image(&id, 0, Path::new("/kite.png"));
    assert!(matches!(store.record_image(&image).await, Err(StoreError::UnknownId(_))));
}

#[tokio::test]
async fn an_image_and_its_lineage_are_recorded_together_or_not_at_all() {
    let top = tempfile::tempdir().unwrap();
    let store = Store::new(top.path().join("store"));
    let job = job("me");
    open(&store, &job).await;
    let mut first = image(&job.id, 0, Path::new("/kite.png"));
    first.parents = vec![reference(new_image_id()), Parent { id: new_image_id(), role: ParentRole::Masked }];
    store.record_image(&first).await.unwrap();
    let again = StoredImage { path: "/other.png".into(), ..first.clone() };
    assert!(matches!(store.record_image(&again).await, Err(StoreError::Database { .. })));
    assert_eq!(store.recent("me", None, 10).await.unwrap(), [first]);
}

#[tokio::test]
async fn a_stored_image_is_read_back_by_id_and_says_when_its_file_is_gone() {
    let top = tempfile::tempdir().unwrap();
    let store = Store::new(top.path().join(".hidden/store"));
    let staging = store.staging(&Destination::Store).unwrap();
    let kept = keep(land(&staging, PNG), &Destination::Store, "kite", &new_image_id()).unwrap();
    let job = job("me");
    open(&store, &job).await;
    let image = image(&job.id, 0, &kept.path);
    store.record_image(&image).await.unwrap();

    let stored = store.image(&image.id, "me").await.unwrap();
    let mut bytes = Vec::new();
    stored.open().unwrap().read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes, PNG);
    assert!(matches!(store.image(&image.id, "you").await, Err(StoreError::UnknownId(_))));

    std::fs::remove_file(&kept.path).unwrap();
    let gone = stored.open().unwrap_err();
    assert!(gone.to_string().contains(image.id.as_str()), "{gone}");
    assert!(gone.to_string().contains(kept.path.to_str().unwrap()), "{gone}");
    assert_eq!(gone.in_store().kind, ProblemKind::NotFound);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_fresh_record_may_be_opened_by_many_at_once() {
    for _ in 0..25 {
        let top = tempfile::tempdir().unwrap();
        let tasks: Vec<_> = (0..6)
            .map(|_| {
                let store = Store::new(top.path().join("store"));
                tokio::spawn(async move {
                    let job = job("me");
                    open(&store, &job).await;
                    store.record_image(&image(&job.id, 0, Path::new("/kite.png"))).await.unwrap();
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(Store::new(top.path().join("store")).recent("me", None, 10).await.unwrap().len(), 6);
    }
}

#[tokio::test]
async fn a_record_of_a_newer_program_or_of_none_is_refused_and_left_alone() {
    let top = tempfile::tempdir().unwrap();
    let store = Store::new(top.path().to_owned());
    store.recent("me", None, 1).await.unwrap();
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(top.path().join("library.db"));
    let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
    sqlx::query("PRAGMA user_version = 99").execute(&pool).await.unwrap();
    pool.close().await;
    let refusal =
        Store::new(top.path().to_owned()).recent("me", None, 1).await.unwrap_err().in_store().to_string();
    assert!(refusal.contains("version 99") && refusal.contains("update the program"), "{refusal}");

    let other = tempfile::tempdir().unwrap();
    std::fs::write(other.path().join("library.db"), "not a database at all".repeat(100)).unwrap();
    let refusal = Store::new(other.path().to_owned()).recent("me", None, 1).await.unwrap_err();
    assert!(matches!(refusal, StoreError::Unusable(..)), "{refusal}");
    assert!(std::fs::read(other.path().join("library.db")).unwrap().starts_with(b"not a database"));
}

#[test]
fn a_store_opens_nothing_until_it_is_asked() {
    let top = tempfile::tempdir().unwrap();
    let _library = Store::new(top.path().join("store"));
    assert!(names(top.path()).is_empty());
}

#[test]
fn times_are_spelled_so_that_they_sort() {
    let spelled: Vec<_> =
        ["2026-11-23T02:20:33Z", "2026-11-23T02:20:33.1Z", "2026-11-23T02:20:33.123456789Z"]
            .map(|time| rows::time(time.parse().unwrap()))
            .into();
    assert!(spelled.is_sorted(), "{spelled:?}");
}
