//! What the suite measures, and beside what: stories in memory, worlds that are served with their time held, and the process
//! that is measured. Everything of albridge that runs is compiled here, once; what judges and prints is in main.

pub mod delays;
mod frozen;
mod lockstep;
pub mod measured;
pub mod onboarding;
pub mod serving;
pub mod worlds;
