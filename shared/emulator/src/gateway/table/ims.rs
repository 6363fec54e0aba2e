//! What the actions of `ims` take. Written by tests/conformance from data: not to be edited.

use super::entry::Action;

pub(super) const VERSION: &str = "2019-08-15";

pub(super) const ACTIONS: &[Action] = &[
    Action { name: "GetAccountSummary", parameters: &[
    ] },
];
