//! The fixtures among prompts.

use rmcp::ErrorData;
use rmcp::model::{
    ContentBlock, GetPromptRequestParams, GetPromptResponse, GetPromptResult, Prompt, PromptArgument,
    PromptMessage, Role,
};
use serde_json::Value;

use super::calls::{PNG, resource};
use super::inputs::{answer, field, form, required};

/// All of them.
pub(super) fn all() -> Vec<Prompt> {
    let argument = |name: &str| PromptArgument::new(name).with_description("Any text").with_required(true);
    let about = Some("A fixture of the conformance suite");
    let plain = |name: &str| Prompt::new(name, about, None);
    vec![
        plain("test_simple_prompt"),
        Prompt::new("test_prompt_with_arguments", about, Some(vec![argument("arg1"), argument("arg2")])),
        Prompt::new("test_prompt_with_embedded_resource", about, Some(vec![argument("resourceUri")])),
        plain("test_prompt_with_image"),
        plain("test_input_required_result_prompt"),
    ]
}

/// One of them.
pub(super) fn get(request: &GetPromptRequestParams) -> Result<GetPromptResponse, ErrorData> {
    let argument = |name: &str| {
        let all = request.arguments.as_ref();
        all.and_then(|all| all.get(name)).and_then(Value::as_str).unwrap_or_default()
    };
    let said = |words: &str| PromptMessage::new_text(Role::User, words);
    let messages = match request.name.as_str() {
        "test_simple_prompt" => vec![said("This is a simple prompt for testing.")],
        "test_prompt_with_arguments" => {
            let words =
                format!("Prompt with arguments: arg1='{}', arg2='{}'", argument("arg1"), argument("arg2"));
            vec![said(&words)]
        }
        "test_prompt_with_embedded_resource" => {
            let embedded =
                resource(argument("resourceUri"), "text/plain", "Embedded resource content for testing.");
            vec![
                PromptMessage::new(Role::User, ContentBlock::resource(embedded)),
                said("Please process the embedded resource above."),
            ]
        }
        "test_prompt_with_image" => vec![
            PromptMessage::new(Role::User, ContentBlock::image(PNG, "image/png")),
            said("Please analyze the image above."),
        ],
        "test_input_required_result_prompt" => {
            let came = request.input_responses.as_ref().and_then(|all| all.get("user_context"));
            let Some(came) = answer(came) else {
                let asked = form("What context should the prompt use?", "context")?;
                return Ok(required([("user_context", asked)], None).into());
            };
            vec![said(&format!("Use this context: {}", field(came, "context")))]
        }
        other => return Err(ErrorData::invalid_params(format!("there is no prompt {other:?}"), None)),
    };
    Ok(GetPromptResult::new(messages).into())
}
