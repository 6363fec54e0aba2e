//! How the results of the parts of a path are combined.

use onboarding::inputs::Verdict;
use onboarding::reason::{Code, Reason};
use onboarding::topology::Unknown;

use crate::fault::{Fault, Remedy, Task};
use crate::hop::Hop;

/// How certain it is that packets stop here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Broken,
    Split,
    Unread,
}

/// Why a packet was not followed to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stop {
    kind: Kind,
    reason: Box<Reason>,
    remedy: Box<Remedy>,
}

impl Stop {
    /// It definitely stops.
    pub(crate) fn broken(reason: Reason, remedy: Remedy) -> Self {
        Self { kind: Kind::Broken, reason: Box::new(reason), remedy: Box::new(remedy) }
    }

    /// Some of the packets in question take another path.
    pub(crate) fn split(reason: Reason, remedy: Remedy) -> Self {
        Self { kind: Kind::Split, reason: Box::new(reason), remedy: Box::new(remedy) }
    }

    /// What decides was not read.
    pub(crate) fn unread(resource: impl std::fmt::Display, message: impl Into<String>) -> Self {
        Self::of_unknown(Reason::new(Code::Unread, resource, message))
    }

    /// What decides is a fact that is not known; `message` says why.
    pub(crate) fn unknown(resource: impl std::fmt::Display, why: Unknown<'_>, message: impl Into<String>) -> Self {
        Self::of_unknown(why.reason(resource, message))
    }

    /// What decides is not known, as `reason` says.
    pub(crate) fn of_unknown(reason: Reason) -> Self {
        let remedy = Remedy::Operator(Task::LetRead { resource: reason.resource.clone() });
        Self { kind: Kind::Unread, reason: Box::new(reason), remedy: Box::new(remedy) }
    }

    /// What decides is beyond what is read, and this would put it right if it does not lead there.
    pub(crate) fn doubtful(reason: Reason, remedy: Remedy) -> Self {
        Self { kind: Kind::Unread, reason: Box::new(reason), remedy: Box::new(remedy) }
    }

    /// What would put it right.
    pub(crate) fn into_remedy(self) -> Remedy {
        *self.remedy
    }
}

impl From<&Stop> for Verdict {
    fn from(stop: &Stop) -> Self {
        let reason = (*stop.reason).clone();
        match stop.kind {
            Kind::Broken => Self::Unreachable(reason),
            Kind::Split => Self::Ambiguous(reason),
            Kind::Unread => Self::Undetermined(reason),
        }
    }
}

/// Some hops of a path, and their result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    /// The hop where packets end is the last one.
    pub(crate) hops: Vec<Hop>,
    pub(crate) verdict: Verdict,
    pub(crate) fault: Option<Fault>,
}

impl Part {
    /// No hop and no fault.
    pub(crate) const OPEN: Self = Self { hops: Vec::new(), verdict: Verdict::Reachable, fault: None };

    /// These hops, the last of which is where it stopped, if it did.
    pub(crate) fn new(hops: Vec<Hop>, ended: Result<(), Stop>) -> Self {
        match ended {
            Ok(()) => Self { hops, ..Self::OPEN },
            Err(stop) => {
                let verdict = Verdict::from(&stop);
                let fault = Fault { hop: hops.len().checked_sub(1), reason: *stop.reason, remedy: *stop.remedy };
                Self { hops, verdict, fault: Some(fault) }
            }
        }
    }

    pub(crate) const fn is_open(&self) -> bool {
        self.fault.is_none()
    }

    /// Whether what decides was not read.
    pub(crate) const fn is_unknown(&self) -> bool {
        matches!(self.verdict, Verdict::Undetermined(_))
    }

    /// Parts that packets pass one after the other.
    pub(crate) fn in_series<'p>(parts: impl IntoIterator<Item = &'p Self>) -> Self {
        let parts: Vec<&Self> = parts.into_iter().collect();
        let verdict = in_series(parts.iter().map(|part| &part.verdict));
        Self::up_to(&parts, verdict)
    }

    /// Alternative parts: different packets pass different ones.
    pub(crate) fn side_by_side(parts: &[Self]) -> Self {
        let verdict = side_by_side(parts.iter().map(|part| &part.verdict));
        if verdict == Verdict::Reachable {
            return Self::up_to(&parts.iter().collect::<Vec<_>>(), verdict);
        }
        // Faults of other packets do not belong to the path that the verdict is about.
        let told = |part: &&Self| part.is_open() || part.reason() == reason(&verdict);
        Self::up_to(&parts.iter().filter(told).collect::<Vec<_>>(), verdict)
    }

    /// The hops up to where the verdict's reason lies.
    fn up_to(parts: &[&Self], verdict: Verdict) -> Self {
        let mut hops = Vec::new();
        for part in parts {
            let before = hops.len();
            hops.extend(part.hops.iter().cloned());
            if let Some(fault) = &part.fault
                && reason(&verdict) == Some(&fault.reason)
            {
                // Where the faulty part has no hop of its own, the one before leads there.
                let hop = fault.hop.map_or_else(|| before.checked_sub(1), |hop| Some(before + hop));
                return Self { hops, verdict, fault: Some(Fault { hop, ..fault.clone() }) };
            }
        }
        Self { hops, verdict, fault: None }
    }

    fn reason(&self) -> Option<&Reason> {
        self.fault.as_ref().map(|fault| &fault.reason)
    }
}

/// The reason in a verdict, if it has one.
const fn reason(verdict: &Verdict) -> Option<&Reason> {
    match verdict {
        Verdict::Reachable => None,
        Verdict::Unreachable(reason) | Verdict::Ambiguous(reason) | Verdict::Undetermined(reason) => Some(reason),
    }
}

/// Parts that a packet passes one after the other. A definite break takes precedence over unknown facts, and these over partial
/// faults; of several with the same precedence the first on the path is named.
pub(crate) fn in_series<'v>(parts: impl IntoIterator<Item = &'v Verdict>) -> Verdict {
    const fn weight(verdict: &Verdict) -> u8 {
        match verdict {
            Verdict::Reachable => 0,
            Verdict::Ambiguous(_) => 1,
            Verdict::Undetermined(_) => 2,
            Verdict::Unreachable(_) => 3,
        }
    }
    let mut worst = &Verdict::Reachable;
    for part in parts {
        if weight(part) > weight(worst) {
            worst = part;
        }
    }
    worst.clone()
}

/// Parts that different packets pass, from different sources or to different ports. It is ambiguous if only some arrive.
pub(crate) fn side_by_side<'v>(parts: impl IntoIterator<Item = &'v Verdict>) -> Verdict {
    let parts: Vec<&Verdict> = parts.into_iter().collect();
    let Some(bad) = parts.iter().find(|part| ***part != Verdict::Reachable) else { return Verdict::Reachable };
    if let Some(unknown) = parts.iter().find(|part| matches!(part, Verdict::Undetermined(_))) {
        return (*unknown).clone();
    }
    if parts.iter().all(|part| matches!(part, Verdict::Unreachable(_))) {
        return (*bad).clone();
    }
    reason(bad).map_or(Verdict::Reachable, |reason| Verdict::Ambiguous(reason.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn because(text: &str) -> Reason {
        Reason::new(Code::NoRoute, text, text)
    }

    #[test]
    fn a_break_outweighs_the_unknown_in_series() {
        let parts = [
            Verdict::Ambiguous(because("a")),
            Verdict::Undetermined(because("b")),
            Verdict::Unreachable(because("c")),
            Verdict::Unreachable(because("d")),
        ];
        assert_eq!(in_series(&parts), Verdict::Unreachable(because("c")));
        assert_eq!(in_series(&parts[..2]), Verdict::Undetermined(because("b")));
        assert_eq!(in_series(&[]), Verdict::Reachable);
    }

    #[test]
    fn good_and_bad_side_by_side_are_ambiguous() {
        let bad = Verdict::Unreachable(because("a"));
        assert_eq!(side_by_side([&Verdict::Reachable, &bad]), Verdict::Ambiguous(because("a")));
        assert_eq!(side_by_side([&bad, &bad]), bad);
        let unknown = Verdict::Undetermined(because("b"));
        assert_eq!(side_by_side([&bad, &unknown]), unknown);
        assert_eq!(side_by_side([]), Verdict::Reachable);
    }
}
