//! The calls of the demo. Each refers to earlier images by id, as an agent does.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::agent::Agent;
use super::mask;
use super::progress::DemoProgress;

/// A call that was made, or that could not be made.
#[derive(Debug)]
pub(super) struct DemoCall {
    pub tool: &'static str,
    /// What the call demonstrates.
    pub shows: &'static str,
    pub arguments: Value,
    /// The result, or why there is none.
    pub outcome: Result<Drawn, String>,
}

impl DemoCall {
    /// The images it made.
    pub fn images(&self) -> &[DrawnImage] {
        self.outcome.as_ref().map_or(&[], |drawn| &drawn.images)
    }
}

/// The fields of a result that the page shows.
#[derive(Debug, Deserialize)]
pub(super) struct Drawn {
    pub model: String,
    pub provider: String,
    pub why: String,
    pub images: Vec<DrawnImage>,
    pub cost_usd: f64,
    pub cost_basis: String,
    pub seconds: f64,
}

/// An image in a result.
#[derive(Debug, Deserialize)]
pub(super) struct DrawnImage {
    pub id: String,
    pub path: PathBuf,
    pub width: u32,
    pub height: u32,
    pub format: String,
    pub bytes: u64,
    #[serde(default)]
    pub made_from: Vec<String>,
    pub preserved: Option<RawImagePath>,
}

/// The model's own image, if the original was restored around it.
#[derive(Debug, Deserialize)]
pub(super) struct RawImagePath {
    pub raw_path: PathBuf,
}

/// A planned call.
struct DemoStep {
    tool: &'static str,
    shows: &'static str,
    arguments: Value,
    takes: Takes,
}

/// What a step takes from earlier steps.
enum Takes {
    Nothing,
    Image,
    ImageAndMask,
}

fn steps() -> [DemoStep; 5] {
    [
        DemoStep {
            tool: "generate_image",
            shows: "A prompt alone goes to the flat-price model.",
            arguments: json!({ "prompt": "A red kite over a calm sea at sunset" }),
            takes: Takes::Nothing,
        },
        DemoStep {
            tool: "edit_image",
            shows: "Exact pixels go to the exact model; the image to edit is an id.",
            arguments: json!({
                "prompt": "The same bay at night, with a sailing boat",
                "size": "1536x1024",
                "quality": "low",
            }),
            takes: Takes::Image,
        },
        DemoStep {
            tool: "inpaint_image",
            shows: "The model repaints what the mask leaves transparent; the rest stays.",
            arguments: json!({ "prompt": "A red balloon over mountains in winter", "size": "1536x1024", "quality": "low" }),
            takes: Takes::ImageAndMask,
        },
        DemoStep {
            tool: "generate_image",
            shows: "An aspect ratio needs no exact pixels, so the flat price stays.",
            arguments: json!({ "prompt": "春天的城市与一只热气球", "aspect_ratio": "16:9" }),
            takes: Takes::Nothing,
        },
        DemoStep {
            tool: "generate_image",
            shows: "A tier and a ratio fix the pixels; the background is cut away.",
            arguments: json!({
                "prompt": "Sticker: a white sailing boat on a summer day",
                "size": "1K",
                "aspect_ratio": "2:3",
                "background": "transparent",
            }),
            takes: Takes::Nothing,
        },
    ]
}

/// Makes every call, one after the other. A call that fails does not keep the others from
/// being made, as long as there is an image for those that need one.
pub(super) async fn play(agent: &Agent, folder: &Path) -> Vec<DemoCall> {
    let steps = steps();
    let count = steps.len();
    let names = steps.iter().enumerate().map(|(index, step)| format!("{}/{count} {}", index + 1, step.tool));
    let names: Vec<_> = names.collect();
    let width = names.iter().map(String::len).max().unwrap_or_default();
    let mut calls: Vec<DemoCall> = Vec::new();
    for (DemoStep { tool, shows, mut arguments, takes }, name) in steps.into_iter().zip(names) {
        let latest = calls.iter().rev().flat_map(DemoCall::images).next();
        let outcome = match complete(&mut arguments, &takes, latest, folder) {
            Ok(arguments) => {
                let progress = DemoProgress::start(&name, width);
                let outcome = draw(agent, tool, arguments, &progress).await;
                match &outcome {
                    Ok(drawn) => progress.done(&format!("{} at {}", drawn.model, drawn.provider)),
                    Err(_) => progress.failed(),
                }
                outcome
            }
            Err(words) => Err(words),
        };
        calls.push(DemoCall { tool, shows, arguments, outcome });
    }
    calls
}

/// The arguments with what the step takes and where the image goes.
fn complete(
    arguments: &mut Value,
    takes: &Takes,
    latest: Option<&DrawnImage>,
    folder: &Path,
) -> Result<Map<String, Value>, String> {
    let image = || latest.ok_or_else(|| "not called: no earlier call made an image".to_owned());
    match takes {
        Takes::Nothing => {}
        Takes::Image => arguments["images"] = json!([image()?.id]),
        Takes::ImageAndMask => {
            let DrawnImage { id, width, height, .. } = image()?;
            arguments["image"] = json!(id);
            arguments["mask"] = mask::draw(folder, *width, *height)?.into();
        }
    }
    arguments["save_to"] = json!(".");
    Ok(arguments.as_object().cloned().unwrap_or_default())
}

async fn draw(
    agent: &Agent,
    tool: &'static str,
    arguments: Map<String, Value>,
    progress: &DemoProgress,
) -> Result<Drawn, String> {
    let text = agent.call(tool, arguments, |fraction, words| progress.at(fraction, words)).await?;
    serde_json::from_str(&text).map_err(|error| format!("the answer cannot be read ({error}): {text}"))
}
