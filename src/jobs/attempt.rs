//! One try at one place: send, decode, fetch what is only linked, look at what came.
//!
//! Nothing here decides what a failure leads to; `image` does.

use std::time::Duration;

use url::Url;

use super::failover::Target;
use super::paid::Paid;
use crate::catalog::Provider;
use crate::codec::{ImageInfo, inspect};
use crate::domain::Billed;
use crate::routing::Usage;
use crate::staging::StagedFile;
use crate::upstream::{Failure, FailureKind, Lost, Made, ModelAddress, Order, Step, dialect};

/// What a try brought: at least one whole image.
pub(super) struct Brought {
    pub images: Vec<(StagedFile, ImageInfo)>,
    pub usage: Option<Usage>,
    pub request_id: Option<String>,
    /// What the caller should know of it.
    pub warnings: Vec<String>,
}

impl Paid {
    /// Asks for one image.
    pub(super) async fn attempt(
        &self,
        target: Target<'_>,
        partial: &(dyn Fn() + Sync),
    ) -> Result<Brought, Failure> {
        let provider = self.shared.provider(&target.choice.model).await.map_err(|problem| Failure {
            hint: Some(problem.remedy),
            ..Failure::new(FailureKind::NotSent, problem.what)
        })?;
        let (mut made, broken) = self.send(target, &provider, partial).await?;
        let mut brought = Brought {
            images: Vec::new(),
            usage: made.usage,
            request_id: made.request_id.clone(),
            warnings: std::mem::take(&mut made.warnings),
        };
        if let Some(broken) = broken {
            let words = broken.problem(&target.choice.model.name).what;
            brought.warnings.push(if made.staged.iter().any(|staged| staged.partial) {
                format!("the image is partial, as it looked on its way: {words}")
            } else {
                format!("the image is whole, though {words}")
            });
        }
        let mut failures = Vec::new();
        for staged in std::mem::take(&mut made.staged) {
            match look(&staged) {
                Ok(info) => brought.images.push((staged, info)),
                Err(error) => failures.push(error),
            }
        }
        for address in &made.addresses {
            // Boxed: a reply mostly holds its images, and many are under way at once.
            match Box::pin(self.fetch(&provider, address, &made)).await {
                Ok(image) => brought.images.push(image),
                Err(error) => failures.push(error),
            }
        }
        if brought.images.is_empty() {
            let links: Vec<_> = failures.iter().filter_map(|failure| failure.link.clone()).collect();
            let link = (!links.is_empty()).then(|| links.join(" and "));
            let failure = failures.pop().unwrap_or_else(|| Failure::new(FailureKind::NoImage, ""));
            let request_id = failure.request_id.clone().or(made.request_id);
            return Err(Failure { request_id, link, ..failure });
        }
        // A link in passing was none of an image's.
        let missing = failures.iter().filter(|failure| failure.link.is_none() || !made.guessed);
        let missing = missing.map(|failure| failure.problem(&target.choice.model.name));
        brought.warnings.extend(missing.map(|problem| format!("one more image did not come: {problem}")));
        Ok(brought)
    }

    /// What one call made, and how its reply broke if it did.
    async fn send(
        &self,
        target: Target<'_>,
        provider: &Provider,
        partial: &(dyn Fn() + Sync),
    ) -> Result<(Made, Option<Failure>), Failure> {
        let model = &target.choice.model;
        let dialect = dialect(target.endpoint);
        let order = Order {
            request: &self.request,
            model,
            provider,
            shape: &target.choice.shape,
            images: &self.inputs.images,
            mask: model.mask.and_then(|kind| self.inputs.mask(kind)),
        };
        let key = self.shared.key(model);
        let target = ModelAddress { provider, wire_id: &model.wire_id, key };
        let timeout = Duration::from_secs(model.timeout_seconds(self.request.quality).into());
        let (call, partial) = (dialect.encode(&order), |_| partial());
        let sent = self.shared.client.send_watched(target, call, &self.staging, timeout, &partial).await;
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
        &self,
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
        let download = self.shared.client.download(&url, &provider.base_url, &self.staging, &is_whole);
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
        let info = look(&staged)
            .map_err(|failure| linked(Failure { kind: FailureKind::DownloadFailed, ..failure }))?;
        Ok((staged, info))
    }
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

/// What a finished try cost, as far as its failure tells.
pub(super) fn billed(result: Result<&Brought, &Failure>) -> Billed {
    match result {
        Ok(_) => Billed::Yes,
        Err(failure) => failure.kind.billed(),
    }
}
