//! An error of a store, without its place in the text.

/// The first error that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    /// The value, as in `bindings[0].alb.id`.
    pub(super) path: String,
    /// The message, one or two sentences.
    pub(super) message: String,
}

impl Wrong {
    pub(super) fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }
}
