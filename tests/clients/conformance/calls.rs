//! Fixtures that answer at once, or speak to the client on the way.

use std::time::Duration;

use rmcp::model::{
    AudioContent, CallToolRequestParams, CallToolResult, ClientCapabilities, ClientResult, ContentBlock,
    CreateMessageRequestParams, ElicitRequest, ElicitRequestParams, ElicitationSchema, LoggingLevel,
    LoggingMessageNotificationParam, ProgressNotificationParam, ResourceContents, SamplingMessage,
    ServerRequest,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer};
use serde_json::{Value, json};
use tokio::time::sleep;

/// A red pixel.
pub(super) const PNG: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8/5+hHgAHggJ/PchI7wAAAABJRU5ErkJggg==";
/// No sound at all.
const WAV: &str = "UklGRiQAAABXQVZFZm10IBAAAAABAAEARKwAAIhYAQACABAAZGF0YQAAAAA=";
const BETWEEN_MESSAGES: Duration = Duration::from_millis(50);
const LOGGER: &str = "conformance";

pub(super) fn text(words: impl Into<String>) -> CallToolResult {
    CallToolResult::success(vec![ContentBlock::text(words)])
}

pub(super) fn resource(uri: &str, mime: &str, text: &str) -> ResourceContents {
    ResourceContents::text(text, uri).with_mime_type(mime)
}

/// Answers a fixture.
pub(super) async fn call(
    request: &CallToolRequestParams,
    context: &RequestContext<RoleServer>,
) -> Result<CallToolResult, ErrorData> {
    let argument = |name: &str| {
        request.arguments.as_ref().and_then(|all| all.get(name)).and_then(Value::as_str).unwrap_or_default()
    };
    let embedded = ContentBlock::resource;
    Ok(match request.name.as_ref() {
        "test_simple_text" => text("This is a simple text response for testing."),
        "test_image_content" => CallToolResult::success(vec![ContentBlock::image(PNG, "image/png")]),
        "test_audio_content" => {
            CallToolResult::success(vec![ContentBlock::Audio(AudioContent::new(WAV, "audio/wav"))])
        }
        "test_embedded_resource" => CallToolResult::success(vec![embedded(resource(
            "test://embedded-resource",
            "text/plain",
            "This is an embedded resource content.",
        ))]),
        "test_multiple_content_types" => CallToolResult::success(vec![
            ContentBlock::text("Multiple content types test:"),
            ContentBlock::image(PNG, "image/png"),
            embedded(resource(
                "test://mixed-content-resource",
                "application/json",
                r#"{"test":"data","value":123}"#,
            )),
        ]),
        "test_error_handling" => CallToolResult::error(vec![ContentBlock::text(
            "This tool intentionally returns an error for testing",
        )]),
        "test_tool_with_logging" => {
            for words in ["Tool execution started", "Tool processing data", "Tool execution completed"] {
                log(context, LoggingLevel::Info, words).await;
                sleep(BETWEEN_MESSAGES).await;
            }
            text("Logged")
        }
        "test_logging_tool" => {
            if let Some(level) = context.meta.log_level() {
                log(context, level, "asked for").await;
            }
            text("Logged where asked for")
        }
        "test_tool_with_progress" => {
            progress(context).await;
            text("Progressed")
        }
        "test_custom_header" => text(argument("value")),
        "json_schema_2020_12_tool" => text(format!("Hello, {}", argument("name"))),
        "test_reconnection" => {
            sleep(2 * BETWEEN_MESSAGES).await;
            text("Reconnected")
        }
        "test_trigger_tool_change" | "test_trigger_prompt_change" => text("Triggered"),
        "test_missing_capability" => {
            let capabilities = context.meta.client_capabilities().unwrap_or_default();
            if capabilities.sampling.is_none() {
                let needed = ClientCapabilities::builder().enable_sampling().build();
                return Err(ErrorData::missing_required_client_capability(needed));
            }
            text("The capability is declared")
        }
        "test_sampling" => sample(context, argument("prompt")).await,
        "test_elicitation" => {
            let fields = json!({ "username": { "type": "string" }, "email": { "type": "string" } });
            elicit(context, argument("message"), &fields, &["username", "email"]).await
        }
        "test_elicitation_sep1034_defaults" => elicit(context, "All have defaults", &defaults(), &[]).await,
        "test_elicitation_sep1330_enums" => elicit(context, "Choose", &enums(), &[]).await,
        other => return Err(ErrorData::invalid_params(format!("there is no tool {other:?}"), None)),
    })
}

async fn log(context: &RequestContext<RoleServer>, level: LoggingLevel, words: &str) {
    let message = LoggingMessageNotificationParam::new(level, json!(words)).with_logger(LOGGER);
    let _ = context.peer.notify_logging_message(message).await;
}

async fn progress(context: &RequestContext<RoleServer>) {
    let Some(token) = context.meta.get_progress_token() else { return };
    for (done, words) in [(0.0, "Starting"), (50.0, "Halfway"), (100.0, "Complete")] {
        let notice =
            ProgressNotificationParam::new(token.clone(), done).with_total(100.0).with_message(words);
        let _ = context.peer.notify_progress(notice).await;
        sleep(BETWEEN_MESSAGES).await;
    }
}

async fn sample(context: &RequestContext<RoleServer>, prompt: &str) -> CallToolResult {
    let asked = CreateMessageRequestParams::new(vec![SamplingMessage::user_text(prompt)], 100);
    match context.peer.create_message(asked).await {
        Ok(said) => {
            let said =
                said.message.content.first().and_then(|block| block.as_text()).map(|said| said.text.clone());
            text(format!("LLM response: {}", said.unwrap_or_default()))
        }
        Err(error) => CallToolResult::error(vec![ContentBlock::text(error.to_string())]),
    }
}

async fn elicit(
    context: &RequestContext<RoleServer>,
    message: &str,
    fields: &Value,
    required: &[&str],
) -> CallToolResult {
    let failed = |words: String| CallToolResult::error(vec![ContentBlock::text(words)]);
    let schema = match schema(fields, required) {
        Ok(schema) => schema,
        Err(error) => return failed(error.message.into_owned()),
    };
    let asked = ElicitRequestParams::FormElicitationParams {
        meta: None,
        message: message.to_owned(),
        requested_schema: schema,
    };
    match context.peer.send_request(ServerRequest::ElicitRequest(ElicitRequest::new(asked))).await {
        Ok(ClientResult::ElicitResult(answer)) => text(
            format!("Elicitation: action={:?}, content={:?}", answer.action, answer.content).to_lowercase(),
        ),
        Ok(_) => failed("another answer came".to_owned()),
        Err(error) => failed(error.to_string()),
    }
}

/// A form of these fields.
pub(super) fn schema(fields: &Value, required: &[&str]) -> Result<ElicitationSchema, ErrorData> {
    let form = json!({ "type": "object", "properties": fields, "required": required });
    serde_json::from_value(form).map_err(|error| ErrorData::internal_error(error.to_string(), None))
}

fn defaults() -> Value {
    json!({
        "name": { "type": "string", "default": "John Doe" },
        "age": { "type": "integer", "default": 30 },
        "score": { "type": "number", "default": 95.5 },
        "status": { "type": "string", "enum": ["active", "inactive", "pending"], "default": "active" },
        "verified": { "type": "boolean", "default": true },
    })
}

fn enums() -> Value {
    let titled = |values: [&str; 3], titles: [&str; 3]| -> Vec<Value> {
        let pairs = values.into_iter().zip(titles);
        pairs.map(|(value, title)| json!({ "const": value, "title": title })).collect()
    };
    let plain = ["option1", "option2", "option3"];
    let values = ["value1", "value2", "value3"];
    json!({
        "untitledSingle": { "type": "string", "enum": plain },
        "titledSingle": {
            "type": "string",
            "oneOf": titled(values, ["First Option", "Second Option", "Third Option"]),
        },
        "legacyEnum": {
            "type": "string",
            "enum": ["opt1", "opt2", "opt3"],
            "enumNames": ["Option One", "Option Two", "Option Three"],
        },
        "untitledMulti": { "type": "array", "items": { "type": "string", "enum": plain } },
        "titledMulti": {
            "type": "array",
            "items": { "anyOf": titled(values, ["First Choice", "Second Choice", "Third Choice"]) },
        },
    })
}
