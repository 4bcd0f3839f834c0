//! `get_image`: a stored picture once more, at no cost.

use futures_util::future::FutureExt as _;
use rmcp::model::{CallToolResult, JsonObject, Tool, ToolAnnotations};

use super::args::GetArguments;
use super::list::{Entry, read};
use super::server::ImageServer;
use super::{reply, schema};
use crate::domain::{ImageId, JobId, Problem, ProblemKind};
use crate::images::StoredImage;
use crate::jobs::{LOCAL_OWNER, Manager};

pub(super) const ENTRY: Entry = Entry {
    name: "get_image",
    description: "Show a picture made earlier again, by the id in its result. Costs nothing.",
    definition,
    call: |server, arguments, _| get(server, arguments).boxed(),
    asked: None,
};

fn definition(models: &[String]) -> Tool {
    Tool::new(ENTRY.name, ENTRY.description, schema::input_schema::<GetArguments>(models))
        .with_title("Get image")
        .with_annotations(
            ToolAnnotations::new().read_only(true).destructive(false).idempotent(true).open_world(false),
        )
}

async fn get(server: &ImageServer, arguments: JsonObject) -> CallToolResult {
    let arguments: GetArguments = match read(arguments) {
        Ok(arguments) => arguments,
        Err(problems) => return reply::problems(&problems),
    };
    match stored_images(server.manager(), &arguments).await {
        Ok(images) => reply::stored(&images, server.reply_options(), arguments.output).await,
        Err(problem) => reply::problems(&[problem]),
    }
}

/// The images that an id means: one, or all of a job.
///
/// # Errors
/// A [`Problem`] for an id that nobody knows, and for a job without images.
pub async fn stored_images(manager: &Manager, arguments: &GetArguments) -> Result<Vec<StoredImage>, Problem> {
    let (library, text) = (manager.library(), arguments.id.as_str());
    let id = text.trim().trim_start_matches("image://");
    if let Some(id) = ImageId::parse(id) {
        let image = library.image(&id, LOCAL_OWNER).await.map_err(|error| error.at("id"))?;
        return Ok(vec![image]);
    }
    let Some(id) = JobId::parse(id) else {
        let accepted =
            "Accepted is an id from an earlier result, such as img_0123456789ab or job_0123456789ab.";
        return Err(Problem::argument("id", format!("{text:?} was given"), accepted));
    };
    let job = library.job(&id, LOCAL_OWNER).await.map_err(|error| error.at("id"))?;
    let images = library.images_of(&id, LOCAL_OWNER).await.map_err(|error| error.in_store())?;
    if images.is_empty() {
        let why = job.problem.unwrap_or_else(|| format!("it is {}", job.state.name()));
        return Err(Problem::new(ProblemKind::NotFound, format!("{id} has no images: {why}"), ""));
    }
    Ok(images)
}
