//! What every page must be: well-formed, with ids of their own, links that lead somewhere, and nothing that a policy would have to stop.

use std::collections::{BTreeMap, BTreeSet};

/// An element's name and attributes.
#[derive(Debug, Clone)]
pub(super) struct Element {
    name: String,
    attributes: BTreeMap<String, String>,
}

impl Element {
    pub(super) fn get(&self, attribute: &str) -> Option<&str> {
        self.attributes.get(attribute).map(String::as_str)
    }
}

/// A page, read and checked.
#[derive(Debug)]
pub(super) struct Page {
    elements: Vec<Element>,
    text: String,
    title: String,
}

impl Page {
    /// Reads a page as XML, and checks what holds of all.
    pub(super) fn read(html: &str) -> Self {
        let body = html.strip_prefix("<!DOCTYPE html>\n").unwrap_or_else(|| panic!("{html}"));
        let (mut elements, mut text, mut open): (Vec<Element>, String, Vec<String>) = Default::default();
        let (mut title, mut rest) = (String::new(), body.trim_end());
        while let Some(at) = rest.find('<') {
            let said = unescaped(&rest[..at]);
            match open.last().map(String::as_str) {
                Some("style") => {}
                Some("title") if !open.iter().any(|name| name == "svg") => title.push_str(&said),
                _ => text.extend([said.trim(), " "]),
            }
            let end = at + rest[at..].find('>').unwrap();
            let tag = &rest[at + 1..end];
            if let Some(closed) = tag.strip_prefix('/') {
                assert_eq!(open.pop().as_deref(), Some(closed), "{}", &rest[..end]);
            } else {
                let element = element(tag.trim_end_matches('/'));
                if !tag.ends_with('/') {
                    open.push(element.name.clone());
                }
                elements.push(element);
            }
            rest = &rest[end + 1..];
        }
        assert!(open.is_empty() && rest.is_empty(), "{open:?} {rest}");
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ").replace(" ,", ",");
        let page = Self { elements, text, title };
        page.check();
        page
    }

    fn check(&self) {
        let mut ids = BTreeSet::new();
        for element in &self.elements {
            if let Some(id) = element.get("id") {
                assert!(ids.insert(id.to_owned()), "{id} is there twice");
            }
            for (name, value) in &element.attributes {
                assert!(!name.starts_with("on") && name != "style", "{element:?}");
                assert!(!value.trim_start().to_lowercase().starts_with("javascript:"), "{element:?}");
            }
        }
        let names = |attribute: &'static str| self.elements.iter().filter_map(move |element| element.get(attribute));
        for name in names("aria-labelledby").flat_map(|names| names.split(' ')) {
            assert!(ids.contains(name), "nothing is {name}");
        }
        for link in self.links() {
            match link.strip_prefix('#') {
                Some(id) => assert!(ids.contains(id), "nothing is #{id}"),
                None => {
                    let (path, query) = link.split('#').next().unwrap().split_once('?').unwrap_or((&link, ""));
                    assert!(
                        super::place::Asked::parse(path.split('#').next().unwrap(), query).is_some(),
                        "{link} leads nowhere"
                    );
                }
            }
        }
        assert!(self.elements("th").all(|heading| heading.get("scope").is_some()), "a heading says what it heads");
        let unnamed = |svg: &&Element| svg.get("aria-hidden") != Some("true");
        for drawing in self.elements("svg").filter(unnamed) {
            assert!(drawing.get("aria-label").or_else(|| drawing.get("aria-labelledby")).is_some(), "{drawing:?}");
        }
        let headings = self.elements.iter().filter(|element| element.name == "h1").count();
        assert!(headings <= 1);
        assert!(self.elements("html").all(|html| html.get("lang").is_some()));
    }

    /// The elements of a name.
    pub(super) fn elements(&self, name: &str) -> impl Iterator<Item = &Element> {
        self.elements.iter().filter(move |element| element.name == name)
    }

    /// Where the links lead.
    pub(super) fn links(&self) -> impl Iterator<Item = String> {
        self.elements("a").filter_map(|link| link.get("href")).map(str::to_owned)
    }

    /// All that is read on it.
    pub(super) fn text(&self) -> String {
        self.text.clone()
    }

    /// Its title.
    pub(super) fn title(&self) -> &str {
        &self.title
    }
}

fn element(tag: &str) -> Element {
    let (name, mut rest) = tag.split_once(' ').unwrap_or((tag, ""));
    let mut attributes = BTreeMap::new();
    while !rest.trim().is_empty() {
        let (attribute, value) = rest.trim_start().split_once("=\"").unwrap_or_else(|| panic!("{tag}"));
        let (value, after) = value.split_once('"').unwrap_or_else(|| panic!("{tag}"));
        assert!(attribute.chars().all(|letter| letter.is_ascii_alphabetic() || "-:".contains(letter)), "{tag}");
        assert!(attributes.insert(attribute.to_owned(), unescaped(value)).is_none(), "{attribute} twice: {tag}");
        rest = after;
    }
    Element { name: name.to_owned(), attributes }
}

fn unescaped(text: &str) -> String {
    for (at, _) in text.match_indices('&') {
        let entity = text[at + 1..].split(';').next().unwrap();
        assert!(["amp", "lt", "gt", "quot", "#39"].contains(&entity), "&{entity}");
    }
    assert!(!text.contains('>') || text.contains("{"), "{text}");
    let pairs = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    pairs.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}
