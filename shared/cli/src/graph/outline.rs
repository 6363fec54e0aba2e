//! The picture for renderers that do their own layout: numbered boxes, and arrows between them.

use std::collections::BTreeSet;

use super::model::{Direction, End, Key, Leaf, Picture, State};

/// An arrow of a way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Arrow {
    pub(super) direction: Direction,
    /// Names of boxes.
    pub(super) from: usize,
    pub(super) to: usize,
    /// Numbers of the hops at its end.
    pub(super) label: String,
    /// Whether packets die at its end.
    pub(super) dies: bool,
}

/// The name of a box: its place among all leaves.
pub(super) fn number(picture: &Picture, key: &Key) -> usize {
    picture.leaves().position(|leaf| &leaf.key == key).unwrap_or(0)
}

/// The lines of a box.
pub(super) fn lines(leaf: &Leaf) -> impl Iterator<Item = &str> {
    std::iter::once(leaf.title.as_str()).chain(leaf.rows.iter().map(|row| row.text.as_str()))
}

/// How a box looks: a fault in it outweighs the rest.
pub(super) fn look(leaf: &Leaf) -> State {
    if leaf.rows.iter().any(|row| row.state == State::Fault) { State::Fault } else { leaf.state }
}

/// The arrows of all ways, one for each step from a box to another.
pub(super) fn arrows(picture: &Picture) -> Vec<Arrow> {
    let mut arrows: Vec<Arrow> = Vec::new();
    for way in &picture.ways {
        let mut from: Option<(usize, usize)> = None;
        for stop in &way.stops {
            let to = number(picture, &stop.key);
            match from {
                Some((last, arrow)) if last == to => {
                    // More hops in the same box.
                    if let Some(arrow) = arrows.get_mut(arrow).filter(|_| !stop.label.is_empty()) {
                        if !arrow.label.is_empty() {
                            arrow.label.push_str(", ");
                        }
                        arrow.label.push_str(&stop.label);
                    }
                }
                Some((last, _)) => {
                    let (direction, label) = (way.direction, stop.label.clone());
                    arrows.push(Arrow { direction, from: last, to, label, dies: false });
                    from = Some((to, arrows.len() - 1));
                }
                None => from = Some((to, usize::MAX)),
            }
        }
        let last = from.and_then(|(_, arrow)| arrows.get_mut(arrow));
        if let Some(arrow) = last.filter(|_| matches!(way.end, End::Dies(_))) {
            arrow.dies = true;
        }
    }
    arrows
}

/// Joins that no way goes along.
pub(super) fn links(picture: &Picture) -> Vec<(usize, usize, State)> {
    let arrows = arrows(picture);
    let taken: BTreeSet<(usize, usize)> =
        arrows.iter().flat_map(|arrow| [(arrow.from, arrow.to), (arrow.to, arrow.from)]).collect();
    let links = picture.links().into_iter();
    let links = links.map(|(one, other, state)| (number(picture, &one.key), number(picture, &other.key), state));
    links.filter(|(one, other, _)| !taken.contains(&(*one, *other))).collect()
}
