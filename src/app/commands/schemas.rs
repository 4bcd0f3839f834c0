//! `schemas`: the public contract as files. What is committed under `schemas/` comes from here.

use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::console::{Suggested, print};
use crate::app::exit::DONE;
use crate::app::settings_file::SettingsFileSchema;
use crate::catalog::Catalog;
use crate::tools::{TOOL_NAMES, definitions};

/// The name of the schema of the settings file.
const CONFIG: &str = "config";

/// `schemas [NAME]`
#[derive(Debug, clap::Args)]
pub struct SchemasArguments {
    /// One schema: a tool's name, or `config`
    #[arg(value_parser = Suggested(names), hide_possible_values = true)]
    name: Option<String>,
}

/// Prints one schema, or an object of all by name.
pub fn run(arguments: &SchemasArguments, catalog: &Catalog) -> Result<u8, String> {
    let mut all = all(catalog)?;
    let shown = match &arguments.name {
        None => Value::Object(all.into_iter().collect()),
        Some(name) => {
            let known: Vec<_> = all.iter().map(|(name, _)| name.clone()).collect();
            let found = all.iter_mut().find(|(known, _)| known == name);
            let missing = || format!("unknown schema {name:?}; pass one of {}", known.join(", "));
            found.map(|(_, schema)| schema.take()).ok_or_else(missing)?
        }
    };
    print(&format!("{shown:#}\n"))?;
    Ok(DONE)
}

fn names() -> Vec<String> {
    TOOL_NAMES.into_iter().chain([CONFIG]).map(str::to_owned).collect()
}

/// Every schema by name: of each tool what `tools/list` says of it, and the settings file.
///
/// # Errors
/// Why a definition cannot be serialized.
pub fn all(catalog: &Catalog) -> Result<Vec<(String, Value)>, String> {
    let mut all = Vec::new();
    for tool in definitions(catalog) {
        let definition = serde_json::to_value(&tool).map_err(|error| error.to_string())?;
        all.push((tool.name.to_string(), definition));
    }
    let generator = SchemaSettings::draft2020_12().into_generator();
    all.push((CONFIG.to_owned(), generator.into_root_schema_for::<SettingsFileSchema>().to_value()));
    Ok(all)
}
