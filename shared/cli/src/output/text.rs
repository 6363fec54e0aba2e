//! Escaped text for people: it contains no control sequences but those of the styles, which are added last.
//!
//! Names, codes, messages and tags come from the cloud and from the store, and some of them anybody may choose. An escape
//! sequence in one of them could move the cursor, a carriage return or a bidirectional mark could make a line read as
//! another one. So every text output of every command is a [`Text`] of [`Line`]s: what goes into a line is made visible
//! there, once, and colours are added when the line is written.

use super::columns::{Room, breaks, columns};
use super::style::Style;

/// Escapes a text so that every character is visible: control characters, line ends, bidirectional and zero-width marks are written
/// as Rust writes them (`\n`, `\u{1b}`). A text that holds none of them stays as it is.
pub(crate) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            letter if is_hidden(letter) => shown.extend(letter.escape_unicode()),
            letter => shown.push(letter),
        }
    }
    shown
}

/// Characters that act on a terminal, change the order in which others are shown, or are not shown at all. (Unicode 16:
/// general categories Cc and Cf, the line and paragraph separators, fillers, variation selectors, and noncharacters, which XML
/// cannot hold.)
pub(super) fn is_hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{600}'..='\u{605}' | '\u{6dd}' | '\u{70f}' | '\u{890}' | '\u{891}' | '\u{8e2}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{fdd0}'..='\u{fdef}' | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
        || u32::from(letter) & 0xfffe == 0xfffe
}

/// What follows a line's own indentation where it goes on in another line.
const HANG: usize = 2;

/// One line, of parts that may have a style each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Line {
    parts: Vec<(Option<Style>, String)>,
    /// Where it goes on if it is too long.
    hang: Option<usize>,
    /// Whether it is broken although nobody looks at a terminal.
    flows: bool,
}

/// The columns that there are for lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fit {
    /// How many.
    pub(crate) columns: usize,
    /// Whether every line has to fit, as on a terminal. If not, only those do that are made to flow, so that a program finds a
    /// sentence in one line.
    pub(crate) all: bool,
}

impl Line {
    /// A line without a style.
    pub(crate) fn new(text: impl AsRef<str>) -> Self {
        Self::default().then(text)
    }

    /// A line in a style.
    pub(crate) fn styled(style: Style, text: impl AsRef<str>) -> Self {
        Self::default().then_styled(style, text)
    }

    /// The line with more text.
    #[must_use]
    pub(crate) fn then(self, text: impl AsRef<str>) -> Self {
        self.push(None, text.as_ref())
    }

    /// The line with more text, in a style.
    #[must_use]
    pub(crate) fn then_styled(self, style: Style, text: impl AsRef<str>) -> Self {
        self.push(Some(style), text.as_ref())
    }

    /// The line with another one behind it.
    #[must_use]
    pub(crate) fn join(mut self, other: Self) -> Self {
        self.parts.extend(other.parts);
        self
    }

    /// The line, which goes on at this column where it is too long.
    #[must_use]
    pub(crate) const fn hanging(mut self, column: usize) -> Self {
        self.hang = Some(column);
        self
    }

    /// The line, which is broken at the usual width where there is no terminal.
    #[must_use]
    pub(crate) const fn flowing(mut self) -> Self {
        self.flows = true;
        self
    }

    fn push(mut self, style: Option<Style>, text: &str) -> Self {
        if !text.is_empty() {
            self.parts.push((style, visible(text)));
        }
        self
    }

    /// The same in lines that fit. A word that is longer than a line stays whole.
    fn fitted(&self, most: usize) -> Vec<Self> {
        let letters: Vec<char> = self.parts.iter().flat_map(|(_, text)| text.chars()).collect();
        let indent = letters.iter().take_while(|letter| **letter == ' ').count();
        // Something of a narrow line is left for words.
        let hang = self.hang.unwrap_or(indent + HANG).min(most / 3);
        let lines = breaks(&letters, Room { first: most, others: most - hang });
        let lines = lines.into_iter().enumerate().map(|(number, range)| {
            let taken: String = letters.get(range.clone()).unwrap_or_default().iter().collect();
            // A word that is too long begins as far to the left as it must.
            let excess = columns(&taken).saturating_sub(most);
            if number == 0 {
                return self.part(range.start + excess.min(indent)..range.end, Self::default());
            }
            let hang = hang.min(most.saturating_sub(columns(&taken)));
            self.part(range, Self::new(" ".repeat(hang)))
        });
        lines.collect()
    }

    /// The letters of a range behind another line.
    fn part(&self, range: std::ops::Range<usize>, mut line: Self) -> Self {
        let mut passed = 0;
        for (style, text) in &self.parts {
            let count = text.chars().count();
            let (from, to) = (range.start.max(passed) - passed, range.end.min(passed + count).saturating_sub(passed));
            if from < to {
                line.parts.push((*style, text.chars().skip(from).take(to - from).collect()));
            }
            passed += count;
        }
        line
    }

    /// As it is written, without or with styles.
    fn write(&self, colours: bool, out: &mut String) {
        for (style, text) in &self.parts {
            match style.filter(|_| colours) {
                None => out.push_str(text),
                Some(style) => out.extend(["\u{1b}[", style.code(), "m", text, "\u{1b}[0m"]),
            }
        }
        if self.parts.last().is_some_and(|(style, _)| style.is_none() || !colours) {
            out.truncate(out.trim_end_matches(' ').len());
        }
    }
}

impl<T: AsRef<str>> From<T> for Line {
    fn from(text: T) -> Self {
        Self::new(text)
    }
}

/// Lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Text(Vec<Line>);

impl Text {
    /// The lines of a text whose line ends are meant: one that was written here, or by the person at this machine.
    pub(crate) fn of_lines(text: &str) -> Self {
        Self(text.lines().map(Line::new).collect())
    }

    /// Adds a line.
    pub(crate) fn line(&mut self, line: impl Into<Line>) {
        self.0.push(line.into());
    }

    /// Without empty lines at its beginning.
    #[must_use]
    pub(crate) fn trimmed(mut self) -> Self {
        let empty = self.0.iter().take_while(|line| line.parts.is_empty()).count();
        self.0.drain(..empty);
        self
    }

    /// Adds lines.
    pub(crate) fn extend(&mut self, more: Self) {
        self.0.extend(more.0);
    }

    /// In lines that fit.
    #[must_use]
    pub(crate) fn fitted(&self, fit: Fit) -> Self {
        let lines = self.0.iter().flat_map(|line| match fit.all || line.flows {
            true => line.fitted(fit.columns),
            false => vec![line.clone()],
        });
        Self(lines.collect())
    }

    /// The first lines, and how many more there are, in so many rows.
    #[must_use]
    pub(super) fn rows(mut self, most: usize) -> Self {
        let more = (self.0.len() + 1).saturating_sub(most);
        if self.0.len() > most {
            self.0.truncate(most - 1);
            self.line(Line::styled(Style::Faint, format!("+{more} more lines, for which the terminal has no room")));
        }
        self
    }

    /// As it is written, without a line end at its end.
    pub(crate) fn render(&self, colours: bool) -> String {
        let mut out = String::new();
        for (index, line) in self.0.iter().enumerate() {
            if index > 0 {
                out.push('\n');
            }
            line.write(colours, &mut out);
        }
        out
    }
}

impl<T: Into<Line>> From<T> for Text {
    fn from(line: T) -> Self {
        Self(vec![line.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_a_terminal_acts_on_is_shown() {
        let cases = [
            ("a\u{1b}[31mb", "a\\u{1b}[31mb"),
            ("\u{1b}]0;title\u{7}", "\\u{1b}]0;title\\u{7}"),
            ("\u{9b}2J", "\\u{9b}2J"),
            ("ok\r\nfake: in place", "ok\\r\\nfake: in place"),
            ("\u{7f}", "\\u{7f}"),
            ("\u{202e}gnp\u{2066}\u{2069}\u{200f}\u{61c}", "\\u{202e}gnp\\u{2066}\\u{2069}\\u{200f}\\u{61c}"),
            ("a\u{200b}b\u{feff}", "a\\u{200b}b\\u{feff}"),
            ("\u{2028}\u{2029}", "\\u{2028}\\u{2029}"),
            ("\u{fffe}\u{1ffff}", "\\u{fffe}\\u{1ffff}"),
        ];
        for (text, shown) in cases {
            assert_eq!(visible(text), shown);
        }
        for plain in ["", "web-1", "成都", "a\u{a0}b", "é", "\u{fffd}", "c:\\x"] {
            assert_eq!(visible(plain), plain);
        }
    }

    #[test]
    fn a_long_line_goes_on_below_with_its_styles_and_whole_words() {
        let line = Line::new("  ")
            .then_styled(Style::Bad, "XREG-1")
            .then("  one two ")
            .then_styled(Style::Good, "tr-attach-12");
        let fit = |columns, all| Text::from(line.clone()).fitted(Fit { columns, all }).render(false);
        assert_eq!(fit(40, true), "  XREG-1  one two tr-attach-12");
        assert_eq!(fit(20, true), "  XREG-1  one two\n    tr-attach-12");
        assert_eq!(fit(9, true), "  XREG-1\n   one\n   two\ntr-attach-12");
        assert_eq!(fit(14, true), "  XREG-1  one\n    two\n  tr-attach-12");
        let alone = Text::from("        ResourceManager:").fitted(Fit { columns: 20, all: true });
        assert_eq!(alone.render(false), "    ResourceManager:");
        assert_eq!(fit(9, false), "  XREG-1  one two tr-attach-12");
        let narrow = Text::from(line.clone().hanging(0)).fitted(Fit { columns: 18, all: true });
        assert_eq!(narrow.render(true).matches("\u{1b}[32mtr-attach-12\u{1b}[0m").count(), 1);
        assert_eq!(narrow.render(false), "  XREG-1  one two\ntr-attach-12");
        let flowing = Text::from(line.flowing()).fitted(Fit { columns: 20, all: false });
        assert_eq!(flowing.0.len(), 2);
    }

    #[test]
    fn what_a_terminal_has_no_room_for_is_counted() {
        let text = Text::of_lines("a\nb\nc\nd");
        assert_eq!(text.clone().rows(4).render(false), "a\nb\nc\nd");
        assert_eq!(text.clone().rows(3).render(false), "a\nb\n+2 more lines, for which the terminal has no room");
        assert!(text.rows(1).render(false).starts_with("+4 more"));
    }

    #[test]
    fn what_is_shown_already_is_not_shown_twice() {
        let once = visible("a\u{1b}\n\u{202e}");
        assert_eq!(visible(&once), once);
    }

    #[test]
    fn tones_come_after_and_only_where_they_can_be_shown() {
        let mut text = Text::from(Line::new("a ").then_styled(Style::Bad, "\u{1b}[0mb\n"));
        text.line("c  ");
        assert_eq!(text.render(false), "a \\u{1b}[0mb\\n\nc");
        assert_eq!(text.render(true), "a \u{1b}[31m\\u{1b}[0mb\\n\u{1b}[0m\nc");
    }
}
