//! The tones in which parts of a line may be written.

/// Colours of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// What begins a section.
    Strong,
    /// What is well.
    Good,
    /// What is not.
    Bad,
    /// What is on its way, or only said in passing.
    Faint,
}

impl Tone {
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
