//! Reads the paths in every file of a crate and finds the file that defines each item they name.
//!
//! It knows no types, so it does not see which file defines a method. An item made by a macro counts
//! as defined in the module that the path names. A path to a module alone is no import.

mod tests;

use std::collections::{HashMap, HashSet};

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::visit::{self, Visit};

/// A Rust file; the path is relative to `src` and has slashes.
#[derive(Debug)]
pub struct Source {
    pub path: String,
    pub text: String,
}

/// `jobs` for `jobs/queue.rs`; `None` for `lib.rs` and `main.rs`.
pub fn layer(path: &str) -> Option<&str> {
    path.split_once('/').map(|(layer, _)| layer)
}

/// A path in the code, such as `super::Thing` or `child::call`.
#[derive(Debug)]
pub struct Mention {
    pub file: String,
    pub line: usize,
    /// As written; a leading `::` is an empty segment.
    pub path: Vec<String>,
    /// Compiled for unit tests only.
    pub in_tests: bool,
    module: usize,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Code,
    Use,
    PublicUse,
}

/// One file names an item that another file defines.
#[derive(Debug)]
pub struct Import {
    pub from: String,
    pub line: usize,
    pub name: String,
    pub to: String,
}

#[derive(Debug, Default)]
struct Module {
    file: String,
    parent: Option<usize>,
    definitions: HashMap<String, Vec<Definition>>,
    /// The name that each `use` brings in (`None` for a glob) and its path.
    uses: Vec<(Option<String>, Vec<String>)>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Definition {
    Module(usize),
    /// An item of this module.
    Item(usize),
}

/// All modules of a crate, the root first, and all paths in them.
#[derive(Debug, Default)]
pub struct Crate {
    modules: Vec<Module>,
    pub mentions: Vec<Mention>,
}

impl Crate {
    /// Reads the crate that starts at `lib.rs`.
    pub fn read(sources: &[Source]) -> Self {
        let mut reader =
            Reader { sources, read: Self::default(), module: 0, tests: false, locals: Vec::new() };
        reader.file("lib.rs", None);
        reader.read
    }

    /// The layer that a path names: the segment after the root of the crate.
    pub fn layer_named<'a>(&self, mention: &'a Mention) -> Option<&'a str> {
        let mut at = Some(mention.module);
        for segment in &mention.path {
            match segment.as_str() {
                "crate" => at = Some(0),
                "super" => at = self.modules[at?].parent,
                "self" => {}
                name => return (at == Some(0)).then_some(name),
            }
        }
        None
    }

    /// The library that a path starts with, unless something in scope has that name.
    pub fn library_named<'a>(&self, mention: &'a Mention) -> Option<&'a str> {
        let (first, rest) = mention.path.split_first()?;
        if first.is_empty() {
            return rest.first().map(String::as_str);
        }
        let own = self.resolve(mention.module, &mention.path[..1], &mut Vec::new());
        (own.is_empty() && (!rest.is_empty() || mention.kind != Kind::Code)).then_some(first)
    }

    /// All imports of one file from another, without those of unit tests. A parent that re-exports
    /// an item of a child does not import it.
    pub fn imports(&self) -> Vec<Import> {
        let mut imports = Vec::new();
        for mention in self.mentions.iter().filter(|mention| !mention.in_tests) {
            for found in self.resolve(mention.module, &mention.path, &mut Vec::new()) {
                let Definition::Item(home) = found else { continue };
                let facade = mention.kind == Kind::PublicUse && self.is_inside(home, mention.module);
                let to = &self.modules[home].file;
                if *to != mention.file && !facade {
                    imports.push(Import {
                        from: mention.file.clone(),
                        line: mention.line,
                        name: mention.path.join("::"),
                        to: to.clone(),
                    });
                }
            }
        }
        imports
    }

    fn is_inside(&self, module: usize, parent: usize) -> bool {
        std::iter::successors(Some(module), |&at| self.modules[at].parent).any(|at| at == parent)
    }

    /// `open` holds the `use`s being followed, so that one that leads back to itself ends.
    fn resolve(
        &self,
        from: usize,
        path: &[String],
        open: &mut Vec<(usize, usize, String)>,
    ) -> Vec<Definition> {
        let Some((first, rest)) = path.split_first() else { return Vec::new() };
        let mut found = match first.as_str() {
            "" => Vec::new(),
            "crate" => vec![Definition::Module(0)],
            "self" => vec![Definition::Module(from)],
            "super" => self.modules[from].parent.map(Definition::Module).into_iter().collect(),
            name => self.lookup(from, name, open),
        };
        for segment in rest {
            let module = found.iter().find_map(|definition| match definition {
                Definition::Module(module) => Some(*module),
                Definition::Item(_) => None,
            });
            // A variant or an associated item comes after an item.
            let Some(module) = module else { return found };
            found = match segment.as_str() {
                "self" => vec![Definition::Module(module)],
                "super" => self.modules[module].parent.map(Definition::Module).into_iter().collect(),
                name => self.lookup(module, name, open),
            };
            if found.is_empty() && module != 0 {
                return vec![Definition::Item(module)];
            }
        }
        found
    }

    fn lookup(&self, at: usize, name: &str, open: &mut Vec<(usize, usize, String)>) -> Vec<Definition> {
        let module = &self.modules[at];
        let mut found = module.definitions.get(name).cloned().unwrap_or_default();
        for globs in [false, true] {
            if globs && !found.is_empty() {
                break;
            }
            for (index, (alias, path)) in module.uses.iter().enumerate() {
                let step = (at, index, name.to_owned());
                let applies = alias.as_ref().map_or(globs, |alias| !globs && alias == name);
                if !applies || open.contains(&step) {
                    continue;
                }
                open.push(step);
                for definition in self.resolve(at, path, open) {
                    match definition {
                        Definition::Module(inner) if globs => found.extend(self.lookup(inner, name, open)),
                        Definition::Item(_) if globs => {}
                        definition => found.push(definition),
                    }
                }
                open.pop();
            }
        }
        found.dedup();
        found
    }
}

/// Walks the files from the root of the crate.
struct Reader<'a> {
    sources: &'a [Source],
    read: Crate,
    module: usize,
    /// Whether the code being read is compiled for unit tests only.
    tests: bool,
    /// Names bound in the functions being read; they hide items.
    locals: Vec<HashSet<String>>,
}

impl Reader<'_> {
    fn file(&mut self, path: &str, parent: Option<usize>) -> usize {
        let source = self.sources.iter().find(|source| source.path == path);
        let source = source.unwrap_or_else(|| panic!("no file {path}"));
        let file = syn::parse_file(&source.text).unwrap_or_else(|error| panic!("{path}: {error}"));
        self.inside(path.to_owned(), parent, |reader| reader.visit_file(&file))
    }

    fn inside(&mut self, file: String, parent: Option<usize>, read: impl FnOnce(&mut Self)) -> usize {
        let module = self.read.modules.len();
        self.read.modules.push(Module { file, parent, ..Module::default() });
        let outer = std::mem::replace(&mut self.module, module);
        read(self);
        self.module = outer;
        module
    }

    fn child(&mut self, item: &syn::ItemMod) -> usize {
        let file = self.read.modules[self.module].file.clone();
        if let Some((_, items)) = &item.content {
            let read = |reader: &mut Self| items.iter().for_each(|item| reader.visit_item(item));
            return self.inside(file, Some(self.module), read);
        }
        let folder = match file.rsplit_once('/') {
            Some((folder, "mod.rs")) => format!("{folder}/"),
            None => String::new(),
            Some(_) => format!("{}/", file.trim_end_matches(".rs")),
        };
        let paths = [format!("{folder}{}.rs", item.ident), format!("{folder}{}/mod.rs", item.ident)];
        let path = paths.iter().find(|path| self.sources.iter().any(|source| source.path == **path));
        self.file(path.unwrap_or_else(|| panic!("neither {paths:?}")), Some(self.module))
    }

    fn define(&mut self, name: &syn::Ident, definition: Definition) {
        let definitions = &mut self.read.modules[self.module].definitions;
        definitions.entry(name.to_string()).or_default().push(definition);
    }

    fn mention(&mut self, path: Vec<String>, span: Span, kind: Kind) {
        if let [name] = path.as_slice()
            && self.locals.iter().any(|locals| locals.contains(name))
        {
            return;
        }
        self.read.mentions.push(Mention {
            file: self.read.modules[self.module].file.clone(),
            line: span.start().line,
            path,
            in_tests: self.tests,
            module: self.module,
            kind,
        });
    }

    fn use_tree(&mut self, tree: &syn::UseTree, mut path: Vec<String>, kind: Kind) {
        let (alias, span) = match tree {
            syn::UseTree::Path(inner) => {
                path.push(inner.ident.to_string());
                return self.use_tree(&inner.tree, path, kind);
            }
            syn::UseTree::Group(group) => {
                return group.items.iter().for_each(|tree| self.use_tree(tree, path.clone(), kind));
            }
            syn::UseTree::Name(name) if name.ident == "self" => (path.last().cloned(), name.ident.span()),
            syn::UseTree::Rename(name) if name.ident == "self" => {
                (Some(name.rename.to_string()), name.ident.span())
            }
            syn::UseTree::Name(name) => {
                path.push(name.ident.to_string());
                (path.last().cloned(), name.ident.span())
            }
            syn::UseTree::Rename(name) => {
                path.push(name.ident.to_string());
                (Some(name.rename.to_string()), name.ident.span())
            }
            syn::UseTree::Glob(glob) => (None, glob.star_token.spans[0]),
        };
        self.read.modules[self.module].uses.push((alias, path.clone()));
        self.mention(path, span, kind);
    }

    /// Finds paths in the arguments of a macro, which syn does not parse.
    fn tokens(&mut self, tokens: TokenStream) {
        let tokens: Vec<_> = tokens.into_iter().collect();
        let is = |index: usize, punctuation: char| matches!(tokens.get(index), Some(TokenTree::Punct(token)) if token.as_char() == punctuation);
        let mut index = 0;
        while index < tokens.len() {
            let start = index;
            index += 1;
            let ident = match &tokens[start] {
                TokenTree::Group(group) => {
                    self.tokens(group.stream());
                    continue;
                }
                TokenTree::Ident(ident) => ident,
                _ => continue,
            };
            let mut path = vec![ident.to_string()];
            while is(index, ':') && is(index + 1, ':') {
                let Some(TokenTree::Ident(next)) = tokens.get(index + 2) else { break };
                path.push(next.to_string());
                index += 3;
            }
            let field = start > 0 && is(start - 1, '.') && !(start > 1 && is(start - 2, '.'));
            let key = path.len() == 1
                && ((is(index, ':') && !is(index + 1, ':')) || (is(index, '=') && !is(index + 1, '=')));
            let parameter = start > 0 && is(start - 1, '$') && *ident != "crate";
            if !(field || key || parameter || (start > 0 && is(start - 1, '\''))) {
                self.mention(path, ident.span(), Kind::Code);
            }
        }
    }

    /// Reads a function with the names its patterns bind.
    fn function(
        &mut self,
        attributes: &[syn::Attribute],
        bind: impl Fn(&mut Bound),
        read: impl Fn(&mut Self),
    ) {
        let mut bound = Bound::default();
        bind(&mut bound);
        self.locals.push(bound.0);
        self.under(attributes, read);
        self.locals.pop();
    }

    fn under(&mut self, attributes: &[syn::Attribute], read: impl FnOnce(&mut Self)) {
        let outer = self.tests;
        self.tests |= attributes.iter().any(is_for_tests);
        read(self);
        self.tests = outer;
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        let (attributes, name) = parts(item);
        self.under(attributes, |reader| {
            // An item inside a function is named nowhere else.
            if let (Some(name), true) = (name, reader.locals.is_empty()) {
                let definition = match item {
                    syn::Item::Mod(module) => Definition::Module(reader.child(module)),
                    _ => Definition::Item(reader.module),
                };
                reader.define(name, definition);
            }
            if !matches!(item, syn::Item::Mod(_)) {
                visit::visit_item(reader, item);
            }
        });
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let kind = if matches!(item.vis, syn::Visibility::Inherited) { Kind::Use } else { Kind::PublicUse };
        let path = item.leading_colon.as_ref().map(|_| String::new()).into_iter().collect();
        self.use_tree(&item.tree, path, kind);
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.function(&[], |bound| bound.visit_item_fn(item), |reader| visit::visit_item_fn(reader, item));
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        let bind = |bound: &mut Bound| bound.visit_impl_item_fn(item);
        self.function(&item.attrs, bind, |reader| visit::visit_impl_item_fn(reader, item));
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        let bind = |bound: &mut Bound| bound.visit_trait_item_fn(item);
        self.function(&item.attrs, bind, |reader| visit::visit_trait_item_fn(reader, item));
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let root = path.leading_colon.as_ref().map(|_| String::new());
        let segments = path.segments.iter().map(|segment| segment.ident.to_string());
        if let Some(first) = path.segments.first() {
            self.mention(root.into_iter().chain(segments).collect(), first.ident.span(), Kind::Code);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        self.visit_path(&item.path);
        self.tokens(item.tokens.clone());
    }

    /// Derives, and the functions that serde takes as text.
    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        let syn::Meta::List(list) = &attribute.meta else { return };
        self.tokens(list.tokens.clone());
        for token in list.tokens.clone() {
            if let TokenTree::Literal(literal) = token
                && let Ok(text) = syn::parse_str::<syn::LitStr>(&literal.to_string())
                && let Ok(path) = text.parse::<syn::Path>()
                && path.segments.len() > 1
            {
                let segments = path.segments.iter().map(|segment| segment.ident.to_string());
                self.mention(segments.collect(), literal.span(), Kind::Code);
            }
        }
    }
}

/// The names that patterns bind.
#[derive(Default)]
struct Bound(HashSet<String>);

impl<'ast> Visit<'ast> for Bound {
    fn visit_pat_ident(&mut self, pattern: &'ast syn::PatIdent) {
        self.0.insert(pattern.ident.to_string());
        visit::visit_pat_ident(self, pattern);
    }
}

fn parts(item: &syn::Item) -> (&[syn::Attribute], Option<&syn::Ident>) {
    match item {
        syn::Item::Const(item) => (&item.attrs, Some(&item.ident)),
        syn::Item::Enum(item) => (&item.attrs, Some(&item.ident)),
        syn::Item::Fn(item) => (&item.attrs, Some(&item.sig.ident)),
        syn::Item::Impl(item) => (&item.attrs, None),
        syn::Item::Macro(item) => (&item.attrs, item.ident.as_ref()),
        syn::Item::Mod(item) => (&item.attrs, Some(&item.ident)),
        syn::Item::Static(item) => (&item.attrs, Some(&item.ident)),
        syn::Item::Struct(item) => (&item.attrs, Some(&item.ident)),
        syn::Item::Trait(item) => (&item.attrs, Some(&item.ident)),
        syn::Item::Type(item) => (&item.attrs, Some(&item.ident)),
        syn::Item::Use(item) => (&item.attrs, None),
        _ => (&[], None),
    }
}

/// Recognises `#[cfg(test)]` and `#[cfg(all(test, …))]`.
fn is_for_tests(attribute: &syn::Attribute) -> bool {
    fn asks_for_tests(meta: &syn::Meta) -> bool {
        let inner = syn::punctuated::Punctuated::<syn::Meta, syn::Token![,]>::parse_terminated;
        match meta {
            syn::Meta::Path(path) => path.is_ident("test"),
            syn::Meta::List(list) if list.path.is_ident("all") => {
                list.parse_args_with(inner).is_ok_and(|list| list.iter().any(asks_for_tests))
            }
            _ => false,
        }
    }
    attribute.path().is_ident("cfg") && attribute.parse_args().is_ok_and(|meta| asks_for_tests(&meta))
}
