//! A picture as DOT, for Graphviz: clusters for what holds boxes. Forward is solid, return dashed; labels are the hops'
//! numbers.

use std::fmt::Write as _;

use super::model::{Direction, Leaf, Picture, State};
use super::outline::{arrows, lines, links, look, number};
use crate::output::visible;

/// The whole text.
pub(crate) fn render(picture: &Picture) -> String {
    let mut text = Text { text: String::new(), depth: 0, clusters: 0 };
    text.line(format_args!("digraph albridge {{"));
    text.depth = 1;
    let title: String =
        std::iter::once(&picture.title).chain(&picture.notes).map(|line| format!("{}\\l", escape(line))).collect();
    text.line(format_args!(
        "graph [label=\"{title}\", labelloc=t, labeljust=l, fontname=\"monospace\", fontsize=12, newrank=true]"
    ));
    text.line(format_args!("node [shape=box, fontname=\"monospace\", fontsize=10]"));
    text.line(format_args!("edge [fontname=\"monospace\", fontsize=10]"));
    for region in &picture.regions {
        text.open(&region.title);
        for vpc in &region.vpcs {
            text.open(&vpc.title);
            if let Some(group) = &vpc.balancer {
                text.open(&group.title);
                text.leaves(picture, &group.leaves);
                text.close();
            }
            text.leaves(picture, &vpc.leaves);
            text.close();
            text.leaves(picture, [&vpc.attachment]);
        }
        text.open(&region.router.title);
        text.leaves(picture, &region.router.leaves);
        text.close();
        text.close();
    }
    if !picture.cen.peers.is_empty() {
        text.open(&picture.cen.title);
        text.leaves(picture, picture.cen.peers.iter().map(|peer| &peer.leaf));
        text.close();
    }
    text.edges(picture);
    text.depth = 0;
    text.line(format_args!("}}"));
    text.text
}

struct Text {
    text: String,
    depth: usize,
    clusters: usize,
}

impl Text {
    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        let _never = writeln!(self.text, "{:1$}{line}", "", self.depth * 2);
    }

    fn open(&mut self, title: &str) {
        let number = self.clusters;
        self.clusters += 1;
        self.line(format_args!("subgraph cluster_{number} {{"));
        self.depth += 1;
        self.line(format_args!("label=\"{}\"", escape(title)));
    }

    fn close(&mut self) {
        self.depth -= 1;
        self.line(format_args!("}}"));
    }

    fn leaves<'l>(&mut self, picture: &Picture, leaves: impl IntoIterator<Item = &'l Leaf>) {
        for leaf in leaves {
            // A line that ends in \l stands at the left.
            let label: String = lines(leaf).map(|line| format!("{}\\l", escape(line))).collect();
            let look = match look(leaf) {
                State::There => "",
                State::Missing => ", style=dotted",
                State::Unknown => ", style=dotted, color=\"#9a6700\"",
                State::Fault => ", color=\"#cf222e\", penwidth=3",
            };
            self.line(format_args!("n{} [label=\"{label}\"{look}]", number(picture, &leaf.key)));
        }
    }

    fn edges(&mut self, picture: &Picture) {
        for (one, other, state) in links(picture) {
            let style = if state == State::There { "solid" } else { "dotted" };
            self.line(format_args!("n{one} -> n{other} [dir=none, style={style}, color=gray]"));
        }
        for arrow in arrows(picture) {
            let look = match arrow.direction {
                Direction::Forward => "color=\"#0969da\"",
                Direction::Return => "color=\"#bc4c00\", style=dashed, constraint=false",
            };
            let head = if arrow.dies { ", arrowhead=tee, headlabel=\"✕\"" } else { "" };
            self.line(format_args!(
                "n{} -> n{} [label=\"{}\", {look}{head}]",
                arrow.from,
                arrow.to,
                escape(&arrow.label)
            ));
        }
    }
}

/// Text as a quoted string holds it. A backslash begins an escape, so it is doubled.
fn escape(text: &str) -> String {
    visible(text).replace('\\', "\\\\").replace('"', "\\\"")
}
