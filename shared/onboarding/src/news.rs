//! News: what a receiver is told of the faults that a look finds, given what it was told before. Pure.
//!
//! ```text
//!                    found                    gone
//!   nothing known ─────────► told, open ───────────────► told, closed ──── an hour after it was told as found ───► nothing known
//!                                ▲                            │
//!                                └── found, and that hour is over
//! ```
//!
//! Level-triggered: a look is compared with what was told, not with the look before it. A problem is its binding, code and resource. It is told as
//! found at most once in an hour, however often it comes and goes, and as gone once for each time. What could not be read is neither found nor
//! gone: where a look was not whole, nothing of its binding is told as gone.

mod fault;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::ids::BindingName;
use crate::reason::Code;
use crate::receiver::Receiver;

pub use fault::Fault;

/// How long a problem that was told is not told again, if it comes back.
const HOLD: SignedDuration = SignedDuration::from_hours(1);
/// The most problems that are remembered for one receiver. Each of them is some hundred bytes.
const MOST: usize = 500;

/// What was told, by receiver: the document beside the store.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Told {
    /// The look that is telling now, if one is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<Claim>,
    /// What each receiver was told.
    #[serde(default)]
    pub receivers: BTreeMap<String, Vec<Mark>>,
}

/// Who is telling, and since when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Claim {
    /// A text that nobody else has.
    pub by: String,
    /// The time.
    pub at: Timestamp,
}

/// A problem that a receiver was told of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Mark {
    /// Whose problem it is.
    pub binding: BindingName,
    /// The server group of the binding.
    #[serde(default)]
    pub group: String,
    /// The code. A text, because another version may have written it.
    pub code: String,
    /// The resource.
    pub resource: String,
    /// Whether the last word was that it is there.
    pub open: bool,
    /// When it was told as found, the last time.
    pub told: Timestamp,
    /// Whether that message is known to have arrived.
    #[serde(default)]
    pub arrived: bool,
}

/// What a look found out about a binding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sight {
    /// Nothing: it was not read.
    Unknown,
    /// These problems, and perhaps others.
    Partly(Vec<Fault>),
    /// Exactly these problems.
    Whole(Vec<Fault>),
}

/// What a receiver is to be told now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct News {
    /// What is found.
    pub found: Vec<Fault>,
    /// What was told and is gone.
    pub gone: Vec<Mark>,
}

impl News {
    /// Whether there is nothing to tell.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.found.is_empty() && self.gone.is_empty()
    }
}

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// The receiver took it.
    Arrived,
    /// The receiver did not take it.
    Refused,
    /// It may have arrived.
    Unknown,
}

/// The news for a receiver, and what is known to it once they are told. `told` is what is known to it so far.
#[must_use]
pub fn of(
    receiver: &Receiver,
    told: &[Mark],
    sights: &BTreeMap<BindingName, Sight>,
    now: Timestamp,
) -> (News, Vec<Mark>) {
    let mut news = News::default();
    let mut marks = told.to_vec();
    for (binding, sight) in sights.iter().filter(|(binding, _)| receiver.hears_of(binding)) {
        let found = match sight {
            Sight::Unknown => continue,
            Sight::Partly(found) | Sight::Whole(found) => found,
        };
        // Not read is no problem of the binding, and one problem is told once.
        let mut seen = BTreeSet::new();
        let found: Vec<&Fault> =
            found.iter().filter(|fault| fault.code != Code::Unread && seen.insert(fault.key())).collect();
        for fault in &found {
            find(&mut news, &mut marks, fault, now);
        }
        if matches!(sight, Sight::Whole(_)) {
            let is_found = |mark: &Mark| found.iter().any(|fault| mark.is(fault));
            close(&mut news, &mut marks, |mark| mark.binding == *binding && !is_found(mark));
            // Nothing is known of what is gone for so long.
            marks.retain(|mark| mark.binding != *binding || mark.open || mark.is_held(now));
        }
    }
    // A binding that is gone from the store, or from the receiver's list, has no problems.
    let is_his = |mark: &Mark| receiver.hears_of(&mark.binding) && sights.contains_key(&mark.binding);
    close(&mut news, &mut marks, |mark| !is_his(mark));
    marks.retain(|mark| is_his(mark) || mark.is_held(now));
    (news, marks)
}

/// What is known to a receiver after a message: `before` it, and if it was taken `after` it.
#[must_use]
pub fn settled(delivery: Delivery, before: &[Mark], after: Vec<Mark>, now: Timestamp) -> Vec<Mark> {
    match delivery {
        // The next look tries again.
        Delivery::Refused => before.to_vec(),
        // Once the hold is over, it is told again if it is still there.
        Delivery::Unknown => after,
        Delivery::Arrived => {
            let arrived = |mark: Mark| Mark { arrived: mark.arrived || mark.told == now, ..mark };
            after.into_iter().map(arrived).collect()
        }
    }
}

fn find(news: &mut News, marks: &mut Vec<Mark>, fault: &Fault, now: Timestamp) {
    let mark = Mark {
        binding: fault.binding.clone(),
        group: fault.group.clone(),
        code: fault.code.to_string(),
        resource: fault.resource.clone(),
        open: true,
        told: now,
        arrived: false,
    };
    let is_full = marks.len() >= MOST;
    match marks.iter_mut().find(|mark| mark.is(fault)) {
        None if !is_full => marks.push(mark),
        None => return,
        Some(known) if (known.open && known.arrived) || known.is_held(now) => return,
        Some(known) => *known = mark,
    }
    news.found.push(fault.clone());
}

fn close(news: &mut News, marks: &mut [Mark], is_gone: impl Fn(&Mark) -> bool) {
    for mark in marks.iter_mut().filter(|mark| mark.open && is_gone(mark)) {
        news.gone.push(mark.clone());
        mark.open = false;
    }
}

impl Mark {
    fn is(&self, fault: &Fault) -> bool {
        self.binding == fault.binding && self.code == fault.code.as_str() && self.resource == fault.resource
    }

    /// Whether it was told so recently that it is not told again. A time that lies ahead, because a clock was wrong, holds no longer than another.
    fn is_held(&self, now: Timestamp) -> bool {
        now.duration_since(self.told).abs() < HOLD
    }
}

#[cfg(test)]
mod tests;
