//! Shows stored images in a terminal, and waits for those that are still being made.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, interval};

use super::answer;
use super::progress::CallProgress;
use crate::app::App;
use crate::app::exit::FAILED;
use crate::jobs::{JobProgress, Owner};
use crate::tools::{self, GetArguments, Retrieved};

/// No limit in practice: the user can press ^C.
const NO_LIMIT: Duration = Duration::from_hours(24);

/// Between two looks at how far an image is.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Shows the images of the ids. The exit code is 0 if every id has one.
pub(super) async fn get(wanted: &GetArguments, app: &App, json: bool) -> Result<u8, String> {
    let ids = match tools::ids(wanted) {
        Ok(ids) => ids,
        Err(problems) => return answer::refuse(&problems),
    };
    let asked = wanted.wait_s.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let until = Instant::now() + asked.unwrap_or(NO_LIMIT);
    let (stage, stages) = watch::channel(JobProgress::Preparing);
    let mut progress = CallProgress::new(stages);
    let mut looks = interval(LOOK_EVERY);
    looks.tick().await; // a stored image needs no progress bar
    let owner = Owner::local().name;
    let mut work = Box::pin(tools::collect(&app.manager, &owner, &ids, until, &stage));
    let got = loop {
        tokio::select! {
            biased;
            got = &mut work => break got,
            _ = looks.tick() => progress.show(),
        }
    };
    drop(progress);
    if got.iter().all(Result::is_err) {
        let problems: Vec<_> = got.into_iter().filter_map(Result::err).collect();
        return answer::refuse(&problems);
    }
    let images: Vec<_> = got.iter().flatten().flat_map(|got| got.images().to_vec()).collect();
    let fields = tools::got_fields(&ids, &got, Vec::new());
    let code = answer::print(&fields, &images, app.server.form(wanted.output), json);
    let problems: Vec<_> = got.iter().filter_map(|got| got.as_ref().err().cloned()).collect();
    let code = match problems.as_slice() {
        [] => code,
        _ if json => code.and(Ok(FAILED)),
        problems => code.and(answer::refuse(problems)),
    };
    let made = got.iter().flatten().filter_map(|got| match got {
        Retrieved::Made { outcome, delivered: false } => Some(outcome.job.clone()),
        _ => None,
    });
    app.manager.record_delivery(made.collect());
    drop(work);
    app.manager.finish().await;
    code
}
