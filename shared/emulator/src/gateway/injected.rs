//! What rules do to one call that they do not refuse.

use std::time::Duration;

use super::delivery::Manner;
use crate::call::ApiError;
use crate::faults::Lie;
use crate::time::Hold;

/// What goes wrong with one call that is not refused outright.
#[derive(Debug, Default)]
pub(super) struct Mishaps {
    pub(super) manner: Manner,
    /// What the client is told once the call is carried out.
    pub(super) lie: Option<ApiError>,
    pub(super) hold: Option<Hold>,
    pub(super) lag: Option<Duration>,
    /// How the answer is falsified.
    pub(super) falsified: Option<Lie>,
}
