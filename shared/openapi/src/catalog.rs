//! The catalog of all actions, which policies are made from.

use std::sync::LazyLock;

use crate::action::ActionInfo;
use crate::{alb, cbn, ecs, eventbridge, fc, fnf, oss, ram, sts, vpc};

/// Every action that this crate can call, by service and name: what policies are made from.
#[must_use]
pub fn actions() -> &'static [ActionInfo] {
    static ACTIONS: LazyLock<Vec<ActionInfo>> = LazyLock::new(|| {
        let mut actions = [
            alb::ACTIONS,
            cbn::ACTIONS,
            vpc::ACTIONS,
            ecs::ACTIONS,
            fnf::ACTIONS,
            sts::ACTIONS,
            fc::ACTIONS,
            oss::ACTIONS,
            eventbridge::ACTIONS,
            ram::ACTIONS,
        ]
        .concat();
        actions.sort_unstable();
        actions
    });
    &ACTIONS
}
