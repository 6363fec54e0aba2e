//! A fault on a path: where it is, and its remedy, as data.

use std::fmt;

use ipnet::Ipv4Net;
use onboarding::binding::Ignorable;
use onboarding::causes::Together;
use onboarding::change::{Change, Write};
use onboarding::ids::{
    AttachmentId, InstanceId, ListenerId, NetworkAclId, Region, RouteEntryId, RouteTableId, RuleId, SecurityGroupId,
    ServerGroupId, TransitRouterId, VSwitchId, VpcId,
};
use onboarding::reason::Reason;
use onboarding::topology::Endpoint;
use serde::Serialize;

use crate::hop::Direction;

/// The first fault on a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Fault {
    /// What is wrong.
    #[serde(flatten)]
    pub reason: Reason,
    /// Where packets end: an index into [`Path::hops`](crate::Path::hops), always the last one. `None` if no hop of
    /// the path is known.
    pub hop: Option<usize>,
    /// The remedy.
    pub remedy: Remedy,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} Remedy: {}.", self.reason.code, self.reason.message, self.remedy)
    }
}

/// The remedy of a fault, and who can apply it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "by")]
pub enum Remedy {
    /// albridge can make this change. `albridge plan` holds it if the binding wants the instance.
    Albridge {
        /// The change, with ids as they are.
        change: Box<Change>,
    },
    /// A person has to do it, because albridge may not.
    Operator(Task),
    /// It will be ready after some time.
    Time {
        /// The resource that is not ready yet.
        resource: String,
        /// The state that it is in.
        status: String,
    },
}

/// What a person has to do, and on which resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "action")]
pub enum Task {
    /// Correct what the binding says of a resource.
    CorrectBinding {
        /// The resource that it names.
        resource: String,
    },
    /// Allow albridge to read something: the call failed, or was not made.
    LetRead {
        /// What was not read.
        resource: String,
    },
    /// Wait for an attachment to be gone or usable, and delete it if it stays: a plan makes it anew.
    Replace {
        /// The attachment.
        attachment: AttachmentId,
        /// The state that it is in.
        status: String,
    },
    /// Have the cloud lift a lock.
    Unlock {
        /// What is locked.
        resource: String,
        /// Why, in the cloud's word.
        lock: String,
    },
    /// Put another resource in the place of one whose state does not allow it to work.
    Repair {
        /// What it is.
        resource: String,
        /// The state that it is in.
        status: String,
    },
    /// Make an Enterprise Edition transit router.
    CreateTransitRouter {
        /// In this region of the CEN instance.
        region: Region,
    },
    /// Upgrade a Basic Edition transit router.
    UpgradeTransitRouter {
        /// The transit router.
        transit_router: TransitRouterId,
    },
    /// Attach a VPC to the transit router of its region.
    AttachVpc {
        /// The VPC.
        vpc: VpcId,
    },
    /// Connect two regions.
    ConnectRegions {
        /// One.
        from: Region,
        /// The other.
        to: Region,
    },
    /// Give a connection bandwidth.
    GiveBandwidth {
        /// The connection.
        attachment: AttachmentId,
    },
    /// Use another prefix: this one is on both sides.
    Renumber {
        /// The VPC.
        vpc: VpcId,
        /// Its vSwitch.
        vswitch: VSwitchId,
    },
    /// Remove or correct a route that others made.
    RemoveVpcRoute {
        /// The VPC.
        vpc: VpcId,
        /// The table.
        table: RouteTableId,
        /// The route.
        route: RouteEntryId,
        /// Where it applies.
        destination: Ipv4Net,
    },
    /// Remove or correct an entry of a transit router's table that others made.
    RemoveTransitRoute {
        /// The transit router.
        transit_router: TransitRouterId,
        /// The table.
        table: RouteTableId,
        /// The entry, if it is no learned one.
        route: Option<RouteEntryId>,
        /// Where it applies.
        destination: Ipv4Net,
    },
    /// Keep a VPC that others attached from teaching a transit router's table a prefix, or use another prefix.
    StopPropagation {
        /// Its attachment.
        attachment: AttachmentId,
        /// The table.
        table: RouteTableId,
        /// What it teaches.
        destination: Ipv4Net,
    },
    /// Let a network ACL pass packets.
    PassNetworkAcl {
        /// The ACL.
        acl: NetworkAclId,
        /// All that it has to pass and does not, in order.
        denied: Vec<Denied>,
    },
    /// Remove a security rule that drops packets, or give it a later priority.
    RemoveRule {
        /// The group.
        group: SecurityGroupId,
        /// The rule.
        rule: RuleId,
    },
    /// Give an instance a security group that exists and may be changed.
    GiveSecurityGroup {
        /// The instance.
        instance: InstanceId,
    },
    /// Give an instance the tags that the binding selects by.
    TagInstance {
        /// The instance.
        instance: InstanceId,
    },
    /// Start an instance.
    StartInstance {
        /// The instance.
        instance: InstanceId,
    },
    /// Make a listener that needs a certificate.
    CreateListener {
        /// Its protocol.
        protocol: String,
        /// Its port.
        port: u16,
    },
    /// Start a listener.
    StartListener {
        /// The listener.
        listener: ListenerId,
    },
    /// Point a listener that others made at the server group.
    ForwardListener {
        /// The listener.
        listener: ListenerId,
        /// The server group.
        group: ServerGroupId,
    },
    /// Take a member out that is registered without Remote IP, so that it can come back with it.
    RemoveMember {
        /// The server group.
        group: ServerGroupId,
        /// The member.
        member: Endpoint,
    },
    /// Bring up what answers at a member that no instance of the binding is known to stand behind, or take the member out.
    RepairMember {
        /// The server group.
        group: ServerGroupId,
        /// The member.
        member: Endpoint,
    },
    /// Give a member that others registered a weight.
    GiveWeight {
        /// The server group.
        group: ServerGroupId,
        /// The member.
        member: Endpoint,
    },
    /// Look at the service on an instance, by the health check's reason.
    RepairService {
        /// The instance.
        instance: InstanceId,
        /// Where it is checked.
        member: Endpoint,
        /// The request of the check, as in `HEAD /`; empty for one without.
        request: String,
        /// As in `CONNECT_FAILED`.
        reason: String,
    },
    /// Give the health check of a server group that others made the settings of the binding, or the other way round.
    CorrectHealthCheck {
        /// The server group.
        group: ServerGroupId,
    },
    /// Correct settings of a health check that the binding leaves to others, or leave them to others no more.
    CorrectIgnored {
        /// The server group.
        group: ServerGroupId,
        /// The settings, as `serverGroup.ignore` names them.
        settings: Vec<Ignorable>,
    },
}

/// Packets that a network ACL does not pass, or not all of them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Denied {
    /// Which of its lists.
    pub direction: Direction,
    /// First and last port.
    pub ports: (u16, u16),
    /// Whom the packets come from or go to.
    pub prefix: Ipv4Net,
}

impl Task {
    /// The action of the cloud's API that does it, if it is one call.
    const fn action(&self) -> Option<&'static str> {
        Some(match self {
            Self::CreateTransitRouter { .. } => "CreateTransitRouter",
            Self::AttachVpc { .. } => "CreateTransitRouterVpcAttachment",
            Self::ConnectRegions { .. } => "CreateTransitRouterPeerAttachment",
            Self::GiveBandwidth { .. } => "UpdateTransitRouterPeerAttachmentAttribute",
            Self::RemoveVpcRoute { .. } => "DeleteRouteEntry",
            Self::RemoveTransitRoute { route: Some(_), .. } => "DeleteTransitRouterRouteEntry",
            Self::StopPropagation { .. } => "DisableTransitRouterRouteTablePropagation",
            Self::PassNetworkAcl { .. } => "UpdateNetworkAclEntries",
            Self::RemoveRule { .. } => "RevokeSecurityGroup",
            Self::GiveSecurityGroup { .. } => "JoinSecurityGroup",
            Self::TagInstance { .. } => "TagResources",
            Self::StartInstance { .. } => "StartInstance",
            Self::CreateListener { .. } => "CreateListener",
            Self::StartListener { .. } => "StartListener",
            Self::ForwardListener { .. } => "UpdateListenerAttribute",
            Self::RemoveMember { .. } | Self::RepairMember { .. } => "RemoveServersFromServerGroup",
            Self::GiveWeight { .. } => "UpdateServerGroupServersAttribute",
            Self::CorrectIgnored { .. } => "UpdateServerGroupAttribute",
            _ => return None,
        })
    }

    /// The task as a sentence, with the action.
    #[must_use]
    pub fn sentence(&self) -> String {
        self.with_action(&self.to_string())
    }

    /// The same for all instances and members that need it: nothing where it is not done for each of them by itself. Two tasks with the same
    /// sentence are one for a person.
    pub(crate) fn for_all(&self) -> Option<Together> {
        let (task, who) = match self {
            Self::StartInstance { instance } => ("start {}".to_owned(), instance.to_string()),
            Self::GiveSecurityGroup { instance } => {
                ("give {} security groups that exist and may be changed".to_owned(), instance.to_string())
            }
            Self::GiveWeight { group, member } => (format!("give {{}} of {group} a weight"), member.to_string()),
            Self::RemoveMember { group, member } => (format!("take {{}} out of {group}"), member.to_string()),
            Self::RepairMember { group, member } => (
                format!("repair what answers at {{}}; or take out of {group} what is not to serve there"),
                member.to_string(),
            ),
            // One task mends all of them at once.
            Self::CorrectHealthCheck { .. } | Self::CorrectIgnored { .. } => (self.to_string(), String::new()),
            Self::RepairService { instance, member, request, reason } => {
                (service("{}", &format!("port {}", member.port), request, reason), instance.to_string())
            }
            _ => return None,
        };
        Some(Together { task: self.with_action(&task), who })
    }

    fn with_action(&self, text: &str) -> String {
        let mut letters = text.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        let sentence: String = first.into_iter().chain(letters).collect();
        match self.action() {
            Some(action) => format!("{sentence} ({action})."),
            None => format!("{sentence}."),
        }
    }
}

impl Remedy {
    /// What mends all instances that have the same, where it is done for each of them by itself.
    pub(crate) fn for_all(&self) -> Option<Together> {
        match self {
            Self::Operator(task) => task.for_all(),
            Self::Albridge { change } => {
                let Write::UpdateServer { instance, .. } = &change.write else { return None };
                Some(Together { task: "Set the weights of {}.".to_owned(), who: instance.to_string() })
            }
            Self::Time { .. } => None,
        }
    }
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Albridge { change } => write!(f, "albridge can {}", change.write),
            Self::Operator(task) => task.fmt(f),
            Self::Time { resource, status } => write!(f, "wait: {resource} is {status}"),
        }
    }
}

/// What to do about a service that does not answer a health check at a place, by the check's reason.
fn service(instance: &str, place: &str, request: &str, reason: &str) -> String {
    match reason {
        "CONNECT_FAILED" => format!(
            "start the service on {instance}: nothing listens on {place}; or correct the port of serverGroup or its healthCheck in the \
             binding"
        ),
        "RESPONSE_MISMATCH" => format!(
            "have the service on {instance} answer {request} at {place} as healthCheck.codes expects, or correct \
             serverGroup.healthCheck in the binding"
        ),
        "" => format!("look at the service on {instance} at {place}"),
        reason => format!(
            "look at the firewall and the service on {instance}: the way is open, and {place} does not answer ({reason})"
        ),
    }
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CorrectBinding { resource } => write!(f, "correct what the binding says of {resource}"),
            Self::LetRead { resource } => write!(f, "let albridge read {resource}"),
            Self::Replace { attachment, status } => write!(
                f,
                "wait until {attachment} is Attached or gone; if it stays {status}, delete it in the CEN console, and the next \
                 plan makes it anew"
            ),
            Self::Unlock { resource, lock } if lock.contains("Financial") => {
                write!(f, "pay what the account owes: the cloud lifts {lock} of {resource} then")
            }
            Self::Unlock { resource, lock } => {
                write!(f, "have {lock} of {resource} lifted: the cloud's messages to the account say what it is for")
            }
            Self::Repair { resource, status } => {
                write!(f, "wait; if {resource} stays {status}, put another one in its place")
            }
            Self::CreateTransitRouter { region } => write!(f, "make an Enterprise Edition transit router in {region}"),
            Self::UpgradeTransitRouter { transit_router } => {
                write!(f, "upgrade {transit_router} to Enterprise Edition")
            }
            Self::AttachVpc { vpc } => write!(f, "attach {vpc} to the transit router of its region"),
            Self::ConnectRegions { from, to } => write!(f, "connect {from} and {to}"),
            Self::GiveBandwidth { attachment } => write!(f, "give {attachment} bandwidth"),
            Self::Renumber { vpc, vswitch } => write!(f, "use a prefix in {vpc} other than that of {vswitch}"),
            Self::RemoveVpcRoute { vpc, table, destination, .. } => {
                write!(f, "remove or correct the route {destination} in {table} of {vpc}")
            }
            Self::RemoveTransitRoute { transit_router, table, destination, .. } => {
                write!(f, "remove or correct the entry {destination} in {table} of {transit_router}")
            }
            Self::StopPropagation { attachment, table, destination } => write!(
                f,
                "use prefixes other than {destination} for one of the two, or keep {attachment} from teaching {table} that one"
            ),
            Self::PassNetworkAcl { acl, denied } => {
                let alike = |one: &Denied, other: &Denied| (one.direction, one.ports) == (other.direction, other.ports);
                for (at, some) in denied.chunk_by(alike).enumerate() {
                    let Some(Denied { direction, ports: (first, last), .. }) = some.first() else { continue };
                    let (list, word) = direction.words();
                    let ports = onboarding::words::ports(*first, *last);
                    let prefixes: Vec<String> = some.iter().map(|denied| denied.prefix.to_string()).collect();
                    let before = if at == 0 { "let " } else { "; and " };
                    write!(
                        f,
                        "{before}the {list} list of {acl} pass packets {word} {}, {ports}",
                        prefixes.join(" and ")
                    )?;
                }
                Ok(())
            }
            Self::RemoveRule { group, rule } => {
                write!(f, "remove rule {rule} of {group}, or give it a later priority")
            }
            Self::GiveSecurityGroup { instance } => {
                write!(f, "give {instance} a security group that exists and may be changed")
            }
            Self::TagInstance { instance } => write!(f, "give {instance} the tags that the binding selects by"),
            Self::StartInstance { instance } => write!(f, "start {instance}"),
            Self::CreateListener { protocol, port } => write!(f, "make a {protocol} listener on port {port}"),
            Self::StartListener { listener } => write!(f, "start {listener}"),
            Self::ForwardListener { listener, group } => write!(f, "point {listener} at {group}"),
            Self::RemoveMember { group, member } => write!(f, "take {member} out of {group}"),
            Self::RepairMember { group, member } => {
                write!(f, "repair what answers at {member}; or take it out of {group} if nothing is to serve there")
            }
            Self::GiveWeight { group, member } => write!(f, "give {member} of {group} a weight"),
            Self::RepairService { instance, member, request, reason } => {
                f.write_str(&service(instance.as_str(), &member.to_string(), request, reason))
            }
            Self::CorrectHealthCheck { group } => {
                write!(f, "make the health check of {group} and serverGroup.healthCheck in the binding the same")
            }
            Self::CorrectIgnored { group, settings } => {
                let named: Vec<String> = settings.iter().map(ToString::to_string).collect();
                let (named, them) = (named.join(" and "), if settings.len() == 1 { "it" } else { "them" });
                write!(
                    f,
                    "take {named} out of serverGroup.ignore in the binding, so that runs correct {them}; or correct {them} in {group} \
                     by hand"
                )
            }
        }
    }
}
