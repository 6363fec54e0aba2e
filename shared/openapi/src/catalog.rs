//! The catalog of all actions. RAM policies are generated from it.

use std::sync::LazyLock;

use crate::action::ActionInfo;
use crate::{alb, cbn, ecs, eventbridge, fc, fnf, ims, oss, ram, ros, sts, vpc};

/// Every action that this crate can call, by service and name. RAM policies are generated from it.
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
            ims::ACTIONS,
            ros::ACTIONS,
        ]
        .concat();
        actions.sort_unstable();
        actions
    });
    &ACTIONS
}
