//! A fault as data: what it concerns, when it is its turn, what happens.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::effect::{Effect, Seconds};
use super::occurrence::Occurrence;
use crate::call::{ApiError, Caller, Service};
use crate::wildcard::wildcard;

/// A fault. Unknown fields are refused.
///
/// While it is active, the first `skip` matching occurrences pass; then it applies to every `every`th, with `probability`, at most
/// `times` times.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule {
    /// Its id; a number is generated if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it matches; everything that its effect applies to if empty.
    #[serde(default)]
    pub on: Match,
    /// So many pass first.
    #[serde(default)]
    pub skip: u32,
    /// So often in all; without end if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// Every so-many-th only.
    #[serde(default = "every_one")]
    pub every: NonZeroU32,
    /// Only by chance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<Probability>,
    /// The seed of that chance; the world's unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Active from here on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Moment>,
    /// No longer active from here on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Moment>,
    /// What happens.
    pub effect: Effect,
}

/// What a rule matches: all given fields must match. In texts `*` stands for any characters, `?` for one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Match {
    /// The service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<Service>,
    /// The action, as in `Create*`. Invocations are `InvokeFunction`, deliveries `PutEvents`, sessions `AssumeRole`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Whether it is one that changes something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub writes: Option<bool>,
    /// The region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Who asks: a role's name, or `root` for the account's own key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller: Option<String>,
    /// Parameters, each by name and value. An invocation has `functionName`; a delivery `type`, `source`, `subject` and
    /// `target`; a session `RoleName`; a call on an object `bucket` and `key`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
}

/// A point of the cloud's time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "a moment is a time as 2026-11-22T08:00:00Z, or seconds since the rule was made")]
pub enum Moment {
    /// Of the calendar.
    At(Timestamp),
    /// So long after the rule was made.
    After(Seconds),
}

/// From 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Probability(f64);

impl Rule {
    /// A rule that always strikes.
    #[must_use]
    pub fn new(effect: Effect) -> Self {
        Self {
            name: None,
            on: Match::default(),
            skip: 0,
            times: None,
            every: every_one(),
            probability: None,
            seed: None,
            from: None,
            until: None,
            effect,
        }
    }

    /// Calls are refused with this error, and nothing is done.
    #[must_use]
    pub fn refuse(error: ApiError) -> Self {
        Self::new(refusal(error, false))
    }

    /// Calls are carried out, and the client is told that the service was unavailable.
    #[must_use]
    pub fn lose_answer() -> Self {
        Self::new(refusal(super::effect::unavailable(), true))
    }

    /// Only on this action of this service.
    #[must_use]
    pub fn on(mut self, service: Service, action: &str) -> Self {
        self.on.service = Some(service);
        self.on.action = Some(action.to_owned());
        self
    }

    /// Only on calls that change something.
    #[must_use]
    pub const fn on_writes(mut self) -> Self {
        self.on.writes = Some(true);
        self
    }

    /// So many pass first.
    #[must_use]
    pub const fn skip(mut self, skip: u32) -> Self {
        self.skip = skip;
        self
    }

    /// So often in all.
    #[must_use]
    pub const fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    pub(super) fn concerns(&self, occurrence: &Occurrence<'_>) -> bool {
        let writes = crate::call::writes(occurrence.action);
        let fits = match self.effect {
            Effect::StaleReads { .. } | Effect::Falsify { .. } => !writes,
            Effect::Stick { .. } => writes,
            _ => true,
        };
        fits && self.effect.domain() == occurrence.domain && self.on.matches(occurrence)
    }
}

/// An error as an effect; a status that is no refusal's becomes 500.
fn refusal(error: ApiError, done: bool) -> Effect {
    let ApiError { status, code, message } = error;
    match super::Status::try_from(status) {
        Ok(status) => Effect::Refuse { status, code, message, done },
        Err(_) => Effect::InternalError,
    }
}

impl Match {
    fn matches(&self, occurrence: &Occurrence<'_>) -> bool {
        let fits = |pattern: &Option<String>, text: &str| {
            pattern.as_ref().is_none_or(|pattern| wildcard(pattern.as_bytes(), text.as_bytes()))
        };
        let caller = match occurrence.caller {
            None => "",
            Some(Caller::Root) => "root",
            Some(Caller::Nobody) => "nobody",
            Some(Caller::Role(role) | Caller::Restricted { role, .. }) => role,
        };
        let holds = |(name, value): (&String, &String)| {
            occurrence.params.iter().any(|(sent, text)| {
                wildcard(name.as_bytes(), sent.as_bytes()) && wildcard(value.as_bytes(), text.as_bytes())
            })
        };
        self.service.is_none_or(|service| service == occurrence.service)
            && fits(&self.action, occurrence.action)
            && fits(&self.region, occurrence.region)
            && fits(&self.caller, caller)
            && self.writes.is_none_or(|writes| writes == crate::call::writes(occurrence.action))
            && self.parameters.iter().all(holds)
    }
}

impl Moment {
    /// Whether it is over at `now`, for a rule made at `added`.
    pub(super) fn reached(self, added: Timestamp, now: Timestamp) -> bool {
        match self {
            Self::At(at) => at <= now,
            Self::After(seconds) => {
                SignedDuration::try_from(seconds.duration()).is_ok_and(|after| now.duration_since(added) >= after)
            }
        }
    }
}

impl From<Duration> for Moment {
    fn from(after: Duration) -> Self {
        Self::After(after.into())
    }
}

impl Probability {
    /// The number.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Probability {
    type Error = &'static str;

    fn try_from(chance: f64) -> Result<Self, Self::Error> {
        if (0.0..=1.0).contains(&chance) { Ok(Self(chance)) } else { Err("a probability is a number from 0 to 1") }
    }
}

impl From<Probability> for f64 {
    fn from(probability: Probability) -> Self {
        probability.0
    }
}

const fn every_one() -> NonZeroU32 {
    NonZeroU32::MIN
}
