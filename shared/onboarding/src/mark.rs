//! Ownership: how albridge recognises the resources that it created.
//!
//! Resources with tags: `albridge` = `<deployment>/<binding>/<role>`, with `-` as the binding of attachments, which
//! bindings share. Other resources have a description that begins with `albridge/<deployment>/<binding>`. A member's
//! description continues with `/<instance>` and, if a state is recorded, `/drain-<time>`, `/stopped-<time>` or
//! `/released-<time>`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::{BindingName, InstanceId};

/// The key of the ownership tag.
pub const TAG_KEY: &str = "albridge";

/// The name of a deployment. One account can have several deployments.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Deployment(String);

/// The purpose of a tagged resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A binding's server group.
    ServerGroup,
    /// A binding's listener.
    Listener,
    /// A VPC attachment, which bindings share.
    VpcAttachment,
    /// An inter-region connection, which bindings share.
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
    /// A deployment by its name. The settings check that it consists of letters, digits and hyphens.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The tag value for a resource of `binding`.
    #[must_use]
    pub fn tag(&self, binding: &BindingName, role: Role) -> String {
        let binding = if role.is_shared() { "-" } else { binding.as_str() };
        format!("{}/{binding}/{}", self.0, role.as_str())
    }

    /// Whether a tag value says that this deployment created the resource.
    #[must_use]
    pub fn owns_tag(&self, value: Option<&str>) -> bool {
        value.and_then(|value| value.split_once('/')).is_some_and(|(deployment, _)| deployment == self.0)
    }

    /// The description of a route or rule of `binding`.
    #[must_use]
    pub fn description(&self, binding: &BindingName) -> String {
        format!("albridge/{}/{binding}", self.0)
    }

    /// The binding in a description, if this deployment created the resource.
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

    /// The instance and state in a member's description, if this deployment registered it for `binding`.
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

/// The recorded state of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "is", content = "since")]
pub enum MemberState {
    /// No special state.
    Serving,
    /// It has weight 0 since then and will be deregistered.
    Draining(Timestamp),
    /// Its instance was first seen stopped at that time.
    Stopped(Timestamp),
    /// Its instance was proven released at that time, together with more instances than the cap allows. Its weight is
    /// unchanged.
    Released(Timestamp),
}

impl MemberState {
    /// Whether both are the same state, whatever their times.
    #[must_use]
    pub(crate) fn same_kind(self, other: Self) -> bool {
        std::mem::discriminant(&self) == std::mem::discriminant(&other)
    }

    /// The state as the end of a change's text.
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
