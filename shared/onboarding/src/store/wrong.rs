//! What is wrong with a store, before its place in the text is looked up.

/// The first thing wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    /// The value, as in `bindings[0].alb.id`.
    pub(super) path: String,
    /// One or two sentences.
    pub(super) message: String,
}

impl Wrong {
    pub(super) fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }
}
