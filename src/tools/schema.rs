//! The schemas that clients see, derived from the argument types and kept to what every
//! client understands: no `$ref`, no `oneOf`, no null unions, no exotic formats
//! (several hosts drop a tool, or all of them, for any of these).

use rmcp::model::JsonObject;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

/// The input schema of a tool, with the models in use as the choices of `model`.
#[must_use]
pub fn input_schema<Arguments: JsonSchema>(models: &[String]) -> JsonObject {
    let mut settings = SchemaSettings::draft2020_12();
    settings.inline_subschemas = true;
    settings.meta_schema = None;
    let mut root = settings.into_generator().into_root_schema_for::<Arguments>().to_value();
    plain(&mut root);
    let Value::Object(mut schema) = root else { return JsonObject::new() };
    schema.remove("description");
    schema.remove("title");
    schema.insert("additionalProperties".to_owned(), Value::Bool(false));
    if let Some(model) = schema.get_mut("properties").and_then(|properties| properties.get_mut("model")) {
        model["enum"] = json!(models);
    }
    schema
}

/// Rewrites one schema, and those inside it, in the plain subset.
fn plain(schema: &mut Value) {
    let Some(object) = schema.as_object_mut() else { return };
    object.remove("default");
    object.remove("format");
    // A documented enum comes as one constant per alternative.
    if let Some(Value::Array(alternatives)) = object.remove("oneOf") {
        let constants = alternatives.iter().flat_map(|alternative| {
            let listed = alternative.get("enum").and_then(Value::as_array).cloned().unwrap_or_default();
            alternative.get("const").cloned().into_iter().chain(listed)
        });
        object.insert("enum".to_owned(), constants.collect());
        object.insert("type".to_owned(), json!("string"));
    }
    // An optional value comes as a union with null; clients omit it instead.
    if let Some(Value::Array(alternatives)) = object.remove("anyOf") {
        let inner = alternatives.into_iter().find(|alternative| alternative["type"] != "null");
        if let Some(Value::Object(mut inner)) = inner {
            inner.remove("description");
            object.extend(inner);
            return plain(schema);
        }
    }
    if let Some(Value::Array(types)) = object.get("type")
        && let Some(only) = types.iter().find(|name| *name != "null").cloned()
    {
        object.insert("type".to_owned(), only);
    }
    if let Some(Value::Array(constants)) = object.get_mut("enum") {
        constants.retain(|constant| !constant.is_null());
    }
    if let Some(Value::Object(properties)) = object.get_mut("properties") {
        properties.values_mut().for_each(plain);
    }
    if let Some(items) = object.get_mut("items") {
        plain(items);
        // The description of the list covers its items.
        if let Some(items) = items.as_object_mut() {
            items.remove("description");
        }
    }
}
