//! Rows of cells as lines of text: aligned, wrapped between words, within a width.

use crate::output::{Style, columns, wrap};

/// Spaces between two columns.
const GAP: usize = 2;
/// Spaces before the first column.
pub(super) const INDENT: usize = 4;
/// A space at which a cell is not wrapped; it is printed as a plain space.
pub(super) const NO_BREAK_SPACE: char = '\u{a0}';

/// One hop, or several alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) number: String,
    /// Kind, place, decided by, and then.
    pub(super) cells: [String; 4],
    pub(super) style: Option<Style>,
}

/// The rows as aligned lines, none wider than `width`. Cells are wrapped between words. If even that is too wide, the fourth
/// column is put below the third, and at last all of them below one another.
pub(super) fn lines(rows: &[Row], width: usize) -> Vec<(String, Option<Style>)> {
    let number = rows.iter().map(|row| columns(&row.number)).max().unwrap_or(0);
    let room = |cells: usize| width.saturating_sub(INDENT + number + cells * GAP);
    let wide: Vec<Parts<'_>> = rows.iter().map(side_by_side).collect();
    let stacked: Vec<Parts<'_>> = rows.iter().map(stacked).collect();
    let (cells, widths) = fitted(&wide, 4, room(4))
        .map(|widths| (wide, widths))
        .or_else(|| Some((fitted(&stacked, 3, room(3))?, stacked)).map(|(widths, cells)| (cells, widths)))
        .unwrap_or_else(|| (rows.iter().map(listed).collect(), vec![room(1)]));
    let mut lines = Vec::new();
    for (row, cells) in rows.iter().zip(&cells) {
        let cells: Vec<Vec<String>> = cells
            .iter()
            .zip(&widths)
            .map(|(parts, most)| parts.iter().flat_map(|part| wrap(part, (*most).max(1))).collect())
            .collect();
        let filled = |lines: &Vec<String>| lines.iter().rposition(|line| !line.is_empty()).map_or(0, |last| last + 1);
        let height = cells.iter().map(filled).max().unwrap_or(0).max(1);
        for line in 0..height {
            let (mark, label) = match (line, row.style) {
                (0, Some(Style::Bad)) => ("x", row.number.as_str()),
                (0, _) => (" ", row.number.as_str()),
                _ => (" ", ""),
            };
            let mut text = format!("{:1$}{mark} ", "", INDENT - 2);
            pad(&mut text, label, number, true);
            for (cell, most) in cells.iter().zip(&widths).filter(|(_, most)| **most > 0) {
                text.push_str(&" ".repeat(GAP));
                pad(&mut text, cell.get(line).map_or("", String::as_str), *most, false);
            }
            lines.push((text.trim_end().replace(NO_BREAK_SPACE, " "), row.style));
        }
    }
    lines
}

/// The cells of a row, each of texts that stand under one another.
type Parts<'r> = Vec<Vec<&'r str>>;

fn side_by_side(row: &Row) -> Parts<'_> {
    row.cells.iter().map(|cell| vec![cell.as_str()]).collect()
}

fn stacked(row: &Row) -> Parts<'_> {
    let [what, place, by, then] = &row.cells;
    vec![vec![what], vec![place], vec![by, then]]
}

fn listed(row: &Row) -> Parts<'_> {
    let [what, ..] = &row.cells;
    let is_heading = row.style == Some(Style::Faint);
    vec![if is_heading {
        vec![what]
    } else {
        row.cells.iter().map(String::as_str).filter(|cell| !cell.is_empty()).collect()
    }]
}

/// Column widths that fit into `room`: the widest column is narrowed first, but none below its longest word. `None` if that is
/// not enough.
fn fitted(rows: &[Parts<'_>], cells: usize, room: usize) -> Option<Vec<usize>> {
    let widest = |cell: usize, measure: &dyn Fn(&str) -> usize| {
        rows.iter().filter_map(|row| row.get(cell)).flatten().map(|part| measure(part)).max().unwrap_or(0)
    };
    let longest_word = |text: &str| text.split(' ').map(columns).max().unwrap_or(0);
    let least: Vec<usize> = (0..cells).map(|cell| widest(cell, &longest_word)).collect();
    let mut widths: Vec<usize> = (0..cells).map(|cell| widest(cell, &columns)).collect();
    while widths.iter().sum::<usize>() > room {
        let free = widths.iter_mut().zip(&least).filter(|(width, least)| **width > **least).map(|(width, _)| width);
        *free.max()? -= 1;
    }
    Some(widths)
}

fn pad(text: &mut String, cell: &str, width: usize, right: bool) {
    let space = " ".repeat(width.saturating_sub(columns(cell)));
    if right {
        text.push_str(&space);
        text.push_str(cell);
    } else {
        text.push_str(cell);
        text.push_str(&space);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(number: &str, cells: [&str; 4], style: Option<Style>) -> Row {
        Row { number: number.to_owned(), cells: cells.map(str::to_owned), style }
    }

    #[test]
    fn columns_are_aligned_and_no_line_is_wider_than_asked() {
        let rows = [
            row(
                "1",
                ["VPC table", "cn-hangzhou vpc-bp1qpo0kug3a20qqe0000", "vtb-bp145q7glnuzdvzu20000: 10.0.0.0/8", ""],
                None,
            ),
            row("12", ["connection", "成都", "tr-attach-oyf70wfuorwx870000", "-> cn-hangzhou"], Some(Style::Bad)),
        ];
        for width in [40, 60, 80, 100, 160, 200] {
            let lines = lines(&rows, width);
            assert!(lines.iter().all(|(line, _)| columns(line) <= width), "{width}: {lines:?}");
            assert!(
                lines.iter().any(|(line, style)| style.is_some() && line.starts_with("  x 12  connection")),
                "{lines:?}"
            );
        }
        let narrow: Vec<String> = lines(&rows, 40).into_iter().map(|(line, _)| line).collect();
        assert_eq!(
            narrow,
            [
                "     1  VPC table",
                "        cn-hangzhou",
                "        vpc-bp1qpo0kug3a20qqe0000",
                "        vtb-bp145q7glnuzdvzu20000:",
                "        10.0.0.0/8",
                "  x 12  connection",
                "        成都",
                "        tr-attach-oyf70wfuorwx870000",
                "        -> cn-hangzhou",
            ]
        );
        let narrow = lines(&rows, 80);
        assert!(narrow.iter().any(|(line, _)| line.contains("vtb-bp145q7glnuzdvzu20000:")), "{narrow:?}");
        let wide: Vec<String> = lines(&rows, 160).into_iter().map(|(line, _)| line).collect();
        assert_eq!(wide.len(), 2, "{wide:?}");
        let at = |line: &String, word: &str| line.find(word).map(|at| columns(&line[..at]));
        assert_eq!(at(&wide[0], "vtb-"), at(&wide[1], "tr-attach"), "{wide:?}");
    }
}
