//! One request and its reply: send, decode, fetch what the reply only links to, inspect what came.
//!
//! It writes nothing down and does not decide what a failure leads to.

use std::time::Duration;

use url::Url;

use super::failover::Target;
use crate::catalog::Provider;
use crate::codec::{ImageInfo, inspect};
use crate::jobs::context::JobContext;
use crate::routing::Usage;
use crate::staging::StagedFile;
use crate::upstream::{Failure, FailureKind, Lost, Made, ModelAddress, Order, Step, dialect};

/// What a reply brought: at least one whole image.
pub(super) struct Received {
    pub images: Vec<(StagedFile, ImageInfo)>,
    pub usage: Option<Usage>,
    pub request_id: Option<String>,
    /// What the caller should know about it.
    pub warnings: Vec<String>,
}

/// Asks for one image.
pub(super) async fn exchange(
    context: &JobContext,
    target: Target<'_>,
    on_partial: &(dyn Fn() + Sync),
) -> Result<Received, Failure> {
    let model = &target.choice.model;
    let provider = context.services.provider(model).await.map_err(|problem| Failure {
        hint: Some(problem.remedy),
        ..Failure::new(FailureKind::NotSent, problem.what)
    })?;
    let (mut made, broken) = send(context, target, &provider, on_partial).await?;
    let mut received = Received {
        images: Vec::new(),
        usage: made.usage,
        request_id: made.request_id.clone(),
        warnings: std::mem::take(&mut made.warnings),
    };
    if let Some(broken) = broken {
        let words = broken.problem(&model.name).what;
        received.warnings.push(if made.staged.iter().any(|staged| staged.partial) {
            format!("the image is partial, as it looked on its way: {words}")
        } else {
            format!("the image is whole, though {words}")
        });
    }
    let mut failures = Vec::new();
    for staged in std::mem::take(&mut made.staged) {
        match look(&staged) {
            Ok(info) => received.images.push((staged, info)),
            Err(error) => failures.push(error),
        }
    }
    for address in &made.addresses {
        // Boxed: a reply mostly holds its images, and many are under way at once.
        match Box::pin(fetch(context, &provider, address, &made)).await {
            Ok(image) => received.images.push(image),
            Err(error) => failures.push(error),
        }
    }
    if received.images.is_empty() {
        let links: Vec<_> = failures.iter().filter_map(|failure| failure.link.clone()).collect();
        let link = (!links.is_empty()).then(|| links.join(" and "));
        let failure = failures.pop().unwrap_or_else(|| Failure::new(FailureKind::NoImage, ""));
        let request_id = failure.request_id.clone().or(made.request_id);
        return Err(Failure { request_id, link, ..failure });
    }
    // A link that the text only mentions was no image's.
    let missing = failures.iter().filter(|failure| failure.link.is_none() || !made.guessed);
    let missing = missing.map(|failure| failure.problem(&model.name));
    received.warnings.extend(missing.map(|problem| format!("one more image did not come: {problem}")));
    Ok(received)
}

/// What one call made, and how its reply broke if it did.
async fn send(
    context: &JobContext,
    target: Target<'_>,
    provider: &Provider,
    on_partial: &(dyn Fn() + Sync),
) -> Result<(Made, Option<Failure>), Failure> {
    let model = &target.choice.model;
    let dialect = dialect(target.endpoint);
    let order = Order {
        request: &context.request,
        model,
        provider,
        shape: &target.choice.shape,
        images: &context.inputs.images,
        mask: model.mask.and_then(|kind| context.inputs.mask(kind)),
    };
    let key = context.services.key(model);
    let target = ModelAddress { provider, wire_id: &model.wire_id, key };
    let timeout = Duration::from_secs(model.timeout_seconds(context.request.quality).into());
    let (call, partial) = (dialect.encode(&order), |_| on_partial());
    let sent = context.services.client.send_watched(target, call, &context.staging, timeout, &partial).await;
    match sent.map(|reply| dialect.decode(reply)) {
        Ok(Step::Made(mut made)) => {
            if let Some(key) = key {
                made.warnings.iter_mut().for_each(|words| *words = key.struck_from(words));
            }
            Ok((made, None))
        }
        Ok(Step::Failed(mut lost)) => {
            let failure = &mut lost.failure;
            // Some servers repeat the key that they refuse.
            if let Some(key) = key {
                failure.words = key.struck_from(&failure.words);
            }
            if failure.kind == FailureKind::Unauthorised && failure.hint.is_none() {
                failure.hint = Some(format!("Check the key in {}.", model.key_variables.join(" or ")));
            }
            rescue(*lost)
        }
        Err(lost) => rescue(lost),
    }
}

async fn fetch(
    context: &JobContext,
    provider: &Provider,
    address: &str,
    made: &Made,
) -> Result<(StagedFile, ImageInfo), Failure> {
    let words = &made.words;
    let base = Url::parse(&provider.base_url);
    let url = Url::parse(address).or_else(|_| base.and_then(|base| base.join(address)));
    let url = url.map_err(|_| Failure::new(FailureKind::NoImage, format!("\"{words}\"")))?;
    let linked = |failure| Failure { link: Some(url.to_string()), ..failure };
    let is_whole = |staged: &StagedFile| look(staged).is_ok();
    let download = context.services.client.download(&url, &provider.base_url, &context.staging, &is_whole);
    let staged = download.await?;
    if staged.format.is_none() {
        // A link in passing means that the model talked; an image's link that brings none is
        // a fault of the download, and the image is not made again for it.
        let (kind, words) = if made.guessed {
            (FailureKind::NoImage, format!("what it links to is no image: \"{words}\""))
        } else {
            (FailureKind::DownloadFailed, "what came from its link is no image".to_owned())
        };
        return Err(linked(Failure::new(kind, words)));
    }
    let info =
        look(&staged).map_err(|failure| linked(Failure { kind: FailureKind::DownloadFailed, ..failure }))?;
    Ok((staged, info))
}

fn look(staged: &StagedFile) -> Result<ImageInfo, Failure> {
    inspect(staged.reader()).map_err(|error| Failure::new(FailureKind::CutShort, error.to_string()))
}

/// The whole images of a reply that broke: they are paid for, and the last of them may have
/// come just before the end. Where there is none, the last one on its way.
fn rescue(lost: Lost) -> Result<(Made, Option<Failure>), Failure> {
    let Lost { failure, rescued } = lost;
    let rescued = rescued.into_iter().filter(|staged| look(staged).is_ok());
    let (partial, whole): (Vec<_>, Vec<_>) = rescued.partition(|staged| staged.partial);
    let staged = if whole.is_empty() { partial } else { whole };
    if staged.is_empty() {
        return Err(failure);
    }
    Ok((Made { staged, request_id: failure.request_id.clone(), ..Made::default() }, Some(failure)))
}
