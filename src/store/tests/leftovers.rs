//! What a killed process leaves: whole images are found again, half ones go.

use std::path::Path;

use jiff::SignedDuration;

use super::{job, names, now, open};
use crate::domain::{JobEvent, JobStatus, Pixels};
use crate::references::Destination;
use crate::staging::{StagedBytes, StagedFile};
use crate::store::new_image_id;
use crate::store::{JobEnd, JobRecord, Store, keep};

/// A whole image of one pixel.
fn png() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 1, 1);
    encoder.set_color(png::ColorType::Rgb);
    encoder.write_header().unwrap().write_image_data(&[1, 2, 3]).unwrap();
    bytes
}

/// A job whose process was killed, and the folder its images staged in.
async fn killed(store: &Store) -> JobRecord {
    let staging = store.staging(&Destination::Store).unwrap();
    let job = JobRecord {
        folder: staging.folder().to_owned(),
        lease_until: Some(now() - SignedDuration::from_secs(1)),
        status: JobStatus::Sent,
        n: 3,
        ..job("me")
    };
    open(store, &job).await;
    job
}

/// Arrives as far as these bytes, and then the process is gone.
fn arrive(job: &JobRecord, bytes: &[u8]) -> StagedFile {
    let mut writer = crate::staging::Staging::new(&job.folder).of(&job.id).begin();
    writer.write(bytes).unwrap();
    writer.finish()
}

/// A killed process runs no destructor, but its locks go.
fn leave(staged: StagedFile) {
    if let StagedBytes::File(file) = staged.place {
        let (file, path) = file.into_parts();
        path.keep().unwrap();
        drop(file);
    }
}

#[tokio::test]
async fn whole_images_get_their_name_and_half_ones_are_deleted() {
    let top = tempfile::tempdir().unwrap();
    let store = Store::new(top.path().join("store"));
    let job = killed(&store).await;
    let whole = png();
    leave(arrive(&job, &whole));
    leave(arrive(&job, &whole[..whole.len() - 20]));
    leave(arrive(&job, b""));
    assert_eq!(store.adopt(&job).await.unwrap(), 1);

    let images = store.images_of(&job.id, "me").await.unwrap();
    assert_eq!(images.len(), 1);
    assert_eq!(std::fs::read(&images[0].path).unwrap(), whole);
    assert_eq!((images[0].pixels, images[0].prompt.as_str()), (Pixels::new(1, 1), "Red kite"));
    let only = images[0].path.file_name().unwrap().to_string_lossy().into_owned();
    assert_eq!(names(&job.folder), [only].into(), "nothing else is left");
    assert_eq!(store.adopt(&job).await.unwrap(), 1, "and again nothing is added");
}

#[tokio::test]
async fn an_image_that_had_its_name_already_is_recorded_under_it() {
    let top = tempfile::tempdir().unwrap();
    let store = Store::new(top.path().join("store"));
    let job = killed(&store).await;
    let kept = keep(arrive(&job, &png()), &Destination::Store, "kite", &new_image_id()).unwrap();
    let path = kept.path.clone();
    kept.file.unlock().unwrap();
    std::mem::forget(kept);
    assert_eq!(store.adopt(&job).await.unwrap(), 1);
    assert_eq!(store.images_of(&job.id, "me").await.unwrap()[0].path, path);
    assert_eq!(names(&job.folder).len(), 1);
}

#[tokio::test]
async fn what_jobs_that_have_ended_left_is_cleared_and_what_others_have_is_not() {
    let top = tempfile::tempdir().unwrap();
    let store = Store::new(top.path().join("store"));
    let (ended, alive) = (killed(&store).await, killed(&store).await);
    leave(arrive(&ended, &png()[..20]));
    leave(arrive(&alive, &png()[..20]));
    let end =
        JobEnd { event: JobEvent::Fail, model: ended.model.clone(), cost: None, problem: None, report: None };
    store.end_job(&ended.id, &end).await.unwrap();
    store.clear_leftovers().await.unwrap();
    let left = names(Path::new(&alive.folder));
    assert_eq!(left.len(), 1);
    assert!(left.iter().all(|name| name.contains(alive.id.as_str())), "{left:?}");
}

#[tokio::test]
async fn what_a_living_process_holds_is_left_alone_whatever_the_clock_says() {
    let top = tempfile::tempdir().unwrap();
    let store = Store::new(top.path().join("store"));
    let job = killed(&store).await; // its lease ran out
    let whole = arrive(&job, &png());
    let half = arrive(&job, &png()[..20]);
    assert!(store.is_at_work(&job).await);
    assert_eq!(store.adopt(&job).await.unwrap(), 0);
    store.clear_leftovers().await.unwrap();
    assert_eq!(names(&job.folder).len(), 2);
    leave(half);
    drop(whole);
    assert!(!store.is_at_work(&job).await);
}
