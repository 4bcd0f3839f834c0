//! Step 3: the paid part. It sends, and keeps what comes back, whoever still waits.
//!
//! `image` makes one of the images: it sends an `attempt` to one target of the `failover` plan after the other, until
//! one succeeds. `attempt` writes to the ledger around an `exchange` with the upstream. `keep` gives an image its
//! file and its row, and `preserve` puts the original back around what was repainted.

mod attempt;
mod deferred_writes;
mod exchange;
mod failover;
mod image;
mod keep;
mod preserve;
mod result;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::sync::watch;

use super::context::JobContext;
use super::progress::{JobProgress, Partials};
use super::queue::Permit;

pub(super) use deferred_writes::write_deferred;
pub(super) use result::ImageResult;

/// Makes all images of the job side by side. The first request uses the permit.
pub(super) async fn execute(
    context: &JobContext,
    permit: Permit,
    progress: &watch::Sender<JobProgress>,
) -> Vec<ImageResult> {
    let of = context.request.n;
    let usual_seconds = context.record.usual_seconds;
    let each = context.route.first.model.partial_images.unwrap_or_default();
    let (job, partials) = (context.record.id.clone(), Partials { here: 0, each });
    progress.send_replace(JobProgress::Rendering { job, done: 0, of, usual_seconds, partials });
    let on_partial = || count(progress, |_, partials| partials.here += 1);
    let mut permit = Some(permit);
    let images = (0..of).map(|position| image::make_image(context, position, permit.take(), &on_partial));
    let mut images: FuturesUnordered<_> = images.collect();
    let mut results = Vec::new();
    while let Some(result) = images.next().await {
        count(progress, |done, _| *done += 1);
        results.push(result);
    }
    results
}

fn count(progress: &watch::Sender<JobProgress>, add: impl FnOnce(&mut u32, &mut Partials)) {
    progress.send_if_modified(|progress| {
        let JobProgress::Rendering { done, partials, .. } = progress else { return false };
        add(done, partials);
        true
    });
}
