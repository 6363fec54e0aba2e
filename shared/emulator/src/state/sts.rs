//! Keys and sessions of roles.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;

use crate::call::Caller;

/// What a client signs with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The key's public part.
    pub access_key_id: String,
    /// The key's secret part.
    pub access_key_secret: String,
    /// Present for a role's session.
    pub security_token: Option<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) secret: String,
    pub(crate) token: String,
    /// The role's name.
    pub(crate) role: String,
    /// The name that whoever assumed it gave the session.
    pub(crate) name: String,
    pub(crate) expires: Timestamp,
    /// The region of the function whose session it is; none of who assumed a role from wherever.
    pub(crate) region: Option<String>,
    /// The policy in the `AssumeRole` call: a call needs the permission of both policies.
    pub(crate) policy: Option<String>,
}

impl Session {
    /// Who a request with this session's key comes from.
    pub(crate) fn caller(&self) -> Caller {
        match &self.policy {
            None => Caller::Role(self.role.clone()),
            Some(policy) => Caller::Restricted { role: self.role.clone(), policy: policy.clone() },
        }
    }
}

/// An identity provider of OpenID Connect.
#[derive(Debug, Clone)]
pub(crate) struct OidcProvider {
    /// Its URL.
    pub(crate) issuer: String,
    /// The audiences that its tokens may be for.
    pub(crate) clients: Vec<String>,
    /// What its tokens are signed with.
    pub(crate) secret: String,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Sts {
    /// Identity providers by ARN.
    pub(crate) providers: BTreeMap<String, OidcProvider>,
    pub(crate) sessions: BTreeMap<String, Session>,
    /// Per role and region, the access key of the session that its functions share.
    pub(crate) functions: BTreeMap<(String, String), String>,
    /// Per role, keys that tests have set for the next sessions.
    pub(crate) planted: BTreeMap<String, VecDeque<Credentials>>,
    /// The account's own key, if a test has set one.
    pub(crate) account: Option<Credentials>,
}

impl Sts {
    pub(crate) fn session(&self, access_key: &str) -> Option<&Session> {
        self.sessions.get(access_key)
    }

    pub(crate) fn issued(&self, token: &str) -> bool {
        self.sessions.values().any(|session| session.token == token)
    }
}
