//! What can be wrong with a definition, as data.

/// The kind of fault, with a stable code for tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DefinitionFault {
    /// The text is neither YAML nor JSON.
    Syntax,
    /// A field has the wrong type or a value outside its range.
    Value,
    /// A required field is absent.
    Missing,
    /// A field that this kind of state does not have.
    Unknown,
    /// Next, Default, StartAt or a Catch names no state of its own scope.
    Target,
    /// Two states carry one name.
    Duplicate,
    /// No way leads to the state.
    Unreachable,
    /// A rule behind another that already matches everything.
    Shadowed,
    /// An expression cannot be read, or stands where none may stand.
    Expression,
    /// The definition is too large or nested too deeply.
    Limit,
}

impl DefinitionFault {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Syntax => "FDL-SYNTAX",
            Self::Value => "FDL-VALUE",
            Self::Missing => "FDL-MISSING",
            Self::Unknown => "FDL-UNKNOWN",
            Self::Target => "FDL-TARGET",
            Self::Duplicate => "FDL-DUPLICATE",
            Self::Unreachable => "FDL-UNREACHABLE",
            Self::Shadowed => "FDL-SHADOWED",
            Self::Expression => "FDL-EXPRESSION",
            Self::Limit => "FDL-LIMIT",
        }
    }
}

/// A definition that cannot be run: which state, what is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{path}: {reason}", if path.is_empty() { "definition" } else { "state " })]
pub struct DefinitionError {
    /// The kind of fault.
    pub fault: DefinitionFault,
    /// The state, with the states it is nested in: `Build > Branch1 > PeerAttachment`; empty for the whole definition.
    pub path: String,
    /// One sentence without its full stop.
    pub reason: String,
}

impl DefinitionError {
    pub(crate) fn new(fault: DefinitionFault, path: &str, reason: impl Into<String>) -> Self {
        Self { fault, path: path.to_owned(), reason: reason.into() }
    }
}
