//! `route`: shows which model a call would use, as one JSON object.

use serde_json::{Value, json};

use super::console::{Suggested, print};
use crate::app::App;
use crate::app::exit::{DONE, FAILED, WRONG_USAGE};
use crate::domain::Problem;
use crate::tools::{TOOL_NAMES, image_job, plan};

/// `route TOOL ARGUMENTS`
#[derive(Debug, clap::Args)]
pub struct RouteArguments {
    /// The tool: `generate_image`, `edit_image` or `inpaint_image`
    #[arg(value_parser = Suggested(tools), hide_possible_values = true)]
    tool: String,
    /// Its arguments, a JSON object
    #[arg(default_value = "{}")]
    arguments: String,
}

/// Prints the route, or the refusal.
pub fn run(arguments: &RouteArguments, app: &App) -> Result<u8, String> {
    let (answer, code) = answer(arguments, app);
    print(&format!("{answer:#}\n"))?;
    Ok(code)
}

fn answer(arguments: &RouteArguments, app: &App) -> (Value, u8) {
    let given = match serde_json::from_str(&arguments.arguments) {
        Ok(Value::Object(given)) => given,
        Ok(_) => return (json!({ "error": "ARGUMENTS: not a JSON object" }), WRONG_USAGE),
        Err(error) => return (json!({ "error": format!("ARGUMENTS: not JSON ({error})") }), WRONG_USAGE),
    };
    let refused = |problems: &[Problem]| {
        // An unknown tool is wrong usage, not a refused call.
        let no_tool = problems.iter().any(|problem| problem.argument.as_deref() == Some("TOOL"));
        let words: Vec<_> = problems.iter().map(ToString::to_string).collect();
        let problems: Vec<_> = problems.iter().map(problem).collect();
        (
            json!({ "error": words.join("\n"), "problems": problems }),
            if no_tool { WRONG_USAGE } else { FAILED },
        )
    };
    match image_job(&arguments.tool, given, app.manager.catalog()) {
        Err(problems) => refused(&problems),
        Ok(image_job) => match app.manager.plan(&image_job) {
            Ok(route) => (plan(&image_job.request, &route), DONE),
            Err(problem) => refused(&[problem]),
        },
    }
}

/// The tools that draw.
fn tools() -> Vec<String> {
    TOOL_NAMES.into_iter().filter(|tool| *tool != "get_image").map(str::to_owned).collect()
}

fn problem(problem: &Problem) -> Value {
    json!({
        "kind": problem.kind.name(),
        "argument": problem.argument,
        "what": problem.what,
        "way_out": problem.remedy,
    })
}
