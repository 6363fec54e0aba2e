//! Security Token Service, version 2015-04-01.

use serde::{Deserialize, Serialize};

use crate::action::actions;
use crate::whole::central as whole;

actions! {
    Sts "sts" {
        // It creates a session, not a resource: a run must be able to read another account when the kill switch is on.
        reads AssumeRole => AssumeRoleAnswer, whole::SESSION;
        reads GetCallerIdentity => GetCallerIdentityAnswer, whole::CALLER;
    }
}

/// Temporary credentials of a role.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssumeRole {
    pub role_arn: String,
    pub role_session_name: String,
    pub external_id: Option<String>,
    /// 900 to the role's maximum.
    pub duration_seconds: Option<u32>,
    pub policy: Option<String>,
}

/// Temporary credentials of a role, for a token of an OpenID Connect provider. It has no `Debug`: the token is secret.
#[derive(Clone, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssumeRoleWithOidc {
    #[serde(rename = "OIDCProviderArn")]
    pub oidc_provider_arn: String,
    #[serde(rename = "OIDCToken")]
    pub oidc_token: String,
    pub role_arn: String,
    pub role_session_name: String,
    /// 900 to the role's maximum.
    pub duration_seconds: Option<u32>,
}

/// Answer of [`AssumeRole`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct AssumeRoleAnswer {
    pub credentials: SessionCredentials,
    pub assumed_role_user: AssumedRoleUser,
    pub request_id: String,
}

/// Credentials that expire. `Debug` shows no secret.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct SessionCredentials {
    pub access_key_id: String,
    pub access_key_secret: String,
    pub security_token: String,
    pub expiration: String,
}

impl std::fmt::Debug for SessionCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SessionCredentials")
            .field("access_key_id", &self.access_key_id)
            .field("expiration", &self.expiration)
            .finish_non_exhaustive()
    }
}

/// The identity of an assumed role.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct AssumedRoleUser {
    pub arn: String,
    pub assumed_role_id: String,
}

/// Who the credentials belong to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetCallerIdentity {}

/// Answer of [`GetCallerIdentity`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct GetCallerIdentityAnswer {
    pub account_id: String,
    pub arn: String,
    /// `Account`, `RAMUser` or `AssumedRoleUser`.
    pub identity_type: String,
    pub principal_id: String,
    pub user_id: String,
    pub request_id: String,
}
