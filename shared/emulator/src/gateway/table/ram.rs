//! What the actions of `ram` take. Written by tests/conformance from data: not to be edited.

use super::entry::Kind::{Integer, Text};
use super::entry::{Action, may, must};

pub(super) const VERSION: &str = "2015-05-01";

pub(super) const ACTIONS: &[Action] = &[
    Action { name: "AttachPolicyToRole", parameters: &[
        must("PolicyName", Text),
        must("PolicyType", Text),
        must("RoleName", Text),
    ] },
    Action { name: "CreatePolicy", parameters: &[
        may("Description", Text),
        must("PolicyDocument", Text),
        must("PolicyName", Text),
        may("Tag.N.Key", Text),
        may("Tag.N.Value", Text),
    ] },
    Action { name: "CreateRole", parameters: &[
        must("AssumeRolePolicyDocument", Text),
        may("Description", Text),
        may("MaxSessionDuration", Integer),
        must("RoleName", Text),
        may("Tag.N.Key", Text),
        may("Tag.N.Value", Text),
    ] },
    Action { name: "DeletePolicy", parameters: &[
        must("PolicyName", Text),
    ] },
    Action { name: "DeleteRole", parameters: &[
        must("RoleName", Text),
    ] },
    Action { name: "DetachPolicyFromRole", parameters: &[
        must("PolicyName", Text),
        must("PolicyType", Text),
        must("RoleName", Text),
    ] },
    Action { name: "GetPolicy", parameters: &[
        must("PolicyName", Text),
        must("PolicyType", Text),
    ] },
    Action { name: "GetRole", parameters: &[
        must("RoleName", Text),
    ] },
    Action { name: "ListPoliciesForRole", parameters: &[
        must("RoleName", Text),
    ] },
    Action { name: "ListRoles", parameters: &[
        may("Marker", Text),
        may("MaxItems", Integer),
        may("Tag.N.Key", Text),
        may("Tag.N.Value", Text),
    ] },
    Action { name: "UpdateRole", parameters: &[
        may("NewAssumeRolePolicyDocument", Text),
        must("RoleName", Text),
    ] },
];
