//! Public items that nobody outside of their crate names: what only the crate itself needs is `pub(crate)`, and what nobody needs
//! goes. Names are compared, not resolved: two items of one name cover for each other.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::visit::Visit;

/// What a crate's library offers.
#[derive(Default)]
pub(crate) struct Offered {
    /// Names of functions, methods, types, constants and modules, with the file.
    pub(crate) items: Vec<(String, PathBuf)>,
    /// Names in their signatures: types that are public because something public mentions them.
    pub(crate) mentioned: BTreeSet<String>,
}

/// The public items in the sources of a library.
pub(crate) fn offered(src: &Path) -> Offered {
    let mut offered = Offered::default();
    for file in sources(src) {
        let mut walk = Walk { offered: &mut offered, file: &file };
        walk.visit_file(&parse(&file));
    }
    offered
}

/// Every identifier in the files below a folder, those of examples in comments among them.
pub(crate) fn named(folder: &Path) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for file in sources(folder) {
        identifiers(parse(&file).into_token_stream(), &mut names);
        let text = std::fs::read_to_string(&file).unwrap();
        let comments =
            text.lines().map(str::trim_start).filter(|line| line.starts_with("///") || line.starts_with("//!"));
        let words = comments.flat_map(|line| line.split(|c: char| !c.is_alphanumeric() && c != '_'));
        names.extend(words.map(str::to_owned));
    }
    names
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files = Vec::new();
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn parse(file: &Path) -> syn::File {
    let text = std::fs::read_to_string(file).unwrap();
    syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn identifiers(stream: TokenStream, names: &mut BTreeSet<String>) {
    for token in stream {
        match token {
            TokenTree::Ident(ident) => drop(names.insert(ident.to_string())),
            TokenTree::Group(group) => identifiers(group.stream(), names),
            // `{name}` in a format string, and names inside of macros that read text.
            TokenTree::Literal(literal) => {
                let text = literal.to_string();
                names.extend(text.split(|c: char| !c.is_alphanumeric() && c != '_').map(str::to_owned));
            }
            TokenTree::Punct(_) => {}
        }
    }
}

struct Walk<'a> {
    offered: &'a mut Offered,
    file: &'a Path,
}

impl Walk<'_> {
    fn offer(&mut self, visibility: &syn::Visibility, name: &syn::Ident, signature: &impl ToTokens) {
        if matches!(visibility, syn::Visibility::Public(_)) {
            self.offered.items.push((name.to_string(), self.file.to_owned()));
            self.mention(signature);
        }
    }

    fn mention(&mut self, signature: &impl ToTokens) {
        identifiers(signature.to_token_stream(), &mut self.offered.mentioned);
    }
}

impl<'ast> Visit<'ast> for Walk<'_> {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.offer(&item.vis, &item.sig.ident, &Signature(&item.sig));
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.offer(&item.vis, &item.sig.ident, &Signature(&item.sig));
    }

    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        self.offer(&item.vis, &item.ident, &item.ty);
    }

    fn visit_item_static(&mut self, item: &'ast syn::ItemStatic) {
        self.offer(&item.vis, &item.ident, &item.ty);
    }

    fn visit_item_type(&mut self, item: &'ast syn::ItemType) {
        self.offer(&item.vis, &item.ident, &item.ty);
    }

    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        let public = item.fields.iter().filter(|field| matches!(field.vis, syn::Visibility::Public(_)));
        let types: Vec<&syn::Type> = public.map(|field| &field.ty).collect();
        self.offer(&item.vis, &item.ident, &Types(&types));
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        let types: Vec<&syn::Type> =
            item.variants.iter().flat_map(|variant| &variant.fields).map(|field| &field.ty).collect();
        self.offer(&item.vis, &item.ident, &Types(&types));
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.offer(&item.vis, &item.ident, &item.supertraits);
        for part in &item.items {
            match part {
                syn::TraitItem::Fn(function) => self.mention(&Signature(&function.sig)),
                other => self.mention(other),
            }
        }
    }

    /// What a macro of the crate is given may stand in what it makes.
    fn visit_item_macro(&mut self, item: &'ast syn::ItemMacro) {
        self.mention(&item.mac.tokens);
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        if let Some((of, _)) = &item.trait_ {
            // What a trait's associated types and methods mention is as public as the trait.
            self.mention(of);
            for part in &item.items {
                match part {
                    syn::ImplItem::Type(associated) => self.mention(&associated.ty),
                    syn::ImplItem::Fn(function) => self.mention(&Signature(&function.sig)),
                    _ => {}
                }
            }
        } else {
            syn::visit::visit_item_impl(self, item);
        }
    }
}

/// A function's types without its own name.
struct Signature<'a>(&'a syn::Signature);

impl ToTokens for Signature<'_> {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.0.generics.to_tokens(tokens);
        self.0.inputs.to_tokens(tokens);
        self.0.output.to_tokens(tokens);
    }
}

struct Types<'a>(&'a [&'a syn::Type]);

impl ToTokens for Types<'_> {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.0.iter().for_each(|ty| ty.to_tokens(tokens));
    }
}
