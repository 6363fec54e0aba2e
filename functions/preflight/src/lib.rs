//! The precautions and prerequisites of the procedure: what can be known before any write is known, by name.
//!
//! It looks at everything, plans everything, and reports every change that is blocked and why. It writes nothing, and
//! nothing that it finds stops the run: a failed check blocks only the changes that depend on it.

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
