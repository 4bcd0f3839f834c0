//! Which fault befalls a request, if one does, and how often each has happened.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use axum::http::HeaderMap;

use super::kinds::{Fault, Reach};
use super::spec::{FaultError, FaultSpec, Only};
use crate::sandbox::models::{self, Family};

const HEADER: &str = "x-sandbox-fault";

/// What a fault is chosen by.
#[derive(Clone, Copy, Debug)]
pub(in crate::sandbox) struct Occasion<'a> {
    /// Whether it is chat; else one of the images endpoints.
    pub chat: bool,
    pub model: Option<&'a str>,
    pub prompt: Option<&'a str>,
}

/// A spelling that is none: where it stood and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sandbox) struct BadSpelling {
    /// The header's name, or `prompt`.
    pub place: &'static str,
    pub error: FaultError,
}

/// A fault of a download.
#[derive(Debug)]
pub(in crate::sandbox) struct Befallen {
    pub spec: FaultSpec,
    /// Whether it has happened as often as it was to: what is left is a lasting trait.
    pub spent: bool,
}

/// What a sandbox was told to do wrong, and how often it has.
#[derive(Debug, Default)]
pub(in crate::sandbox) struct Faults {
    setting: Option<FaultSpec>,
    happened: Mutex<HashMap<String, u32>>,
}

impl Faults {
    pub(in crate::sandbox) fn new(setting: Option<FaultSpec>) -> Self {
        Self { setting, happened: Mutex::default() }
    }

    /// The fault of a paid call: that of its header, else of its prompt, else the setting's; the
    /// first that may befall it. One that waits in links is not counted here.
    pub(in crate::sandbox) fn of_call(
        &self,
        headers: &HeaderMap,
        occasion: Occasion<'_>,
    ) -> Result<Option<FaultSpec>, BadSpelling> {
        let asked = asked_in_header(headers)?;
        let worded = occasion.prompt.and_then(FaultSpec::spelt_in).map(str::parse).transpose();
        let worded = worded.map_err(|error| BadSpelling { place: "prompt", error })?;
        let stated = [asked, worded, self.setting.clone()].into_iter().flatten();
        Ok(stated
            .into_iter()
            .find(|spec| spec.may_befall(occasion))
            .filter(|spec| spec.fault().is_of_files() || self.happens(&spec.to_string(), spec.times)))
    }

    /// The fault of a download: that of its header, for programs that fetch on their own, else
    /// the one that waits in the link. Counted for each link.
    pub(in crate::sandbox) fn of_download(
        &self,
        headers: &HeaderMap,
        waiting: Option<&FaultSpec>,
        link: &str,
    ) -> Result<Option<Befallen>, BadSpelling> {
        let asked = asked_in_header(headers)?
            .filter(|spec| spec.fault().is_of_files() && matches!(spec.only, None | Some(Only::Files)));
        let Some(spec) = asked.or(waiting.cloned()) else { return Ok(None) };
        let times = spec.times.or(spec.fault().usual_times());
        let spent = !self.happens(&format!("{spec} {link}"), times);
        // Such a CDN goes on ignoring Range when it no longer cuts.
        let befalls = !spent || spec.fault() == Fault::CdnNoRange;
        Ok(befalls.then_some(Befallen { spec, spent }))
    }

    /// A link is given out anew: its fault has not happened yet.
    pub(in crate::sandbox) fn begin_link(&self, spec: &FaultSpec, link: &str) {
        self.happened.lock().unwrap_or_else(PoisonError::into_inner).remove(&format!("{spec} {link}"));
    }

    /// Counts one happening under a name; whether there was still one to come.
    fn happens(&self, name: &str, times: Option<u32>) -> bool {
        let Some(times) = times else { return true };
        let mut happened = self.happened.lock().unwrap_or_else(PoisonError::into_inner);
        let count = happened.entry(name.to_owned()).or_default();
        let another = *count < times;
        *count += u32::from(another);
        another
    }
}

fn asked_in_header(headers: &HeaderMap) -> Result<Option<FaultSpec>, BadSpelling> {
    let Some(value) = headers.get(HEADER) else { return Ok(None) };
    let text = String::from_utf8_lossy(value.as_bytes());
    text.parse().map(Some).map_err(|error| BadSpelling { place: HEADER, error })
}

impl FaultSpec {
    fn may_befall(&self, occasion: Occasion<'_>) -> bool {
        let reached = match self.fault().entry().reach {
            Reach::Paid | Reach::Files => true,
            Reach::Chat => occasion.chat,
            Reach::Official => {
                let model = occasion.model.and_then(models::find);
                model.is_some_and(|model| model.family == Family::Official)
            }
        };
        let meant = match &self.only {
            None | Some(Only::Files) => true,
            Some(Only::Chat) => occasion.chat,
            Some(Only::Images) => !occasion.chat,
            Some(Only::Model(id)) => occasion.model == Some(*id),
        };
        reached && meant
    }
}
