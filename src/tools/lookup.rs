//! Parses the ids of `get_image`, looks them up and waits for their jobs. Knows nothing of MCP.

use futures_util::future::join_all;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::args::GetArguments;
use crate::domain::{ImageId, JobId, Problem};
use crate::jobs::{Changes, JobLookup, JobProgress, Manager, Outcome};
use crate::store::StoredImage;

/// An id that a call names.
#[derive(Clone, Debug)]
pub enum RequestedId {
    /// One image.
    Image(ImageId),
    /// All images of a job.
    Job(JobId),
}

/// What an id leads to.
#[derive(Debug)]
pub enum Retrieved {
    /// One image.
    Image {
        /// The image.
        image: Box<StoredImage>,
        /// The images that it was made from, nearest first.
        ancestry: Vec<StoredImage>,
    },
    /// A job that made images.
    Made {
        /// The images and the report.
        outcome: Box<Outcome>,
        /// Whether a client received them before.
        delivered: bool,
    },
    /// A job that has not ended.
    UnderWay {
        /// How far it is.
        progress: JobProgress,
        /// Seconds since its start.
        seconds: u64,
    },
}

/// The ids that a call names.
///
/// # Errors
/// A [`Problem`] for each text that is not an id, or one if the call names none.
pub fn ids(arguments: &GetArguments) -> Result<Vec<RequestedId>, Vec<Problem>> {
    let one = arguments.id.iter().map(|text| ("id".to_owned(), text));
    let several = arguments.ids.iter().flatten().enumerate();
    let several = several.map(|(index, text)| (format!("ids[{index}]"), text));
    let (mut ids, mut problems) = (Vec::new(), Vec::new());
    for (argument, text) in one.chain(several) {
        match parse(text) {
            Some(id) => ids.push(id),
            None => problems.push(Problem::argument(argument, format!("{text:?} was given"), PASS_AN_ID)),
        }
    }
    if ids.is_empty() && problems.is_empty() {
        problems.push(Problem::argument(
            "id",
            "missing",
            "Pass the id of an earlier result, or several as ids.",
        ));
    }
    if problems.is_empty() { Ok(ids) } else { Err(problems) }
}

const PASS_AN_ID: &str = "Pass an id from an earlier result, such as img_0123456789ab or job_0123456789ab.";

fn parse(text: &str) -> Option<RequestedId> {
    let id = text.trim().trim_start_matches("image://");
    ImageId::parse(id).map(RequestedId::Image).or_else(|| JobId::parse(id).map(RequestedId::Job))
}

/// What these ids lead to: at once where all jobs have ended, else when they have or the time is up. `progress` receives
/// the progress of the first that has not ended.
pub async fn collect(
    manager: &Manager,
    owner: &str,
    ids: &[RequestedId],
    until: Instant,
    progress: &watch::Sender<JobProgress>,
) -> Vec<Result<Retrieved, Problem>> {
    let mut changes = changes(manager, ids);
    let mut got = look_at_all(manager, owner, ids).await;
    let wait = async {
        loop {
            let under_way = got.iter().find_map(|got| match got {
                Ok(Retrieved::UnderWay { progress, .. }) => Some(progress.clone()),
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
fn changes(manager: &Manager, ids: &[RequestedId]) -> Changes {
    manager.changes(ids.iter().filter_map(|id| match id {
        RequestedId::Job(job) => Some(job),
        RequestedId::Image(_) => None,
    }))
}

async fn look_at_all(manager: &Manager, owner: &str, ids: &[RequestedId]) -> Vec<Result<Retrieved, Problem>> {
    join_all(ids.iter().map(|id| look_at(manager, owner, id))).await
}

async fn look_at(manager: &Manager, owner: &str, id: &RequestedId) -> Result<Retrieved, Problem> {
    match id {
        RequestedId::Image(id) => {
            let image = manager.store().image(id, owner).await.map_err(|error| error.at("id"))?;
            let ancestry = manager.store().ancestry(&image, owner).await.map_err(|error| error.in_store())?;
            Ok(Retrieved::Image { image: Box::new(image), ancestry })
        }
        RequestedId::Job(id) => match manager.look(id, owner).await.map_err(|error| error.at("id"))? {
            JobLookup::Done { outcome, delivered } => Ok(Retrieved::Made { outcome, delivered }),
            JobLookup::UnderWay { progress, seconds } => Ok(Retrieved::UnderWay { progress, seconds }),
            JobLookup::Failed(problem) => Err(problem),
        },
    }
}

impl Retrieved {
    /// The images.
    #[must_use]
    pub fn images(&self) -> &[StoredImage] {
        match self {
            Self::Image { image, .. } => std::slice::from_ref(image),
            Self::Made { outcome, .. } => &outcome.images,
            Self::UnderWay { .. } => &[],
        }
    }
}

impl RequestedId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Image(id) => id.as_str(),
            Self::Job(id) => id.as_str(),
        }
    }
}
