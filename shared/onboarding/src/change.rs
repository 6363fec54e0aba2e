//! Changes: what a plan is made of.
//!
//! A change names resources by what they are for ([`AttachmentRef`]) where their ids may not exist yet, so that a whole
//! plan can be made, shown and saved before the first write.

use std::fmt;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use crate::ids::{
    InstanceId, ListenerId, Region, RouteEntryId, RouteTableId, RuleId, SecurityGroupId, ServerGroupId, VSwitchId,
    VpcId, ZoneId,
};
use crate::mark::MemberState;
use crate::reason::Reason;
use crate::topology::{AttachmentRef, ServerGroupSettings};

/// The handlers, in the order of the procedure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StageName {
    /// Events, timer and manual requests become executions.
    Dispatch,
    /// Precautions and prerequisites.
    Preflight,
    /// Step 1: the server group.
    ServerGroup,
    /// Step 2: the listener.
    Listener,
    /// Step 3: both VPCs attached.
    VpcAttachments,
    /// Step 4: the inter-region connection.
    PeerAttachment,
    /// Step 5: routes of the ALB's VPC.
    VpcRoutes,
    /// Step 6: the way back.
    BackToOrigin,
    /// Step 7: security-group rules.
    SecurityRules,
    /// Step 1, second half: members.
    BackendServers,
    /// Step 8: the test.
    Verify,
    /// Afterwards: routes and rules of this deployment that no binding needs are removed.
    Prune,
}

impl StageName {
    /// Every stage, in order.
    pub const ALL: [Self; 12] = [
        Self::Dispatch,
        Self::Preflight,
        Self::ServerGroup,
        Self::Listener,
        Self::VpcAttachments,
        Self::PeerAttachment,
        Self::VpcRoutes,
        Self::BackToOrigin,
        Self::SecurityRules,
        Self::BackendServers,
        Self::Verify,
        Self::Prune,
    ];

    /// The name as functions, logs and the CLI spell it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dispatch => "dispatch",
            Self::Preflight => "preflight",
            Self::ServerGroup => "server-group",
            Self::Listener => "listener",
            Self::VpcAttachments => "vpc-attachments",
            Self::PeerAttachment => "peer-attachment",
            Self::VpcRoutes => "vpc-routes",
            Self::BackToOrigin => "back-to-origin",
            Self::SecurityRules => "security-rules",
            Self::BackendServers => "backend-servers",
            Self::Verify => "verify",
            Self::Prune => "prune",
        }
    }
}

impl fmt::Display for StageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Who may make a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Consent {
    /// Any run.
    Run,
    /// A person who saw the plan, unless the binding says `provision: auto`.
    Person,
}

/// An ingress rule to make.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DesiredRule {
    /// The TCP port.
    pub port: u16,
    /// Who may send.
    pub source: Ipv4Net,
    /// 1 (first) to 100.
    pub priority: u8,
}

/// One write, with symbolic references.
#[expect(missing_docs, reason = "the fields' names and types say what they are")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "do")]
pub enum Write {
    /// Make the binding's server group in the ALB's VPC.
    CreateServerGroup { name: String, vpc: VpcId, settings: ServerGroupSettings },
    /// Bring our server group's settings back to the binding's.
    UpdateServerGroup { group: ServerGroupId, settings: ServerGroupSettings },
    /// Delete an empty duplicate of our own making.
    DeleteServerGroup { group: ServerGroupId },
    /// Make the listener, forwarding to the binding's server group.
    CreateListener { protocol: String, port: u16 },
    /// Point our listener back to the binding's server group.
    ForwardListener { listener: ListenerId },
    /// Attach a VPC to the transit router of its region.
    AttachVpc { region: Region, vpc: VpcId, zones: Vec<(ZoneId, VSwitchId)> },
    /// Connect two regions.
    Connect { from: Region, to: Region, mbps: u32, package: Option<crate::ids::BandwidthPackageId> },
    /// Give our connection the bandwidth that the binding says.
    SetBandwidth { from: Region, to: Region, mbps: u32 },
    /// Make a connection tell each side the other's routes.
    PublishRoutes { from: Region, to: Region },
    /// Packets that come in by the attachment are looked up in this table.
    Associate { region: Region, table: RouteTableId, attachment: AttachmentRef },
    /// The attachment's prefixes are propagated into this table.
    Propagate { region: Region, table: RouteTableId, attachment: AttachmentRef },
    /// A VPC's table sends a prefix to the transit router.
    AddVpcRoute { region: Region, vpc: VpcId, table: RouteTableId, destination: Ipv4Net },
    /// A marked VPC route that no binding needs.
    RemoveVpcRoute { region: Region, vpc: VpcId, table: RouteTableId, route: RouteEntryId, destination: Ipv4Net },
    /// A transit router's table sends a prefix to the ALB's VPC.
    AddTransitRoute { region: Region, table: RouteTableId, destination: Ipv4Net, attachment: AttachmentRef },
    /// A marked transit-router route that no binding needs.
    RemoveTransitRoute { region: Region, table: RouteTableId, route: RouteEntryId, destination: Ipv4Net },
    /// A security group lets the ALB's prefixes in.
    AllowIngress { region: Region, group: SecurityGroupId, rules: Vec<DesiredRule> },
    /// A marked rule that no binding needs.
    RevokeIngress { region: Region, group: SecurityGroupId, rule: RuleId, source: String },
    /// Register an instance.
    AddServer { instance: InstanceId, address: Ipv4Addr, port: u16, weight: u32 },
    /// Set a member's weight and what its description notes about it.
    UpdateServer { instance: InstanceId, address: Ipv4Addr, port: u16, weight: u32, state: MemberState },
    /// Take a member out.
    RemoveServer { instance: InstanceId, address: Ipv4Addr, port: u16, why: Leaving },
}

impl Write {
    /// The attachment that it makes.
    pub(crate) fn makes(&self) -> Option<AttachmentRef> {
        match self {
            Self::AttachVpc { vpc, .. } => Some(AttachmentRef::Vpc { vpc: vpc.clone() }),
            Self::Connect { from, to, .. } => Some(AttachmentRef::Peer { from: from.clone(), to: to.clone() }),
            _ => None,
        }
    }

    /// The attachments that it needs.
    pub(crate) fn uses(&self) -> Vec<AttachmentRef> {
        match self {
            Self::Associate { attachment, .. }
            | Self::Propagate { attachment, .. }
            | Self::AddTransitRoute { attachment, .. } => {
                vec![attachment.clone()]
            }
            Self::AddVpcRoute { vpc, .. } => vec![AttachmentRef::Vpc { vpc: vpc.clone() }],
            Self::SetBandwidth { from, to, .. } | Self::PublishRoutes { from, to } => {
                vec![AttachmentRef::Peer { from: from.clone(), to: to.clone() }]
            }
            _ => Vec::new(),
        }
    }
}

/// Why a member leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Leaving {
    /// Its instance is gone: absent in two whole readings by id, and no interface of its VPC belongs to it.
    Released,
    /// Its instance is stopped past the grace time, and the binding says drain.
    Stopped,
    /// Its instance no longer has the tags.
    Untagged,
    /// Its instance has another address now.
    Moved,
}

/// A write, the stage that makes it, and what stands against it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// Who makes it.
    pub stage: StageName,
    /// What is written.
    pub write: Write,
    /// Whether a person must have seen it.
    pub consent: Consent,
    /// What blocks it; empty when it may be made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blocked: Vec<Reason>,
}

impl Change {
    /// A change that any run may make.
    #[must_use]
    pub const fn new(stage: StageName, write: Write) -> Self {
        Self { stage, write, consent: Consent::Run, blocked: Vec::new() }
    }

    /// The same, but only with a person's yes.
    #[must_use]
    pub fn with_consent(mut self, consent: Consent) -> Self {
        self.consent = consent;
        self
    }

    /// The same, blocked by one more reason.
    #[must_use]
    pub fn blocked_by(mut self, reason: Reason) -> Self {
        if !self.blocked.contains(&reason) {
            self.blocked.push(reason);
        }
        self
    }

    /// Whether it may be made now.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.blocked.is_empty()
    }
}

impl fmt::Display for Leaving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Released => "released",
            Self::Stopped => "stopped",
            Self::Untagged => "untagged",
            Self::Moved => "moved",
        })
    }
}

impl fmt::Display for Write {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CreateServerGroup { name, vpc, .. } => write!(f, "create server group {name} in {vpc}"),
            Self::UpdateServerGroup { group, .. } => write!(f, "update settings of server group {group}"),
            Self::DeleteServerGroup { group } => write!(f, "delete empty duplicate server group {group}"),
            Self::CreateListener { protocol, port } => write!(f, "create listener {protocol}:{port}"),
            Self::ForwardListener { listener } => write!(f, "forward listener {listener} to the server group"),
            Self::AttachVpc { region, vpc, zones } => {
                let zones: Vec<_> = zones.iter().map(|(zone, vswitch)| format!("{vswitch} ({zone})")).collect();
                write!(f, "attach {vpc} to the transit router of {region} by {}", zones.join(", "))
            }
            Self::Connect { from, to, mbps, package } => match package {
                Some(package) => write!(f, "connect {from} - {to} with {mbps} Mbit/s of {package}"),
                None => write!(f, "connect {from} - {to} with up to {mbps} Mbit/s, paid by traffic"),
            },
            Self::SetBandwidth { from, to, mbps } => {
                write!(f, "set the bandwidth of the connection {from} - {to} to {mbps} Mbit/s")
            }
            Self::PublishRoutes { from, to } => write!(f, "publish routes over the connection {from} - {to}"),
            Self::Associate { region, table, attachment } => {
                write!(f, "associate {attachment} with {table} in {region}")
            }
            Self::Propagate { region, table, attachment } => {
                write!(f, "propagate {attachment} into {table} in {region}")
            }
            Self::AddVpcRoute { vpc, table, destination, .. } => {
                write!(f, "route {destination} of {vpc} ({table}) to the transit router")
            }
            Self::RemoveVpcRoute { vpc, table, destination, .. } => {
                write!(f, "remove route {destination} of {vpc} ({table})")
            }
            Self::AddTransitRoute { region, table, destination, attachment } => {
                write!(f, "route {destination} of the transit router in {region} ({table}) to {attachment}")
            }
            Self::RemoveTransitRoute { region, table, destination, .. } => {
                write!(f, "remove route {destination} of the transit router in {region} ({table})")
            }
            Self::AllowIngress { group, rules, .. } => {
                let rules: Vec<_> = rules.iter().map(|rule| format!("{} -> {}/tcp", rule.source, rule.port)).collect();
                write!(f, "allow into {group}: {}", rules.join(", "))
            }
            Self::RevokeIngress { group, source, .. } => write!(f, "revoke {source} from {group}"),
            Self::AddServer { instance, address, port, .. } => write!(f, "register {instance} at {address}:{port}"),
            Self::UpdateServer { instance, address, port, weight, state } => {
                write!(f, "set {instance} at {address}:{port} to weight {weight}{}", state.note())
            }
            Self::RemoveServer { instance, address, port, why } => {
                write!(f, "remove {instance} at {address}:{port} ({why})")
            }
        }
    }
}
