//! What the intrinsics of one deployment refer to.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde_json::Value;

use super::work::Work;
use crate::model::{Pseudo, Template};

/// Everything an intrinsic may refer to.
pub(super) struct Scope<'a> {
    pub(super) template: &'a Template,
    pub(super) pseudo: &'a Pseudo,
    pub(super) parameters: BTreeMap<String, Value>,
    pub(super) conditions: BTreeMap<String, bool>,
    /// The attributes being computed: a cycle is an error, not an endless loop.
    pub(super) visiting: RefCell<Vec<String>>,
    pub(super) work: Work,
}

impl Scope<'_> {
    /// Whether a thing with this condition is part of the deployment.
    pub(super) fn holds(&self, condition: Option<&str>) -> bool {
        condition.is_none_or(|name| self.conditions.get(name).copied().unwrap_or(false))
    }
}
