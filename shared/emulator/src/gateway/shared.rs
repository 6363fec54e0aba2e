//! What the clones of a gateway share.

use std::fmt;

use super::history::History;
use super::log::{CallRecord, Log};
use super::nonces::Nonces;
use super::rates::Rates;
use crate::world::World;

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) world: World,
    pub(super) nonces: Nonces,
    pub(super) rates: Rates,
    pub(super) log: Log,
    pub(super) history: History,
    pub(super) watchers: Watchers,
}

pub(super) type Watcher = Box<dyn FnMut(&World, &CallRecord) + Send>;

/// Callbacks that see the world after each call.
#[derive(Default)]
pub(super) struct Watchers(pub(super) Vec<Watcher>);

impl fmt::Debug for Watchers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} watchers", self.0.len())
    }
}
