//! States that do not settle until somebody lets go of them.
//!
//! While a call that is to stick is carried out, the world's pace has a [`Hold`]: everything that the call sets going ends later,
//! or at a date after all others that names the rule. Letting go turns those dates into now.

use jiff::Timestamp;

use crate::time::{Timed, held_until};
use crate::world::World;
use crate::{alb, cen, ecs, ros, vpc};

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

/// What is held, and when it is let go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Held {
    mark: Timestamp,
    now: Timestamp,
}

impl Held {
    /// A status goes on.
    pub(crate) fn release<T>(self, status: &mut Timed<T>) {
        status.hasten(self.mark, self.now);
    }

    /// A date becomes now.
    pub(crate) fn date(self, at: &mut Timestamp) {
        if *at == self.mark {
            *at = self.now;
        }
    }
}
