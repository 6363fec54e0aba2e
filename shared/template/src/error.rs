//! Faults in a template or its settings, as data.

use std::fmt;

/// A place in the template's text, both counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Location {
    /// The line.
    pub line: u64,
    /// The column.
    pub column: u64,
}

/// The kind of fault, with a stable code for tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TemplateFault {
    /// The text is neither YAML nor JSON.
    Syntax,
    /// A section, type or property that is not known.
    Unknown,
    /// Something required is absent.
    Missing,
    /// A value of the wrong type or outside its range.
    Value,
    /// A name that is referred to and does not exist.
    Reference,
    /// A parameter's value is not allowed, or has none.
    Parameter,
    /// The template is too large, too deep, or takes too much work.
    Limit,
}

impl TemplateFault {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Syntax => "TPL-SYNTAX",
            Self::Unknown => "TPL-UNKNOWN",
            Self::Missing => "TPL-MISSING",
            Self::Value => "TPL-VALUE",
            Self::Reference => "TPL-REFERENCE",
            Self::Parameter => "TPL-PARAMETER",
            Self::Limit => "TPL-LIMIT",
        }
    }
}

/// A template that cannot be deployed: where, which resource and property, what is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateError {
    /// The kind of fault.
    pub fault: TemplateFault,
    /// The line and column, when the text has them.
    pub location: Option<Location>,
    /// Where in the template's structure: `Resources.Dispatch.Properties.Timeout`; empty for the whole.
    pub path: String,
    /// One sentence without its full stop.
    pub reason: String,
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Location { line, column }) = self.location {
            write!(f, "line {line}, column {column}: ")?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.reason)
    }
}

impl std::error::Error for TemplateError {}

impl TemplateError {
    pub(crate) fn new(fault: TemplateFault, location: Option<Location>, path: &str, reason: impl Into<String>) -> Self {
        Self { fault, location, path: path.to_owned(), reason: reason.into() }
    }
}
