//! Which members may leave, and how many at a time.

use end_to_end::worlds;
use onboarding::Code;

use crate::case::{Case, running};

/// Three members, two of which lose their tag.
fn two_of_three(case: Case) -> Case {
    let mut case = case;
    case.scenario = running(&worlds::fleet(2));
    case.onboarded().after(|console| console.untag(&worlds::fleet_ids(2)))
}

checks! {
    // A fifth of three is less than one, but one may always leave.
    more_leavers_than_may_go_at_a_time: two_of_three(Case::new(Code::RemovalCapped))
        .with(&["leave i-fleet-01"])
        .blocks(&["leave i-fleet-02"])
        .leaves_waiting(Code::RemovalWaits, &["remove i-fleet-01"])
        .leaves_waiting(Code::RemovalCapped, &["leave i-fleet-02"]);

    leavers_that_would_leave_too_few: two_of_three(Case::new(Code::RemovalFloor))
        .binding("minHealthy: 1", "minHealthy: 3")
        .blocks(&["leave i-fleet-01", "leave i-fleet-02"]);
}
