//! From request to answer, for all manners but the reference.

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::{get, post};

use super::answers::{chat_images, localised};
use super::definitions::{Key, ModelPlace, Traits, Wire};
use super::local;
use crate::domain::Operation;
use crate::sandbox::api_error::Refusal;
use crate::sandbox::chat::{last_turn, picture};
use crate::sandbox::files::download;
use crate::sandbox::images_api::{
    IMAGE_BYTES, Order, Submission, blocking, chat_order, chunked, decoded, json_object, official_answer,
};
use crate::sandbox::models::{self, Model};
use crate::sandbox::received::{Seen, bearer};
use crate::sandbox::server::Shared;

/// Stands in for whatever a server of another make draws with.
const PAINTER: &str = "gpt-image-2";

/// The routes of one manner.
pub(in crate::sandbox) fn router(traits: &'static Traits) -> Router<Shared> {
    let drawing = |operation| {
        post(move |State(shared): State<Shared>, request: Request| async move {
            serve(&shared, traits, operation, request).await
        })
    };
    let at = |path: &str| format!("{}{path}", traits.base);
    let mut router = Router::new().route(&at("/files/{name}"), get(download));
    if let Some(path) = traits.generations {
        router = router.route(&at(path), drawing(Task::Draw(Operation::Generate)));
    }
    if let Some(path) = traits.edits {
        router = router.route(&at(path), drawing(Task::Draw(Operation::Edit)));
    }
    if let Some(path) = traits.chat {
        router = router.route(&at(path), drawing(Task::Talk));
    }
    let missing = move |State(shared): State<Shared>, request: Request| async move {
        let seen = Seen::of(&request);
        let refusal = Refusal::no_such_route(&seen.method, &seen.path);
        shared.record(seen);
        traits.refusals.answer(&refusal)
    };
    router.fallback(missing).method_not_allowed_fallback(missing)
}

#[derive(Clone, Copy)]
enum Task {
    Draw(Operation),
    Talk,
}

async fn serve(shared: &Shared, traits: &'static Traits, task: Task, request: Request) -> Response {
    let mut seen = Seen::of(&request);
    let answer = match admitted(traits, &request) {
        Ok(()) => match task {
            Task::Draw(operation) => draw(shared, traits, operation, request, &mut seen).await,
            Task::Talk => talk(shared, traits, request, &mut seen).await,
        },
        Err(refusal) => Err(refusal),
    };
    shared.record(seen);
    answer.unwrap_or_else(|refusal| traits.refusals.answer(&refusal))
}

/// Whether the key and the query are as they should be.
fn admitted(traits: &Traits, request: &Request) -> Result<(), Refusal> {
    let signed = match traits.key {
        Key::Bearer => bearer(request.headers()).is_some(),
        Key::Header(name) => request.headers().get(name).is_some_and(|key| !key.is_empty()),
        Key::Unasked => true,
    };
    if !signed {
        return Err(Refusal::no_key(traits.no_key));
    }
    match traits.query {
        Some(query) if request.uri().query() != Some(query) => {
            Err(Refusal::no_such_route(request.method().as_str(), request.uri().path()))
        }
        _ => Ok(()),
    }
}

async fn draw(
    shared: &Shared,
    traits: &'static Traits,
    operation: Operation,
    request: Request,
    seen: &mut Seen,
) -> Result<Response, Refusal> {
    let submission = match operation {
        Operation::Generate => Submission::of_generation(request).await?,
        Operation::Edit | Operation::Inpaint => Submission::of_edit(request).await?,
    };
    seen.note(&submission);
    has_model(traits, seen)?;
    let painter = painter()?;
    let shared = shared.clone();
    tokio::time::sleep(shared.options().delay).await;
    let (answer, pictures) = blocking(move || match &traits.wire {
        Wire::Official => official_answer(painter, operation, &submission),
        Wire::Local(server) => {
            let order = local::order(painter, server, operation, &submission)?;
            let asked = submission.text("response_format");
            let answer = local::reply(server, &order, asked, |picture| shared.link(picture, None))?;
            Ok((chunked(&answer), order.pictures))
        }
        Wire::ChatImages => Err(Refusal::no_such_route("POST", "images")),
    })
    .await?;
    seen.billed = pictures;
    Ok(answer)
}

async fn talk(
    shared: &Shared,
    traits: &'static Traits,
    request: Request,
    seen: &mut Seen,
) -> Result<Response, Refusal> {
    let body = json_object(request).await?;
    seen.model = body.get("model").and_then(|model| model.as_str()).map(str::to_owned);
    seen.parameters = body.keys().cloned().collect();
    has_model(traits, seen)?;
    let turn = last_turn(&body)?;
    seen.images = turn.links.len();
    seen.prompt = Some(turn.text.clone());
    let files = turn.links.iter().map(|url| picture(shared, url)).collect::<Result<Vec<_>, _>>()?;
    let painter = painter()?;
    tokio::time::sleep(shared.options().delay).await;
    let answer = blocking(move || {
        let order: Order = chat_order(painter, &turn.text, decoded(&files, IMAGE_BYTES)?);
        Ok(chunked(&chat_images(&order, &body)?))
    })
    .await?;
    seen.billed = 1;
    Ok(answer)
}

/// Whether the model is named where it should be and is one that the server has.
fn has_model(traits: &Traits, seen: &Seen) -> Result<(), Refusal> {
    match (&traits.model, seen.model.as_deref()) {
        (ModelPlace::Ignored, _) | (ModelPlace::Path, None) => Ok(()),
        (ModelPlace::Path, Some(_)) => Err(Refusal::unknown_parameter("model")),
        (ModelPlace::Body(_), None) => Err(Refusal::missing("model")),
        (ModelPlace::Body(models), Some(model)) if models.contains(&model) => Ok(()),
        (ModelPlace::Body(_), Some(model)) => Err(Refusal::no_model(localised(traits.no_model, model))),
    }
}

fn painter() -> Result<&'static Model, Refusal> {
    models::find(PAINTER).ok_or_else(|| Refusal::model_not_found(PAINTER))
}
