//! When two worlds are alike: equal but for the ids that the emulator drew, and for dates, of which only matters whether they
//! are over.
//!
//! A client can cause the same in two such worlds. So a test that has explored one need not explore the other.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;

use crate::ids::is_uuid;
use crate::world::World;

/// Characters of random ids after their prefix.
const DRAWN: usize = 16;
/// What comes before a date in a member's description.
const MARKS: [&str; 3] = ["drain-", "stopped-", "released-"];

impl World {
    /// A text that two worlds share if they are alike: what the four services with resources hold, and which ClientTokens were
    /// used that a second process would use again. Left out: results of health checks and asynchronous jobs, which follow from
    /// the rest.
    ///
    /// Ids are numbered in the order in which they appear, so two worlds that are alike may still get two texts, never the
    /// other way round.
    pub fn likeness(&mut self, now: Timestamp) -> String {
        self.settle(now);
        let Self { alb, cen, vpc, ecs, tokens, .. } = self;
        let mut text = format!("{:?}\n{:?}\n{:?}\n", alb.load_balancers, alb.server_groups, alb.listeners);
        // Writing to a text cannot fail.
        let _ = write!(text, "{cen:?}\n{vpc:?}\n{ecs:?}\n");
        for token in tokens.lasting() {
            let _ = writeln!(text, "{token}");
        }
        Numbered { now, ids: BTreeMap::new() }.text(&text)
    }
}

/// Ids by the order in which they appear.
struct Numbered<'t> {
    now: Timestamp,
    ids: BTreeMap<&'t str, usize>,
}

impl<'t> Numbered<'t> {
    fn text(&mut self, text: &'t str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while !rest.is_empty() {
            let (between, words) = rest.split_at(rest.find(is_part).unwrap_or(rest.len()));
            let (word, after) = words.split_at(words.find(|c| !is_part(c)).unwrap_or(words.len()));
            out.push_str(between);
            self.word(word, &mut out);
            rest = after;
        }
        out
    }

    fn word(&mut self, word: &'t str, out: &mut String) {
        let is_date = word.starts_with('2') || word.starts_with("9999-");
        if is_date && let Ok(at) = word.parse::<Timestamp>() {
            out.push_str(if at <= self.now { "past" } else { "future" });
            return;
        }
        if let Some(mark) = MARKS.iter().find(|mark| word.starts_with(**mark)) {
            out.push_str(mark);
            return;
        }
        let drawn = match word.rsplit_once('-') {
            Some((prefix, tail)) if is_drawn(tail) && !prefix.is_empty() => Some(prefix),
            _ => is_uuid(word).then_some("uuid"),
        };
        let Some(prefix) = drawn else { return out.push_str(word) };
        let next = self.ids.len();
        let number = *self.ids.entry(word).or_insert(next);
        let _ = write!(out, "{prefix}-#{number}");
    }
}

/// Whether a character belongs to an id, a date or a name.
const fn is_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | ':' | '.' | '_')
}

fn is_drawn(tail: &str) -> bool {
    tail.len() == DRAWN && tail.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::start;

    fn text(text: &str) -> String {
        Numbered { now: start(), ids: BTreeMap::new() }.text(text)
    }

    #[test]
    fn drawn_ids_are_numbered_and_given_ones_stay() {
        let told = text(r#"{id: "sgp-abcdefghij012345", vpc: "vpc-1", of: "sgp-abcdefghij012345", "i-fleet-01"}"#);
        assert_eq!(told, r#"{id: "sgp-#0", vpc: "vpc-1", of: "sgp-#0", "i-fleet-01"}"#);
        assert_eq!(text("tr-attach-aaaaaaaaaaaaaaaa eni-bbbbbbbbbbbbbbbb"), "tr-attach-#0 eni-#1");
        assert_eq!(text("0A1B2C3D-0000-0000-0000-0123456789AB"), "uuid-#0");
    }

    #[test]
    fn of_a_date_only_matters_whether_it_is_over() {
        let now = start();
        let later = now + jiff::SignedDuration::from_millis(1);
        assert_eq!(text(&format!("({now:?}, {later:?}) {:?}", Timestamp::MAX)), "(past, future) future");
        assert_eq!(text("web/i-1/drain-2026-11-22T08:00:00Z"), text("web/i-1/drain-2026-11-22T09:30:00Z"));
    }
}
