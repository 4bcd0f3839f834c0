//! `POST /images/generations` and `POST /images/edits`, from request to answer.

use axum::extract::{ConnectInfo, Request, State};
use axum::response::Response;

use super::accepted::{Order, chunked};
use super::body::Submission;
use super::official::{self, Terms};
use super::{gateway, stream};
use crate::domain::Operation;
use crate::sandbox::api_error::{Refusal, stamp};
use crate::sandbox::connection::Line;
use crate::sandbox::faults::{FaultSpec, Occasion, spoilt};
use crate::sandbox::models::{self, Family, Model};
use crate::sandbox::options::ReplyForm;
use crate::sandbox::received::Seen;
use crate::sandbox::server::{Shared, now, request_id};

/// An accepted request and how it is to be answered.
enum Accepted {
    Official(Order, Terms),
    Gateway { order: Order, form: ReplyForm, asked: Option<String> },
}

/// Draws from words.
pub(in crate::sandbox) async fn generations(
    State(shared): State<Shared>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: Request,
) -> Response {
    serve(&shared, &line, Operation::Generate, request).await
}

/// Draws from words and pictures, with or without a mask.
pub(in crate::sandbox) async fn edits(
    State(shared): State<Shared>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: Request,
) -> Response {
    serve(&shared, &line, Operation::Edit, request).await
}

async fn serve(shared: &Shared, line: &Line, operation: Operation, request: Request) -> Response {
    let mut seen = Seen::of(&request);
    let headers = request.headers().clone();
    let read = match operation {
        Operation::Generate => Submission::of_generation(request).await,
        Operation::Edit | Operation::Inpaint => Submission::of_edit(request).await,
    };
    if let Ok(submission) = &read {
        seen.note(submission);
    }
    let model = seen.model.as_deref().and_then(models::find);
    let family = model.map_or(Family::Official, |model| model.family);
    let id = request_id(family);
    let occasion = Occasion { chat: false, model: seen.model.as_deref(), prompt: seen.prompt.as_deref() };
    let fault = shared.fault_of(&headers, family, occasion);
    if let Some(answer) = shared.refused(&mut seen, &fault, family, &id) {
        shared.record(seen);
        return answer;
    }
    let accepted = match fault.clone() {
        Ok(fault) => accept(shared, operation, read, fault).await,
        Err(refusal) => Err(refusal),
    };
    if let Ok(Accepted::Official(order, _) | Accepted::Gateway { order, .. }) = &accepted {
        seen.charge(order);
    }
    shared.record(seen);
    let answer = match accepted {
        Ok(accepted) => deliver(shared, operation, accepted).await,
        Err(refusal) => Err(refusal),
    };
    match answer {
        Ok(mut response) => {
            stamp(&mut response, family, &id);
            match fault {
                Ok(Some(spec)) => spoilt(response, &spec, line).await,
                _ => response,
            }
        }
        Err(refusal) => refusal.answer(family, &id),
    }
}

async fn accept(
    shared: &Shared,
    operation: Operation,
    read: Result<Submission, Refusal>,
    fault: Option<FaultSpec>,
) -> Result<Accepted, Refusal> {
    let submission = read?;
    let id = submission.text("model").ok_or_else(|| Refusal::missing("model"))?;
    let model = models::find(id).ok_or_else(|| Refusal::model_not_found(id))?;
    let form = shared.reply_form(submission.text("prompt").unwrap_or_default());
    blocking(move || {
        if model.family == Family::Official {
            let (order, terms) = official::order(model, operation, &submission)?;
            return Ok(Accepted::Official(Order { fault, ..order }, terms));
        }
        let order = Order { fault, ..gateway::order(model, operation, &submission)? };
        Ok(Accepted::Gateway { order, form, asked: submission.text("response_format").map(str::to_owned) })
    })
    .await
}

async fn deliver(shared: &Shared, operation: Operation, accepted: Accepted) -> Result<Response, Refusal> {
    let delay = shared.options().delay;
    match accepted {
        Accepted::Official(order, terms) if terms.partials.is_some() => {
            Ok(stream::events(order, terms, operation, delay))
        }
        Accepted::Official(order, terms) => {
            tokio::time::sleep(delay).await;
            blocking(move || Ok(chunked(&official::reply(&order, &terms, &order.paint_all()?, now())))).await
        }
        Accepted::Gateway { order, form, asked } => {
            tokio::time::sleep(delay).await;
            let shared = shared.clone();
            blocking(move || {
                let pictures = order.paint_all()?;
                let link = |picture| shared.link(picture, order.fault.as_ref());
                Ok(chunked(&gateway::reply(&order, form, asked.as_deref(), pictures, now(), link)))
            })
            .await
        }
    }
}

/// The answer of an official model without faults, and how many pictures it holds.
pub(in crate::sandbox) fn official_answer(
    model: &'static Model,
    operation: Operation,
    submission: &Submission,
) -> Result<(Response, u32), Refusal> {
    let (order, terms) = official::order(model, operation, submission)?;
    let answer = chunked(&official::reply(&order, &terms, &order.paint_all()?, now()));
    Ok((answer, order.pictures))
}

/// Runs work that keeps a core busy where it holds up no other answer.
pub(in crate::sandbox) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(fault) => Err(Refusal::internal(&fault.to_string())),
    }
}
