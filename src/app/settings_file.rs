//! The settings file: TOML with the settings at its top, then the user's providers and models.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize as _;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::config::ConfigError;
use super::settings::Settings;
use crate::catalog::{Catalog, ModelEntry, ProviderEntry};

/// A parsed settings file.
#[derive(Debug)]
pub struct SettingsFile {
    /// The settings.
    pub settings: Settings,
    /// The built-in catalogue with the providers and models of the file merged over it.
    pub catalog: Catalog,
}

/// The whole file, for its schema.
#[derive(schemars::JsonSchema)]
#[schemars(title = "Settings of gpt-image-mcp")]
#[expect(dead_code, reason = "only its schema is used")]
pub struct SettingsFileSchema {
    #[schemars(flatten)]
    settings: Settings,
    /// Providers, merged by id over the built-in ones. As text, it is the setting of that
    /// name: the only provider to use.
    provider: ProviderTables,
    /// Models, merged by provider and id over the built-in ones.
    model: Option<Vec<ModelEntry>>,
}

/// Two meanings of `provider` in a settings file. Only its schema is used, so `untagged` parses nothing.
#[derive(schemars::JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum ProviderTables {
    Entries(Vec<ProviderEntry>),
    Only(String),
}

impl SettingsFile {
    /// Reads the named file, or the default file if it exists.
    ///
    /// # Errors
    /// A named file that cannot be read, or the first error in a file, with its line.
    pub fn load(named: Option<&Path>, usual: Option<&Path>) -> Result<Self, ConfigError> {
        let path = named.or(usual).unwrap_or(Path::new(""));
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(_) if named.is_none() && !path.exists() => String::new(),
            Err(error) => return Err(ConfigError::in_file(path, error.to_string())),
        };
        let catalog =
            Catalog::with_user(&text).map_err(|error| ConfigError::in_file(path, error.to_string()))?;
        let settings = settings(&text).map_err(|error| ConfigError::in_file(path, error))?;
        Ok(Self { settings, catalog })
    }

    /// The default path: `gpt-image-mcp/config.toml` in the user's settings folder.
    #[must_use]
    pub fn usual_path(folder: &Path) -> PathBuf {
        folder.join(env!("CARGO_PKG_NAME")).join("config.toml")
    }
}

/// The settings at the top of the file; the catalogue reads its own tables.
fn settings(text: &str) -> Result<Settings, String> {
    if text.trim().is_empty() {
        return Ok(Settings::default());
    }
    let at_line = |error: &toml::de::Error| {
        let line = line_of(text, error.span().map_or(0, |span| span.start));
        format!("line {line}: {}", error.message())
    };
    let mut table = DeTable::parse(text).map_err(|error| at_line(&error))?.into_inner();
    for name in ["provider", "model"] {
        if table.get(name).is_some_and(|value| value.as_ref().as_array().is_some()) {
            table.remove(name);
        }
    }
    if let Some(error) = out_of_range(&table, text) {
        return Err(error);
    }
    let whole = Spanned::new(0..text.len(), DeValue::Table(table));
    Settings::deserialize(ValueDeserializer::from(whole)).map_err(|error| at_line(&error))
}

/// The first number outside the bounds that the schema states.
fn out_of_range(table: &DeTable<'_>, text: &str) -> Option<String> {
    let schema = schemars::schema_for!(Settings).to_value();
    let properties = schema.get("properties")?;
    table.iter().find_map(|(name, value)| {
        let number: f64 = match value.as_ref() {
            DeValue::Integer(integer) => integer.as_str().replace('_', "").parse().ok()?,
            DeValue::Float(float) => float.as_str().replace('_', "").parse().ok()?,
            _ => return None,
        };
        let name: &str = name.as_ref();
        let bound = |key: &str| properties.get(name)?.get(key)?.as_f64();
        let (least, most) = (bound("minimum"), bound("maximum"));
        let fits = least.is_none_or(|least| number >= least && number.is_finite())
            && most.is_none_or(|most| number <= most);
        (!fits).then(|| {
            let line = line_of(text, value.span().start);
            let accepted = match (least, most) {
                (Some(least), Some(most)) => format!("{least} to {most}"),
                (Some(least), None) => format!("at least {least}"),
                (None, most) => format!("at most {}", most.unwrap_or_default()),
            };
            format!("line {line}: {name}: {number} was given; pass {accepted}")
        })
    })
}

fn line_of(text: &str, byte: usize) -> usize {
    text.bytes().take(byte).filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_and_catalogue_entries_share_a_file() {
        let settings = settings("output = \"file\"\npreview_edge = 800\n[[provider]]\nid = \"x\"\n").unwrap();
        assert_eq!(settings.preview_edge, Some(800));
    }

    #[test]
    fn errors_name_their_line() {
        let cases = [
            ("preview_edge = 800\nouput = \"file\"\n", "line 2: unknown field `ouput`"),
            ("\n\noutput = \"pictures\"\n", "line 3: unknown variant `pictures`"),
            ("roots = 5\n", "line 1: invalid type: integer `5`"),
            ("a = \n", "line 1: "),
            ("\nretries = 99\n", "line 2: retries: 99 was given; pass 0 to 10"),
            ("max_cost_usd = -0.5\n", "line 1: max_cost_usd: -0.5 was given; pass at least 0"),
        ];
        for (text, error) in cases {
            let said = settings(text).unwrap_err();
            assert!(said.starts_with(error), "{said}");
        }
    }
}
