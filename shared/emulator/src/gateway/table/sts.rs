//! What the actions of `sts` take. Written by tests/conformance from data: not to be edited.

use super::entry::Kind::{Integer, Text};
use super::entry::{Action, may, must};

pub(super) const VERSION: &str = "2015-04-01";

pub(super) const ACTIONS: &[Action] = &[
    Action { name: "AssumeRole", parameters: &[
        may("DurationSeconds", Integer).value(900, 43_200),
        may("ExternalId", Text).length(2, 1_224),
        may("Policy", Text).length(1, 2_048),
        must("RoleArn", Text),
        must("RoleSessionName", Text).length(2, 64),
        may("SourceIdentity", Text),
    ] },
    Action { name: "AssumeRoleWithOIDC", parameters: &[
        may("DurationSeconds", Integer).value(900, 43_200),
        may("OIDCProviderArn", Text),
        may("OIDCToken", Text).length(4, 20_000),
        may("Policy", Text).length(1, 2_048),
        may("RoleArn", Text),
        must("RoleSessionName", Text).length(2, 64),
    ] },
    Action { name: "GetCallerIdentity", parameters: &[
    ] },
];
