//! An error of a store, without its place in the text.

/// One error.
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

/// The errors found so far; of each value the first, because the next may follow from it.
#[derive(Debug, Default)]
pub(super) struct Wrongs(Vec<Wrong>);

impl Wrongs {
    /// Notes the error of a check, if it found one.
    pub(super) fn note(&mut self, checked: Result<(), Wrong>) {
        if let Err(wrong) = checked
            && self.0.iter().all(|known| known.path != wrong.path)
        {
            self.0.push(wrong);
        }
    }

    pub(super) fn into_list(self) -> Vec<Wrong> {
        self.0
    }
}
