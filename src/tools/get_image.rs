//! `get_image`: an image made earlier once more, or one that is still being made.

use std::time::Duration;

use futures_util::future::FutureExt as _;
use futures_util::future::join_all;
use rmcp::RoleServer;
use rmcp::model::{CallToolResult, JsonObject, Tool, ToolAnnotations};
use rmcp::service::RequestContext;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::args::GetArguments;
use super::caller::Caller;
use super::deferred::DeferredImages;
use super::delivery::once_written;
use super::list::{Entry, read};
use super::progress::tell;
use super::server::ImageServer;
use super::{reply, schema};
use crate::domain::{ImageId, JobId, Problem};
use crate::jobs::{Changes, JobLookup, JobProgress, Manager, Outcome};
use crate::store::StoredImage;

pub(super) const ENTRY: Entry = Entry {
    name: "get_image",
    description: "Show an image made earlier again, or wait for one that is still rendering, by the id in its result. Costs nothing.",
    definition,
    call: |server, arguments, context| get(server, arguments, context).map(Into::into).boxed(),
    asked: None,
};

fn definition(models: &[String]) -> Tool {
    Tool::new(ENTRY.name, ENTRY.description, schema::input_schema::<GetArguments>(models))
        .with_title("Get image")
        .with_annotations(
            ToolAnnotations::new().read_only(true).destructive(false).idempotent(true).open_world(false),
        )
}

/// What an id means.
#[derive(Clone, Debug)]
pub enum Id {
    /// One image.
    Image(ImageId),
    /// All the images of a call.
    Job(JobId),
}

/// What there is of an id.
#[derive(Debug)]
pub enum Got {
    /// One image.
    Image {
        /// The image.
        image: Box<StoredImage>,
        /// What it goes back to, nearest first.
        ancestry: Vec<StoredImage>,
    },
    /// What a job brought.
    Made {
        /// Its images and what is to be said of them.
        outcome: Box<Outcome>,
        /// Whether somebody had them before.
        delivered: bool,
    },
    /// A job that has not ended.
    UnderWay {
        /// How far it is.
        progress: JobProgress,
        /// Since when, in seconds.
        seconds: u64,
    },
}

async fn get(
    server: &ImageServer,
    arguments: JsonObject,
    context: RequestContext<RoleServer>,
) -> CallToolResult {
    let arguments: GetArguments = match read(arguments) {
        Ok(arguments) => arguments,
        Err(problems) => return reply::problems(&problems),
    };
    let ids = match ids(&arguments) {
        Ok(ids) => ids,
        Err(problems) => return reply::problems(&problems),
    };
    let caller = Caller::of(&context);
    let owner = &caller.owner.name;
    let asked = arguments.wait_s.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let until = Instant::now() + server.soft_deadline().of(&context, asked);
    let (stage, stages) = watch::channel(JobProgress::Preparing);
    let got = tokio::select! {
        biased;
        got = collect(server.manager(), owner, &ids, until, &stage) => got,
        () = context.ct.cancelled() => return reply::problems(&[]),
        () = tell(&context, stages) => return reply::problems(&[]),
    };
    let made = got.iter().filter_map(|got| match got {
        Ok(Got::Made { outcome, delivered: false }) => Some(outcome.job.clone()),
        _ => None,
    });
    let made: Vec<_> = made.collect();
    let deferred = context.extensions.get::<DeferredImages>();
    let answer = reply::got(&ids, got, &caller, server.reply_options(), arguments.output, deferred).await;
    if !made.is_empty() {
        let manager = server.manager().clone();
        once_written(&context, move || manager.record_delivery(made));
    }
    answer
}

/// The ids that a call asks for.
///
/// # Errors
/// A [`Problem`] for each text that is none, or one where there are none at all.
pub fn ids(arguments: &GetArguments) -> Result<Vec<Id>, Vec<Problem>> {
    let one = arguments.id.iter().map(|text| ("id".to_owned(), text));
    let several = arguments.ids.iter().flatten().enumerate();
    let several = several.map(|(index, text)| (format!("ids[{index}]"), text));
    let (mut ids, mut problems) = (Vec::new(), Vec::new());
    for (argument, text) in one.chain(several) {
        match parse(text) {
            Some(id) => ids.push(id),
            None => problems.push(Problem::argument(argument, format!("{text:?} was given"), ACCEPTED)),
        }
    }
    if ids.is_empty() && problems.is_empty() {
        problems.push(Problem::argument(
            "id",
            "is required",
            "Pass the id of an earlier result, or several as ids.",
        ));
    }
    if problems.is_empty() { Ok(ids) } else { Err(problems) }
}

const ACCEPTED: &str =
    "Accepted is an id from an earlier result, such as img_0123456789ab or job_0123456789ab.";

fn parse(text: &str) -> Option<Id> {
    let id = text.trim().trim_start_matches("image://");
    ImageId::parse(id).map(Id::Image).or_else(|| JobId::parse(id).map(Id::Job))
}

/// What these ids lead to: at once where all jobs have ended, else when they have or the time is up. `progress` receives
/// the progress of the first that has not ended.
pub async fn collect(
    manager: &Manager,
    owner: &str,
    ids: &[Id],
    until: Instant,
    progress: &watch::Sender<JobProgress>,
) -> Vec<Result<Got, Problem>> {
    let mut changes = changes(manager, ids);
    let mut got = look_at_all(manager, owner, ids).await;
    let wait = async {
        loop {
            let under_way = got.iter().find_map(|got| match got {
                Ok(Got::UnderWay { progress, .. }) => Some(progress.clone()),
                _ => None,
            });
            let Some(now) = under_way else { return };
            progress.send_if_modified(|progress| std::mem::replace(progress, now.clone()) != now);
            changes.any().await;
            changes = self::changes(manager, ids);
            got = look_at_all(manager, owner, ids).await;
        }
    };
    let _ = timeout_at(until, wait).await;
    got
}

/// The changes of the jobs among these ids.
fn changes(manager: &Manager, ids: &[Id]) -> Changes {
    manager.changes(ids.iter().filter_map(|id| match id {
        Id::Job(job) => Some(job),
        Id::Image(_) => None,
    }))
}

async fn look_at_all(manager: &Manager, owner: &str, ids: &[Id]) -> Vec<Result<Got, Problem>> {
    join_all(ids.iter().map(|id| look_at(manager, owner, id))).await
}

async fn look_at(manager: &Manager, owner: &str, id: &Id) -> Result<Got, Problem> {
    match id {
        Id::Image(id) => {
            let image = manager.store().image(id, owner).await.map_err(|error| error.at("id"))?;
            let ancestry = manager.store().ancestry(&image, owner).await.map_err(|error| error.in_store())?;
            Ok(Got::Image { image: Box::new(image), ancestry })
        }
        Id::Job(id) => match manager.look(id, owner).await.map_err(|error| error.at("id"))? {
            JobLookup::Done { outcome, delivered } => Ok(Got::Made { outcome, delivered }),
            JobLookup::UnderWay { progress, seconds } => Ok(Got::UnderWay { progress, seconds }),
            JobLookup::Failed(problem) => Err(problem),
        },
    }
}

impl Got {
    /// The images there are.
    #[must_use]
    pub fn images(&self) -> &[StoredImage] {
        match self {
            Self::Image { image, .. } => std::slice::from_ref(image),
            Self::Made { outcome, .. } => &outcome.images,
            Self::UnderWay { .. } => &[],
        }
    }
}

impl Id {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Image(id) => id.as_str(),
            Self::Job(id) => id.as_str(),
        }
    }
}
