//! The course of a paid call at the reference server: key, fault, acceptance, charge, reply.

use axum::http::HeaderMap;
use axum::response::Response;

use super::api_error::{ApiError, stamp};
use super::connection::ClientConnection;
use super::faults::{CallContext, ErrorContext, FaultSpec, apply_to_reply, error_response};
use super::ids::request_id;
use super::images_api::AcceptedRequest;
use super::models::{self, ModelFamily};
use super::received::ReceivedRequest;
use super::state::{SandboxState, authorize};

/// A call whose body has been read.
#[derive(Debug)]
pub(super) struct PaidCall<'a> {
    pub state: &'a SandboxState,
    pub connection: &'a ClientConnection,
    pub headers: HeaderMap,
    pub received: ReceivedRequest,
    /// Whether it is chat and not one of the images endpoints.
    pub chat: bool,
}

impl PaidCall<'_> {
    /// Replies to the call. `accept` judges its parameters; `reply` makes the reply that it
    /// planned. A fault without an image comes before the parameters are judged, any other after.
    pub(super) async fn serve<Plan, Accepting, Replying>(
        self,
        accept: impl FnOnce(Option<FaultSpec>) -> Accepting,
        reply: impl FnOnce(AcceptedRequest, Plan) -> Replying,
    ) -> Response
    where
        Accepting: Future<Output = Result<(AcceptedRequest, Plan), ApiError>>,
        Replying: Future<Output = Result<Response, ApiError>>,
    {
        let Self { state, connection, headers, mut received, chat } = self;
        let model = received.model.as_deref();
        let family = model.and_then(models::find).map_or(ModelFamily::Official, |model| model.family);
        let id = request_id(family);
        let context = CallContext { chat, model, prompt: received.prompt.as_deref() };
        let fault = authorize(&headers, family).and_then(|()| {
            let fault = state.faults().for_call(&headers, context);
            fault.map_err(|invalid| ApiError::invalid_fault(&invalid))
        });
        if let Ok(Some(spec)) = &fault {
            let elsewhere = format!("{}/elsewhere", state.base_url());
            let model = model.unwrap_or_default();
            let context = ErrorContext { family, model, request_id: &id, elsewhere: &elsewhere };
            if let Some(response) = error_response(spec, context) {
                received.fault = Some(spec.to_string());
                state.record(received);
                return response;
            }
        }
        let accepted = match &fault {
            Ok(fault) => accept(fault.clone()).await,
            Err(error) => Err(error.clone()),
        };
        if let Ok((request, _)) = &accepted {
            received.charge(request);
        }
        state.record(received);
        let replied = match accepted {
            Ok((request, plan)) => reply(request, plan).await,
            Err(error) => Err(error),
        };
        match (replied, fault) {
            (Ok(mut response), fault) => {
                stamp(&mut response, family, &id);
                match fault {
                    Ok(Some(spec)) => apply_to_reply(response, &spec, connection).await,
                    _ => response,
                }
            }
            (Err(error), _) => error.response(family, &id),
        }
    }
}
