//! The graph of a crate's modules, computed from its sources: which file's code names what another file of the crate defines.
//!
//! An arrow leads to the module that defines the item. A name that a module passes on (`pub use`) is followed to its origin, and
//! passing it on is no use of it: so a facade ties nothing together. Code under `#[cfg(test)]` is left out. What cannot be told apart without types (methods, fields,
//! names that a macro makes) draws no arrow.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::Visit;

/// A module's path below the crate's root: `["state", "vpc"]`; empty for the root itself.
pub(crate) type Module = Vec<String>;
/// Arrows: from a module to those whose items it names.
pub(crate) type Graph = BTreeMap<Module, BTreeSet<Module>>;

#[derive(Default)]
struct Contents {
    children: BTreeSet<String>,
    items: BTreeSet<String>,
    /// Names that `use` brings in, and what they stand for.
    aliases: BTreeMap<String, Vec<String>>,
    /// Those of them that are passed on.
    passed_on: BTreeSet<String>,
    globs: Vec<Vec<String>>,
    /// Every path that the code names.
    paths: Vec<Vec<String>>,
}

/// The module graph of the crate whose root file this is.
pub(crate) fn graph(root: &Path) -> Graph {
    let mut modules = BTreeMap::new();
    read(root, &root.with_file_name(""), &Vec::new(), &mut modules);
    let mut graph = Graph::new();
    for (module, contents) in &modules {
        let own = contents.aliases.iter().filter(|(name, _)| !contents.passed_on.contains(*name)).map(|(_, path)| path);
        let arrows: BTreeSet<Module> = own
            .chain(&contents.globs)
            .chain(&contents.paths)
            .filter_map(|path| resolve(&modules, module, path, 0))
            .filter(|target| target != module)
            .collect();
        graph.insert(module.clone(), arrows);
    }
    graph
}

fn read(file: &Path, folder: &Path, module: &Module, modules: &mut BTreeMap<Module, Contents>) {
    let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let parsed = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    collect(&parsed.items, folder, module, modules);
}

fn collect(items: &[syn::Item], folder: &Path, module: &Module, modules: &mut BTreeMap<Module, Contents>) {
    let mut contents = Contents::default();
    for item in items.iter().filter(|item| !is_for_tests(item)) {
        if let syn::Item::Mod(inner) = item {
            let name = inner.ident.to_string();
            let mut path = module.clone();
            path.push(name.clone());
            match (&inner.content, path_attribute(inner)) {
                (Some((_, items)), _) => collect(items, &folder.join(&name), &path, modules),
                (None, Some(other)) => read(&folder.join(other), &folder.join(&name), &path, modules),
                (None, None) => read(&folder.join(format!("{name}.rs")), &folder.join(&name), &path, modules),
            }
            contents.children.insert(name);
            continue;
        }
        contents.items.extend(name_of(item));
        Walk { contents: &mut contents }.visit_item(item);
    }
    modules.insert(module.clone(), contents);
}

fn path_attribute(module: &syn::ItemMod) -> Option<PathBuf> {
    module.attrs.iter().find_map(|attribute| match &attribute.meta {
        syn::Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value().into()),
            _ => None,
        },
        _ => None,
    })
}

fn is_for_tests(item: &syn::Item) -> bool {
    let attributes = match item {
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        syn::Item::Const(item) => &item.attrs,
        syn::Item::Struct(item) => &item.attrs,
        _ => return false,
    };
    attributes.iter().any(|attribute| match &attribute.meta {
        syn::Meta::List(list) if list.path.is_ident("cfg") => list.tokens.to_string() == "test",
        meta => meta.path().segments.last().is_some_and(|last| last.ident == "test"),
    })
}

fn name_of(item: &syn::Item) -> Option<String> {
    let name = match item {
        syn::Item::Const(item) => &item.ident,
        syn::Item::Enum(item) => &item.ident,
        syn::Item::Fn(item) => &item.sig.ident,
        syn::Item::Macro(item) => item.ident.as_ref()?,
        syn::Item::Static(item) => &item.ident,
        syn::Item::Struct(item) => &item.ident,
        syn::Item::Trait(item) => &item.ident,
        syn::Item::Type(item) => &item.ident,
        syn::Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(name.to_string())
}

struct Walk<'a> {
    contents: &'a mut Contents,
}

impl<'ast> Visit<'ast> for Walk<'_> {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let mut brought = Contents::default();
        tree(&item.tree, &mut Vec::new(), &mut brought);
        if !matches!(item.vis, syn::Visibility::Inherited) {
            self.contents.passed_on.extend(brought.aliases.keys().cloned());
        }
        self.contents.aliases.extend(brought.aliases);
        self.contents.globs.extend(brought.globs);
        self.contents.paths.extend(brought.paths);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.contents.paths.push(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        syn::visit::visit_path(self, path);
    }

    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}

    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        self.visit_path(&called.path);
        tokens(called.tokens.clone(), &mut self.contents.paths);
    }
}

fn tree(tree_: &syn::UseTree, prefix: &mut Vec<String>, contents: &mut Contents) {
    match tree_ {
        syn::UseTree::Path(path) => {
            prefix.push(path.ident.to_string());
            tree(&path.tree, prefix, contents);
            prefix.pop();
        }
        syn::UseTree::Name(name) => bring_in(&name.ident, None, prefix, contents),
        syn::UseTree::Rename(renamed) => bring_in(&renamed.ident, Some(&renamed.rename), prefix, contents),
        syn::UseTree::Glob(_) => contents.globs.push(prefix.clone()),
        syn::UseTree::Group(group) => group.items.iter().for_each(|item| tree(item, prefix, contents)),
    }
}

fn bring_in(name: &syn::Ident, renamed: Option<&syn::Ident>, prefix: &[String], contents: &mut Contents) {
    let mut path = prefix.to_vec();
    if name != "self" {
        path.push(name.to_string());
    }
    let Some(last) = path.last().cloned() else { return };
    match renamed.map(ToString::to_string) {
        // Only the methods of a trait are wanted.
        Some(name) if name == "_" => contents.paths.push(path),
        name => {
            contents.aliases.insert(name.unwrap_or(last), path);
        }
    }
}

/// Every `a::b::c` among the tokens of a macro's call.
fn tokens(stream: TokenStream, paths: &mut Vec<Vec<String>>) {
    let mut path: Vec<String> = Vec::new();
    let mut colons = 0;
    for token in stream {
        match token {
            TokenTree::Ident(ident) => {
                if colons < 2 {
                    paths.extend((!path.is_empty()).then(|| std::mem::take(&mut path)));
                }
                path.push(ident.to_string());
                colons = 0;
            }
            TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
            other => {
                paths.extend((!path.is_empty()).then(|| std::mem::take(&mut path)));
                colons = 0;
                if let TokenTree::Group(group) = other {
                    tokens(group.stream(), paths);
                }
            }
        }
    }
    paths.extend((!path.is_empty()).then_some(path));
}

/// The module that defines what a path names, seen from a module; none for what another crate, a local variable or a type's own
/// item is.
fn resolve(modules: &BTreeMap<Module, Contents>, from: &Module, path: &[String], depth: usize) -> Option<Module> {
    // Names that lead to one another in a circle are of other crates (`use http::http`).
    if depth > 16 {
        return None;
    }
    let (first, rest) = path.split_first()?;
    match first.as_str() {
        "crate" => descend(modules, &Vec::new(), rest, depth),
        "self" => descend(modules, from, rest, depth),
        "super" => descend(modules, &from[..from.len().checked_sub(1)?].to_vec(), rest, depth),
        _ => descend(modules, from, path, depth),
    }
}

fn descend(modules: &BTreeMap<Module, Contents>, module: &Module, path: &[String], depth: usize) -> Option<Module> {
    let contents = modules.get(module)?;
    let Some((name, rest)) = path.split_first() else { return Some(module.clone()) };
    if name == "super" {
        return descend(modules, &module[..module.len().checked_sub(1)?].to_vec(), rest, depth);
    }
    if contents.children.contains(name) {
        let mut child = module.clone();
        child.push(name.clone());
        return descend(modules, &child, rest, depth);
    }
    if contents.items.contains(name) {
        return Some(module.clone());
    }
    if let Some(alias) = contents.aliases.get(name) {
        // `use serde_json::value` and the like: a name that stands for itself is another crate's.
        if alias.first() == Some(name) && !contents.children.contains(name) {
            return None;
        }
        let full: Vec<String> = alias.iter().chain(rest).cloned().collect();
        return resolve(modules, module, &full, depth + 1);
    }
    contents.globs.iter().find_map(|glob| {
        let full: Vec<String> = glob.iter().chain(path).cloned().collect();
        (glob.first() != Some(name)).then(|| resolve(modules, module, &full, depth + 1)).flatten()
    })
}

/// The circles of a graph: sets of two or more modules each of which leads to all others.
pub(crate) fn circles(graph: &Graph) -> Vec<BTreeSet<Module>> {
    let reach: BTreeMap<&Module, BTreeSet<&Module>> =
        graph.keys().map(|module| (module, reachable(graph, module))).collect();
    let mut found: BTreeSet<BTreeSet<Module>> = BTreeSet::new();
    for (module, reached) in &reach {
        let circle: BTreeSet<Module> =
            reached.iter().filter(|other| reach[*other].contains(module)).map(|other| (*other).clone()).collect();
        if circle.len() > 1 {
            found.insert(circle);
        }
    }
    found.into_iter().collect()
}

fn reachable<'a>(graph: &'a Graph, from: &'a Module) -> BTreeSet<&'a Module> {
    let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(module) = next.pop() {
        for other in graph.get(module).into_iter().flatten() {
            if seen.insert(other) {
                next.push(other);
            }
        }
    }
    seen
}

/// The graph with every module put together with those below it, down to this many names of its path.
pub(crate) fn folded(graph: &Graph, depth: usize) -> Graph {
    let fold = |module: &Module| module.iter().take(depth).cloned().collect::<Module>();
    let mut out = Graph::new();
    for (module, arrows) in graph {
        let from = fold(module);
        let to = arrows.iter().map(fold).filter(|to| *to != from).collect::<Vec<_>>();
        out.entry(from).or_default().extend(to);
    }
    out
}
