//! Fault injection: rules for what goes wrong, so that tests can show how a client handles it.
//!
//! ```text
//!   scenario, --faults, /-/faults, a test ──► Rule ──► Faults (in the world)
//!                                                         │ strike: does a rule concern this, is it its turn?
//!      ┌──────────────────┬───────────────────┬───────────┴────────┐
//!   a call (gateway)   a session (sts)   an invocation (fc)   a delivery (events)
//! ```
//!
//! A [`Rule`] says what it concerns, when it is its turn, and what happens then; its effect decides which of the four kinds of
//! occurrence it can concern. Randomness depends on the world's seed and the rule's number only: one seed gives one sequence of
//! faults.

mod document;
mod effect;
mod lie;
mod occurrence;
mod rule;
#[cfg(test)]
mod tests;

use std::time::Duration;

use clock::Random;
use jiff::Timestamp;
use serde::Serialize;

pub use document::{FaultError, parse};
pub use effect::{Effect, Seconds, Status};
pub use lie::Lie;
pub(crate) use occurrence::{Occurrence, Struck};
pub use rule::{Match, Moment, Probability, Rule};

pub(crate) use effect::{Domain, internal_error, throttled, throttled_function, unavailable};

/// A rule and how often it struck, as the control API shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FaultState {
    /// Identifies it.
    pub id: String,
    /// Number of occurrences that it matched while it was active.
    pub seen: u64,
    /// How often it was applied.
    pub hits: u64,
    /// The rule.
    pub rule: Rule,
}

/// The rules of a world.
#[derive(Debug, Clone, Default)]
pub(crate) struct Faults {
    entries: Vec<Entry>,
    /// How many rules there ever were.
    numbered: u64,
}

#[derive(Debug, Clone)]
struct Entry {
    id: String,
    number: u64,
    rule: Rule,
    added: Timestamp,
    seen: u64,
    hits: u64,
    random: Random,
}

impl Faults {
    /// Whether there are no rules: checked first, so that a world without faults has no cost.
    pub(crate) const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether some rule is about occurrences of this kind.
    pub(crate) fn touch(&self, domain: Domain) -> bool {
        self.entries.iter().any(|entry| entry.rule.effect.domain() == domain)
    }

    /// The longest lag of stale reads: so long, earlier worlds have to be kept.
    pub(crate) fn longest_lag(&self) -> Option<Duration> {
        let lag = |entry: &Entry| match entry.rule.effect {
            Effect::StaleReads { seconds } => Some(seconds.duration()),
            // The world before the latest write is kept until the next one.
            Effect::Falsify { lie: Lie::OneWriteAgo } => Some(Duration::ZERO),
            _ => None,
        };
        self.entries.iter().filter_map(lag).max()
    }

    /// What goes wrong with this occurrence, in the order of the rules. Each rule counts what it concerns.
    pub(crate) fn strike(&mut self, now: Timestamp, occurrence: &Occurrence<'_>) -> Vec<Struck> {
        let mut struck = Vec::new();
        for entry in &mut self.entries {
            if entry.rule.concerns(occurrence) && entry.takes_its_turn(now) {
                struck.push((entry.rule.effect.clone(), entry.number));
            }
        }
        struck
    }

    pub(crate) fn add(&mut self, now: Timestamp, seed: u64, rule: Rule) -> Result<String, FaultError> {
        let id = rule.name.clone().unwrap_or_else(|| format!("fault-{}", self.numbered + 1));
        if self.entries.iter().any(|entry| entry.id == id) {
            return Err(FaultError::Taken(id));
        }
        self.numbered += 1;
        // Rules with neighbouring numbers must not have correlated random numbers.
        let seed = rule.seed.unwrap_or(seed) ^ self.numbered.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let (number, random) = (self.numbered, Random::seeded(seed));
        self.entries.push(Entry { id: id.clone(), number, rule, added: now, seen: 0, hits: 0, random });
        Ok(id)
    }

    /// Takes a rule out. Returns its number.
    pub(crate) fn remove(&mut self, id: &str) -> Option<u64> {
        let position = self.entries.iter().position(|entry| entry.id == id)?;
        Some(self.entries.remove(position).number)
    }

    /// The rules, in the order in which they came.
    pub(crate) fn states(&self) -> Vec<FaultState> {
        let state = |entry: &Entry| FaultState {
            id: entry.id.clone(),
            seen: entry.seen,
            hits: entry.hits,
            rule: entry.rule.clone(),
        };
        self.entries.iter().map(state).collect()
    }
}

impl Entry {
    fn takes_its_turn(&mut self, now: Timestamp) -> bool {
        let rule = &self.rule;
        let begun = rule.from.is_none_or(|from| from.reached(self.added, now));
        let over = rule.until.is_some_and(|until| until.reached(self.added, now));
        if !begun || over || rule.times.is_some_and(|times| self.hits >= u64::from(times)) {
            return false;
        }
        self.seen += 1;
        let Some(after_skip) = self.seen.checked_sub(u64::from(rule.skip) + 1) else { return false };
        let due = after_skip % u64::from(rule.every.get()) == 0;
        let struck = due && rule.probability.is_none_or(|probability| self.random.fraction() < probability.get());
        self.hits += u64::from(struck);
        struck
    }
}
