//! Images land, get names, and come to no harm.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Barrier;

use super::{PNG, land, names};
use crate::domain::ImageId;
use crate::references::Destination;
use crate::store::StoreError;
use crate::store::new_image_id;
use crate::store::{Store, keep};

const JPEG: &[u8] = b"\xff\xd8\xff\xe0 and the rest";

#[test]
fn twenty_images_of_one_name_at_once_are_twenty_files() {
    let top = tempfile::tempdir().unwrap();
    let store = Store::new(top.path().join("store"));
    let destination = Destination::File(top.path().join("kites/red.png"));
    let (staging, start) = (store.staging(&destination).unwrap(), Barrier::new(20));
    std::thread::scope(|scope| {
        for image in 0..20_u8 {
            let (staging, destination, start) = (&staging, &destination, &start);
            scope.spawn(move || {
                let staged = land(staging, &[PNG, &[image]].concat());
                start.wait();
                keep(staged, destination, "", &new_image_id()).unwrap();
            });
        }
    });
    let names = names(&top.path().join("kites"));
    let expected = (1..=20).map(|n| if n == 1 { "red.png".to_owned() } else { format!("red-{n}.png") });
    assert_eq!(names, expected.collect());
    let contents: HashSet<_> =
        names.iter().map(|name| std::fs::read(top.path().join("kites").join(name)).unwrap()).collect();
    assert_eq!(contents.len(), 20, "each image is there once");
}

#[test]
fn an_image_gets_a_name_that_can_be_read_in_the_store_and_in_a_folder() {
    let top = tempfile::tempdir().unwrap();
    let store = Store::new(top.path().join("store"));
    let id = ImageId::parse("img_0123456789ab").unwrap();
    for destination in [Destination::Store, Destination::Folder(top.path().join("new/kites"))] {
        let staging = store.staging(&destination).unwrap();
        let kept = keep(land(&staging, JPEG), &destination, "Red kite!", &id).unwrap();
        let name = kept.path.file_name().unwrap().to_str().unwrap();
        assert!(name.ends_with("-red-kite-6789ab.jpg") && name.starts_with("20"), "{name}");
        assert_eq!(std::fs::read(&kept.path).unwrap(), JPEG);
        assert_eq!(
            (kept.bytes, kept.hash, kept.instead_of.as_deref()),
            (JPEG.len() as u64, blake3::hash(JPEG), None)
        );
        kept.sync().unwrap();
        assert_eq!(kept.path.parent(), Some(staging.folder()));
        match destination {
            Destination::Store => {
                assert_eq!(staging.folder().parent(), Some(&*store.root().join("images")));
            }
            _ => assert_eq!(staging.folder(), top.path().join("new/kites")),
        }
    }
}

#[test]
fn a_file_name_is_kept_as_asked_but_for_a_false_ending_or_a_taken_name() {
    let top = tempfile::tempdir().unwrap();
    let store = Store::new(top.path().join("store"));
    std::fs::write(top.path().join("taken.png"), "mine").unwrap();
    let cases = [
        ("red.png", PNG, "red.png"),
        ("red.jpeg", JPEG, "red.jpeg"),
        ("RED.JPG", JPEG, "RED.JPG"),
        ("blue.png", JPEG, "blue.jpg"),
        ("v1.2.webp", PNG, "v1.2.png"),
        ("taken.png", PNG, "taken-2.png"),
        ("taken.png", PNG, "taken-3.png"),
    ];
    for (asked, bytes, given) in cases {
        let destination = Destination::File(top.path().join(asked));
        let staging = store.staging(&destination).unwrap();
        let kept = keep(land(&staging, bytes), &destination, "", &new_image_id()).unwrap();
        assert_eq!(kept.path, top.path().join(given));
        let instead_of = (asked != given).then(|| top.path().join(asked));
        assert_eq!(kept.instead_of, instead_of, "{asked}");
    }
    assert_eq!(std::fs::read(top.path().join("taken.png")).unwrap(), b"mine");
}

#[test]
fn an_image_appears_whole_or_not_at_all_and_comes_back_when_it_cannot_be_kept() {
    let top = tempfile::tempdir().unwrap();
    let folder = top.path().join("kites");
    let store = Store::new(top.path().join("store"));
    let destination = Destination::File(folder.join("red.png"));
    let staging = store.staging(&destination).unwrap();
    assert!(names(&folder).is_empty(), "the proof of writing leaves nothing");

    let staged = land(&staging, PNG);
    assert!(names(&folder).iter().all(|name| name.starts_with(".arriving-")));
    drop(staged);
    assert!(names(&folder).is_empty());

    let page = keep(land(&staging, b"<html>"), &destination, "", &new_image_id()).unwrap_err();
    assert!(matches!(page.error, StoreError::Codec(crate::codec::CodecError::NotAnImage(_))));

    let too_long = Destination::File(folder.join(format!("{}.png", "x".repeat(300))));
    let not_kept = keep(land(&staging, PNG), &too_long, "", &new_image_id()).unwrap_err();
    assert!(matches!(not_kept.error, StoreError::Unwritable(..)), "{not_kept}");
    assert_eq!(not_kept.staged.read().unwrap(), PNG);
    drop((page, not_kept));
    assert!(names(&folder).is_empty());
}

#[cfg(unix)]
#[test]
fn the_store_is_private_and_images_elsewhere_are_as_the_umask_says() {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let top = tempfile::tempdir().unwrap();
    let store = Store::new(top.path().join("deep/store"));
    let usual = top.path().join("usual.png");
    std::fs::write(&usual, PNG).unwrap();
    let destination = Destination::File(top.path().join("red.png"));
    let staging = store.staging(&destination).unwrap();
    let kept = keep(land(&staging, PNG), &destination, "", &new_image_id()).unwrap();
    assert_eq!(mode(&kept.path), mode(&usual));
    store.staging(&Destination::Store).unwrap();
    assert_eq!(mode(store.root()), 0o700);
}

#[test]
fn a_folder_that_cannot_be_written_is_refused_before_anything_is_paid() {
    let top = tempfile::tempdir().unwrap();
    let file = top.path().join("file");
    std::fs::write(&file, "").unwrap();
    let store = Store::new(file.join("store"));
    let cases = [
        Destination::Store,
        Destination::Folder(file.clone()),
        Destination::Folder(file.join("below")),
        Destination::File(file.join("red.png")),
    ];
    for destination in cases {
        let refusal = store.staging(&destination).unwrap_err();
        assert!(matches!(refusal, StoreError::Unwritable(..)), "{destination:?}: {refusal}");
        assert!(refusal.to_string().contains(file.to_str().unwrap()), "{refusal}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_read_only_folder_is_refused_before_anything_is_paid() {
    let store = Store::new("/proc/self/store".into()); // where not even root makes folders
    let refusal = store.staging(&Destination::Store).unwrap_err();
    assert!(matches!(refusal, StoreError::Unwritable(..)), "{refusal}");
}
