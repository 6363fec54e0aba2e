//! A run of the workflow, as far as the story has told it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use stage::Report;

/// A run as the story saw it.
#[derive(Debug, Default)]
pub(crate) struct Run {
    /// The execution's name.
    pub(crate) name: String,
    /// What each stage answered.
    pub(crate) reports: Vec<Report>,
    /// How many changes it made in all.
    pub(crate) changes: usize,
    /// Events of its history that were told.
    pub(super) seen: usize,
    /// When it came to each of its states.
    pub(super) entered: BTreeMap<String, Timestamp>,
    pub(super) ended: bool,
}
