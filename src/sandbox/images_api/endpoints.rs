//! `POST /images/generations` and `POST /images/edits`, from request to reply.

use axum::extract::{ConnectInfo, Request, State};
use axum::response::Response;

use super::accepted::{AcceptedRequest, chunked};
use super::blocking::blocking;
use super::body::RequestBody;
use super::official::{self, Terms};
use super::{gateway, stream};
use crate::domain::Operation;
use crate::sandbox::api_error::ApiError;
use crate::sandbox::connection::ClientConnection;
use crate::sandbox::faults::FaultSpec;
use crate::sandbox::ids::now;
use crate::sandbox::models::{self, ModelFamily, SandboxModel};
use crate::sandbox::options::ReplyForm;
use crate::sandbox::paid_call::PaidCall;
use crate::sandbox::received::ReceivedRequest;
use crate::sandbox::state::SandboxState;

/// What the reply to an accepted request looks like.
enum ReplyPlan {
    Official(Terms),
    Gateway { form: ReplyForm, response_format: Option<String> },
}

pub(in crate::sandbox) async fn generations(
    State(state): State<SandboxState>,
    ConnectInfo(connection): ConnectInfo<ClientConnection>,
    request: Request,
) -> Response {
    serve(&state, &connection, Operation::Generate, request).await
}

/// Edits images, with or without a mask.
pub(in crate::sandbox) async fn edits(
    State(state): State<SandboxState>,
    ConnectInfo(connection): ConnectInfo<ClientConnection>,
    request: Request,
) -> Response {
    serve(&state, &connection, Operation::Edit, request).await
}

async fn serve(
    state: &SandboxState,
    connection: &ClientConnection,
    operation: Operation,
    request: Request,
) -> Response {
    let mut received = ReceivedRequest::of(&request);
    let headers = request.headers().clone();
    let body = match operation {
        Operation::Generate => RequestBody::of_generation(request).await,
        Operation::Edit | Operation::Inpaint => RequestBody::of_edit(request).await,
    };
    if let Ok(body) = &body {
        received.note(body);
    }
    let call = PaidCall { state, connection, headers, received, chat: false };
    let accept = |fault| accept(state, operation, body, fault);
    call.serve(accept, |request, plan| reply(state, operation, request, plan)).await
}

async fn accept(
    state: &SandboxState,
    operation: Operation,
    body: Result<RequestBody, ApiError>,
    fault: Option<FaultSpec>,
) -> Result<(AcceptedRequest, ReplyPlan), ApiError> {
    let body = body?;
    let id = body.text("model").ok_or_else(|| ApiError::missing("model"))?;
    let model = models::find(id).ok_or_else(|| ApiError::model_not_found(id))?;
    let form = state.reply_form(body.text("prompt").unwrap_or_default());
    blocking(move || {
        if model.family == ModelFamily::Official {
            let (request, terms) = official::accept(model, operation, &body)?;
            return Ok((AcceptedRequest { fault, ..request }, ReplyPlan::Official(terms)));
        }
        let request = AcceptedRequest { fault, ..gateway::accept(model, operation, &body)? };
        let response_format = body.text("response_format").map(str::to_owned);
        Ok((request, ReplyPlan::Gateway { form, response_format }))
    })
    .await
}

async fn reply(
    state: &SandboxState,
    operation: Operation,
    request: AcceptedRequest,
    plan: ReplyPlan,
) -> Result<Response, ApiError> {
    let delay = state.options().delay;
    match plan {
        ReplyPlan::Official(terms) if terms.partials.is_some() => {
            Ok(stream::events(request, terms, operation, delay))
        }
        ReplyPlan::Official(terms) => {
            tokio::time::sleep(delay).await;
            blocking(move || Ok(chunked(&official::reply(&request, &terms, &request.paint_all()?, now()))))
                .await
        }
        ReplyPlan::Gateway { form, response_format } => {
            tokio::time::sleep(delay).await;
            let state = state.clone();
            blocking(move || {
                let images = request.paint_all()?;
                let link = |image| state.link(image, request.fault.as_ref());
                Ok(chunked(&gateway::reply(&request, form, response_format.as_deref(), images, now(), link)))
            })
            .await
        }
    }
}

/// The reply of an official model without faults, and how many images it holds.
pub(in crate::sandbox) fn official_reply(
    model: &'static SandboxModel,
    operation: Operation,
    body: &RequestBody,
) -> Result<(Response, u32), ApiError> {
    let (request, terms) = official::accept(model, operation, body)?;
    let reply = chunked(&official::reply(&request, &terms, &request.paint_all()?, now()));
    Ok((reply, request.count))
}
