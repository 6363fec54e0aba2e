//! One type per kind of identifier, so that the compiler rejects the id of another kind of resource.

use std::borrow::Borrow;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The identifier in the cloud's spelling.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                Self(id.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(id: String) -> Self {
                Self(id)
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    )+};
}

id! {
    /// A region, as in `cn-hangzhou`.
    Region,
    /// A zone, as in `cn-hangzhou-h`.
    ZoneId,
    /// A load balancer.
    AlbId,
    /// A server group of a load balancer.
    ServerGroupId,
    /// A listener of a load balancer.
    ListenerId,
    /// A forwarding rule of a listener.
    ForwardingRuleId,
    /// A VPC.
    VpcId,
    /// A vSwitch.
    VSwitchId,
    /// A route table, of a VPC or of a transit router.
    RouteTableId,
    /// A route entry, of a VPC or of a transit router.
    RouteEntryId,
    /// A CEN instance.
    CenId,
    /// A transit router.
    TransitRouterId,
    /// An attachment to a transit router; an inter-region connection has one id on both sides.
    AttachmentId,
    /// A CEN bandwidth plan.
    BandwidthPackageId,
    /// An ECS instance.
    InstanceId,
    /// An elastic network interface.
    InterfaceId,
    /// A security group.
    SecurityGroupId,
    /// A rule of a security group.
    RuleId,
    /// A prefix list.
    PrefixListId,
    /// A network ACL.
    NetworkAclId,
    /// The name of a binding: `[a-z][a-z0-9-]{0,39}`, checked where bindings are read.
    BindingName,
}

/// The format of a binding's name, which becomes part of ownership tags, descriptions and execution names.
pub(crate) const NAME_PATTERN: &str = "[a-z][a-z0-9-]{0,39}";

/// Whether a text is of that format. What a mark in the cloud says need not be.
pub(crate) fn is_name(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    text.len() <= 40 && text.starts_with(|c: char| c.is_ascii_lowercase()) && text.chars().all(plain)
}
