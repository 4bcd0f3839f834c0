//! Who calls, and what follows from the way the call came.

use std::sync::Arc;

use rmcp::RoleServer;
use rmcp::service::RequestContext;

use serde_json::{Value, json};

use crate::domain::Problem;
use crate::jobs::{ImageJob, MaskSource, Owner};
use crate::references::{ImageReference, LocalReference};

/// A caller. A transport that knows its callers puts this into the extensions of each request;
/// without it, the caller is whoever started the process.
#[derive(Clone, Debug)]
pub struct ToolCaller {
    /// Whose jobs and images it sees.
    pub owner: Owner,
    /// The request's id in the logs.
    pub request_id: Arc<str>,
    /// The address that an image's id is put behind to fetch it, where there is one.
    pub images_url: Option<Arc<str>>,
    /// Whether it may name files of this machine, and is told of them.
    pub paths: bool,
}

impl ToolCaller {
    fn local() -> Self {
        Self { owner: Owner::local(), request_id: "".into(), images_url: None, paths: true }
    }

    /// The caller of this request.
    pub(super) fn of(context: &RequestContext<RoleServer>) -> Self {
        let request = context.extensions.get::<http::request::Parts>();
        request.and_then(|request| request.extensions.get::<Self>()).cloned().unwrap_or_else(Self::local)
    }

    /// What the call names that this caller may not: files, for one who shares no disk with the
    /// server.
    pub(super) fn refused(&self, image_job: &ImageJob) -> Vec<Problem> {
        if self.paths {
            return Vec::new();
        }
        let is_path =
            |reference: &ImageReference| matches!(reference, ImageReference::Local(LocalReference::Path(_)));
        let images = image_job.images.iter().enumerate().filter(|(_, image)| is_path(image));
        let mut problems: Vec<_> =
            images.map(|(index, _)| no_paths(&image_job.image_argument(index))).collect();
        let mask = image_job.masking.as_ref().map(|masking| &masking.source);
        if let Some(MaskSource::Image { reference, .. }) = mask
            && is_path(reference)
        {
            problems.push(no_paths("mask"));
        }
        if image_job.save_to.as_deref().is_some_and(|place| !place.trim().is_empty()) {
            let fault = "files of the server are not written for callers over HTTP";
            let remedy = "Leave it out: the result names the url to fetch the image from.";
            problems.push(Problem::argument("save_to", fault, remedy));
        }
        problems
    }

    /// What a result says, as this caller can use it: addresses for one who comes over HTTP, and
    /// paths only for one who may use them.
    pub(super) fn told(&self, mut fields: Value) -> Value {
        let results = fields.get_mut("results").and_then(Value::as_array_mut);
        results.into_iter().flatten().for_each(|result| self.tell_places(result));
        self.tell_places(&mut fields);
        fields
    }

    fn tell_places(&self, result: &mut Value) {
        for image in result.get_mut("images").and_then(Value::as_array_mut).into_iter().flatten() {
            let Some(image) = image.as_object_mut() else { continue };
            let id = image.get("id").and_then(Value::as_str).unwrap_or_default();
            if let Some(url) = self.images_url.as_deref().map(|images| json!(format!("{images}{id}"))) {
                image.shift_insert(1, "url".to_owned(), url);
            }
            if !self.paths {
                image.shift_remove("path");
                let preserved = image.get_mut("preserved").and_then(Value::as_object_mut);
                preserved.and_then(|preserved| preserved.shift_remove("raw_path"));
            }
        }
    }
}

fn no_paths(argument: &str) -> Problem {
    let remedy =
        "Pass an https URL, a data URL or an id instead; POST the bytes of an image to /images for an id.";
    Problem::argument(argument, "files of the server are not read for callers over HTTP", remedy)
}
