//! A fact, or why it is not known. There are three cases: a failed call blocks the changes that depend on the fact and is
//! reported, while a fact that was not asked for says nothing about the cloud.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::reason::{Code, Reason};

/// A fact about the cloud, or why it is not known. An unknown fact never counts as absent.
///
/// ```
/// use onboarding::{Code, Known};
///
/// let failed: Known<Vec<String>> = Known::Failed("DescribeInstances: Forbidden.RAM".to_owned());
/// let why = failed.why_unknown().unwrap();
/// assert_eq!((why.code(), why.to_string().as_str()), (Code::Unread, "DescribeInstances: Forbidden.RAM"));
///
/// assert_eq!(Known::<bool>::default().why_unknown().unwrap().code(), Code::NotAsked);
/// assert_eq!(Known::Known(true).why_unknown(), None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Known<T> {
    /// It was read, and the answer was complete.
    Known(T),
    /// It was asked for, but the call failed or the answer was incomplete: which call, and why.
    Failed(String),
    /// It was not asked for. The text, if there is one, says why there was nothing to read it from.
    NotAsked(Option<String>),
}

impl<T> Default for Known<T> {
    fn default() -> Self {
        Self::NotAsked(None)
    }
}

impl<T> Known<T> {
    /// The fact, if it is known.
    pub const fn get(&self) -> Option<&T> {
        match self {
            Self::Known(fact) => Some(fact),
            Self::Failed(_) | Self::NotAsked(_) => None,
        }
    }

    /// The fact for modification, if it is known.
    pub const fn get_mut(&mut self) -> Option<&mut T> {
        match self {
            Self::Known(fact) => Some(fact),
            Self::Failed(_) | Self::NotAsked(_) => None,
        }
    }

    /// A fact that could not be read from anything, with the reason; no call failed.
    #[must_use]
    pub fn nothing_to_read(why: impl fmt::Display) -> Self {
        Self::NotAsked(Some(why.to_string()))
    }

    /// The failure of the call for this fact, if it was asked for and the call failed.
    pub fn failure(&self) -> Option<&str> {
        match self {
            Self::Failed(why) => Some(why),
            Self::Known(_) | Self::NotAsked(_) => None,
        }
    }

    /// Why it is not known.
    pub fn why_unknown(&self) -> Option<Unknown<'_>> {
        match self {
            Self::Known(_) => None,
            Self::Failed(why) => Some(Unknown::Failed(why)),
            Self::NotAsked(why) => Some(Unknown::NotAsked(why.as_deref())),
        }
    }

    /// Applies `make` to a known fact; an unknown fact stays unknown for the same reason.
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Known<U> {
        match self {
            Self::Known(fact) => Known::Known(make(fact)),
            Self::Failed(why) => Known::Failed(why),
            Self::NotAsked(why) => Known::NotAsked(why),
        }
    }
}

/// Why a fact is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unknown<'a> {
    /// It was asked for, and the call failed.
    Failed(&'a str),
    /// It was not asked for, or, with a text, there was nothing to read it from.
    NotAsked(Option<&'a str>),
}

impl Default for Unknown<'_> {
    fn default() -> Self {
        Self::NotAsked(None)
    }
}

impl<'a> Unknown<'a> {
    /// Why an entry in a map of facts is not known. A missing entry was not asked for.
    pub fn of<T>(entry: Option<&'a Known<T>>) -> Option<Self> {
        entry.map_or(Some(Self::NotAsked(None)), Known::why_unknown)
    }

    /// The code of a reason that is based on it.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::Failed(_) => Code::Unread,
            Self::NotAsked(_) => Code::NotAsked,
        }
    }

    /// A reason about a resource. `sentence` says what is not known, and contains the cause.
    #[must_use]
    pub fn reason(self, resource: impl fmt::Display, sentence: impl Into<String>) -> Reason {
        Reason::new(self.code(), resource, sentence)
    }
}

impl fmt::Display for Unknown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(why) | Self::NotAsked(Some(why)) => f.write_str(why),
            Self::NotAsked(None) => f.write_str("it was not asked for"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_failed_call_is_a_failure() {
        let failed: Known<u8> = Known::Failed("ListListeners: Throttling".to_owned());
        assert_eq!(failed.failure(), Some("ListListeners: Throttling"));
        for silent in [Known::default(), Known::nothing_to_read("there is no listener"), Known::Known(1)] {
            assert_eq!(silent.failure(), None, "{silent:?}");
        }
    }

    #[test]
    fn the_three_cases_stay_apart_when_they_are_written_down() {
        let cases: [Known<u8>; 4] =
            [Known::Known(1), Known::Failed("x".to_owned()), Known::default(), Known::nothing_to_read("x")];
        for case in cases {
            let text = serde_json::to_string(&case).unwrap();
            assert_eq!(serde_json::from_str::<Known<u8>>(&text).unwrap(), case, "{text}");
        }
    }

    #[test]
    fn an_entry_that_is_not_there_was_not_asked_for() {
        assert_eq!(Unknown::of::<u8>(None), Some(Unknown::NotAsked(None)));
        assert_eq!(Unknown::of(Some(&Known::Known(1))), None);
    }
}
