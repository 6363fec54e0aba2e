//! Changes: the elements of a plan.
//!
//! Where the id of a resource may not exist yet, a change refers to it by its purpose ([`AttachmentRef`]). So a whole plan
//! can be computed, shown and saved before the first write.

mod kind;

use std::fmt;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use crate::ids::{
    AttachmentId, InstanceId, ListenerId, Region, RouteEntryId, RouteTableId, RuleId, SecurityGroupId, ServerGroupId,
    VSwitchId, VpcId, ZoneId,
};
use crate::mark::MemberState;
use crate::reason::Reason;
use crate::topology::{AttachmentRef, ServerGroupSettings};

pub use kind::{Kind, Tally};

/// The stages, in the order of the procedure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StageName {
    /// Starts executions for events, the timer and manual requests.
    Dispatch,
    /// The checks of precautions and prerequisites.
    Preflight,
    /// Step 1: the server group.
    ServerGroup,
    /// Step 2: the listener.
    Listener,
    /// Step 3: the attachments of both VPCs.
    VpcAttachments,
    /// Step 4: the inter-region connection.
    PeerAttachment,
    /// Step 5: the routes in the ALB's VPC.
    VpcRoutes,
    /// Step 6: the return routes.
    BackToOrigin,
    /// Step 7: security group rules.
    SecurityRules,
    /// Step 1, second part: the members.
    BackendServers,
    /// Step 8: the test request.
    Verify,
    /// Last: removes routes and rules of this deployment that no binding needs.
    Prune,
    /// Not of any run, and no function: a person has everything taken away that was made for a binding.
    Teardown,
}

impl StageName {
    /// All stages that are functions, in order.
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

    /// The name in functions, logs and the CLI.
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
            Self::Teardown => "teardown",
        }
    }
}

impl fmt::Display for StageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Who may approve a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Consent {
    /// Any run may make it.
    Run,
    /// A person must approve the plan, unless the binding says `provision: auto`.
    Person,
}

/// An ingress rule to create.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DesiredRule {
    /// The TCP port.
    pub port: u16,
    /// The allowed source prefix.
    pub source: Ipv4Net,
    /// 1 (evaluated first) to 100.
    pub priority: u8,
}

/// One write, with symbolic references.
#[expect(missing_docs, reason = "the fields' names and types say what they are")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "do")]
pub enum Write {
    /// Create the binding's server group in the ALB's VPC.
    CreateServerGroup { name: String, vpc: VpcId, settings: ServerGroupSettings },
    /// Set the settings of our server group to those of the binding.
    UpdateServerGroup { group: ServerGroupId, settings: ServerGroupSettings },
    /// Delete an empty duplicate that we created.
    DeleteServerGroup { group: ServerGroupId },
    /// Delete the server group of a binding that is torn down.
    RemoveServerGroup { group: ServerGroupId, name: String },
    /// Create the listener, forwarding to the binding's server group.
    CreateListener { protocol: String, port: u16 },
    /// Let our listener forward to the binding's server group again.
    ForwardListener { listener: ListenerId },
    /// Delete the listener of a binding that is torn down.
    DeleteListener { listener: ListenerId, protocol: String, port: u16 },
    /// Attach a VPC to the transit router of its region.
    AttachVpc { region: Region, vpc: VpcId, zones: Vec<(ZoneId, VSwitchId)> },
    /// Delete our attachment of a VPC, which nothing uses any more.
    DetachVpc { region: Region, vpc: VpcId, id: AttachmentId },
    /// Create the inter-region connection of two regions.
    Connect { from: Region, to: Region, mbps: u32, package: Option<crate::ids::BandwidthPackageId> },
    /// Delete our inter-region connection, which nothing uses any more.
    Disconnect { from: Region, to: Region, id: AttachmentId },
    /// Set our connection to the bandwidth in the binding.
    SetBandwidth { from: Region, to: Region, mbps: u32 },
    /// Let a connection publish the routes of each side to the other.
    PublishRoutes { from: Region, to: Region },
    /// Associate the attachment with this table, where its packets are then looked up.
    Associate { region: Region, table: RouteTableId, attachment: AttachmentRef },
    /// Propagate the routes of the attachment into this table.
    Propagate { region: Region, table: RouteTableId, attachment: AttachmentRef },
    /// Take back an association of our attachment.
    Dissociate { region: Region, table: RouteTableId, attachment: AttachmentRef, id: AttachmentId },
    /// Take back a propagation of our attachment.
    StopPropagation { region: Region, table: RouteTableId, attachment: AttachmentRef, id: AttachmentId },
    /// Add a route in a VPC's table with the transit router as next hop.
    AddVpcRoute { region: Region, vpc: VpcId, table: RouteTableId, destination: Ipv4Net },
    /// Remove a VPC route of ours that no binding needs.
    RemoveVpcRoute { region: Region, vpc: VpcId, table: RouteTableId, route: RouteEntryId, destination: Ipv4Net },
    /// Add a transit router route with the ALB's VPC as next hop.
    AddTransitRoute { region: Region, table: RouteTableId, destination: Ipv4Net, attachment: AttachmentRef },
    /// Remove a transit router route of ours that no binding needs.
    RemoveTransitRoute { region: Region, table: RouteTableId, route: RouteEntryId, destination: Ipv4Net },
    /// Allow the ALB's source prefixes in a security group.
    AllowIngress { region: Region, group: SecurityGroupId, rules: Vec<DesiredRule> },
    /// Remove a rule of ours that no binding needs.
    RevokeIngress { region: Region, group: SecurityGroupId, rule: RuleId, source: String },
    /// Register an instance as a member.
    AddServer { instance: InstanceId, address: Ipv4Addr, port: u16, weight: u32 },
    /// Set a member's weight, and the state in its description.
    UpdateServer { instance: InstanceId, address: Ipv4Addr, port: u16, weight: u32, state: MemberState },
    /// Deregister a member.
    RemoveServer { instance: InstanceId, address: Ipv4Addr, port: u16, why: Leaving },
}

impl Write {
    /// The attachment that it creates.
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

/// Why a member is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Leaving {
    /// Its instance is released: two complete readings by id do not contain it, and no interface in its VPC belongs to it.
    Released,
    /// Its instance has been stopped for longer than the grace period, and the binding says `onStop: drain`.
    Stopped,
    /// Its instance no longer has the selected tags.
    Untagged,
    /// Its instance has another address or port now, or is in another VPC.
    Moved,
    /// Its address is in no VPC that the binding names any more.
    Unnamed,
    /// Its binding is torn down.
    TornDown,
}

/// A write, the stage that makes it, and what blocks it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// The stage that makes it.
    pub stage: StageName,
    /// The write itself.
    pub write: Write,
    /// Whether a person must approve it.
    pub consent: Consent,
    /// The reasons that block it; empty if it may be made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blocked: Vec<Reason>,
    /// Of a member that begins to leave: why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Leaving>,
}

impl Change {
    /// A change that any run may make.
    #[must_use]
    pub const fn new(stage: StageName, write: Write) -> Self {
        Self { stage, write, consent: Consent::Run, blocked: Vec::new(), why: None }
    }

    /// The same change with this consent.
    #[must_use]
    pub fn with_consent(mut self, consent: Consent) -> Self {
        self.consent = consent;
        self
    }

    /// The same change of a member that begins to leave, with the cause.
    #[must_use]
    pub(crate) const fn of_leaver(mut self, why: Leaving) -> Self {
        self.why = Some(why);
        self
    }

    /// The same change with one more blocking reason.
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

impl Leaving {
    /// The cause, as the end of a sentence about the instance.
    #[must_use]
    pub const fn cause(self) -> &'static str {
        match self {
            Self::Released => "its instance is released",
            Self::Stopped => "its instance is stopped for longer than removal.stopGraceSeconds",
            Self::Untagged => "its instance lacks the tags that the binding selects by",
            Self::Moved => "its instance has another address, port or VPC now",
            Self::Unnamed => "its address is in no VPC that the binding names",
            Self::TornDown => "its binding is torn down",
        }
    }
}

impl fmt::Display for Leaving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Released => "released",
            Self::Stopped => "stopped",
            Self::Untagged => "untagged",
            Self::Moved => "moved",
            Self::Unnamed => "in no VPC of the binding",
            Self::TornDown => "torn down",
        })
    }
}

impl fmt::Display for Write {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CreateServerGroup { name, vpc, .. } => write!(f, "create server group {name} in {vpc}"),
            Self::UpdateServerGroup { group, .. } => write!(f, "update settings of server group {group}"),
            Self::DeleteServerGroup { group } => write!(f, "delete empty duplicate server group {group}"),
            Self::RemoveServerGroup { group, name } => write!(f, "delete server group {name} ({group})"),
            Self::DeleteListener { listener, protocol, port } => {
                write!(f, "delete listener {protocol}:{port} ({listener})")
            }
            Self::CreateListener { protocol, port } => write!(f, "create listener {protocol}:{port}"),
            Self::ForwardListener { listener } => write!(f, "forward listener {listener} to the server group"),
            Self::AttachVpc { region, vpc, zones } => {
                let zones: Vec<_> = zones.iter().map(|(zone, vswitch)| format!("{vswitch} ({zone})")).collect();
                write!(f, "attach {vpc} to the transit router of {region} by {}", zones.join(", "))
            }
            Self::DetachVpc { region, vpc, id } => {
                write!(f, "detach {vpc} from the transit router of {region} ({id})")
            }
            Self::Disconnect { from, to, id } => write!(f, "delete the connection {from} - {to} ({id})"),
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
            Self::Dissociate { region, table, attachment, .. } => {
                write!(f, "dissociate {attachment} from {table} in {region}")
            }
            Self::StopPropagation { region, table, attachment, .. } => {
                write!(f, "stop propagating {attachment} into {table} in {region}")
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
