//! Whether what a change needs exists.

use crate::plan::model::Awaited;

/// Whether the resources that a change needs exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readiness {
    /// It can be written now.
    Now,
    /// A resource that it needs is not ready yet.
    Later {
        /// Which, and in which state.
        what: String,
        /// What shows that it is ready.
        awaited: Awaited,
    },
    /// A resource that it needs does not exist; another change creates it.
    Missing(String),
}
