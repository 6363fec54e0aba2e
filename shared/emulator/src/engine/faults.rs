//! The fault rules of a world: added, removed, and the transitions that they hold.
//!
//! While a call that a rule makes stick is carried out, the world's latencies have a [`Hold`]: every transition that the call
//! starts ends later, or at a date after all others that identifies the rule. Removing the rule ends those transitions at once.

use jiff::Timestamp;

use crate::faults::{FaultError, FaultState, Rule};
use crate::time::{Held, held_until};
use crate::world::World;

#[cfg(doc)]
use crate::time::Hold;

/// Ends every transition that the rule of this number holds.
fn release(world: &mut World, now: Timestamp, number: u64) {
    let hold = Held { mark: held_until(number), now };
    world.alb.release(hold);
    world.cen.release(hold);
    world.vpc.release(hold);
    world.ecs.release(hold);
    world.ros.release(hold);
}

impl World {
    /// Adds a rule; its moments count from `now`. Returns the id that it goes by.
    ///
    /// # Errors
    /// [`FaultError::Taken`]: another rule has its name.
    pub(crate) fn add_fault(&mut self, now: Timestamp, rule: Rule) -> Result<String, FaultError> {
        let seed = self.settings.seed;
        self.faults.add(now, seed, rule)
    }

    /// Adds rules, all of them or none.
    ///
    /// # Errors
    /// [`FaultError::Taken`]: another rule has a name of theirs.
    pub fn add_faults(&mut self, now: Timestamp, rules: Vec<Rule>) -> Result<Vec<String>, FaultError> {
        let mut next = self.faults.clone();
        let seed = self.settings.seed;
        let ids = rules.into_iter().map(|rule| next.add(now, seed, rule)).collect::<Result<_, _>>()?;
        self.faults = next;
        Ok(ids)
    }

    /// Removes a rule and releases what it holds. Returns whether there was one of that id.
    pub fn remove_fault(&mut self, now: Timestamp, id: &str) -> bool {
        let Some(number) = self.faults.remove(id) else { return false };
        release(self, now, number);
        true
    }

    /// Removes all rules.
    pub fn clear_faults(&mut self, now: Timestamp) {
        for fault in self.faults() {
            self.remove_fault(now, &fault.id);
        }
    }

    /// The rules, in the order in which they came.
    #[must_use]
    pub fn faults(&self) -> Vec<FaultState> {
        self.faults.states()
    }
}
