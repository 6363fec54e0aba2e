//! Whether what a change needs exists.

/// Whether the resources that a change needs exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readiness {
    /// It can be written now.
    Now,
    /// A resource that it needs is not ready yet.
    Later(String),
    /// A resource that it needs does not exist; another change creates it.
    Missing(String),
}
