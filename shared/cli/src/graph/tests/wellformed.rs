//! What every picture must be, whatever it shows.

use super::super::layout::{Rect, layout};
use super::super::model::{
    CenBox, Direction, End, Group, Key, Leaf, PeerBox, Picture, RegionBox, Row, State, Stop, VpcBox, Way,
};
use super::super::{dot, mermaid, svg};

/// Whether it is XML: tags that close in order, attributes in quotes, no bare ampersand.
fn assert_xml(text: &str) {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        assert_text(&rest[..at]);
        let end = rest[at..].find('>').map(|end| at + end).unwrap();
        let tag = &rest[at + 1..end];
        if let Some(closed) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(closed), "{tag}");
        } else {
            assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
            assert!(!tag.contains('<'), "{tag}");
            if !tag.ends_with('/') {
                open.push(tag.split(' ').next().unwrap());
            }
        }
        rest = &rest[end + 1..];
    }
    assert_eq!(open, Vec::<&str>::new());
    assert_eq!(rest.trim(), "");
}

fn assert_text(text: &str) {
    for (at, _) in text.match_indices('&') {
        let entity = text[at + 1..].split(';').next().unwrap();
        assert!(["amp", "lt", "gt", "quot", "#39"].contains(&entity), "&{entity}");
    }
    assert!(text.chars().all(|letter| letter == '\n' || !letter.is_control()), "{text:?}");
}

const fn meet(one: Rect, other: Rect) -> bool {
    one.x < other.x + other.w && other.x < one.x + one.w && one.y < other.y + other.h && other.y < one.y + one.h
}

const fn holds(outer: Rect, inner: Rect) -> bool {
    outer.x <= inner.x
        && outer.y <= inner.y
        && inner.x + inner.w <= outer.x + outer.w
        && inner.y + inner.h <= outer.y + outer.h
}

/// What holds of every picture.
pub(super) fn check(picture: &Picture) {
    let placed = layout(picture);
    let paper = Rect { x: 0, y: 0, w: placed.width, h: placed.height };
    for (at, words) in placed.words.iter().enumerate() {
        assert!(holds(paper, words.rect), "{words:?} is not on the paper");
        for other in placed.words.iter().skip(at + 1) {
            assert!(!meet(words.rect, other.rect), "{words:?} and {other:?}");
        }
        // A word lies in a box wholly or not at all.
        for frame in &placed.frames {
            assert!(!meet(frame.rect, words.rect) || holds(frame.rect, words.rect), "{words:?} leaves {frame:?}");
        }
    }
    for (at, frame) in placed.frames.iter().enumerate() {
        assert!(holds(paper, frame.rect), "{frame:?} is not on the paper");
        for other in placed.frames.iter().skip(at + 1) {
            let apart = !meet(frame.rect, other.rect);
            assert!(apart || holds(frame.rect, other.rect) || holds(other.rect, frame.rect), "{frame:?} {other:?}");
        }
    }
    for way in &picture.ways {
        for stop in &way.stops {
            assert!(placed.place(&stop.key).is_some(), "{stop:?} is nowhere");
        }
    }
    let drawing = svg::render(picture);
    assert_xml(&drawing);
    assert_eq!(drawing, svg::render(picture), "the same picture twice");
    assert!(drawing.contains("role=\"img\"") && drawing.contains("<title") && drawing.contains("<desc"));
    assert_dot(&dot::render(picture));
    assert_mermaid(&mermaid::render(picture));
}

/// Quoted strings close on their line, and braces in pairs.
fn assert_dot(text: &str) {
    let mut depth = 0;
    for line in text.lines() {
        let mut quoted = false;
        let mut letters = line.chars();
        while let Some(letter) = letters.next() {
            match letter {
                '\\' if quoted => assert!(letters.next().is_some(), "{line}"),
                '"' => quoted = !quoted,
                '{' if !quoted => depth += 1,
                '}' if !quoted => depth -= 1,
                _ => {}
            }
        }
        assert!(!quoted, "{line}");
    }
    assert_eq!(depth, 0);
}

/// Labels hold nothing that would end them, and subgraphs end in pairs.
fn assert_mermaid(text: &str) {
    let mut depth = 0;
    for line in text.lines().skip(3).map(str::trim) {
        depth += i32::from(line.starts_with("subgraph ")) - i32::from(line == "end");
        let quotes = line.matches('"').count();
        assert!(quotes == 0 || quotes == 2, "{line}");
        assert!(!line.contains("\"\""), "{line}");
        let label = line.split('"').nth(1).unwrap_or_default().replace("<br/>", "");
        assert!(!label.contains(['<', '>', '&', '`', '\\']), "{line}");
    }
    assert_eq!(depth, 0);
}

fn leaf(key: Key, title: &str) -> Leaf {
    let rows = vec![Row::new("", title), Row::missing(title)];
    Leaf { key, names: Vec::new(), title: title.to_owned(), rows, state: State::There }
}

/// A picture in which everything is called the same, with two VPCs in each region.
fn named(name: &str) -> Picture {
    let region = |number: usize| {
        let vpc = |column: usize| VpcBox {
            title: name.to_owned(),
            state: State::Unknown,
            balancer: (number == 0 && column == 0).then(|| Group {
                title: name.to_owned(),
                state: State::There,
                leaves: vec![leaf(Key::Sources, name)],
            }),
            leaves: vec![leaf(Key::Table(format!("{number} {column}")), name)],
            attachment: leaf(Key::Attachment(format!("{number} {column}")), name),
        };
        RegionBox {
            title: name.to_owned(),
            vpcs: vec![vpc(0), vpc(1)],
            router: Group {
                title: name.to_owned(),
                state: State::Missing,
                leaves: vec![leaf(Key::Router(number.to_string()), name)],
            },
        }
    };
    let peers = vec![
        PeerBox { leaf: leaf(Key::peer("0", "1"), name), ends: (0, 1) },
        PeerBox { leaf: leaf(Key::peer("0", "2"), name), ends: (0, 2) },
    ];
    let keys = [
        Key::Sources,
        Key::Table("0 0".to_owned()),
        Key::Attachment("0 0".to_owned()),
        Key::Router("0".to_owned()),
        Key::peer("0", "2"),
        Key::Router("2".to_owned()),
        Key::Attachment("2 1".to_owned()),
        Key::Table("2 1".to_owned()),
    ];
    let stops = (1..).zip(keys).map(|(number, key)| Stop { key, row: Some(0), label: number.to_string() }).collect();
    Picture {
        title: name.to_owned(),
        notes: vec![name.to_owned()],
        regions: (0..3).map(region).collect(),
        cen: CenBox { title: name.to_owned(), peers },
        ways: vec![Way { direction: Direction::Forward, stops, end: End::Dies(name.to_owned()) }],
    }
}

#[test]
fn names_from_outside_break_nothing() {
    for name in [
        "<script>\"&amp;'</text>",
        "end\"]; n0 --> n1 %% #quot; `code` \\",
        "\u{1b}[31m\u{0}\n\t\u{ffff}",
        "\\\" -> \\",
        "成都的负载均衡 — ünï",
        "",
        "a-name-that-is-longer-than-any-name-that-the-cloud-allows-and-goes-on-and-on-and-on-and-on-and-on-and-on-and-on",
    ] {
        let mut picture = named(name);
        check(&picture);
        picture.ways.clear();
        check(&picture);
    }
}
