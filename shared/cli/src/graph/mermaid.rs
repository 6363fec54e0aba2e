//! A picture as a Mermaid flowchart: subgraphs for what holds boxes, dotted borders for what is missing, a red one where
//! packets die. Forward is solid, return dotted; labels are the hops' numbers.

use std::fmt::Write as _;

use super::model::{Direction, Leaf, Picture, State};
use super::outline::{arrows, lines, links, look, number};
use crate::output::visible;

/// The whole text.
pub(crate) fn render(picture: &Picture) -> String {
    // The title is YAML, where a quoted string knows JSON's escapes.
    let title = visible(&picture.title).replace('\\', "\\\\").replace('"', "\\\"");
    let mut text = Text { text: format!("---\ntitle: \"{title}\"\n---\nflowchart TB\n"), depth: 1 };
    for (at, region) in picture.regions.iter().enumerate() {
        text.open(&format!("r{at}"), &region.title);
        for (column, vpc) in region.vpcs.iter().enumerate() {
            text.open(&format!("r{at}v{column}"), &vpc.title);
            if let Some(group) = &vpc.balancer {
                text.open(&format!("r{at}b{column}"), &group.title);
                text.leaves(picture, &group.leaves);
                text.close();
            }
            text.leaves(picture, &vpc.leaves);
            text.close();
            text.leaves(picture, [&vpc.attachment]);
        }
        text.open(&format!("r{at}t"), &region.router.title);
        text.leaves(picture, &region.router.leaves);
        text.close();
        text.close();
    }
    if !picture.cen.peers.is_empty() {
        text.open("cen", &picture.cen.title);
        text.leaves(picture, picture.cen.peers.iter().map(|peer| &peer.leaf));
        text.close();
    }
    text.lines(picture);
    text.text
}

struct Text {
    text: String,
    depth: usize,
}

impl Text {
    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        let _never = writeln!(self.text, "{:1$}{line}", "", self.depth * 2);
    }

    fn open(&mut self, name: &str, title: &str) {
        self.line(format_args!("subgraph {name}[\"{}\"]", escape(title)));
        self.depth += 1;
    }

    fn close(&mut self) {
        self.depth -= 1;
        self.line(format_args!("end"));
    }

    fn leaves<'l>(&mut self, picture: &Picture, leaves: impl IntoIterator<Item = &'l Leaf>) {
        for leaf in leaves {
            let label: Vec<String> = lines(leaf).map(escape).collect();
            let class = match look(leaf) {
                State::There => "",
                State::Missing => ":::missing",
                State::Unknown => ":::unknown",
                State::Fault => ":::fault",
            };
            self.line(format_args!("n{}[\"{}\"]{class}", number(picture, &leaf.key), label.join("<br/>")));
        }
    }

    /// Joins and ways; their colours go by the order in which they were written.
    fn lines(&mut self, picture: &Picture) {
        let links = links(picture);
        for (one, other, state) in &links {
            let join = if *state == State::There { "---" } else { "-.-" };
            self.line(format_args!("n{one} {join} n{other}"));
        }
        let arrows = arrows(picture);
        for arrow in &arrows {
            let line = match (arrow.direction, arrow.dies) {
                (Direction::Forward, false) => "-->",
                (Direction::Forward, true) => "--x",
                (Direction::Return, false) => "-.->",
                (Direction::Return, true) => "-.-x",
            };
            let label = if arrow.label.is_empty() { String::new() } else { format!("|\"{}\"|", escape(&arrow.label)) };
            self.line(format_args!("n{} {line}{label} n{}", arrow.from, arrow.to));
        }
        for (direction, colour) in [(Direction::Forward, "#0969da"), (Direction::Return, "#bc4c00")] {
            let of = arrows.iter().enumerate().filter(|(_, arrow)| arrow.direction == direction);
            let of: Vec<String> = of.map(|(at, _)| (links.len() + at).to_string()).collect();
            if !of.is_empty() {
                self.line(format_args!("linkStyle {} stroke:{colour},stroke-width:2px", of.join(",")));
            }
        }
        self.line(format_args!("classDef missing stroke-dasharray:2 4,font-style:italic"));
        self.line(format_args!("classDef unknown stroke:#9a6700,stroke-dasharray:2 4"));
        self.line(format_args!("classDef fault stroke:#cf222e,stroke-width:3px"));
    }
}

/// Text as a quoted label holds it: entities without their ampersand. Backticks would begin Markdown.
/// No label may be empty.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    if text.is_empty() {
        escaped.push_str("#160;");
    }
    for letter in visible(text).chars() {
        match letter {
            '"' => escaped.push_str("#quot;"),
            '#' | '&' | '<' | '>' | '`' | '\\' | ';' => {
                let _never = write!(escaped, "#{};", u32::from(letter));
            }
            letter => escaped.push(letter),
        }
    }
    escaped
}
