//! The interface between the stage loop and a function's library.

use std::future::Future;

use onboarding::{Change, StageName, Topology};

use crate::error::WriteError;
use crate::needs::Needs;
use crate::session::Session;

/// One stage: what it reads, and how it makes its own writes.
pub trait Stage: Sync {
    /// Its name.
    const NAME: StageName;
    /// The parts of the cloud that it reads.
    const NEEDS: Needs;
    /// The permissions that its writes need: together with [`Needs::actions`], its whole role.
    const WRITES: &'static [&'static str];
    /// The actions whose answers show the progress of its changes; they are read again while the stage waits.
    const SHOWS: &'static [&'static str];

    /// Makes the first of `changes` in one call, and returns how many of them that call made. `changes` are of one lane, in
    /// the order of the plan, and ready: what they need exists in `topology`.
    ///
    /// # Errors
    /// [`WriteError`]: the cloud's refusal, or why the first change cannot be made. The loop decides what to do about it.
    fn write(
        &self,
        session: &Session<'_>,
        topology: &Topology,
        changes: &[Change],
    ) -> impl Future<Output = Result<usize, WriteError>> + Send;
}
