//! Which fault a request gets, and how often each fault has happened.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use axum::http::HeaderMap;

use super::kinds::{Fault, Reach};
use super::spec::{FaultError, FaultSpec, Scope};
use crate::sandbox::models::{self, ModelFamily};

const HEADER: &str = "x-sandbox-fault";

/// What the choice of a fault depends on.
#[derive(Clone, Copy, Debug)]
pub(in crate::sandbox) struct CallContext<'a> {
    /// Whether it is chat and not one of the images endpoints.
    pub chat: bool,
    pub model: Option<&'a str>,
    pub prompt: Option<&'a str>,
}

/// A fault that cannot be read: where it is written and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sandbox) struct InvalidFault {
    /// The header's name, or `prompt`.
    pub place: &'static str,
    pub error: FaultError,
}

/// A fault of a download.
#[derive(Debug)]
pub(in crate::sandbox) struct DownloadFault {
    pub spec: FaultSpec,
    /// Whether it has happened as often as it should. Only its lasting effect remains.
    pub spent: bool,
}

/// The fault of all requests, and how often each fault has happened.
#[derive(Debug, Default)]
pub(in crate::sandbox) struct Faults {
    setting: Option<FaultSpec>,
    happened: Mutex<HashMap<String, u32>>,
}

impl Faults {
    pub(in crate::sandbox) fn new(setting: Option<FaultSpec>) -> Self {
        Self { setting, happened: Mutex::default() }
    }

    /// The fault of a paid call: the first that applies to it, of its header, its prompt and the
    /// setting. A fault of downloads is not counted here.
    pub(in crate::sandbox) fn for_call(
        &self,
        headers: &HeaderMap,
        context: CallContext<'_>,
    ) -> Result<Option<FaultSpec>, InvalidFault> {
        let stated = in_header(headers)?;
        let in_prompt = context.prompt.and_then(FaultSpec::find_in).map(str::parse).transpose();
        let in_prompt = in_prompt.map_err(|error| InvalidFault { place: "prompt", error })?;
        let candidates = [stated, in_prompt, self.setting.clone()].into_iter().flatten();
        Ok(candidates
            .into_iter()
            .find(|spec| spec.applies_to(context))
            .filter(|spec| spec.fault().is_download_fault() || self.happens(&spec.to_string(), spec.times)))
    }

    /// The fault of a download: that of its header, or else the one that waits in the link.
    /// Counted for each link.
    pub(in crate::sandbox) fn for_download(
        &self,
        headers: &HeaderMap,
        waiting: Option<&FaultSpec>,
        link: &str,
    ) -> Result<Option<DownloadFault>, InvalidFault> {
        let stated = in_header(headers)?.filter(|spec| {
            spec.fault().is_download_fault() && matches!(spec.only, None | Some(Scope::Files))
        });
        let Some(spec) = stated.or(waiting.cloned()) else { return Ok(None) };
        let times = spec.times.or(spec.fault().default_times());
        let spent = !self.happens(&format!("{spec} {link}"), times);
        // Such a CDN ignores Range even when it no longer cuts.
        let applies = !spent || spec.fault() == Fault::CdnNoRange;
        Ok(applies.then_some(DownloadFault { spec, spent }))
    }

    /// Counts the fault of a link from 0 again.
    pub(in crate::sandbox) fn begin_link(&self, spec: &FaultSpec, link: &str) {
        self.happened.lock().unwrap_or_else(PoisonError::into_inner).remove(&format!("{spec} {link}"));
    }

    /// Counts a fault under a name. Returns whether it happens once more.
    fn happens(&self, name: &str, times: Option<u32>) -> bool {
        let Some(times) = times else { return true };
        let mut happened = self.happened.lock().unwrap_or_else(PoisonError::into_inner);
        let count = happened.entry(name.to_owned()).or_default();
        let another = *count < times;
        *count += u32::from(another);
        another
    }
}

fn in_header(headers: &HeaderMap) -> Result<Option<FaultSpec>, InvalidFault> {
    let Some(value) = headers.get(HEADER) else { return Ok(None) };
    let text = String::from_utf8_lossy(value.as_bytes());
    text.parse().map(Some).map_err(|error| InvalidFault { place: HEADER, error })
}

impl FaultSpec {
    fn applies_to(&self, context: CallContext<'_>) -> bool {
        let reached = match self.fault().entry().reach {
            Reach::Paid | Reach::Files => true,
            Reach::Chat => context.chat,
            Reach::Official => {
                let model = context.model.and_then(models::find);
                model.is_some_and(|model| model.family == ModelFamily::Official)
            }
        };
        let meant = match &self.only {
            None | Some(Scope::Files) => true,
            Some(Scope::Chat) => context.chat,
            Some(Scope::Images) => !context.chat,
            Some(Scope::Model(id)) => context.model == Some(*id),
        };
        reached && meant
    }
}
