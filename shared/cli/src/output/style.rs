//! The styles of parts of a line.

/// A style on a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// Headings.
    Strong,
    /// Good results.
    Good,
    /// Faults.
    Bad,
    /// Things in progress, and details.
    Faint,
}

impl Style {
    /// The parameter of the terminal's SGR sequence.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Strong => "1",
            Self::Good => "32",
            Self::Bad => "31",
            Self::Faint => "2",
        }
    }
}
