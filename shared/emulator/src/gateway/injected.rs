//! The faults that rules inject into one call.

use std::time::Duration;

use super::delivery::Delivery;
use crate::call::ApiError;
use crate::faults::Lie;
use crate::time::Hold;

/// The faults for one call that is not refused at once.
#[derive(Debug, Default)]
pub(super) struct InjectedFaults {
    pub(super) delivery: Delivery,
    /// The error that the client gets although the call is carried out.
    pub(super) lie: Option<ApiError>,
    pub(super) hold: Option<Hold>,
    pub(super) lag: Option<Duration>,
    /// How the answer is falsified.
    pub(super) falsified: Option<Lie>,
}
