//! A picture as SVG: self-contained, with a light and a dark theme, and readable without colours. Forward is solid with round
//! numbers, return dashed with square ones; what is missing is dotted; a fault is a cross.

use std::fmt::Write as _;

use super::layout::{Face, Kind, Layout, Rect, SIZE, TITLE, layout};
use super::model::{Direction, Picture, State};
use super::trace::{Line, Mark, Point, Trace, links, trace};
use crate::output::{columns, visible};

/// Radius of a number's circle, and of corners.
const ROUND: i32 = 9;

/// Colours: on light, and on dark.
pub(crate) const STYLE: &str = "\
text{font:12px ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:#1f2328;white-space:pre}
.title{font-size:16px;font-weight:600}.strong,.heading{font-weight:600}.note,.heading{fill:#59636e}
.paper{fill:#fff}.region{fill:#f6f8fa;stroke:#d1d9e0}.vpc,.router,.cen{fill:#fff;stroke:#818b98}.balancer{fill:#f6f8fa;stroke:#818b98}
.leaf{fill:#fff;stroke:#c8d1da}.link{fill:none;stroke:#b7c0ca;stroke-width:4}
.missing{stroke:#6e7781;stroke-dasharray:1 4;stroke-linecap:round;stroke-width:1.6}.ghost{fill:#6e7781;font-style:italic}
.unknown{stroke:#9a6700;stroke-dasharray:1 4;stroke-linecap:round}.doubt{fill:#9a6700;font-weight:600}
.dead{fill:#cf222e;font-weight:600}.cross{fill:#cf222e}.question{fill:#9a6700}.sign{stroke:#fff;stroke-width:2.2;stroke-linecap:round}
.forward,.return{fill:none;stroke-width:2.2}.forward{stroke:#0969da}.return{stroke:#bc4c00;stroke-dasharray:7 4}
.to{fill:#0969da}.back{fill:#bc4c00}.one{fill:#0969da;stroke:#fff}.two{fill:#fff;stroke:#bc4c00;stroke-width:1.6}
text.n1{fill:#fff}text.n2{fill:#bc4c00}text.n1,text.n2{font-size:11px;font-weight:600;text-anchor:middle}
@media (prefers-color-scheme:dark){text{fill:#e6edf3}.note,.heading{fill:#9198a1}
.paper{fill:#0d1117}.region{fill:#151b23;stroke:#3d444d}.vpc,.router,.cen{fill:#0d1117;stroke:#656c76}.balancer{fill:#151b23;stroke:#656c76}
.leaf{fill:#0d1117;stroke:#3d444d}.link{stroke:#4a525c}.missing{stroke:#9198a1}.ghost{fill:#9198a1}.unknown{stroke:#d29922}.doubt{fill:#d29922}
.dead{fill:#ff7b72}.cross{fill:#da3633}.question{fill:#9e6a03}.forward{stroke:#58a6ff}.return{stroke:#f0883e}.to{fill:#58a6ff}.back{fill:#f0883e}
.one{fill:#58a6ff;stroke:#0d1117}.two{fill:#0d1117;stroke:#f0883e}text.n1{fill:#0d1117}text.n2{fill:#f0883e}}
";

/// A drawing inside of a page that has [`STYLE`]: as SVG without a style of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Drawing(String);

impl Drawing {
    /// `id` begins the ids in it, which a page may hold once only.
    pub(crate) fn of(picture: &Picture, id: &str) -> Self {
        Self(draw(picture, id, ""))
    }

    /// The element.
    pub(crate) fn into_svg(self) -> String {
        self.0
    }
}

/// The whole file.
pub(crate) fn render(picture: &Picture) -> String {
    draw(picture, "albridge", STYLE)
}

fn draw(picture: &Picture, id: &str, style: &str) -> String {
    let mut layout = layout(picture);
    let links = links(picture, &layout);
    let traces: Vec<Trace> = picture.ways.iter().map(|way| trace(way, &layout)).collect();
    let samples = legend(picture, &mut layout);
    let mut svg = Svg::default();
    let (w, h) = (layout.width, layout.height);
    svg.line(format_args!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {w} {h}\" width=\"{w}\" height=\"{h}\" role=\"img\" \
         aria-labelledby=\"{id}-title {id}-desc\" xml:space=\"preserve\">",
        id = escape(id)
    ));
    svg.line(format_args!("<title id=\"{}-title\">{}</title>", escape(id), escape(&picture.title)));
    svg.line(format_args!("<desc id=\"{}-desc\">{}</desc>", escape(id), escape(&describe(picture))));
    if !style.is_empty() {
        svg.line(format_args!("<style>\n{style}</style>"));
    }
    svg.rect("paper", Rect { x: 0, y: 0, w, h }, 0);
    for frame in layout.frames.iter().filter(|frame| frame.kind != Kind::Leaf) {
        svg.frame(frame.kind, frame.state, frame.rect);
    }
    for link in links {
        let ghost = if link.state == State::There { "" } else { " missing" };
        svg.path(&format!("link{ghost}"), &link.line);
    }
    for frame in layout.frames.iter().filter(|frame| frame.kind == Kind::Leaf) {
        svg.frame(frame.kind, frame.state, frame.rect);
    }
    svg.words(&layout);
    for trace in &traces {
        svg.trace(trace);
    }
    for sample in &samples {
        svg.sample(sample);
    }
    svg.line(format_args!("</svg>"));
    svg.text
}

/// What the picture shows, in words.
fn describe(picture: &Picture) -> String {
    let mut text = picture.notes.join(" ");
    for way in &picture.ways {
        let name = match way.direction {
            Direction::Forward => "Forward",
            Direction::Return => "Return",
        };
        let stops: Vec<String> = way
            .stops
            .iter()
            .filter_map(|stop| Some(format!("{} {}", stop.label, picture.leaf(&stop.key)?.title).trim().to_owned()))
            .collect();
        let _never = write!(text, " {name}: {}.", stops.join(", "));
    }
    text.trim().to_owned()
}

/// An entry of the legend: what is drawn, and where.
#[derive(Debug, Clone, Copy)]
enum Sample {
    Way(Direction, i32, i32),
    Ghost(i32, i32),
    Cross(i32, i32),
}

/// What the signs mean, for those that are used.
fn legend(picture: &Picture, layout: &mut Layout) -> Vec<Sample> {
    let (mut x, y) = (18, layout.legend);
    let mut samples = Vec::new();
    let mut say = |layout: &mut Layout, sample: fn(i32, i32) -> Sample, text: &str| {
        samples.push(sample(x, y + 8));
        layout.say(text, Face::Note, x + 40, y, SIZE);
        x += 40 + super::text::width(text, SIZE) + 24;
    };
    let goes = |direction| picture.ways.iter().any(|way| way.direction == direction);
    if goes(Direction::Forward) {
        say(layout, |x, y| Sample::Way(Direction::Forward, x, y), "forward");
    }
    if goes(Direction::Return) {
        say(layout, |x, y| Sample::Way(Direction::Return, x, y), "return");
    }
    let missing = |state: State| state == State::Missing;
    let leaves = || picture.leaves();
    if leaves().any(|leaf| missing(leaf.state) || leaf.rows.iter().any(|row| missing(row.state))) {
        say(layout, Sample::Ghost, "missing");
    }
    if leaves().any(|leaf| leaf.rows.iter().any(|row| row.state == State::Fault)) {
        say(layout, Sample::Cross, "fault");
    }
    let end = layout.words.iter().map(|words| words.rect.x + words.rect.w).max().unwrap_or(0);
    layout.width = layout.width.max(end + 16);
    samples
}

#[derive(Debug, Default)]
struct Svg {
    text: String,
}

impl Svg {
    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        let _never = writeln!(self.text, "{line}");
    }

    fn rect(&mut self, class: &str, rect: Rect, round: i32) {
        let Rect { x, y, w, h } = rect;
        self.line(format_args!(
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" rx=\"{round}\"/>"
        ));
    }

    fn frame(&mut self, kind: Kind, state: State, rect: Rect) {
        let (class, round) = match kind {
            Kind::Region => ("region", 10),
            Kind::Vpc => ("vpc", 8),
            Kind::Balancer => ("balancer", 6),
            Kind::Router => ("router", 8),
            Kind::Cen => ("cen", 10),
            Kind::Leaf => ("leaf", 4),
        };
        let class = match state {
            State::There | State::Fault => class.to_owned(),
            State::Missing => format!("{class} missing"),
            State::Unknown => format!("{class} unknown"),
        };
        self.rect(&class, rect, round);
    }

    fn words(&mut self, layout: &Layout) {
        for words in &layout.words {
            let (class, size) = match words.face {
                Face::Title => (" class=\"title\"", TITLE),
                Face::Note => (" class=\"note\"", SIZE),
                Face::Heading => (" class=\"heading\"", SIZE),
                Face::Strong => (" class=\"strong\"", SIZE),
                Face::Plain(State::There) => ("", SIZE),
                Face::Plain(State::Missing) => (" class=\"ghost\"", SIZE),
                Face::Plain(State::Unknown) => (" class=\"doubt\"", SIZE),
                Face::Plain(State::Fault) => (" class=\"dead\"", SIZE),
            };
            let (x, y) = (words.rect.x, words.rect.y + size);
            self.line(format_args!("<text{class} x=\"{x}\" y=\"{y}\">{}</text>", escape(&words.text)));
        }
    }

    /// A line with its corners rounded.
    fn path(&mut self, class: &str, line: &Line) {
        let mut d = String::new();
        for (number, point) in line.points.iter().enumerate() {
            let before = number.checked_sub(1).and_then(|before| line.points.get(before));
            let (x, y) = point;
            let _never = match (before, line.points.get(number + 1)) {
                (None, _) => write!(d, "M{x} {y}"),
                (_, None) => write!(d, "L{x} {y}"),
                (Some(before), Some(after)) => {
                    let (ax, ay) = toward(*point, *before, ROUND);
                    let (bx, by) = toward(*point, *after, ROUND);
                    write!(d, "L{ax} {ay}Q{x} {y} {bx} {by}")
                }
            };
        }
        self.line(format_args!("<path class=\"{class}\" d=\"{d}\"/>"));
    }

    fn trace(&mut self, trace: &Trace) {
        let (class, arrow) = match trace.direction {
            Direction::Forward => ("forward", "to"),
            Direction::Return => ("return", "back"),
        };
        for line in &trace.lines {
            self.path(class, line);
        }
        for line in &trace.lines {
            if let [.., before, last] = line.points.as_slice() {
                self.arrow(arrow, *before, *last);
            }
        }
        for (at, mark) in &trace.marks {
            self.mark(trace.direction, *at, mark);
        }
    }

    /// A head that points at the sign that stands at `at`.
    fn arrow(&mut self, class: &str, from: Point, at: Point) {
        let ((tx, ty), (bx, by)) = (toward(at, from, ROUND + 1), toward(at, from, ROUND + 10));
        if (from.0 - at.0).abs() + (from.1 - at.1).abs() < ROUND + 12 {
            return;
        }
        // Across the line's direction.
        let (sx, sy) = if tx == bx { (5, 0) } else { (0, 5) };
        self.line(format_args!(
            "<path class=\"{class}\" d=\"M{tx} {ty}L{} {}L{} {}Z\"/>",
            bx + sx,
            by + sy,
            bx - sx,
            by - sy
        ));
    }

    fn mark(&mut self, direction: Direction, (x, y): Point, mark: &Mark) {
        match mark {
            Mark::Start => {
                let class = if direction == Direction::Forward { "to" } else { "back" };
                self.line(format_args!("<circle class=\"{class}\" cx=\"{x}\" cy=\"{y}\" r=\"4\"/>"));
            }
            Mark::Number(label) => {
                let wide = i32::try_from(columns(label)).unwrap_or(2) * 7 + 6;
                let w = wide.max(2 * ROUND);
                let rect = Rect { x: x - w / 2, y: y - ROUND, w, h: 2 * ROUND };
                let (class, text, round) = match direction {
                    Direction::Forward => ("one", "n1", ROUND),
                    Direction::Return => ("two", "n2", 3),
                };
                self.rect(class, rect, round);
                self.line(format_args!("<text class=\"{text}\" x=\"{x}\" y=\"{}\">{}</text>", y + 4, escape(label)));
            }
            Mark::Cross => {
                self.line(format_args!("<circle class=\"cross\" cx=\"{x}\" cy=\"{y}\" r=\"{ROUND}\"/>"));
                let (left, right, top, bottom) = (x - 4, x + 4, y - 4, y + 4);
                self.line(format_args!(
                    "<path class=\"sign\" d=\"M{left} {top}L{right} {bottom}M{left} {bottom}L{right} {top}\"/>"
                ));
            }
            Mark::Question => {
                self.line(format_args!("<circle class=\"question\" cx=\"{x}\" cy=\"{y}\" r=\"{ROUND}\"/>"));
                self.line(format_args!("<text class=\"n1\" x=\"{x}\" y=\"{}\">?</text>", y + 4));
            }
        }
    }

    fn sample(&mut self, sample: &Sample) {
        match *sample {
            Sample::Way(direction, x, y) => {
                let (start, end) = ((x, y), (x + 26, y));
                let trace = Trace {
                    direction,
                    lines: vec![Line { points: vec![start, end] }],
                    marks: vec![(end, Mark::Number("n".to_owned()))],
                };
                self.trace(&trace);
            }
            Sample::Ghost(x, y) => self.rect("leaf missing", Rect { x, y: y - 7, w: 30, h: 14 }, 4),
            Sample::Cross(x, y) => self.mark(Direction::Forward, (x + 24, y), &Mark::Cross),
        }
    }
}

/// The point this far from `at` on the straight way to `other`, at most half of it.
fn toward(at: Point, other: Point, far: i32) -> Point {
    let step = |from: i32, to: i32| (to - from).signum() * far.min((to - from).abs() / 2);
    (at.0 + step(at.0, other.0), at.1 + step(at.1, other.1))
}

/// Text as XML holds it, in elements and in attributes.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in visible(text).chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            letter => escaped.push(letter),
        }
    }
    escaped
}
