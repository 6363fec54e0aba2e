//! The precautions and prerequisites of the procedure: the checks that are possible before any write, each by name.
//!
//! It reads everything, plans everything, and reports every blocked change with its reasons. It writes nothing, and no
//! finding stops the run: a failed check blocks only the changes that depend on it.

use onboarding::change::{Change, StageName};
use onboarding::topology::Topology;
use stage::{Needs, Session, Stage, WriteError};

/// The stage.
#[derive(Debug, Clone, Copy)]
pub struct Preflight;

impl Stage for Preflight {
    const NAME: StageName = StageName::Preflight;
    const NEEDS: Needs = Needs::ALL;
    const WRITES: &'static [&'static str] = &[];
    const SHOWS: &'static [&'static str] = &[];

    async fn write(&self, _: &Session<'_>, _: &Topology, _: &[Change]) -> Result<usize, WriteError> {
        Ok(0)
    }
}
