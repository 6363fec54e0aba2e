//! What a function's library says about its stage.

use std::future::Future;

use onboarding::{Change, StageName, Topology};

use crate::error::WriteError;
use crate::needs::Needs;
use crate::session::Session;

/// One stage: what it has to see, and how it writes its own changes.
pub trait Stage: Sync {
    /// Its name.
    const NAME: StageName;
    /// What it has to see.
    const NEEDS: Needs;
    /// The permissions that its writes take: with [`Needs::actions`], the whole of its role.
    const WRITES: &'static [&'static str];
    /// The readings, by action, that show how its changes come about: what is read while it waits for them.
    const SHOWS: &'static [&'static str];

    /// Makes the first of `changes`, in one call; gives how many of them that call made. `changes` are of one lane, in the
    /// order of the plan, and ready: what they need was there in `topology`.
    ///
    /// # Errors
    /// [`WriteError`]: the cloud's refusal, or why the first change cannot be made. The loop decides what it means.
    fn write(
        &self,
        session: &Session<'_>,
        topology: &Topology,
        changes: &[Change],
    ) -> impl Future<Output = Result<usize, WriteError>> + Send;
}
