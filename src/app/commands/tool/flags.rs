//! Turns the schema of a tool into the flags of its command, and given flags into arguments.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, Resettable, TypedValueParser};
use clap::{Arg, ArgAction, ArgMatches, Args as _, Command, ValueHint};
use serde_json::{Map, Number, Value};

use crate::app::Settings;

/// The flag that prints the tool's own answer.
pub(super) const JSON: &str = "json";

/// What the ids of the arguments begin with, since settings may have the same names.
const PREFIX: &str = "argument:";
/// Arguments that stand without a flag.
const OPERANDS: [&str; 2] = ["prompt", "id"];
/// Arguments that name files, for the shell's completion.
const PATHS: [&str; 4] = ["image", "images", "mask", "save_to"];

/// More choices than these, the models, are left to the shell's completion.
const MOST_SHOWN: usize = 12;

/// The command of a tool, with the flags of its schema.
pub(super) fn with_flags(command: Command, schema: &Map<String, Value>) -> Command {
    let none = Map::new();
    let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
    let required: Vec<_> = schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let arguments: Vec<_> = properties
        .iter()
        .map(|(name, property)| argument(name, property).required(required.contains(&name.as_str())))
        .collect();
    let json = Arg::new(JSON)
        .long(JSON)
        .action(ArgAction::SetTrue)
        .help("Print the tool's result as one JSON object, without images");
    let usage = usage(command.get_name(), &arguments);
    command
        .override_usage(usage)
        .args(arguments)
        .arg(json)
        .args(overshadowed(properties))
        .after_help("Settings (keys, folders, the sandbox) are flags too; --help shows them.")
}

/// Operands first, so that no list of files takes them in.
fn usage(command: &str, arguments: &[Arg]) -> String {
    let (operands, flags): (Vec<_>, Vec<_>) = arguments.iter().partition(|argument| argument.is_positional());
    let mut usage = format!("{} {command}", env!("CARGO_PKG_NAME"));
    for argument in operands.into_iter().chain(flags.into_iter().filter(|flag| flag.is_required_set())) {
        let flag = argument.get_long().map(|flag| format!(" --{flag}")).unwrap_or_default();
        let value = argument.get_value_names().and_then(<[_]>::first).map_or("", |name| name.as_str());
        let value = if argument.is_required_set() { format!("<{value}>") } else { format!("[{value}]") };
        let several =
            if argument.get_num_args().is_some_and(|count| count.max_values() > 1) { "..." } else { "" };
        usage = format!("{usage}{flag} {value}{several}");
    }
    usage + " [OPTIONS]"
}

fn argument(name: &str, property: &Value) -> Arg {
    let text = |key: &str| property.get(key).and_then(Value::as_str).unwrap_or_default();
    let argument = Arg::new(format!("{PREFIX}{name}")).help(help(text("description"), property));
    let argument = if OPERANDS.contains(&name) { argument } else { argument.long(name.replace('_', "-")) };
    let path = PATHS.contains(&name);
    let (argument, value) = match text("type") {
        // The flag alone says yes.
        "boolean" => {
            let argument = argument.value_parser(clap::value_parser!(bool)).hide_possible_values(true);
            return argument
                .num_args(0..=1)
                .require_equals(true)
                .default_missing_value("true")
                .value_name("false");
        }
        "array" => {
            let argument = argument.action(ArgAction::Append).num_args(1..);
            match property.pointer("/items/type").and_then(Value::as_str) {
                Some("object") => {
                    let help = format!("{}; each is a JSON object", help(text("description"), property));
                    (argument.help(help), "JSON")
                }
                _ => (argument, "TEXT"),
            }
        }
        "integer" | "number" => (argument.allow_negative_numbers(true), "NUMBER"),
        _ => (argument, name),
    };
    let value = if path { "PATH".to_owned() } else { value.to_uppercase() };
    let hint = if path { ValueHint::AnyPath } else { ValueHint::Unknown };
    let choices = SchemaChoices::of(property);
    let many = choices.names.len() > MOST_SHOWN;
    argument.value_name(value).value_hint(hint).hide_possible_values(many).value_parser(choices)
}

/// The description, with the bounds where the schema has them.
fn help(description: &str, property: &Value) -> String {
    let description = description.trim_end_matches('.');
    match (property.get("minimum"), property.get("maximum")) {
        (Some(least), Some(most)) => format!("{description} [{least} to {most}]"),
        _ => description.to_owned(),
    }
}

/// The settings whose flags the arguments of the same names take over: within the command
/// they are `--setting-…`. Their ids stay, by which clap hands global values up and down.
fn overshadowed(properties: &Map<String, Value>) -> Vec<Arg> {
    let settings = Settings::augment_args(Command::new(""));
    let same = settings.get_arguments().filter(|setting| properties.contains_key(setting.get_id().as_str()));
    same.map(|setting| {
        let flag = format!("setting-{}", setting.get_long().unwrap_or_default());
        setting.clone().long(flag).global(false).hide_short_help(true).env(Resettable::Reset)
    })
    .collect()
}

/// The arguments that were given, as an agent would pass them.
pub(super) fn arguments(matches: &ArgMatches) -> Map<String, Value> {
    let mut arguments = Map::new();
    for id in matches.ids().map(clap::Id::as_str) {
        let Some(name) = id.strip_prefix(PREFIX) else { continue };
        let value = match matches.try_get_many::<GivenValue>(id) {
            Ok(given) => value(given.into_iter().flatten().cloned().collect()),
            // The only other kind is a switch.
            Err(_) => matches.get_one(id).copied().map(Value::Bool),
        };
        arguments.extend(value.map(|value| (name.to_owned(), value)));
    }
    arguments
}

fn value(mut given: Vec<GivenValue>) -> Option<Value> {
    if given.iter().any(|given| given.listed) {
        return Some(given.into_iter().map(|given| Value::String(given.text)).collect());
    }
    let GivenValue { text, number, .. } = given.pop()?;
    let number = number.then(|| serde_json::from_str::<Number>(&text).ok()).flatten();
    Some(number.map_or(Value::String(text), Value::Number))
}

/// A value as it was typed, and what the schema wants it to be.
#[derive(Clone, Debug)]
struct GivenValue {
    text: String,
    listed: bool,
    number: bool,
}

/// Accepts every text, and lists the choices of the schema in the help and for completion. The tool
/// refuses wrong values with its own error.
#[derive(Clone, Debug)]
struct SchemaChoices {
    names: Vec<String>,
    listed: bool,
    number: bool,
}

impl SchemaChoices {
    fn of(property: &Value) -> Self {
        let choices = property.get("enum").and_then(Value::as_array).into_iter().flatten();
        let kind = property.get("type").and_then(Value::as_str).unwrap_or_default();
        Self {
            names: choices.filter_map(Value::as_str).map(str::to_owned).collect(),
            listed: kind == "array",
            number: matches!(kind, "integer" | "number"),
        }
    }
}

impl TypedValueParser for SchemaChoices {
    type Value = GivenValue;

    fn parse_ref(
        &self,
        command: &Command,
        argument: Option<&Arg>,
        value: &OsStr,
    ) -> Result<GivenValue, clap::Error> {
        let text = clap::builder::StringValueParser::new().parse_ref(command, argument, value)?;
        Ok(GivenValue { text, listed: self.listed, number: self.number })
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let choices = self.names.iter().map(PossibleValue::new);
        (!self.names.is_empty()).then(|| Box::new(choices) as Box<dyn Iterator<Item = _>>)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn flags_become_the_arguments_an_agent_would_pass() {
        let schema = json!({
            "properties": {
                "prompt": { "type": "string" },
                "images": { "type": "array", "items": { "type": "string" } },
                "aspect_ratio": { "type": "string", "enum": ["auto", "16:9"] },
                "n": { "type": "integer", "maximum": 10 },
                "max_cost_usd": { "type": "number" },
                "dry_run": { "type": "boolean" },
                "preserve": { "type": "boolean" },
            },
            "required": ["prompt"],
        });
        let command = with_flags(Command::new("edit"), schema.as_object().unwrap());
        let cases = [
            (vec!["a kite"], json!({ "prompt": "a kite" })),
            (
                vec!["a kite", "--images", "a.png", "b.png", "--images", "c,d.png", "--dry-run"],
                json!({ "prompt": "a kite", "images": ["a.png", "b.png", "c,d.png"], "dry_run": true }),
            ),
            (
                vec!["a kite", "--n", "-3", "--max-cost-usd", "0.05", "--aspect-ratio", "round"],
                json!({ "prompt": "a kite", "n": -3, "max_cost_usd": 0.05, "aspect_ratio": "round" }),
            ),
            (
                vec!["--dry-run", "a kite", "--preserve=false"],
                json!({ "prompt": "a kite", "dry_run": true, "preserve": false }),
            ),
            (vec!["a kite", "--n", "three"], json!({ "prompt": "a kite", "n": "three" })),
        ];
        for (line, expected) in cases {
            let line = [&["edit"], line.as_slice()].concat();
            let matches = command.clone().try_get_matches_from(&line).unwrap();
            assert_eq!(Value::Object(arguments(&matches)), expected, "{line:?}");
        }
    }
}
