//! Checks the arguments of a call against the schema of the tool, because clients may not and rmcp
//! does not.
//!
//! Small slips are accepted: a number as a string, one value for a list, null for "not given".
//! Everything else is reported in one go, each problem with the argument, the value and what to pass.

use rmcp::model::JsonObject;
use serde_json::{Number, Value};

use crate::domain::Problem;

/// Arguments whose choices are not checked here: the router accepts more spellings
/// (`provider/model`) and gives better reasons.
const CHECKED_BY_THE_ROUTER: [&str; 1] = ["model"];

/// Names that are less alike than this (Jaro-Winkler) are not suggested.
const LIKE: f64 = 0.8;

/// The arguments in the types of the schema.
///
/// # Errors
/// One [`Problem`] for each wrong, missing or unknown argument.
pub fn check(tool: &str, schema: &JsonObject, given: JsonObject) -> Result<JsonObject, Vec<Problem>> {
    fields(tool, "", schema, given)
}

/// The fields of an object in the types of its schema; `within` is the path to it, with a dot.
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
            let remedy = properties.get(name).map(required_remedy).unwrap_or_default();
            problems.push(Problem::argument(path, "missing", remedy));
        }
    }
    if problems.is_empty() { Ok(checked) } else { Err(problems) }
}

/// The value in the type of the schema, or its problems.
fn fit(name: &str, property: &Value, value: Value) -> Result<Value, Vec<Problem>> {
    match (kind(property), value) {
        ("array", value) => list(name, property, value),
        ("object", value) => {
            let object = match value {
                Value::String(text) => serde_json::from_str(&text).unwrap_or(Value::String(text)),
                other => other,
            };
            let Value::Object(object) = object else {
                let remedy = format!("Pass {}.", accepted(property));
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
    // A list that contains a JSON list as text.
    let list = match (kind(item), list.as_slice()) {
        ("object", [Value::String(text)]) => list_in(text.clone()),
        _ => list,
    };
    let least = bound(property, "minItems").unwrap_or(0.0);
    let most = bound(property, "maxItems").unwrap_or(f64::INFINITY);
    #[expect(clippy::cast_precision_loss, reason = "a list of arguments is short")]
    let count = list.len() as f64;
    if count < least || count > most {
        let remedy = format!("Pass {}.", accepted(property));
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

/// A value other than a list or an object.
fn plain(name: &str, property: &Value, value: Value) -> Result<Value, Problem> {
    let refuse = |value: &Value| {
        let remedy = format!("Pass {}.", accepted(property));
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
                // A list of one string, for a string.
                Value::Array(list) => match list.as_slice() {
                    [Value::String(text)] => text.clone(),
                    _ => return Err(refuse(&value)),
                },
                _ => return Err(refuse(&value)),
            };
            let checked_later = CHECKED_BY_THE_ROUTER.contains(&name);
            if checked_later {
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

/// The values of a JSON array in a string, or the string as one value.
fn list_in(text: String) -> Vec<Value> {
    match serde_json::from_str(&text) {
        Ok(Value::Array(list)) => list,
        _ => vec![Value::String(text)],
    }
}

/// Whether a property is a point: a list of two values.
fn is_pair(property: &Value) -> bool {
    bound(property, "minItems") == Some(2.0) && bound(property, "maxItems") == Some(2.0)
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
    let field = name.rsplit('.').next().unwrap_or(name);
    let likeness = |known: &str| strsim::jaro_winkler(known, field);
    let nearest = properties.keys().max_by(|one, other| likeness(one).total_cmp(&likeness(other)));
    let remedy = match nearest.filter(|known| likeness(known) >= LIKE) {
        Some(known) => format!("Did you mean {known}?"),
        None => "Leave it out.".to_owned(),
    };
    Problem::argument(name, format!("not an argument of {tool}"), remedy)
}

/// What to pass for a missing argument: its description where it has one.
fn required_remedy(property: &Value) -> String {
    let description = property.get("description").and_then(Value::as_str).unwrap_or_default();
    let sentence = description.split(". ").next().unwrap_or_default().trim_end_matches('.');
    match sentence.char_indices().nth(1).and_then(|(second, _)| sentence.split_at_checked(second)) {
        Some((first, rest)) => format!("Pass {}{rest}.", first.to_lowercase()),
        None => format!("Pass {}.", accepted(property)),
    }
}

/// What a property accepts, in words.
fn accepted(property: &Value) -> String {
    if let Some(choices) = choices(property) {
        return format!("one of {}", choices.join(", "));
    }
    if is_pair(property) {
        return "each point as [x, y]".to_owned();
    }
    let range = |least: &str, most: &str, unit: &str| match (bound(property, least), bound(property, most)) {
        (Some(least), Some(most)) => format!("{least} to {most}{unit}"),
        (Some(least), None) if least <= 1.0 && !unit.is_empty() => "not empty".to_owned(),
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

/// A given value, shortened.
fn shown(value: &Value) -> String {
    const MOST: usize = 60;
    let text = value.to_string();
    match text.char_indices().nth(MOST) {
        Some((end, _)) => {
            // The quotes of JSON do not count.
            let count = value.as_str().unwrap_or(&text).chars().count();
            format!("{}… ({count} characters)", text.get(..end).unwrap_or_default())
        }
        None => text,
    }
}
