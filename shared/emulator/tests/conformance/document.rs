//! The tables of `docs/emulator-fidelity.md`, written between the page's marks.

use crate::case::Chapter;
use crate::coverage::Coverage;
use crate::tables;

const BEGIN: &str = "<!-- generated: the tables below are written by shared/emulator/tests/conformance -->\n";
const END: &str = "<!-- generated: end -->";

/// The page with its generated part made anew.
pub(crate) fn write(page: &str, chapters: &[Chapter], coverage: &Coverage) -> String {
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let tables: String = chapters.iter().map(|chapter| table(chapter, coverage)).collect();
    format!("{before}{BEGIN}\n{tables}{END}{after}")
}

fn table(chapter: &Chapter, coverage: &Coverage) -> String {
    let mut text = format!(
        "## {}\n\n| Action | What is played | Parameters | Errors | States | Limits | Source | Known differences |\n\
         |---|---|---|---|---|---|---|---|\n",
        chapter.title
    );
    for row in &chapter.rows {
        let items = |aspect| coverage.items(&chapter.service, &row.action, aspect).collect::<Vec<_>>();
        let codes: Vec<String> = items("errors").into_iter().map(|code| format!("`{code}`")).collect();
        let cells = [
            row.action.clone(),
            row.played.clone(),
            parameters(chapter, &row.action, items("parameters").len()),
            codes.join(", "),
            items("states").join(", "),
            items("limits").join("; "),
            row.source.clone(),
            row.differs.clone(),
        ];
        text.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    text.push('\n');
    text
}

/// How many of an action's parameters a case has sent and had accepted.
fn parameters(chapter: &Chapter, action: &str, sent: usize) -> String {
    let Some(actions) = tables::actions(&chapter.service) else { return sent.to_string() };
    let all = actions[action].parameters.keys().filter(|name| !name.ends_with('*')).count();
    format!("{sent} of {all}")
}
