//! A run of the workflow that the demo follows.

use std::collections::BTreeMap;

use jiff::Timestamp;
use stage::Report;

/// A run and what was printed about it.
#[derive(Debug, Default)]
pub(crate) struct Run {
    /// The execution's name.
    pub(crate) name: String,
    /// What each stage answered.
    pub(crate) reports: Vec<Report>,
    /// How many changes it made in all.
    pub(crate) changes: usize,
    /// How many events of its history were printed.
    pub(super) seen: usize,
    /// When it entered each of its states.
    pub(super) entered: BTreeMap<String, Timestamp>,
    pub(super) ended: bool,
}
