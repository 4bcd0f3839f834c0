//! From request to reply, for all profiles but the reference.

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::{get, post};

use super::answers::{chat_images, with_model};
use super::definitions::{KeyPlacement, ModelPlacement, ProfileDefinition, WireFormat};
use super::local;
use crate::domain::Operation;
use crate::sandbox::api_error::ApiError;
use crate::sandbox::chat::{last_turn, linked_image};
use crate::sandbox::downloads::download;
use crate::sandbox::images_api::{
    IMAGE_BYTES, RequestBody, accept_chat, blocking, chunked, decoded, json_object, official_reply,
};
use crate::sandbox::models::{self, SandboxModel};
use crate::sandbox::received::{ReceivedRequest, bearer};
use crate::sandbox::state::SandboxState;

/// Draws for all profiles, whatever model the real server has.
const PAINTER: &str = "gpt-image-2";

/// The routes of one profile.
pub(in crate::sandbox) fn router(definition: &'static ProfileDefinition) -> Router<SandboxState> {
    let drawing = |operation| {
        post(move |State(state): State<SandboxState>, request: Request| async move {
            serve(&state, definition, operation, request).await
        })
    };
    let at = |path: &str| format!("{}{path}", definition.base);
    let mut router = Router::new().route(&at("/files/{name}"), get(download));
    if let Some(path) = definition.generations {
        router = router.route(&at(path), drawing(Action::Draw(Operation::Generate)));
    }
    if let Some(path) = definition.edits {
        router = router.route(&at(path), drawing(Action::Draw(Operation::Edit)));
    }
    if let Some(path) = definition.chat {
        router = router.route(&at(path), drawing(Action::Chat));
    }
    let missing = move |State(state): State<SandboxState>, request: Request| async move {
        let received = ReceivedRequest::of(&request);
        let error = ApiError::no_such_route(&received.method, &received.path);
        state.record(received);
        definition.errors.response(&error)
    };
    router.fallback(missing).method_not_allowed_fallback(missing)
}

#[derive(Clone, Copy)]
enum Action {
    Draw(Operation),
    Chat,
}

async fn serve(
    state: &SandboxState,
    definition: &'static ProfileDefinition,
    action: Action,
    request: Request,
) -> Response {
    let mut received = ReceivedRequest::of(&request);
    let reply = match admitted(definition, &request) {
        Ok(()) => match action {
            Action::Draw(operation) => draw(state, definition, operation, request, &mut received).await,
            Action::Chat => chat(state, definition, request, &mut received).await,
        },
        Err(error) => Err(error),
    };
    state.record(received);
    reply.unwrap_or_else(|error| definition.errors.response(&error))
}

/// Checks the key and the query.
fn admitted(definition: &ProfileDefinition, request: &Request) -> Result<(), ApiError> {
    let signed = match definition.key {
        KeyPlacement::Bearer => bearer(request.headers()).is_some(),
        KeyPlacement::Header(name) => request.headers().get(name).is_some_and(|key| !key.is_empty()),
        KeyPlacement::None => true,
    };
    if !signed {
        return Err(ApiError::no_key(definition.no_key));
    }
    match definition.query {
        Some(query) if request.uri().query() != Some(query) => {
            Err(ApiError::no_such_route(request.method().as_str(), request.uri().path()))
        }
        _ => Ok(()),
    }
}

async fn draw(
    state: &SandboxState,
    definition: &'static ProfileDefinition,
    operation: Operation,
    request: Request,
    received: &mut ReceivedRequest,
) -> Result<Response, ApiError> {
    let body = match operation {
        Operation::Generate => RequestBody::of_generation(request).await?,
        Operation::Edit | Operation::Inpaint => RequestBody::of_edit(request).await?,
    };
    received.note(&body);
    has_model(definition, received)?;
    let painter = painter()?;
    let state = state.clone();
    tokio::time::sleep(state.options().delay).await;
    let (reply, count) = blocking(move || match &definition.wire {
        WireFormat::Official => official_reply(painter, operation, &body),
        WireFormat::Local(server) => {
            let request = local::accept(painter, server, operation, &body)?;
            let response_format = body.text("response_format");
            let reply = local::reply(server, &request, response_format, |image| state.link(image, None))?;
            Ok((chunked(&reply), request.count))
        }
        WireFormat::ChatImages => Err(ApiError::no_such_route("POST", "images")),
    })
    .await?;
    received.billed = count;
    Ok(reply)
}

async fn chat(
    state: &SandboxState,
    definition: &'static ProfileDefinition,
    request: Request,
    received: &mut ReceivedRequest,
) -> Result<Response, ApiError> {
    let body = json_object(request).await?;
    received.model = body.get("model").and_then(|model| model.as_str()).map(str::to_owned);
    received.parameters = body.keys().cloned().collect();
    has_model(definition, received)?;
    let turn = last_turn(&body)?;
    received.images = turn.links.len();
    received.prompt = Some(turn.text.clone());
    let files = turn.links.iter().map(|url| linked_image(state, url)).collect::<Result<Vec<_>, _>>()?;
    let painter = painter()?;
    tokio::time::sleep(state.options().delay).await;
    let reply = blocking(move || {
        let request = accept_chat(painter, &turn.text, decoded(&files, IMAGE_BYTES)?);
        Ok(chunked(&chat_images(&request, &body)?))
    })
    .await?;
    received.billed = 1;
    Ok(reply)
}

/// Checks that the model is named where the server expects it, and that the server has it.
fn has_model(definition: &ProfileDefinition, received: &ReceivedRequest) -> Result<(), ApiError> {
    match (&definition.model, received.model.as_deref()) {
        (ModelPlacement::Ignored, _) | (ModelPlacement::Path, None) => Ok(()),
        (ModelPlacement::Path, Some(_)) => Err(ApiError::unknown_parameter("model")),
        (ModelPlacement::Body(_), None) => Err(ApiError::missing("model")),
        (ModelPlacement::Body(models), Some(model)) if models.contains(&model) => Ok(()),
        (ModelPlacement::Body(_), Some(model)) => {
            Err(ApiError::no_model(with_model(definition.no_model, model)))
        }
    }
}

fn painter() -> Result<&'static SandboxModel, ApiError> {
    models::find(PAINTER).ok_or_else(|| ApiError::model_not_found(PAINTER))
}
