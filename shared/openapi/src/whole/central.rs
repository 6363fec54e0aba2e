//! STS, RAM and EventBridge: what whole answers hold.

use super::End::Once;
use super::Field::{Filled, Given, List};
use super::Whole;

/// The session's key (api-parameters.json, `AssumeRole`).
pub(crate) const SESSION: Whole = Whole::one(&[
    Filled("Credentials.AccessKeyId"),
    Filled("Credentials.AccessKeySecret"),
    Filled("Credentials.SecurityToken"),
]);

/// Who calls (api-parameters.json, `GetCallerIdentity`).
pub(crate) const CALLER: Whole = Whole::one(&[Filled("AccountId")]);

/// One role: an answer that names none says nothing about it.
pub(crate) const ROLE: Whole = Whole::one(&[Filled("Role.RoleName")]);

/// The account's numbers (API reference of IMS, `GetAccountSummary`): a number that is missing would be zero.
pub(crate) const ACCOUNT: Whole = Whole::one(&[
    Given("SummaryMap.Roles"),
    Filled("SummaryMap.RolesQuota"),
    Given("SummaryMap.Policies"),
    Filled("SummaryMap.PoliciesQuota"),
    Filled("SummaryMap.PolicySizeQuota"),
]);

/// No pages.
pub(crate) const ROLE_POLICIES: Whole =
    Whole::listing(Once, "Policies", &["PolicyName", "PolicyType"], &[Filled("PolicyName")]);

/// One rule (api-parameters.json, `GetRule`).
pub(crate) const RULE: Whole = Whole::one(&[Filled("Data.RuleName"), Filled("Data.Status")]);

/// One page of rules (api-parameters.json, `ListRules`).
pub(crate) const RULES: Whole = Whole::one(&[List("Data.Rules", &[Filled("RuleName"), Filled("Status")])]);

/// At most five (api-parameters.json, `ListTargets`).
pub(crate) const TARGETS: Whole = Whole::one(&[List("Data.Targets", &[])]);
