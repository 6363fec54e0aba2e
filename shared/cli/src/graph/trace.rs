//! Lines: what is joined to what, and the ways of packets along the lanes.

use super::layout::{Column, Lane, Layout, Place};
use super::model::{Direction, End, Picture, State, Stop, Way};

/// From the middle of a lane to the line of one direction.
const TRACK: i32 = 13;
/// The same where lines run across.
const ACROSS: i32 = 11;

/// A point.
pub(crate) type Point = (i32, i32);

/// A line with corners.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) points: Vec<Point>,
}

/// A join of two boxes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) line: Line,
    pub(crate) state: State,
}

/// What stands at a stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mark {
    /// Packets begin here.
    Start,
    /// The numbers of hops.
    Number(String),
    /// They die here.
    Cross,
    /// What happens here is not known.
    Question,
}

/// A way as it is drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trace {
    pub(crate) direction: Direction,
    pub(crate) lines: Vec<Line>,
    pub(crate) marks: Vec<(Point, Mark)>,
}

/// The joins, from the middle of one lane to the middle of the next.
pub(crate) fn links(picture: &Picture, layout: &Layout) -> Vec<Link> {
    let joined = picture.links().into_iter().filter_map(|(one, other, state)| {
        let (one, other) = (layout.place(&one.key)?, layout.place(&other.key)?);
        let mut points = end(one);
        match (one.lane, other.lane) {
            (Lane::Down { x, .. }, Lane::Down { x: goal, column }) if x != goal => {
                let (above, _) = layout.strips.get(column.region).copied()?;
                points.extend([(x, above), (goal, above)]);
            }
            (Lane::Down { .. }, Lane::Down { .. }) => {}
            (Lane::Down { x, .. }, Lane::Across { y, .. }) | (Lane::Across { y, .. }, Lane::Down { x, .. }) => {
                points.push((x, y));
            }
            (Lane::Across { .. }, Lane::Across { .. }) => return None,
        }
        points.extend(end(other).into_iter().rev());
        points.dedup();
        Some(Link { line: Line { points }, state })
    });
    joined.collect()
}

/// Where a join begins: in the lane, under the box, or beside the box where that stands beside its lane.
fn end(place: &Place) -> Vec<Point> {
    match place.lane {
        Lane::Down { x, .. } if place.rect.x > x => vec![(place.rect.x, place.title), (x, place.title)],
        Lane::Down { x, .. } => vec![(x, place.title)],
        Lane::Across { y, x } => vec![(x, y)],
    }
}

/// A way along the lanes.
pub(crate) fn trace(way: &Way, layout: &Layout) -> Trace {
    let stops: Vec<(&Stop, &Place)> =
        way.stops.iter().filter_map(|stop| Some((stop, layout.place(&stop.key)?))).collect();
    let (mut lines, mut marks) = (Vec::new(), Vec::<(Point, Mark)>::new());
    for (number, (stop, place)) in stops.iter().enumerate() {
        let at = anchor(way.direction, stop, place);
        let neighbour = |number: usize| stops.get(number).map(|(stop, place)| anchor(way.direction, stop, place));
        if let Some((_, next)) = stops.get(number + 1) {
            let to = neighbour(number + 1).unwrap_or(at);
            let before = number.checked_sub(1).and_then(neighbour);
            lines.extend(connect(way.direction, layout, (place, at), (next, to), before, neighbour(number + 2)));
        }
        let last = number + 1 == stops.len();
        let mark = match &way.end {
            End::Dies(_) if last => Mark::Cross,
            End::Unknown(_) if last => Mark::Question,
            _ if stop.label.is_empty() => Mark::Start,
            _ => Mark::Number(stop.label.clone()),
        };
        match marks.iter_mut().find(|(point, _)| *point == at) {
            Some((_, Mark::Number(seen))) if matches!(mark, Mark::Number(_)) => {
                *seen = format!("{seen},{}", stop.label);
            }
            Some((_, seen)) => *seen = mark,
            None => marks.push((at, mark)),
        }
    }
    Trace { direction: way.direction, lines, marks }
}

/// Forward keeps outside of the bend that leads through the CEN, and return inside.
const fn shift(direction: Direction, column: Column) -> i32 {
    let start = column.region == 0 && column.first;
    match (direction, start) {
        (Direction::Forward, true) | (Direction::Return, false) => -TRACK,
        _ => TRACK,
    }
}

const fn across(direction: Direction, y: i32) -> i32 {
    match direction {
        Direction::Forward => y + ACROSS,
        Direction::Return => y - ACROSS,
    }
}

fn anchor(direction: Direction, stop: &Stop, place: &Place) -> Point {
    match place.lane {
        Lane::Down { column, x } => {
            let y = stop.row.and_then(|row| place.rows.get(row)).copied().unwrap_or(place.title);
            (x + shift(direction, column), y)
        }
        // A fault has no line of its own here: it stands beside the number.
        Lane::Across { y, x } => {
            let beside = if stop.row.is_some() { 34 } else { 0 };
            (x + beside, across(direction, y))
        }
    }
}

/// From one stop to the next; nothing where no lane leads.
fn connect(
    direction: Direction,
    layout: &Layout,
    (from, at): (&Place, Point),
    (to, goal): (&Place, Point),
    before: Option<Point>,
    after: Option<Point>,
) -> Option<Line> {
    let mut points = match (from.lane, to.lane) {
        (Lane::Down { column: Column { region, .. }, x }, Lane::Down { column: other, x: far }) => {
            if x == far {
                vec![at, goal]
            } else if region == other.region {
                let (above, below) = layout.strips.get(region).copied()?;
                // Packets pass a table's line from one side to the other, so they come out where they did not come in.
                let leaves_router = layout.strips.get(region).is_some_and(|(top, _)| at.1 > *top);
                let router = if leaves_router { at } else { goal };
                let other_end = if leaves_router { before } else { after };
                let down = other_end.is_none_or(|end| end.1 < router.1);
                let y = across(direction, if down { below } else { above });
                vec![at, (at.0, y), (goal.0, y), goal]
            } else {
                return None;
            }
        }
        (Lane::Down { .. }, Lane::Across { .. }) => vec![at, (at.0, goal.1), goal],
        (Lane::Across { .. }, Lane::Down { .. }) => vec![at, (goal.0, at.1), goal],
        (Lane::Across { .. }, Lane::Across { .. }) => vec![at, goal],
    };
    points.dedup();
    (points.len() > 1).then_some(Line { points })
}
