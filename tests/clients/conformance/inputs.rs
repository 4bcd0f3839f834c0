//! Fixtures that ask the client for something before they answer, over several requests.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rmcp::ErrorData;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CreateMessageRequest, CreateMessageRequestParams, ElicitRequest,
    ElicitRequestParams, InputRequest, InputRequests, InputRequiredResult, ListRootsRequest,
    RequestMetaObject, SamplingMessage,
};
use serde_json::{Map, Value, json};

use super::calls::{schema, text};

/// State that goes by way of the client comes back sealed. Anybody may know a fixture's key.
const KEY: &[u8; 32] = b"the conformance fixtures' key...";

/// Answers a fixture, or asks.
pub(super) fn call(
    request: &CallToolRequestParams,
    meta: &RequestMetaObject,
) -> Result<CallToolResponse, ErrorData> {
    let answered = |key: &str| answer(request.input_responses.as_ref().and_then(|all| all.get(key)));
    let state = request.request_state.as_deref().map(open).transpose()?;
    match request.name.strip_prefix("test_input_required_result_").unwrap_or("streaming") {
        "streaming" => ask([("streaming_elicitation", form("Provide a value", "value")?)], None),
        "elicitation" => match answered("user_name") {
            Some(said) => Ok(text(format!("Hello, {}!", field(said, "name"))).into()),
            None => ask([("user_name", form("What is your name?", "name")?)], None),
        },
        "sampling" => match answered("capital_question") {
            Some(said) => {
                let said =
                    said.get("content").and_then(|content| content.get("text")).and_then(Value::as_str);
                Ok(text(format!("Sampling response: {}", said.unwrap_or_default())).into())
            }
            None => ask([("capital_question", sampling("What is the capital of France?"))], None),
        },
        "list_roots" => match answered("client_roots") {
            Some(said) => Ok(text(format!("Client roots: {}", json!(said.get("roots")))).into()),
            None => ask([("client_roots", roots())], None),
        },
        "request_state" | "tampered_state" => match state {
            Some(_) => Ok(text("Confirmed: state-ok").into()),
            None => ask([("confirm", form("Please confirm", "ok")?)], Some(json!("confirm"))),
        },
        "multiple_inputs" => {
            let all = ["user_name", "greeting", "client_roots"].iter().all(|key| answered(key).is_some());
            if all && state.is_some() {
                return Ok(text("All inputs received").into());
            }
            let wanted = [
                ("user_name", form("What is your name?", "name")?),
                ("greeting", sampling("Generate a greeting")),
                ("client_roots", roots()),
            ];
            ask(wanted, Some(json!("gather")))
        }
        "multi_round" => match state.and_then(|state| state.as_u64()) {
            None => ask([("step1", form("Step 1: What is your name?", "name")?)], Some(json!(1))),
            Some(1) => {
                ask([("step2", form("Step 2: What is your favorite color?", "color")?)], Some(json!(2)))
            }
            Some(_) => Ok(text("Multi-round flow complete").into()),
        },
        "capabilities" if request.input_responses.is_some() => Ok(text("All inputs received").into()),
        "capabilities" => {
            let declared = meta.client_capabilities().unwrap_or_default();
            let name = form("What is your name?", "name")?;
            let wanted = [
                declared.elicitation.is_some().then_some(("user_name", name)),
                declared.sampling.is_some().then(|| ("greeting", sampling("Generate a greeting"))),
                declared.roots.is_some().then(|| ("client_roots", roots())),
            ];
            let wanted: Vec<_> = wanted.into_iter().flatten().collect();
            if wanted.is_empty() { Ok(text("Nothing can be asked").into()) } else { ask(wanted, None) }
        }
        other => Err(ErrorData::invalid_params(format!("there is no tool {other:?}"), None)),
    }
}

/// What came for a request, where it is an answer at all; anything else is asked for again.
pub(super) fn answer(came: Option<&Value>) -> Option<&Map<String, Value>> {
    came.and_then(Value::as_object)
}

/// A field of an answered form.
pub(super) fn field(answer: &Map<String, Value>, name: &str) -> String {
    let said = answer.get("content").and_then(|content| content.get(name)).and_then(Value::as_str);
    said.unwrap_or("nobody").to_owned()
}

/// A form of one field; `ok` and `confirm` are yes or no.
pub(super) fn form(message: &str, field: &str) -> Result<InputRequest, ErrorData> {
    let kind = if matches!(field, "ok" | "confirm") { "boolean" } else { "string" };
    let params = ElicitRequestParams::FormElicitationParams {
        meta: None,
        message: message.to_owned(),
        requested_schema: schema(&json!({ field: { "type": kind } }), &[field])?,
    };
    Ok(InputRequest::Elicitation(ElicitRequest::new(params)))
}

/// Asks for these.
pub(super) fn required(
    wanted: impl IntoIterator<Item = (&'static str, InputRequest)>,
    state: Option<Value>,
) -> InputRequiredResult {
    let wanted: InputRequests = wanted.into_iter().map(|(key, request)| (key.to_owned(), request)).collect();
    InputRequiredResult::new(Some(wanted), state.map(|state| seal(&state)))
}

#[expect(clippy::unnecessary_wraps, reason = "an answer like every other")]
fn ask(
    wanted: impl IntoIterator<Item = (&'static str, InputRequest)>,
    state: Option<Value>,
) -> Result<CallToolResponse, ErrorData> {
    Ok(required(wanted, state).into())
}

fn sampling(prompt: &str) -> InputRequest {
    let params = CreateMessageRequestParams::new(vec![SamplingMessage::user_text(prompt)], 100);
    InputRequest::CreateMessage(CreateMessageRequest::new(params))
}

fn roots() -> InputRequest {
    InputRequest::ListRoots(ListRootsRequest::default())
}

fn seal(state: &Value) -> String {
    let state = state.to_string();
    format!("{}.{}", URL_SAFE_NO_PAD.encode(&state), blake3::keyed_hash(KEY, state.as_bytes()).to_hex())
}

fn open(sealed: &str) -> Result<Value, ErrorData> {
    let opened = || {
        let (state, hash) = sealed.split_once('.')?;
        let state = URL_SAFE_NO_PAD.decode(state).ok()?;
        let hash = blake3::Hash::from_hex(hash).ok()?;
        (blake3::keyed_hash(KEY, &state) == hash).then(|| serde_json::from_slice(&state).ok())?
    };
    opened().ok_or_else(|| ErrorData::invalid_params("requestState is not as it was given out", None))
}
