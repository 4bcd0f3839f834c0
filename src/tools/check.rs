//! Holds a call's arguments to the tool's schema, because clients need not and rmcp does not.
//!
//! Agents' small slips are mended on the way (a number as a string, one value where a list
//! is meant, null for "not given"); everything else that is wrong is reported, all of it at
//! once, each with the argument's name, what was given and what is accepted.

use rmcp::model::JsonObject;
use serde_json::{Number, Value};

use crate::domain::Problem;

/// Arguments whose listed choices are not held against them here: the router accepts more
/// spellings (`provider/model`) and refuses with better reasons.
const JUDGED_BY_THE_ROUTER: [&str; 1] = ["model"];

/// The arguments as the schema wants them.
///
/// # Errors
/// One [`Problem`] for each wrong, missing or unknown argument.
pub fn check(tool: &str, schema: &JsonObject, given: JsonObject) -> Result<JsonObject, Vec<Problem>> {
    fields(tool, "", schema, given)
}

/// The fields of an object as its schema wants them; `within` is the path to it, with a dot.
fn fields(
    owner: &str,
    within: &str,
    schema: &JsonObject,
    given: JsonObject,
) -> Result<JsonObject, Vec<Problem>> {
    let none = JsonObject::new();
    let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
    let mut problems = Vec::new();
    let mut checked = JsonObject::new();
    for (name, value) in given {
        let Some(property) = properties.get(&name) else {
            problems.push(unknown(owner, &format!("{within}{name}"), properties));
            continue;
        };
        if value.is_null() {
            continue;
        }
        match fit(&format!("{within}{name}"), property, value) {
            Ok(value) => drop(checked.insert(name, value)),
            Err(more) => problems.extend(more),
        }
    }
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    for name in required.filter_map(Value::as_str) {
        let path = format!("{within}{name}");
        let reported = problems.iter().any(|problem| problem.argument.as_deref() == Some(path.as_str()));
        if !checked.contains_key(name) && !reported {
            let accepted = properties.get(name).map(accepted).unwrap_or_default();
            problems.push(Problem::argument(path, "is required", format!("Pass {accepted}.")));
        }
    }
    if problems.is_empty() { Ok(checked) } else { Err(problems) }
}

/// The value in the schema's type, or what is wrong with it.
fn fit(name: &str, property: &Value, value: Value) -> Result<Value, Vec<Problem>> {
    match (kind(property), value) {
        ("array", value) => list(name, property, value),
        ("object", value) => {
            let object = match value {
                Value::String(text) => serde_json::from_str(&text).unwrap_or(Value::String(text)),
                other => other,
            };
            let Value::Object(object) = object else {
                let remedy = format!("Accepted is {}.", accepted(property));
                return Err(vec![Problem::argument(name, format!("{} was given", shown(&object)), remedy)]);
            };
            let none = JsonObject::new();
            let schema = property.as_object().unwrap_or(&none);
            fields(name, &format!("{name}."), schema, object).map(Value::Object)
        }
        (_, value) => plain(name, property, value).map_err(|problem| vec![problem]),
    }
}

fn list(name: &str, property: &Value, value: Value) -> Result<Value, Vec<Problem>> {
    let item = property.get("items").unwrap_or(&Value::Null);
    let list = match value {
        Value::Array(list) => list,
        Value::String(text) => list_in(text),
        other => vec![other],
    };
    // A list as text, in a list.
    let list = match (kind(item), list.as_slice()) {
        ("object", [Value::String(text)]) => list_in(text.clone()),
        _ => list,
    };
    let least = bound(property, "minItems").unwrap_or(0.0);
    let most = bound(property, "maxItems").unwrap_or(f64::INFINITY);
    #[expect(clippy::cast_precision_loss, reason = "a list of arguments is short")]
    let count = list.len() as f64;
    if count < least || count > most {
        let remedy = format!("Accepted is {}.", accepted(property));
        return Err(vec![Problem::argument(name, format!("{} values were given", list.len()), remedy)]);
    }
    let fitted =
        list.into_iter().enumerate().map(|(index, value)| fit(&format!("{name}[{index}]"), item, value));
    let (mut values, mut problems) = (Vec::new(), Vec::new());
    for value in fitted {
        match value {
            Ok(value) => values.push(value),
            Err(more) => problems.extend(more),
        }
    }
    if problems.is_empty() { Ok(Value::Array(values)) } else { Err(problems) }
}

/// A value that is neither a list nor an object.
fn plain(name: &str, property: &Value, value: Value) -> Result<Value, Problem> {
    let refuse = |value: &Value| {
        let remedy = format!("Accepted is {}.", accepted(property));
        Problem::argument(name, format!("{} was given", shown(value)), remedy)
    };
    match kind(property) {
        "integer" | "number" => {
            let number = match &value {
                Value::Number(number) => number.as_f64(),
                Value::String(text) => text.trim().parse::<f64>().ok(),
                _ => None,
            };
            let whole = kind(property) == "integer";
            let number = number
                .filter(|number| number.is_finite() && (!whole || number.fract() == 0.0))
                .filter(|number| bound(property, "minimum").is_none_or(|least| *number >= least))
                .filter(|number| bound(property, "maximum").is_none_or(|most| *number <= most));
            let number = number.and_then(|number| {
                #[expect(clippy::cast_possible_truncation, reason = "within the bounds of the schema")]
                if whole { Some(Number::from(number as i64)) } else { Number::from_f64(number) }
            });
            number.map(Value::Number).ok_or_else(|| refuse(&value))
        }
        "boolean" => match &value {
            Value::Bool(_) => Ok(value),
            Value::String(text) if text.eq_ignore_ascii_case("true") => Ok(Value::Bool(true)),
            Value::String(text) if text.eq_ignore_ascii_case("false") => Ok(Value::Bool(false)),
            _ => Err(refuse(&value)),
        },
        _ => {
            let text = match &value {
                Value::String(text) => text.clone(),
                Value::Number(number) => number.to_string(),
                // One string in a list where a string is meant.
                Value::Array(list) => match list.as_slice() {
                    [Value::String(text)] => text.clone(),
                    _ => return Err(refuse(&value)),
                },
                _ => return Err(refuse(&value)),
            };
            let judged_later = JUDGED_BY_THE_ROUTER.contains(&name);
            if judged_later {
                Ok(text.into())
            } else {
                fit_text(property, text).ok_or_else(|| refuse(&value))
            }
        }
    }
}

fn fit_text(property: &Value, text: String) -> Option<Value> {
    if let Some(choices) = choices(property) {
        let trimmed = text.trim();
        let choice = choices.iter().find(|choice| choice.eq_ignore_ascii_case(trimmed));
        return choice.map(|choice| (*choice).into());
    }
    #[expect(clippy::cast_precision_loss, reason = "no text is that long")]
    let count = text.chars().count() as f64;
    let long_enough = bound(property, "minLength").is_none_or(|least| count >= least);
    let short_enough = bound(property, "maxLength").is_none_or(|most| count <= most);
    (long_enough && short_enough).then(|| text.into())
}

/// A list that came as text: a JSON array in a string, or else one value.
fn list_in(text: String) -> Vec<Value> {
    match serde_json::from_str(&text) {
        Ok(Value::Array(list)) => list,
        _ => vec![Value::String(text)],
    }
}

fn kind(property: &Value) -> &str {
    property.get("type").and_then(Value::as_str).unwrap_or("string")
}

fn bound(property: &Value, name: &str) -> Option<f64> {
    property.get(name).and_then(Value::as_f64)
}

fn choices(property: &Value) -> Option<Vec<&str>> {
    let choices = property.get("enum")?.as_array()?;
    Some(choices.iter().filter_map(Value::as_str).collect())
}

fn unknown(tool: &str, name: &str, properties: &JsonObject) -> Problem {
    let names: Vec<_> = properties.keys().map(String::as_str).collect();
    Problem::argument(
        name,
        format!("is not an argument of {tool}"),
        format!("Accepted are {}.", names.join(", ")),
    )
}

/// What a property accepts, in words.
fn accepted(property: &Value) -> String {
    if let Some(choices) = choices(property) {
        return format!("one of {}", choices.join(", "));
    }
    let range = |least: &str, most: &str, unit: &str| match (bound(property, least), bound(property, most)) {
        (Some(least), Some(most)) => format!("{least} to {most}{unit}"),
        (Some(least), None) => format!("at least {least}{unit}"),
        (None, Some(most)) => format!("at most {most}{unit}"),
        (None, None) => String::new(),
    };
    let sized =
        |what: &str, size: String| if size.is_empty() { what.to_owned() } else { format!("{what}, {size}") };
    match kind(property) {
        "integer" => sized("a whole number", range("minimum", "maximum", "")),
        "number" => sized("a number", range("minimum", "maximum", "")),
        "boolean" => "true or false".to_owned(),
        "object" => {
            let fields = property.get("properties").and_then(Value::as_object).into_iter().flatten();
            let names: Vec<_> = fields.map(|(name, _)| name.as_str()).collect();
            format!("an object with {}", names.join(", "))
        }
        "array" => {
            let items = property.get("items").map(accepted).unwrap_or_default();
            sized("a list", format!("{} values, each {items}", range("minItems", "maxItems", "")))
        }
        _ => sized("text", range("minLength", "maxLength", " characters")),
    }
}

/// A given value, short enough to read.
fn shown(value: &Value) -> String {
    const MOST: usize = 60;
    let text = value.to_string();
    match text.char_indices().nth(MOST) {
        Some((end, _)) => {
            // The quotes are JSON's, and not counted against the argument.
            let count = value.as_str().unwrap_or(&text).chars().count();
            format!("{}… ({count} characters)", text.get(..end).unwrap_or_default())
        }
        None => text,
    }
}
