//! Rows of cells: aligned under a heading where they fit, else a row as a line that is broken like any other.

use super::columns::columns;
use super::style::Style;
use super::text::{Line, Text, visible};

/// Spaces between two columns.
const GAP: usize = 2;

/// A table. Cells are made visible when they are added, because their width counts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table {
    heading: Vec<String>,
    rows: Vec<(Option<Style>, Vec<String>)>,
}

impl Table {
    /// A table with these columns.
    pub(crate) fn new(heading: &[&str]) -> Self {
        Self { heading: heading.iter().map(|&name| name.to_uppercase()).collect(), rows: Vec::new() }
    }

    /// Adds a row, in a style.
    pub(crate) fn row<const N: usize>(&mut self, style: Option<Style>, cells: [String; N]) {
        self.rows.push((style, cells.map(|cell| visible(&cell)).into()));
    }

    /// Whether it has no row.
    pub(crate) const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The lines, indented, and aligned if they fit into `room`.
    pub(crate) fn lines(&self, indent: usize, room: usize) -> Text {
        let cells = |at: usize| {
            let rows = self.rows.iter().map(|(_, cells)| cells).chain([&self.heading]);
            rows.filter_map(|row| row.get(at)).map(|cell| columns(cell)).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.heading.len()).map(cells).collect();
        let total = indent + widths.iter().sum::<usize>() + widths.len().saturating_sub(1) * GAP;
        let mut text = Text::default();
        if total <= room {
            text.line(Line::styled(Style::Faint, aligned(&self.heading, &widths, indent)));
        }
        for (style, cells) in &self.rows {
            let line = if total <= room {
                aligned(cells, &widths, indent)
            } else {
                let filled: Vec<&str> = cells.iter().map(String::as_str).filter(|cell| !cell.is_empty()).collect();
                format!("{:indent$}{}", "", filled.join("  "))
            };
            text.line(style.map_or_else(|| Line::new(&line), |style| Line::styled(style, &line)));
        }
        text
    }
}

fn aligned(cells: &[String], widths: &[usize], indent: usize) -> String {
    let mut line = " ".repeat(indent);
    for (cell, width) in cells.iter().zip(widths) {
        line.push_str(cell);
        line.push_str(&" ".repeat(width + GAP - columns(cell)));
    }
    line.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_aligned_where_they_fit_and_nothing_is_lost_where_they_do_not() {
        let mut table = Table::new(&["name", "state"]);
        table.row(None, ["成都".to_owned(), "x\n".to_owned()]);
        table.row(Some(Style::Bad), ["a-longer-one".to_owned(), String::new()]);
        assert_eq!(table.lines(2, 40).render(false), "  NAME          STATE\n  成都          x\\n\n  a-longer-one");
        assert_eq!(table.lines(2, 12).render(false), "  成都  x\\n\n  a-longer-one");
    }
}
