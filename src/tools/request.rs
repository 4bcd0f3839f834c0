//! Builds the request for the router from parsed arguments, with the checks that a schema cannot
//! express. The router refuses arguments that contradict each other.

use super::args::{OutputFormat, SharedArguments};
use crate::domain::{
    ImageFormat, ImageRequest, ModelChoice, Moderation, Operation, Problem, Prompt, PromptError, SizeRequest,
};

/// The request in these arguments.
///
/// # Errors
/// One [`Problem`] for each argument that is wrong.
pub fn request(
    operation: Operation,
    arguments: &SharedArguments,
    moderation: Moderation,
    references: usize,
) -> Result<ImageRequest, Vec<Problem>> {
    let mut problems = Vec::new();
    let prompt =
        Prompt::parse(arguments.prompt.as_str()).map_err(|error| problems.push(bad_prompt(error))).ok();
    let size = size(arguments).map_err(|problem| problems.push(problem)).unwrap_or_default();
    match prompt {
        Some(prompt) if problems.is_empty() => Ok(ImageRequest {
            operation,
            prompt,
            model: arguments.model.as_deref().map(ModelChoice::parse).unwrap_or_default(),
            size,
            aspect_ratio: arguments.aspect_ratio,
            quality: arguments.quality,
            n: arguments.n.and_then(|n| u32::try_from(n).ok()).unwrap_or(1),
            background: arguments.background,
            output_format: arguments.output_format.map(format),
            output_compression: arguments.output_compression.and_then(|percent| u8::try_from(percent).ok()),
            moderation,
            references: u32::try_from(references).unwrap_or(u32::MAX),
        }),
        _ => Err(problems),
    }
}

fn bad_prompt(error: PromptError) -> Problem {
    Problem::argument("prompt", error.to_string(), "Pass text of 1 to 32000 characters.")
}

fn size(arguments: &SharedArguments) -> Result<SizeRequest, Problem> {
    let Some(text) = &arguments.size else { return Ok(SizeRequest::Auto) };
    SizeRequest::parse(text).ok_or_else(|| {
        Problem::argument("size", format!("{text:?} was given"), format!("Pass {}.", SizeRequest::ACCEPTED))
    })
}

const fn format(format: OutputFormat) -> ImageFormat {
    match format {
        OutputFormat::Png => ImageFormat::Png,
        OutputFormat::Jpeg => ImageFormat::Jpeg,
        OutputFormat::Webp => ImageFormat::Webp,
    }
}
