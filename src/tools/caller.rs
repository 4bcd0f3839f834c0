//! Who calls a tool, and what this caller may name and see.

use std::sync::Arc;

use rmcp::RoleServer;
use rmcp::service::RequestContext;

use serde_json::{Value, json};

use crate::domain::Problem;
use crate::jobs::{ImageJob, MaskSource, Owner};
use crate::references::{ImageReference, LocalReference};

/// The caller of a tool. A transport that authenticates its callers puts this into the extensions of
/// each request. Without it, the caller is the user who started the process.
#[derive(Clone, Debug)]
pub struct ToolCaller {
    /// Owns the jobs and images that the caller sees.
    pub owner: Owner,
    /// The request's id in the logs.
    pub request_id: Arc<str>,
    /// The address before an image's id, to fetch it over HTTP.
    pub images_url: Option<Arc<str>>,
    /// Whether the caller may name paths on this machine and sees them in results.
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

    /// A problem for each path that the call names, if this caller may name none.
    pub(super) fn forbidden_paths(&self, image_job: &ImageJob) -> Vec<Problem> {
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
            let fault = "over HTTP the server writes no files on its own disk";
            let remedy = "Leave save_to out: the result gives the url of each image.";
            problems.push(Problem::argument("save_to", fault, remedy));
        }
        problems
    }

    /// The result for this caller: with URLs over HTTP, and with paths only if it may use them.
    pub(super) fn result_for(&self, mut fields: Value) -> Value {
        let results = fields.get_mut("results").and_then(Value::as_array_mut);
        results.into_iter().flatten().for_each(|result| self.adapt_images(result));
        self.adapt_images(&mut fields);
        fields
    }

    fn adapt_images(&self, result: &mut Value) {
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
        "Pass an https URL, a data URL or an image id. To get an id, POST the bytes of an image to /images.";
    Problem::argument(argument, "over HTTP the server reads no paths on its own disk", remedy)
}
