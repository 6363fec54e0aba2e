//! HTML that cannot be written wrongly: text becomes [`Html`] only by being escaped, and elements close themselves. What is written is
//! well-formed XML as well, so that tests can check it.

use std::fmt::{self, Display, Write as _};

use crate::graph::Drawing;
use crate::output::visible;

/// Elements without content.
const VOID: [&str; 6] = ["br", "link", "meta", "rect", "path", "line"];

/// A piece of a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Html(String);

impl Html {
    /// With more behind it.
    #[must_use]
    pub(super) fn add(mut self, more: impl Into<Self>) -> Self {
        self.push(more);
        self
    }

    /// Adds more.
    pub(super) fn push(&mut self, more: impl Into<Self>) {
        self.0.push_str(&more.into().0);
    }

    /// A page that has nothing around it: the only way from pieces to bytes.
    pub(super) fn into_page(self) -> String {
        format!("<!DOCTYPE html>\n{}\n", self.0)
    }

    /// The piece alone.
    #[cfg(test)]
    pub(super) fn into_part(self) -> String {
        self.0
    }

    /// The page's own style, inside of a file: no outside data is in it.
    pub(super) fn style(css: &str) -> Self {
        Self(format!("<style>{css}</style>"))
    }
}

/// Text, escaped; characters that are not seen are written out, as everywhere.
impl<T: AsRef<str>> From<T> for Html {
    fn from(text: T) -> Self {
        Self(escaped(text.as_ref()))
    }
}

impl From<Tag> for Html {
    fn from(tag: Tag) -> Self {
        let Tag { name, attributes, content } = tag;
        if VOID.contains(&name) {
            return Self(format!("<{name}{attributes}/>"));
        }
        Self(format!("<{name}{attributes}>{}</{name}>", content.0))
    }
}

/// The renderer of drawings escapes what it writes.
impl From<Drawing> for Html {
    fn from(drawing: Drawing) -> Self {
        Self(drawing.into_svg())
    }
}

impl FromIterator<Tag> for Html {
    fn from_iter<I: IntoIterator<Item = Tag>>(tags: I) -> Self {
        tags.into_iter().fold(Self::default(), Self::add)
    }
}

impl FromIterator<Self> for Html {
    fn from_iter<I: IntoIterator<Item = Self>>(pieces: I) -> Self {
        pieces.into_iter().fold(Self::default(), Self::add)
    }
}

/// An element in the making.
#[derive(Debug, Clone)]
pub(super) struct Tag {
    name: &'static str,
    attributes: String,
    content: Html,
}

/// An element.
pub(super) fn tag(name: &'static str) -> Tag {
    Tag { name, attributes: String::new(), content: Html::default() }
}

impl Tag {
    /// With an attribute.
    #[must_use]
    pub(super) fn set(mut self, name: &'static str, value: impl Display) -> Self {
        let _never = write!(self.attributes, " {name}=\"{}\"", escaped(&value.to_string()));
        self
    }

    /// With a class.
    #[must_use]
    pub(super) fn class(self, class: &'static str) -> Self {
        if class.is_empty() { self } else { self.set("class", class) }
    }

    /// With more content.
    #[must_use]
    pub(super) fn add(mut self, more: impl Into<Html>) -> Self {
        self.content.push(more);
        self
    }
}

/// Text as HTML and XML hold it, in elements and in attributes. Line ends and tabs stay: a page gives them no meaning of their own.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            out.push('\n');
        }
        for letter in visible(line).chars() {
            match letter {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '"' => out.push_str("&quot;"),
                '\'' => out.push_str("&#39;"),
                letter => out.push(letter),
            }
        }
    }
    out
}

/// A part of a URL's path or query.
pub(super) struct Part<'a>(pub(super) &'a str);

impl Display for Part<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        percent_encoding::utf8_percent_encode(self.0, PART).fmt(f)
    }
}

/// What stands for itself in a part of a URL.
const PART: &percent_encoding::AsciiSet =
    &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_from_outside_is_text_wherever_it_stands() {
        let evil = "\"><script>alert('x')</script>&\u{202e}\u{0}";
        let html = Html::from(tag("a").set("title", evil).add(evil)).into_part();
        assert_eq!(html.matches('<').count(), 2, "{html}");
        assert_eq!(html.matches('"').count(), 2, "{html}");
        assert!(html.contains("&lt;script&gt;") && html.contains("\\u{202e}") && html.contains("\\u{0}"), "{html}");
    }

    #[test]
    fn elements_close_themselves() {
        let list =
            tag("ul").class("plain").add(["a", "b"].map(|item| tag("li").add(item)).into_iter().collect::<Html>());
        assert_eq!(Html::from(list).into_part(), "<ul class=\"plain\"><li>a</li><li>b</li></ul>");
        assert_eq!(Html::from(tag("br")).into_part(), "<br/>");
    }

    #[test]
    fn a_part_of_a_url_leads_to_no_other_place() {
        assert_eq!(Part("web-1").to_string(), "web-1");
        assert_eq!(Part("../x?y#z").to_string(), "..%2Fx%3Fy%23z");
    }
}
