//! `prune`: room is made as it was said, and nothing but what was said goes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{drawn, json, printed, sql, told};
use crate::support::{Answer, Gate, Setup, TestHome, Upstream, files_in};

/// Every file of a folder with what is in it.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    files_in(folder).into_iter().map(|path| (path.clone(), std::fs::read(path).unwrap())).collect()
}

/// Three images of the sandbox's, a year, a month and no time ago, the second made from the first.
async fn three(setup: &Setup) -> [Answer; 3] {
    let mut app = setup.start().await;
    let old = app.generate(json!({ "prompt": "old" })).await;
    let middle = app.edit(json!({ "prompt": "middle", "images": [old.id()] })).await;
    let new = app.generate(json!({ "prompt": "new" })).await;
    assert_eq!(app.end().await.code, 0);
    aged(&setup.home).await;
    printed(setup, &["gallery"]).await;
    [old, middle, new]
}

async fn aged(home: &TestHome) {
    sql(
        home,
        "UPDATE images SET created_at = strftime('%Y-%m-%dT%H:%M:%S.000000Z', 'now', '-365 days') WHERE prompt = 'old';
         UPDATE images SET created_at = strftime('%Y-%m-%dT%H:%M:%S.000000Z', 'now', '-40 days') WHERE prompt = 'middle'",
    )
    .await;
}

fn ids(plan: &Value) -> Vec<&str> {
    plan["pictures"].as_array().unwrap().iter().map(|image| image["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_dry_run_says_what_would_go_and_changes_nothing() {
    let setup = Setup::sandbox();
    let [old, middle, _] = three(&setup).await;
    let before = contents(&setup.home.store());
    let plan = json(&setup, &["prune", "--older-than", "30d", "--dry-run"]).await;
    assert_eq!(ids(&plan), [old.id(), middle.id()], "oldest first");
    assert_eq!((&plan["deleted"], &plan["stay"]["pictures"]), (&json!(false), &json!(1)));
    let words = printed(&setup, &["prune", "--older-than", "30d", "--dry-run"]).await;
    assert!(words.starts_with("To delete: 2 images, which frees ") && words.contains(&old.id()), "{words}");
    // Without anybody to ask, it is the same and a refusal.
    let refused = setup.run(&["prune", "--older-than", "30d"]).await;
    assert_eq!((refused.code, refused.stdout), (1, words));
    assert!(refused.stderr.contains("--yes"), "{}", refused.stderr);
    assert!(contents(&setup.home.store()) == before, "{:?}", files_in(&setup.home.store()));
}

#[tokio::test]
async fn what_is_old_goes_with_its_thumbnail_and_what_was_spent_stays() {
    let setup = Setup::sandbox();
    let [old, middle, new] = three(&setup).await;
    let spent = json(&setup, &["spend"]).await;
    let plan = json(&setup, &["prune", "--older-than", "2 months", "--dry-run"]).await;
    let done = json(&setup, &["prune", "--older-than", "2 months", "--yes"]).await;
    assert_eq!((&done["deleted"], &done["failures"]), (&json!(true), &json!([])));
    assert_eq!((&done["pictures"], &done["frees_bytes"]), (&plan["pictures"], &plan["frees_bytes"]));
    assert_eq!(ids(&done), [old.id()]);
    let left: Vec<_> = setup.home.images();
    assert_eq!(left.len(), 2);
    assert!(!old.path().exists() && middle.path().exists() && new.path().exists());
    let names = files_in(&setup.home.store().join("thumbnails"));
    assert!(
        names.len() == 2 && !names.iter().any(|path| path.to_str().unwrap().contains(&old.id())),
        "{names:?}"
    );
    assert_eq!(json(&setup, &["spend"]).await, spent);

    let job = json(&setup, &["jobs", old.fields()["job"].as_str().unwrap()]).await;
    assert_eq!((&job["state"], &job["images"]), (&json!("done"), &json!([])));
    assert!(job["problem"]["what"].as_str().unwrap().contains("no longer in the store"), "{job}");
    let child = json(&setup, &["jobs", middle.fields()["job"].as_str().unwrap()]).await;
    assert_eq!(child["images"][0]["made_from"][0]["id"], old.id(), "lineage names what is gone");
    assert!(
        told(&setup, &["prune", "--older-than", "2 months", "--yes"]).await.contains("nothing to delete")
    );
}

#[tokio::test]
async fn the_oldest_go_until_the_rest_fits() {
    let setup = Setup::sandbox();
    let [old, middle, new] = three(&setup).await;
    let all = json(&setup, &["prune", "--to-size", "1TB", "--dry-run"]).await;
    assert_eq!((ids(&all), &all["stay"]["pictures"]), (vec![], &json!(3)));
    let total = all["stay"]["bytes"].as_u64().unwrap();
    let files = setup.home.images().into_iter().chain(files_in(&setup.home.store().join("thumbnails")));
    assert_eq!(total, files.map(|path| path.metadata().unwrap().len()).sum::<u64>());
    let cases = [(total, vec![]), (total - 1, vec![old.id()]), (1, vec![old.id(), middle.id(), new.id()])];
    for (most, gone) in cases {
        let plan = json(&setup, &["prune", "--to-size", &format!("{most}B"), "--dry-run"]).await;
        assert_eq!(ids(&plan), gone);
        let stay = plan["stay"]["bytes"].as_u64().unwrap();
        assert!(stay <= most && stay + plan["frees_bytes"].as_u64().unwrap() == total, "{plan}");
    }
    json(&setup, &["prune", "--to-size", &format!("{}B", total - 1), "--yes"]).await;
    let rest = json(&setup, &["prune", "--to-size", "1TB", "--dry-run"]).await;
    assert!(rest["stay"]["bytes"].as_u64().unwrap() < total);
    assert_eq!(setup.home.images().len(), 2);
}

#[tokio::test]
async fn files_elsewhere_and_files_that_were_changed_stay() {
    let upstream = Upstream::with((0..4).map(drawn)).await;
    let setup = Setup::at(&upstream);
    let mut app = setup.start().await;
    let elsewhere = app.generate(json!({ "prompt": "old", "save_to": "kite.png" })).await;
    let changed = app.generate(json!({ "prompt": "old" })).await;
    let inside = app.generate(json!({ "prompt": "old" })).await;
    // The name of an image that was moved away is given to a later one.
    let first = app.generate(json!({ "prompt": "old", "save_to": elsewhere.path() })).await;
    assert_eq!(app.end().await.code, 0);
    aged(&setup.home).await;
    std::fs::write(changed.path(), "my own work on it").unwrap();
    let plan = json(&setup, &["prune", "--to-size", "0", "--dry-run"]).await;
    assert_eq!(ids(&plan), [inside.id()], "the others make no room");

    let done = json(&setup, &["prune", "--older-than", "30d", "--yes"]).await;
    let fates: BTreeMap<_, _> = done["pictures"]
        .as_array()
        .unwrap()
        .iter()
        .map(|image| (image["id"].as_str().unwrap(), image["file"].as_str().unwrap()))
        .collect();
    for (answer, fate) in
        [(&elsewhere, "elsewhere"), (&first, "elsewhere"), (&changed, "changed"), (&inside, "deleted")]
    {
        assert_eq!(fates[answer.id().as_str()], fate);
        assert_eq!(answer.path().exists(), fate != "deleted");
    }
    assert!(setup.start().await.get(json!({ "id": elsewhere.id() })).await.is_error(), "its entry is gone");
}

#[tokio::test]
async fn an_image_under_a_name_that_was_an_older_ones_is_not_taken_for_it() {
    let upstream = Upstream::with((0..2).map(drawn)).await;
    let setup = Setup::at(&upstream);
    let mut app = setup.start().await;
    let place = setup.home.store().join("mine/kite.png");
    let old = app.generate(json!({ "prompt": "old", "save_to": place })).await;
    std::fs::remove_file(old.path()).unwrap();
    let new = app.generate(json!({ "prompt": "new", "save_to": place })).await;
    assert_eq!(old.path(), new.path());
    assert_eq!(app.end().await.code, 0);
    aged(&setup.home).await;
    let done = json(&setup, &["prune", "--older-than", "30d", "--yes"]).await;
    assert_eq!((ids(&done), &done["pictures"][0]["file"]), (vec![old.id().as_str()], &json!("missing")));
    assert!(new.path().exists());
}

#[tokio::test]
async fn work_under_way_is_left_alone() {
    let gate = Gate::shut();
    let upstream = Upstream::with([drawn(1), drawn(2).held_by(&gate)]).await;
    let setup = Setup::at(&upstream);
    let mut app = setup.start().await;
    let call = app.begin("generate_image", json!({ "prompt": "old", "n": 2 })).await;
    upstream.requests_come(2).await;
    let store = setup.home.store();
    let stored =
        || setup.home.images().into_iter().find(|path| !path.to_string_lossy().contains(".arriving"));
    crate::support::eventually("the first image", stored).await;
    crate::support::eventually("its settling", || {
        (files_in(&store.join("images"))
            .iter()
            .filter(|path| path.to_string_lossy().contains(".arriving"))
            .count()
            <= 1)
            .then_some(())
    })
    .await;
    aged(&setup.home).await;
    let plan = json(&setup, &["prune", "--older-than", "30d", "--yes"]).await;
    assert_eq!((ids(&plan), &plan["stay"]["under_way"]), (vec![], &json!(1)));
    gate.open();
    let made = app.result_of(call).await.fields();
    for image in made["images"].as_array().unwrap() {
        assert!(Path::new(image["path"].as_str().unwrap()).exists());
    }
    assert_eq!(made["images"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn what_killed_processes_and_lost_images_left_behind_goes_too() {
    let setup = Setup::sandbox();
    let [_, _, new] = three(&setup).await;
    let month = new.path().parent().unwrap().to_owned();
    let (long_ago, now) = (month.join(".arriving-abc"), month.join(".arriving-def"));
    let stale = setup.home.store().join("thumbnails/img_0123456789ab.jpg");
    let empty = month.with_file_name("2025-01");
    std::fs::create_dir(&empty).unwrap();
    for path in [&long_ago, &now, &stale] {
        std::fs::write(path, "half").unwrap();
    }
    let two_days = std::time::Duration::from_hours(48);
    let file = std::fs::File::options().append(true).open(&long_ago).unwrap();
    file.set_modified(std::time::SystemTime::now() - two_days).unwrap();
    let plan = json(&setup, &["prune", "--to-size", "1TB", "--yes"]).await;
    assert_eq!((&plan["stale_thumbnails"], &plan["unfinished_files"]), (&json!([stale]), &json!([long_ago])));
    assert_eq!(plan["frees_bytes"], 8);
    assert!(!long_ago.exists() && !stale.exists() && !empty.exists());
    assert!(now.exists() && new.path().exists(), "one may be arriving");
}

#[tokio::test]
async fn a_rule_must_be_stated_and_make_sense() {
    let setup = Setup::bare();
    let cases: [&[&str]; 6] = [
        &["prune"],
        &["prune", "--dry-run"],
        &["prune", "--older-than=30d", "--to-size=1GB"],
        &["prune", "--older-than=soon"],
        &["prune", "--to-size=5"],
        &["prune", "--to-size=5GB", "--yes", "--dry-run"],
    ];
    for arguments in cases {
        assert_eq!(setup.run(arguments).await.code, 2, "{arguments:?}");
    }
    assert!(told(&setup, &["prune", "--older-than=30d"]).await.contains("nothing to delete"));
    assert!(!setup.home.data().exists());
}
