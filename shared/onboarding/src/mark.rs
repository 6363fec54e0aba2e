//! Ownership: how albridge knows again what it made.
//!
//! Where the cloud takes tags: `albridge` = `<deployment>/<binding>/<role>`, with `-` for the binding on attachments,
//! which several bindings share. Elsewhere descriptions begin with `albridge/<deployment>/<binding>`; a server's goes
//! on with `/<instance>` and, where something is noted about it, `/drain-<time>`, `/stopped-<time>` or `/released-<time>`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::{BindingName, InstanceId};

/// The tag's key.
pub const TAG_KEY: &str = "albridge";

/// The name of a deployment: several can live in one account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Deployment(String);

/// What a tagged resource is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A binding's server group.
    ServerGroup,
    /// A binding's listener.
    Listener,
    /// A VPC attachment, shared.
    VpcAttachment,
    /// An inter-region connection, shared.
    PeerAttachment,
}

impl Role {
    const fn as_str(self) -> &'static str {
        match self {
            Self::ServerGroup => "server-group",
            Self::Listener => "listener",
            Self::VpcAttachment => "vpc-attachment",
            Self::PeerAttachment => "peer-attachment",
        }
    }

    const fn is_shared(self) -> bool {
        matches!(self, Self::VpcAttachment | Self::PeerAttachment)
    }
}

impl Deployment {
    /// A deployment's name. Letters, digits and hyphens; anything else is the settings' work to refuse.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The tag's value for a resource of `binding`.
    #[must_use]
    pub fn tag(&self, binding: &BindingName, role: Role) -> String {
        let binding = if role.is_shared() { "-" } else { binding.as_str() };
        format!("{}/{binding}/{}", self.0, role.as_str())
    }

    /// Whether a tag's value says that this deployment made the resource.
    #[must_use]
    pub fn owns_tag(&self, value: Option<&str>) -> bool {
        value.and_then(|value| value.split_once('/')).is_some_and(|(deployment, _)| deployment == self.0)
    }

    /// The description of a route or rule of `binding`.
    #[must_use]
    pub fn description(&self, binding: &BindingName) -> String {
        format!("albridge/{}/{binding}", self.0)
    }

    /// The binding that a description says this deployment made something for.
    #[must_use]
    pub fn binding_of(&self, description: &str) -> Option<BindingName> {
        let rest = description.strip_prefix("albridge/")?.strip_prefix(self.0.as_str())?.strip_prefix('/')?;
        rest.split('/').next().filter(|name| !name.is_empty()).map(BindingName::from)
    }

    /// The description of a member.
    #[must_use]
    pub fn member(&self, binding: &BindingName, instance: &InstanceId, state: MemberState) -> String {
        let base = format!("{}/{instance}", self.description(binding));
        match state {
            MemberState::Serving => base,
            MemberState::Draining(since) => format!("{base}/drain-{}", since.as_second()),
            MemberState::Stopped(since) => format!("{base}/stopped-{}", since.as_second()),
            MemberState::Released(since) => format!("{base}/released-{}", since.as_second()),
        }
    }

    /// What a member's description says, if this deployment registered it for `binding`.
    #[must_use]
    pub fn read_member(&self, binding: &BindingName, description: &str) -> Option<(InstanceId, MemberState)> {
        let rest = description.strip_prefix(&self.description(binding))?.strip_prefix('/')?;
        let mut parts = rest.splitn(2, '/');
        let instance = parts.next().filter(|id| !id.is_empty())?;
        let state = match parts.next() {
            None => MemberState::Serving,
            Some(state) => {
                let since = |text: &str| text.parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
                if let Some(at) = state.strip_prefix("drain-").and_then(since) {
                    MemberState::Draining(at)
                } else if let Some(at) = state.strip_prefix("stopped-").and_then(since) {
                    MemberState::Stopped(at)
                } else if let Some(at) = state.strip_prefix("released-").and_then(since) {
                    MemberState::Released(at)
                } else {
                    MemberState::Serving
                }
            }
        };
        Some((InstanceId::from(instance), state))
    }
}

/// What albridge noted about a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "is", content = "since")]
pub enum MemberState {
    /// Nothing special.
    Serving,
    /// Weight 0 since then, on its way out.
    Draining(Timestamp),
    /// Its instance was first seen stopped then.
    Stopped(Timestamp),
    /// Its instance was proven to be released then, together with more of them than may go at once. Its weight is as it was.
    Released(Timestamp),
}

impl MemberState {
    /// Whether both say the same about a member, whenever each of them was noted.
    #[must_use]
    pub fn same_kind(self, other: Self) -> bool {
        std::mem::discriminant(&self) == std::mem::discriminant(&other)
    }

    /// How the note reads at the end of a change.
    pub(crate) const fn note(self) -> &'static str {
        match self {
            Self::Serving => "",
            Self::Draining(_) => " (draining)",
            Self::Stopped(_) => " (its instance is stopped)",
            Self::Released(_) => " (its instance is released)",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deployment() -> Deployment {
        Deployment::new("prod")
    }

    #[test]
    fn a_member_reads_back() {
        let since = Timestamp::from_second(1_800_000_000).unwrap();
        let noted = [MemberState::Draining(since), MemberState::Stopped(since), MemberState::Released(since)];
        for state in [MemberState::Serving].into_iter().chain(noted) {
            let text = deployment().member(&"web".into(), &"i-1".into(), state);
            assert_eq!(deployment().read_member(&"web".into(), &text), Some(("i-1".into(), state)));
        }
    }

    #[test]
    fn a_longer_name_is_not_ours() {
        assert_eq!(deployment().binding_of("albridge/prod2/web"), None);
        assert_eq!(deployment().read_member(&"web".into(), "albridge/prod/web2/i-1"), None);
        assert!(!deployment().owns_tag(Some("prod2/web/listener")));
        assert!(deployment().owns_tag(Some("prod/-/vpc-attachment")));
    }

    #[test]
    fn attachments_are_marked_for_the_deployment() {
        assert_eq!(deployment().tag(&"web".into(), Role::VpcAttachment), "prod/-/vpc-attachment");
        assert_eq!(deployment().tag(&"web".into(), Role::Listener), "prod/web/listener");
    }
}
