//! The source addresses of an ALB's requests to its backends.

use serde::{Deserialize, Serialize};

/// Whether an ALB reaches backends from its own vSwitches or from 100.64.0.0/10.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Generation {
    /// Created since 2025-02-25: sources are addresses of the ALB's own vSwitches.
    Upgraded,
    /// Non-upgraded: sources are the back-to-origin prefixes, which no API tells.
    Classic,
}
