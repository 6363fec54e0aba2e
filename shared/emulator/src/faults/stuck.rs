//! States that do not settle until somebody lets go of them.
//!
//! While a call that is to stick is carried out, the world's pace has a [`Hold`]: everything that the call sets going ends later,
//! or at a date after all others that names the rule. Letting go turns those dates into now.

use jiff::Timestamp;

use crate::time::held_until;
use crate::world::World;
use crate::{alb, cen, ecs, ros, vpc};

use crate::time::Held;
#[cfg(doc)]
use crate::time::Hold;

/// Lets go of everything that the rule of this number holds.
pub(super) fn release(world: &mut World, now: Timestamp, number: u64) {
    let hold = Held { mark: held_until(number), now };
    alb::release(world, hold);
    cen::release(world, hold);
    vpc::release(world, hold);
    ecs::release(world, hold);
    ros::release(world, hold);
}
