//! Reads catalogue files and lays one over the other: text in, providers and models out.

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::entry::Located;
use super::{CatalogError, CatalogFault, Model, ModelEntry, Provider, ProviderEntry, resolve};

/// What the two kinds of entry have in common.
trait Entry: for<'de> Deserialize<'de> + Clone {
    /// The name of their tables.
    const TABLE: &'static str;
    /// What makes an entry the same as another: the values of these fields.
    const NAME: &'static [&'static str];

    fn name(&self) -> [Option<&String>; 2];
    fn over(self, base: Self) -> Self;
}

impl Entry for ProviderEntry {
    const TABLE: &'static str = "provider";
    const NAME: &'static [&'static str] = &["id"];

    fn name(&self) -> [Option<&String>; 2] {
        [None, self.id.as_ref()]
    }

    fn over(self, base: Self) -> Self {
        Self::over(self, base)
    }
}

impl Entry for ModelEntry {
    const TABLE: &'static str = "model";
    const NAME: &'static [&'static str] = &["provider", "id"];

    fn name(&self) -> [Option<&String>; 2] {
        [self.provider.as_ref(), self.id.as_ref()]
    }

    fn over(self, base: Self) -> Self {
        Self::over(self, base)
    }
}

/// The shipped catalogue with the user's file merged over it. Models of lower ranks come first.
pub(super) fn load(shipped: &str, user: &str) -> Result<(Vec<Provider>, Vec<Model>), CatalogError> {
    let mut providers = Vec::new();
    let mut models = Vec::new();
    for text in [shipped, user] {
        let mut file = read(text)?;
        providers = merge(providers, entries(&mut file, text)?);
        let stated = entries(&mut file, text)?;
        let followed = stated
            .iter()
            .map(|model| {
                let entry = follow_like(model, &stated, &models, &mut Vec::new())?;
                Ok(Located { entry, ..model.clone() })
            })
            .collect::<Result<_, _>>()?;
        models = merge(models, followed);
    }
    let providers = providers.iter().map(resolve::provider).collect::<Result<Vec<_>, _>>()?;
    let mut models =
        models.iter().map(|model| resolve::model(model, &providers)).collect::<Result<Vec<_>, _>>()?;
    models.sort_by_key(|model| model.rank);
    Ok((providers, models))
}

fn read(text: &str) -> Result<DeTable<'_>, CatalogError> {
    DeTable::parse(text).map(Spanned::into_inner).map_err(|error| CatalogError {
        line: error.span().map_or(1, |span| line_of(text, span.start)),
        entry: String::new(),
        fault: CatalogFault::Unreadable(error.message().to_owned()),
    })
}

/// The line, from 1, of this byte.
fn line_of(text: &str, byte: usize) -> usize {
    text.bytes().take(byte).filter(|byte| *byte == b'\n').count() + 1
}

/// Takes the entries of one kind out of a file.
fn entries<E: Entry>(file: &mut DeTable<'_>, text: &str) -> Result<Vec<Located<E>>, CatalogError> {
    let Some(tables) = file.remove(E::TABLE) else {
        return Ok(Vec::new());
    };
    let not_tables = |byte| CatalogError {
        line: line_of(text, byte),
        entry: String::new(),
        fault: CatalogFault::NotTables(E::TABLE),
    };
    let byte = tables.span().start;
    let tables = match tables.into_inner() {
        DeValue::Array(tables) => tables,
        // A single name is the server's setting of this name, not an entry.
        DeValue::String(_) => return Ok(Vec::new()),
        _ => return Err(not_tables(byte)),
    };
    let mut located: Vec<Located<E>> = Vec::new();
    for table in tables {
        let Some(fields) = table.as_ref().as_table() else {
            return Err(not_tables(table.span().start));
        };
        let next: Located<E> = entry(fields, &table, text)?;
        if let Some(first) = located.iter().find(|first| first.entry.name() == next.entry.name()) {
            return Err(next.fault("", CatalogFault::Duplicate { first: first.line }));
        }
        located.push(next);
    }
    Ok(located)
}

/// Reads one entry.
fn entry<E: Entry>(
    fields: &DeTable<'_>,
    table: &Spanned<DeValue<'_>>,
    text: &str,
) -> Result<Located<E>, CatalogError> {
    let field_lines =
        fields.keys().map(|key| (key.as_ref().to_string(), line_of(text, key.span().start))).collect();
    let names: Vec<_> =
        E::NAME.iter().filter_map(|name| fields.get(*name)?.as_ref().as_str().map(str::to_owned)).collect();
    let label = format!("{} {}", E::TABLE, names.join("/")).trim_end().to_owned();
    let blank = Located { entry: (), label, line: line_of(text, table.span().start), field_lines };
    let entry = E::deserialize(ValueDeserializer::from(table.clone())).map_err(|error| {
        let byte = error.span().map_or(table.span().start, |span| span.start);
        // A table under a head of its own begins at its bracket, before its name.
        let before = fields.iter().filter(|(key, value)| key.span().start.min(value.span().start) <= byte);
        let field = before.map(|(key, _)| key).max_by_key(|key| key.span().start);
        let what = error.message().to_owned();
        let fault = match field {
            Some(key) => CatalogFault::Field { field: key.as_ref().to_string(), what },
            None => CatalogFault::Unreadable(what),
        };
        CatalogError { line: line_of(text, byte), entry: blank.label.clone(), fault }
    })?;
    if let Some(field) = E::NAME.iter().find(|name| !fields.contains_key(**name)) {
        let accepted = "every entry is told apart by its name";
        return Err(blank.fault(field, CatalogFault::Missing { field, accepted }));
    }
    let Located { label, line, field_lines, .. } = blank;
    Ok(Located { entry, label, line, field_lines })
}

/// Lays entries over those of the same name and adds the new ones behind.
fn merge<E: Entry>(mut base: Vec<Located<E>>, file: Vec<Located<E>>) -> Vec<Located<E>> {
    for stated in file {
        match base.iter_mut().find(|known| known.entry.name() == stated.entry.name()) {
            Some(known) => {
                let entry = stated.entry.over(known.entry.clone());
                *known = Located { entry, ..stated };
            }
            None => base.push(stated),
        }
    }
    base
}

/// The entry with the fields filled in that it takes from the model it is like: that
/// model's as this file states them, over those of the files before.
fn follow_like(
    model: &Located<ModelEntry>,
    file: &[Located<ModelEntry>],
    base: &[Located<ModelEntry>],
    trail: &mut Vec<String>,
) -> Result<ModelEntry, CatalogError> {
    let Some(like) = &model.entry.like else {
        return Ok(model.entry.clone());
    };
    trail.push(full_name(&model.entry));
    if trail.contains(like) {
        return Err(model.fault("like", CatalogFault::LikeItself(like.clone())));
    }
    let named = |known: &&Located<ModelEntry>| full_name(&known.entry) == *like;
    let in_base = base.iter().find(named).map(|known| known.entry.clone());
    let pattern = match (file.iter().find(named), in_base) {
        (Some(stated), in_base) => follow_like(stated, file, base, trail)?.over(in_base.unwrap_or_default()),
        (None, Some(known)) => known,
        (None, None) => {
            let mut known: Vec<_> = base.iter().chain(file).map(|known| full_name(&known.entry)).collect();
            known.sort();
            known.dedup();
            let known = known.join(", ");
            return Err(model.fault("like", CatalogFault::UnknownLike { like: like.clone(), known }));
        }
    };
    let pattern = pattern.into_pattern_at(model.entry.provider.as_ref());
    Ok(ModelEntry { like: None, ..model.entry.clone().over(pattern) })
}

fn full_name(entry: &ModelEntry) -> String {
    let [provider, id] = entry.name().map(|part| part.map_or("", String::as_str));
    format!("{provider}/{id}")
}

#[cfg(test)]
mod tests;
