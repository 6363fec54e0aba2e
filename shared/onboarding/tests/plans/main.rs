//! Plans for the procedure's world: what is added, what is left alone, what is removed and why.

#![expect(clippy::unwrap_used, reason = "a fixture that does not fit ends the test")]

mod absence;
mod advice;
mod approval;
mod causes;
mod checks;
mod follow_ups;
mod hand_over;
mod ignore;
mod limits;
mod members;
mod network;
mod onward;
mod properties;
mod prune;
mod served;
mod teardown;
mod world;
