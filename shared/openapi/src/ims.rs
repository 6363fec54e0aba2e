//! Identity Management Service, version 2019-08-15: how many identities and policies an account has, and may have.

use serde::{Deserialize, Serialize};

use crate::action::actions;
use crate::whole::central as whole;

actions! {
    Ims "ram" {
        reads GetAccountSummary => GetAccountSummaryAnswer, whole::ACCOUNT;
    }
}

/// The account's numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct GetAccountSummary {}

/// Answer of [`GetAccountSummary`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct GetAccountSummaryAnswer {
    pub summary_map: Summary,
    pub request_id: String,
}

/// What there is, and how much there may be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Summary {
    pub roles: usize,
    pub roles_quota: usize,
    /// Custom policies.
    pub policies: usize,
    pub policies_quota: usize,
    /// Characters of a custom policy's document.
    pub policy_size_quota: usize,
}
