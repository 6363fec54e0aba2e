//! Resource Access Management, version 2015-05-01: roles and their policies.

use serde::{Deserialize, Serialize};

use crate::action::actions;
use crate::whole::central as whole;

actions! {
    Ram "ram" {
        reads GetRole => GetRoleAnswer, whole::ROLE;
        reads ListPoliciesForRole => ListPoliciesForRoleAnswer, whole::ROLE_POLICIES;
    }
}

/// One role.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetRole {
    pub role_name: String,
}

/// Answer of [`GetRole`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct GetRoleAnswer {
    pub role: Role,
    pub request_id: String,
}

/// A role.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Role {
    pub role_name: String,
    pub arn: String,
    /// A JSON object, as text.
    pub assume_role_policy_document: String,
    pub description: String,
}

/// The policies attached to a role.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListPoliciesForRole {
    pub role_name: String,
}

/// Answer of [`ListPoliciesForRole`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ListPoliciesForRoleAnswer {
    pub policies: Vec<AttachedPolicy>,
    pub request_id: String,
}

/// A policy attached to a role.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct AttachedPolicy {
    pub policy_name: String,
    /// `System` or `Custom`.
    pub policy_type: String,
    pub description: String,
}
