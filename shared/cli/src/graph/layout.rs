//! Where everything of a picture goes: boxes sized by their text, in integers, the same for the same picture.
//!
//! ```text
//!   ┌ region ──────────┐   ┌ region ──────────┐     Each region is a column. A lane runs down its left side, from the
//!   │ ┌ VPC ─────────┐ │   │ ┌ VPC ─────────┐ │     VPC's boxes through the attachment and the transit router into the
//!   │ │ ╷ table      │ │   │ │ ╷ instances  │ │     CEN's band, where each connection has a row of its own. Text
//!   │ └─┼────────────┘ │   │ └─┼────────────┘ │     stands right of the lane, so no line ever crosses a word. Boxes
//!   │   │ attachment   │   │   │ attachment   │     that no packet meets begin right of the lane: it passes them by.
//!   │ ┌─┼ router ────┐ │   │ ┌─┼ router ────┐ │
//!   └─┴─┼────────────┴─┘   └─┴─┼────────────┴─┘     Further VPCs of a region stand beside the first, with lanes of their
//!   ┌───┼ CEN ─────────────────┼─────────────┐      own that reach the router by strips above and below its tables.
//!   │   └──────────────────────┘ connection  │
//!   └────────────────────────────────────────┘
//! ```

use super::model::{Group, Key, Leaf, Picture, RegionBox, State, VpcBox};
use super::text::width;
use crate::output::{visible, wrap};

/// Size of letters.
pub(crate) const SIZE: i32 = 12;
/// Size of the title's letters.
pub(crate) const TITLE: i32 = 16;
/// From one line of text to the next.
const LINE: i32 = 18;
/// Between a box and what is in it.
const PAD: i32 = 12;
/// Between boxes.
const GAP: i32 = 14;
/// From a leaf's left edge to the middle of its lane.
const LANE: i32 = 32;
/// From the middle of the lane to text.
const CLEAR: i32 = 36;
/// Between regions.
const BETWEEN: i32 = 28;
/// Around everything.
const MARGIN: i32 = 16;
/// Room for lines that run across.
const STRIP: i32 = 44;
/// The narrowest column.
const NARROWEST: i32 = 260;

/// A rectangle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rect {
    pub(crate) x: i32,
    pub(crate) y: i32,
    pub(crate) w: i32,
    pub(crate) h: i32,
}

/// What a box stands for, which decides its colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Region,
    Vpc,
    Balancer,
    Router,
    Cen,
    Leaf,
}

/// A box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) kind: Kind,
    pub(crate) state: State,
    pub(crate) rect: Rect,
}

/// How a line of text looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Face {
    Title,
    Note,
    Heading,
    Strong,
    Plain(State),
}

/// A line of text, with the rectangle that it fills.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Words {
    pub(crate) text: String,
    pub(crate) face: Face,
    pub(crate) rect: Rect,
}

/// Where a leaf's lane is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    /// Down a column, at this x.
    Down { column: Column, x: i32 },
    /// Across: the middle of the strip, and where numbers stand.
    Across { y: i32, x: i32 },
}

/// A column of boxes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Column {
    /// The region's number.
    pub(crate) region: usize,
    /// Whether it is the region's first, which the router's tables are in.
    pub(crate) first: bool,
}

/// Where a packet can be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) key: Key,
    pub(crate) lane: Lane,
    /// The middle of the title's line.
    pub(crate) title: i32,
    /// The middle of every other line.
    pub(crate) rows: Vec<i32>,
    pub(crate) rect: Rect,
}

/// Everything placed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Layout {
    pub(crate) width: i32,
    pub(crate) height: i32,
    pub(crate) frames: Vec<Frame>,
    pub(crate) words: Vec<Words>,
    pub(crate) places: Vec<Place>,
    /// By region, above and below the tables of its router: the middles of the strips that lead to further VPCs.
    pub(crate) strips: Vec<(i32, i32)>,
    /// Where the legend begins.
    pub(crate) legend: i32,
    /// Whether anything has a lane.
    lanes: bool,
    /// Leaves that packets meet.
    met: Vec<Key>,
}

/// Places everything.
pub(crate) fn layout(picture: &Picture) -> Layout {
    let stops = picture.ways.iter().flat_map(|way| &way.stops).map(|stop| stop.key.clone());
    // Between the server group and the first table packets always come by there.
    let met = stops.chain([Key::Sources]).collect();
    let mut layout = Layout { lanes: !picture.ways.is_empty(), met, ..Layout::default() };
    let mut widths: Vec<Vec<i32>> =
        picture.regions.iter().map(|region| region.vpcs.iter().map(|vpc| layout.vpc_width(vpc)).collect()).collect();
    layout.widen(picture, &mut widths);

    let mut x = MARGIN;
    let mut lefts = Vec::new();
    for columns in &widths {
        lefts.push(x);
        x += region_width(columns) + BETWEEN;
    }
    layout.width = (x - BETWEEN + MARGIN).max(width(&picture.title, TITLE) + 2 * MARGIN);

    let mut y = MARGIN;
    layout.say(&picture.title, Face::Title, MARGIN, y, TITLE);
    y += LINE + 8;
    let most = usize::try_from((layout.width - 2 * MARGIN) * 100 / (61 * SIZE)).unwrap_or(1).max(1);
    for line in picture.notes.iter().flat_map(|note| wrap(&visible(note), most)) {
        layout.say(&line, Face::Note, MARGIN, y, SIZE);
        y += LINE;
    }
    y += 8;

    let vpcs_end = picture.regions.iter().map(|region| layout.vpcs_height(region)).max().unwrap_or(0) + y + LINE + PAD;
    let routers = picture.regions.iter().map(|region| layout.router_height(region)).max().unwrap_or(0);
    let attachments = picture.regions.iter().flat_map(|region| &region.vpcs).map(|vpc| leaf_height(&vpc.attachment));
    let router_top = vpcs_end + GAP + attachments.max().unwrap_or(0) + GAP;
    let bottom = router_top + routers + PAD;
    let cells = picture.regions.iter().zip(&widths).zip(lefts.iter());
    for (number, ((region, columns), left)) in cells.enumerate() {
        let rect = Rect { x: *left, y, w: region_width(columns), h: bottom - y };
        layout.region(number, region, columns, rect, router_top);
    }
    let end = layout.cen(picture, &lefts, bottom + GAP + 4);
    layout.legend = end + GAP;
    layout.height = layout.legend + LINE + MARGIN;
    layout
}

impl Layout {
    /// Where a leaf was put.
    pub(crate) fn place(&self, key: &Key) -> Option<&Place> {
        self.places.iter().find(|place| &place.key == key)
    }

    /// From a leaf's left edge to its text.
    const fn indent(&self) -> i32 {
        if self.lanes { LANE + CLEAR } else { 10 }
    }

    fn leaf_width(&self, leaf: &Leaf) -> i32 {
        let rows = leaf.rows.iter().map(|row| width(&row.text, SIZE)).max().unwrap_or(0);
        self.indent() + rows.max(width(&leaf.title, SIZE)) + 10
    }

    fn vpc_width(&self, vpc: &VpcBox) -> i32 {
        let balancer = vpc.balancer.iter().flat_map(|group| &group.leaves);
        let leaves = balancer.chain(&vpc.leaves).chain([&vpc.attachment]).map(|leaf| self.leaf_width(leaf));
        let titles = vpc.balancer.iter().map(|group| width(&group.title, SIZE) + PAD);
        let title = width(&vpc.title, SIZE) + PAD;
        leaves.chain(titles).chain([title, NARROWEST]).max().unwrap_or(0) + 2 * PAD + 8
    }

    /// Makes columns wide enough for the routers' tables, the regions' names and the connections between the lanes.
    fn widen(&self, picture: &Picture, widths: &mut [Vec<i32>]) {
        for (region, columns) in picture.regions.iter().zip(widths.iter_mut()) {
            let router = &region.router;
            let tables = router.leaves.iter().map(|leaf| self.leaf_width(leaf));
            let title = width(&router.title, SIZE) + LANE + CLEAR + PAD;
            let needed = tables.chain([title, width(&region.title, SIZE)]).max().unwrap_or(0) + 2 * PAD + 8;
            if let Some(first) = columns.first_mut() {
                *first = (*first).max(needed);
            }
        }
        let peers = picture.cen.peers.iter().map(|peer| (peer.ends.0, peer_width(&peer.leaf)));
        for (at, needed) in peers.chain([(0, width(&picture.cen.title, SIZE))]) {
            if let Some(columns) = widths.get_mut(at) {
                let lacking = needed + 2 * CLEAR + 2 * LANE - region_width(columns);
                if let Some(last) = columns.last_mut() {
                    *last += lacking.max(0);
                }
            }
        }
    }

    fn vpcs_height(&self, region: &RegionBox) -> i32 {
        region.vpcs.iter().map(|vpc| self.vpc_height(vpc)).max().unwrap_or(0)
    }

    fn vpc_height(&self, vpc: &VpcBox) -> i32 {
        let balancer = vpc.balancer.as_ref().map_or(0, |group| stack_height(&group.leaves) + LINE + 2 * PAD + GAP);
        LINE + PAD + balancer + stack_height(&vpc.leaves) + PAD
    }

    fn router_height(&self, region: &RegionBox) -> i32 {
        let strips = if region.vpcs.len() > 1 { 2 * STRIP } else { 0 };
        LINE + PAD + strips + stack_height(&region.router.leaves) + PAD
    }

    fn region(&mut self, number: usize, region: &RegionBox, columns: &[i32], rect: Rect, router_top: i32) {
        self.frames.push(Frame { kind: Kind::Region, state: State::There, rect });
        self.say(&region.title, Face::Heading, rect.x + PAD, rect.y + 8, SIZE);
        let mut x = rect.x + PAD;
        for (at, (vpc, w)) in region.vpcs.iter().zip(columns).enumerate() {
            let column = Column { region: number, first: at == 0 };
            let at = Rect { x, y: rect.y + LINE + PAD, w: *w, h: self.vpc_height(vpc) };
            self.vpc(column, vpc, at);
            let under = Rect { x: x + PAD, y: router_top - GAP - leaf_height(&vpc.attachment), w: w - 2 * PAD, h: 0 };
            self.leaf(&vpc.attachment, column, under);
            x += w + GAP;
        }
        let first = columns.first().copied().unwrap_or(NARROWEST);
        let at = Rect { x: rect.x + PAD, y: router_top, w: rect.w - 2 * PAD, h: self.router_height(region) };
        self.router(number, &region.router, at, first, region.vpcs.len() > 1);
    }

    fn vpc(&mut self, column: Column, vpc: &VpcBox, rect: Rect) {
        self.frames.push(Frame { kind: Kind::Vpc, state: vpc.state, rect });
        self.say(&vpc.title, Face::Strong, rect.x + PAD, rect.y + 8, SIZE);
        let mut y = rect.y + LINE + PAD;
        if let Some(group) = &vpc.balancer {
            let h = stack_height(&group.leaves) + LINE + 2 * PAD;
            let frame = Rect { x: rect.x + 6, y, w: rect.w - 12, h };
            self.frames.push(Frame { kind: Kind::Balancer, state: group.state, rect: frame });
            self.say(&group.title, Face::Strong, rect.x + PAD + 2, y + 8, SIZE);
            self.stack(&group.leaves, column, Rect { x: rect.x + PAD, y: y + LINE + PAD, w: rect.w - 2 * PAD, h: 0 });
            y += h + GAP;
        }
        self.stack(&vpc.leaves, column, Rect { x: rect.x + PAD, y, w: rect.w - 2 * PAD, h: 0 });
    }

    fn router(&mut self, number: usize, router: &Group, rect: Rect, first: i32, strips: bool) {
        self.frames.push(Frame { kind: Kind::Router, state: router.state, rect });
        self.say(&router.title, Face::Strong, rect.x + PAD + LANE + CLEAR, rect.y + 8, SIZE);
        let strip = if strips { STRIP } else { 0 };
        let top = rect.y + LINE + PAD;
        let end = self.stack(
            &router.leaves,
            Column { region: number, first: true },
            Rect { x: rect.x + PAD, y: top + strip, w: first - 2 * PAD, h: 0 },
        );
        self.strips.push((top + strip / 2, end + strip / 2));
    }

    /// The connections' rows; gives where the band ends.
    fn cen(&mut self, picture: &Picture, lefts: &[i32], top: i32) -> i32 {
        let lane = |region: usize| lefts.get(region).copied().unwrap_or(MARGIN) + 2 * PAD + LANE;
        let at = self.frames.len();
        self.say(&picture.cen.title, Face::Strong, lane(0) + CLEAR, top + 8, SIZE);
        let mut y = top + LINE + PAD;
        for peer in &picture.cen.peers {
            let leaf = &peer.leaf;
            let strip = if self.met.contains(&leaf.key) { STRIP } else { 0 };
            let rect = Rect { x: lane(peer.ends.0) + CLEAR, y, w: peer_width(leaf), h: leaf_height(leaf) + strip };
            self.frames.push(Frame { kind: Kind::Leaf, state: leaf.state, rect });
            self.lines(leaf, rect.x + 10, y);
            let middle = if strip > 0 { rect.y + rect.h - STRIP / 2 } else { rect.y + rect.h / 2 };
            self.places.push(Place {
                key: leaf.key.clone(),
                lane: Lane::Across { y: middle, x: rect.x + 26 },
                title: middle,
                rows: vec![middle; leaf.rows.len()],
                rect,
            });
            y += rect.h + GAP;
        }
        let rect = Rect { x: MARGIN, y: top, w: self.width - 2 * MARGIN, h: y - top };
        self.frames.insert(at, Frame { kind: Kind::Cen, state: State::There, rect });
        y
    }

    /// Leaves one under the other; gives where they end.
    fn stack(&mut self, leaves: &[Leaf], column: Column, mut rect: Rect) -> i32 {
        for leaf in leaves {
            self.leaf(leaf, column, rect);
            rect.y += leaf_height(leaf) + GAP;
        }
        rect.y - if leaves.is_empty() { 0 } else { GAP }
    }

    fn leaf(&mut self, leaf: &Leaf, column: Column, at: Rect) {
        let met = !self.lanes || self.met.contains(&leaf.key);
        let left = if met { at.x } else { at.x + self.indent() - 10 };
        let rect = Rect { x: left, y: at.y, w: at.x + at.w - left, h: leaf_height(leaf) };
        self.frames.push(Frame { kind: Kind::Leaf, state: leaf.state, rect });
        self.lines(leaf, at.x + self.indent(), at.y);
        let rows = (1..).take(leaf.rows.len()).map(|row| middle(at.y, row)).collect();
        let lane = Lane::Down { column, x: at.x + LANE };
        self.places.push(Place { key: leaf.key.clone(), lane, title: middle(at.y, 0), rows, rect });
    }

    fn lines(&mut self, leaf: &Leaf, x: i32, y: i32) {
        let face = if leaf.state == State::There { Face::Strong } else { Face::Plain(leaf.state) };
        self.say(&leaf.title, face, x, y + 6, SIZE);
        for (number, row) in (1..).zip(&leaf.rows) {
            self.say(&row.text, Face::Plain(row.state), x, y + 6 + number * LINE, SIZE);
        }
    }

    /// Adds a line of text, whose upper left corner this is.
    pub(crate) fn say(&mut self, text: &str, face: Face, x: i32, y: i32, size: i32) {
        let rect = Rect { x, y, w: width(text, size), h: size + 4 };
        self.words.push(Words { text: text.to_owned(), face, rect });
    }
}

/// The middle of a leaf's line.
const fn middle(top: i32, row: i32) -> i32 {
    top + 6 + row * LINE + (SIZE + 4) / 2
}

fn leaf_height(leaf: &Leaf) -> i32 {
    let rows = i32::try_from(leaf.rows.len()).unwrap_or(i32::MAX / LINE - 2);
    (rows + 1) * LINE + 10
}

fn stack_height(leaves: &[Leaf]) -> i32 {
    let gaps = i32::try_from(leaves.len().saturating_sub(1)).unwrap_or(0) * GAP;
    leaves.iter().map(leaf_height).sum::<i32>() + gaps
}

fn peer_width(leaf: &Leaf) -> i32 {
    let rows = leaf.rows.iter().map(|row| width(&row.text, SIZE)).max().unwrap_or(0);
    rows.max(width(&leaf.title, SIZE)) + 20
}

fn region_width(columns: &[i32]) -> i32 {
    let gaps = i32::try_from(columns.len().saturating_sub(1)).unwrap_or(0) * GAP;
    columns.iter().sum::<i32>() + gaps + 2 * PAD
}
