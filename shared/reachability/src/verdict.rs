//! How verdicts about parts make one about the whole.

use onboarding::plan::Verdict;
use onboarding::reason::{Code, Reason};

/// Why a packet was not followed to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stop {
    /// It goes no further.
    Broken(Reason),
    /// Some of the packets asked about go elsewhere.
    Split(Reason),
    /// What decides was not read.
    Unread(Reason),
}

impl Stop {
    /// Something that could not be read.
    pub(crate) fn unread(resource: impl std::fmt::Display, message: impl Into<String>) -> Self {
        Self::Unread(Reason::new(Code::Unread, resource, message))
    }
}

impl From<Stop> for Verdict {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Broken(reason) => Self::Unreachable(reason),
            Stop::Split(reason) => Self::Ambiguous(reason),
            Stop::Unread(reason) => Self::Undetermined(reason),
        }
    }
}

/// The reason in a verdict, if it has one.
pub(crate) const fn reason(verdict: &Verdict) -> Option<&Reason> {
    match verdict {
        Verdict::Reachable => None,
        Verdict::Unreachable(reason) | Verdict::Ambiguous(reason) | Verdict::Undetermined(reason) => Some(reason),
    }
}

/// Parts that a packet passes one after the other. A definite break outweighs what is unknown, which outweighs what is
/// partly broken; among equals the first on the way is named.
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

/// Packets that go side by side, from different sources or to different ports. Some good and some bad is ambiguous.
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
