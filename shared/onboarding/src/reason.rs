//! All refusals and failures that albridge itself reports: one closed list of codes, used by preflight, plan, explain,
//! verify, logs and the CLI.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $remedy:literal;)+) => {
        /// A problem as a stable code; `docs/runbook.md` has a heading for each.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Code {
            $($(#[$doc])* #[serde(rename = $code)] $name,)+
        }

        impl Code {
            /// All codes.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The code in the form that operators see.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)+
                }
            }

            /// The remedy, in one sentence.
            #[must_use]
            pub const fn remedy(self) -> &'static str {
                match self {
                    $(Self::$name => $remedy,)+
                }
            }
        }
    };
}

codes! {
    // Facts that are not known.
    /// A call failed, so a fact is unknown.
    Unread = "XREG-UNREAD", "Look at the call's own error; the next run reads again.";
    /// A fact is unknown because it was not asked for, or because there is nothing yet to read it from.
    NotAsked = "XREG-NOT-ASKED", "Nothing to do: it is read as soon as what it is read from is there.";
    /// The bindings could not be read or parsed.
    Store = "XREG-STORE", "Make the store readable and valid: `albridge validate`, with the file, names line and column of every error.";
    /// The binding is not in the store.
    NoBinding = "XREG-NO-BINDING", "Check the name, or add the binding to the store.";

    // The load balancer.
    /// The load balancer does not exist.
    AlbMissing = "XREG-ALB-MISSING", "Correct alb.id and alb.region in the binding; if the load balancer was deleted, name its successor there, or take the binding out of the store.";
    /// The load balancer is not Active, or is locked.
    AlbNotReady = "XREG-ALB-NOT-READY", "Wait until the load balancer is Active, or clear its lock (billing, security).";
    /// A classic ALB in a region that does not offer cross-region backends.
    RegionUnsupported = "XREG-REGION-UNSUPPORTED", "Use an upgraded ALB, or a region of the documented list.";
    /// ALBs in another VPC of the region reach remote backends through the same CEN instance. Classic ALBs only.
    SecondAlbVpc = "XREG-SECOND-ALB-VPC", "Use an upgraded ALB, another CEN instance, or the other VPC's load balancer: one VPC of a region may have remote backends.";
    /// ALBs in another VPC of the region reach the same backends through another transit router. Classic ALBs only.
    BackendShared = "XREG-BACKEND-SHARED", "Use an upgraded ALB, or take these backends out of the other VPC's server groups.";
    /// The address of a backend belongs to a load balancer (ALB, NLB, CLB) or another service in the ALB's own VPC. Classic
    /// ALBs only.
    LoadBalancerBackend = "XREG-LOAD-BALANCER-BACKEND", "Remove the member, or give the instance another address: an ALB cannot serve a load balancer of its own VPC.";
    /// The binding says classic, but the API shows the fields of an upgraded ALB.
    GenerationDiffers = "XREG-GENERATION-DIFFERS", "Remove alb.generation from the binding, unless support told you to set it.";
    /// The server quota of the load balancer's edition is used up.
    AlbQuota = "XREG-ALB-QUOTA", "Remove servers, use an ALB of a higher edition, or state a raised quota in alb.serverQuota.";
    /// A classic ALB whose source prefixes are not in the binding.
    BackToOriginMissing = "XREG-BACK-TO-ORIGIN-MISSING", "Copy the back-to-origin routes from the ALB's console page into backToOrigin.cidrs.";
    /// The listener on the port forwards to another group, and others made it.
    ListenerForwardsElsewhere = "XREG-LISTENER-FORWARDS-ELSEWHERE", "Point the listener at the server group by hand, or choose another listener.port.";
    /// No listener on the binding's port.
    ListenerMissing = "XREG-LISTENER-MISSING", "Apply the plan: it makes the listener.";
    /// The listener is stopped.
    ListenerStopped = "XREG-LISTENER-STOPPED", "Start the listener: albridge stops none, and starts none.";
    /// A listener of a protocol that albridge cannot create.
    ListenerProtocol = "XREG-LISTENER-PROTOCOL", "Make the HTTPS or QUIC listener by hand with its certificate; it is adopted.";
    /// There is no server group with the binding's mark or name.
    ServerGroupMissing = "XREG-SERVER-GROUP-MISSING", "Apply the plan: it makes the server group.";
    /// The settings of an adopted server group differ from the binding's.
    ServerGroupDiffers = "XREG-SERVER-GROUP-DIFFERS", "Change the binding or the server group: what others made is not altered.";
    /// Cross-zone forwarding is off, but Remote IP needs it.
    CrossZoneOff = "XREG-CROSS-ZONE-OFF", "Turn cross-zone forwarding on for the server group.";

    // The network.
    /// The VPC does not exist.
    VpcMissing = "XREG-VPC-MISSING", "Correct the VPC in the binding.";
    /// The backend VPC is the ALB's own.
    BackendInAlbVpc = "XREG-BACKEND-IN-ALB-VPC", "Register instances of the ALB's own VPC in an ordinary server group.";
    /// The VPC is attached to another CEN instance.
    VpcElsewhere = "XREG-VPC-ELSEWHERE", "Detach the VPC from the other CEN instance, name that one in cen.id, or attach it by hand and it is adopted.";
    /// An attachment has interfaces in too few zones.
    AttachmentZones = "XREG-ATTACHMENT-ZONES", "Add a vSwitch of another zone to the attachment in the CEN console: what others made is not altered.";
    /// Prefixes overlap.
    CidrOverlap = "XREG-CIDR-OVERLAP", "Prefixes joined by a transit router must not overlap: use another VPC or vSwitch.";
    /// A vSwitch for the attachment is not in the VPC.
    VSwitchMissing = "XREG-VSWITCH-MISSING", "Correct attachmentVswitches in the binding.";
    /// Two of the vSwitches are in one zone, there is only one zone, or transit routers are not available in the zone.
    VSwitchZone = "XREG-VSWITCH-ZONE", "Name one vSwitch in each of two zones where transit routers have interfaces: the CEN console lists them.";
    /// A vSwitch has no free address for the transit router's interface.
    VSwitchFull = "XREG-VSWITCH-FULL", "Free an address, or name another vSwitch of that zone.";
    /// The CEN instance does not exist, or is not Active.
    CenMissing = "XREG-CEN-MISSING", "Correct cen.id in the binding, or wait until the CEN instance is Active.";
    /// The transit router service is not activated.
    TransitRouterServiceClosed = "XREG-TR-SERVICE-CLOSED", "Open the transit-router service in the console (it is billed).";
    /// CEN lacks the service-linked role for creating network interfaces.
    ServiceRoleMissing = "XREG-SERVICE-ROLE-MISSING", "Create the service-linked role AliyunServiceRoleForCEN: the CEN console does it when asked to attach a VPC.";
    /// There is no transit router in the region.
    TransitRouterMissing = "XREG-TR-MISSING", "Create an Enterprise Edition transit router in that region of the CEN instance.";
    /// The transit router is not Enterprise Edition.
    TransitRouterBasic = "XREG-TR-BASIC", "Upgrade it: Basic Edition does not forward between regions.";
    /// The transit router is not Active.
    TransitRouterNotReady = "XREG-TR-NOT-READY", "Wait until the transit router is Active.";
    /// The bandwidth plan is missing, not associated, locked, or too small.
    Bandwidth = "XREG-BANDWIDTH", "Associate a plan with enough free bandwidth with the CEN instance, or set payByTraffic.";
    /// The bandwidth plan is locked, for its bill say.
    BandwidthLocked = "XREG-BANDWIDTH-LOCKED", "Renew the bandwidth plan or pay its bill: the cloud unlocks it then.";
    /// The bandwidth plan connects other areas than those of the two regions.
    BandwidthSpan = "XREG-BANDWIDTH-SPAN", "Use a bandwidth plan between the areas of the two regions, or set payByTraffic.";
    /// The connection crosses the border of the Chinese mainland.
    CrossBorder = "XREG-CROSS-BORDER", "Have the account's compliance check passed; paid by traffic, such a connection gets at most 100 Mbit/s.";
    /// A route with the same destination has another next hop.
    RouteConflict = "XREG-ROUTE-CONFLICT", "Remove or change that route, or leave the prefix to it.";
    /// A more specific route diverts the traffic.
    RouteShadowed = "XREG-ROUTE-SHADOWED", "Remove the more specific route.";
    /// The VPC cannot have a route for the wanted destination.
    RouteImpossible = "XREG-ROUTE-IMPOSSIBLE", "The destination lies inside a vSwitch of the VPC, or is 100.64.0.0/10 or its half.";
    /// The route quota of the table is used up.
    RouteQuota = "XREG-ROUTE-QUOTA", "Remove routes, or raise the quota of the table.";
    /// A vSwitch of the ALB, or of a classic ALB's backend, uses a custom route table; only the system table is supported.
    CustomRouteTable = "XREG-CUSTOM-ROUTE-TABLE", "Associate the vSwitch with the system route table of its VPC, or use another vSwitch there.";
    /// The transit router has reached the quota of VPC attachments in the binding.
    AttachmentQuota = "XREG-ATTACHMENT-QUOTA", "Have the quota of VPC attachments per transit router raised and write it to cen.attachmentQuota, or detach a VPC that nobody uses.";
    /// The attachment exists but is not in a usable state.
    AttachmentNotReady = "XREG-ATTACHMENT-NOT-READY", "Wait until it is Attached or gone; if it stays like this, delete it in the CEN console, and the next plan makes it anew.";
    /// An attachment or connection of ours has other vSwitches, or another way of paying, than the binding says now.
    AttachmentDiffers = "XREG-ATTACHMENT-DIFFERS", "Put the binding back, or change the attachment in the CEN console: what exists is not rebuilt.";
    /// An attachment or connection made by others lacks association, propagation or route publishing.
    AdoptedIncomplete = "XREG-ADOPTED-INCOMPLETE", "Approve the plan, or add what is missing in the CEN console.";

    // Security.
    /// A drop rule takes precedence over the wanted rule.
    RuleShadowed = "XREG-RULE-SHADOWED", "Remove the Drop rule, or give the binding's rules an earlier priority.";
    /// The security groups are service-managed.
    GroupManaged = "XREG-GROUP-MANAGED", "Use a security group of your own: a managed one cannot be changed.";
    /// Other instances are in the same security group, so the new rules apply to them too.
    GroupShared = "XREG-GROUP-SHARED", "Give the backends a security group of their own, if the others should not be reached.";
    /// The rule quota of the security group is used up.
    RuleQuota = "XREG-RULE-QUOTA", "Remove rules, or give the backends another security group: one holds 200 rules.";
    /// The security group does not exist.
    GroupMissing = "XREG-GROUP-MISSING", "Give the instance a security group that exists.";
    /// A network ACL drops the traffic.
    NetworkAcl = "XREG-NETWORK-ACL", "Let the network ACL pass the ALB's prefixes and the answers.";

    // Members.
    /// The server group has no member with this address and port.
    NotMember = "XREG-NOT-MEMBER", "Apply the plan: it registers the instance once its path is open.";
    /// No instance of a backend VPC has the selected tags.
    NoneSelected = "XREG-NONE-SELECTED", "Give an instance exactly these tags, correct select.tags or the VPC in the binding, or set cen.connectAhead to build the way ahead of the first instance.";
    /// The instance does not have the selected tags.
    NotSelected = "XREG-NOT-SELECTED", "Give the instance the tags that the binding selects by.";
    /// The instance is not running.
    NotRunning = "XREG-NOT-RUNNING", "Start the instance.";
    /// The member has weight 0, so it gets no new requests and no health checks.
    NoWeight = "XREG-NO-WEIGHT", "Apply the plan, or give the member a weight by hand.";
    /// The address is registered without Remote IP.
    NotRemote = "XREG-NOT-REMOTE", "Remove the member; it is added again with Remote IP on.";
    /// The address was registered by others.
    MemberForeign = "XREG-MEMBER-FOREIGN", "Nothing to do: a member that others registered is left as it is; `albridge import` takes it over.";
    /// Remote IP does not accept this address.
    AddressNotPrivate = "XREG-ADDRESS-NOT-PRIVATE", "Only 10/8, 100.64/10, 172.16/12 and 192.168/16 can be remote members.";
    /// The server quota of the group is used up.
    ServerQuota = "XREG-SERVER-QUOTA", "Split the instances over several bindings: a group holds 1,000 servers.";
    /// The path is not open, so the instance is not registered.
    PathNotOpen = "XREG-PATH-NOT-OPEN", "See the fault named with it; the instance is registered once the path is open.";
    /// A removal waits until new members are healthy.
    RemovalWaits = "XREG-REMOVAL-WAITS", "Nothing to do: leavers go once newcomers are healthy.";
    /// The instance is no longer listed, but its release is not proven.
    ReleaseUnproven = "XREG-RELEASE-UNPROVEN", "See what stands against it; if the instance is gone for good, remove the member by hand.";
    /// The instance's release is proven, but more instances were released than may be removed at once.
    ReleaseMarked = "XREG-RELEASE-MARKED", "Nothing to do if they were released on purpose: a later run proves it again and removes them.";
    /// More removals than one run may make (the removal cap).
    RemovalCapped = "XREG-REMOVAL-CAPPED", "Nothing to do if intended: the next runs go on. Else look at the tags.";
    /// A removal would leave too few healthy members.
    RemovalFloor = "XREG-REMOVAL-FLOOR", "Bring up replacements first, or lower removal.minHealthy.";
    /// A registered member is not healthy.
    Unhealthy = "XREG-UNHEALTHY", "Look at the service on the instance: CONNECT_FAILED is a closed port, RESPONSE_MISMATCH another status, CONNECT_TIMEOUT a firewall.";

    // The path of a packet.
    /// There is no route for the destination.
    NoRoute = "XREG-NO-ROUTE", "Apply the plan: it adds the route.";
    /// A black hole route or the route to the cloud's services matches the packet.
    Blackhole = "XREG-BLACKHOLE", "Add a longer prefix that leads to the attachment.";
    /// The attachment is not associated with a route table.
    NotAssociated = "XREG-NOT-ASSOCIATED", "Associate the attachment with a route table of its transit router.";
    /// The prefix was not propagated into the table.
    NotLearned = "XREG-NOT-LEARNED", "Enable propagation, and route publishing on the connection.";
    /// A needed attachment does not exist.
    NotAttached = "XREG-NOT-ATTACHED", "Approve the plan: it attaches the VPC or connects the regions.";
    /// No security group rule accepts the packet.
    NotAllowed = "XREG-NOT-ALLOWED", "Apply the plan: it adds the security-group rule.";
    /// A route has the wrong next hop.
    WrongNextHop = "XREG-WRONG-NEXT-HOP", "Correct the route that the hop names.";

    // What albridge is allowed to do.
    /// A trigger of the deployment is switched off, or gone.
    TriggerOff = "XREG-TRIGGER-OFF", "Switch the trigger on: until then nothing starts runs for what it reports.";
    /// A function of the deployment is gone.
    FunctionMissing = "XREG-FUNCTION-MISSING", "Run `albridge teardown --deployment`, then `albridge deploy`: the stacks make their functions anew, and members serve all the while.";
    /// The role of a function is gone.
    RoleMissing = "XREG-ROLE-MISSING", "Run `albridge teardown --deployment`, then `albridge deploy`: the stacks make their roles anew, and members serve all the while.";
    /// Drift: the observed state differs from the plan, and a run may repair it.
    Drift = "XREG-DRIFT", "Nothing to do: the next run repairs it.";
    /// An event that cannot be used.
    EventIgnored = "XREG-EVENT-IGNORED", "Nothing to do: the timer looks at everything.";
    /// A receiver was not told of the news.
    NotTold = "XREG-NOT-TOLD", "Run `albridge notify` with the receiver's name: it sends one message and says what became of it.";
    /// A billed or far-reaching change that is not approved.
    NotApproved = "XREG-NOT-APPROVED", "Run `albridge apply`, or set provision: auto.";
    /// A change that depends on another change, which is not made yet.
    Waits = "XREG-WAITS", "See what it waits for.";
    /// The kill switch is on, or the binding is paused.
    ReadOnly = "XREG-READ-ONLY", "Set paused: false in the store; or unset ALBRIDGE_READ_ONLY, and ReadOnly of the stacks.";
    /// The cloud refused a write.
    Refused = "XREG-REFUSED", "Look at the cloud's own code.";
    /// The cloud accepted a write, but no reading shows it.
    NotVisible = "XREG-NOT-VISIBLE", "Look for it in the console: if it is there, the listing lags behind or lies, and the next run goes on from what it shows.";
    /// A resource that a write needs stays busy for longer than a stage waits.
    StaysBusy = "XREG-STAYS-BUSY", "Look at what is being changed there; the next run tries again.";
    /// Changes are in progress, and more time is needed.
    StillPending = "XREG-STILL-PENDING", "Nothing to do: the workflow tries again.";
    /// A resource is marked for a binding that is not in the store.
    Orphan = "XREG-ORPHAN", "Put the binding back into the store, or take away what it left: `albridge teardown` with its name and `--was FILE`, a file of bindings that still has it.";
    /// A teardown is asked for while the automation may still bring everything back.
    NotPaused = "XREG-NOT-PAUSED", "Set paused: true in the binding, or take it out of the store; put that where the functions read it, then tear it down.";
    /// A teardown leaves something that this deployment made.
    Kept = "XREG-KEPT", "Nothing to do where it may stay: the sentence says who uses it, or what takes it away.";
    /// There is no probe in the ALB's VPC.
    NotProbed = "XREG-NOT-PROBED", "Deploy the probe in the ALB's region to have requests tested.";
    /// The answer to the probe's request is not the expected one.
    ProbeFailed = "XREG-PROBE-FAILED", "Look at status and body; `albridge explain` shows the path.";
}

/// The severity of a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// What is wanted can still work, or time alone solves it.
    Warning,
    /// Something that is wanted cannot work or cannot be done until this is solved.
    Error,
}

impl Code {
    /// The severity of the code.
    #[must_use]
    pub const fn severity(self) -> Severity {
        match self {
            Self::GenerationDiffers
            | Self::VpcElsewhere
            | Self::CrossBorder
            | Self::AdoptedIncomplete
            | Self::AttachmentZones
            | Self::AttachmentDiffers
            | Self::NoneSelected
            | Self::NotSelected
            | Self::GroupShared
            | Self::ServerGroupDiffers
            | Self::MemberForeign
            | Self::RemovalWaits
            | Self::ReleaseUnproven
            | Self::ReleaseMarked
            | Self::RemovalCapped
            | Self::NotAsked
            | Self::Drift
            | Self::EventIgnored
            | Self::NotTold
            | Self::NotApproved
            | Self::Waits
            | Self::ReadOnly
            | Self::StillPending
            | Self::Orphan
            | Self::Kept
            | Self::NotProbed => Severity::Warning,
            _ => Severity::Error,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One problem of one resource.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reason {
    /// The kind of problem.
    pub code: Code,
    /// The resource concerned: an id, a name, a prefix.
    pub resource: String,
    /// One sentence, naming the resource; no secrets.
    pub message: String,
    /// When time alone solves it, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// What mends this one, where more is known of it than the remedy of its code says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advice: Option<Box<str>>,
    /// The reasons that it follows from; empty if it is a cause itself, or if they are not known.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub because: Box<[Reason]>,
}

impl Reason {
    /// A reason about a resource.
    pub fn new(code: Code, resource: impl fmt::Display, message: impl Into<String>) -> Self {
        Self {
            code,
            resource: resource.to_string(),
            message: message.into(),
            until: None,
            advice: None,
            because: Box::default(),
        }
    }

    /// The same reason, with what mends it where that is known better than its code says.
    #[must_use]
    pub fn advising(mut self, advice: Option<String>) -> Self {
        self.advice = advice.map(String::into_boxed_str);
        self
    }

    /// What mends it, in a sentence.
    #[must_use]
    pub fn remedy(&self) -> &str {
        self.advice.as_deref().unwrap_or_else(|| self.code.remedy())
    }

    /// The same reason, with those that it follows from.
    #[must_use]
    pub(crate) fn because(mut self, reasons: impl IntoIterator<Item = Self>) -> Self {
        self.because = self.because.into_iter().chain(reasons).collect();
        self
    }

    /// The same reason, with the time at which it ends by itself.
    #[must_use]
    pub const fn until(mut self, at: Timestamp) -> Self {
        self.until = Some(at);
        self
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} {}", self.code, self.message, self.remedy())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_distinct_and_has_the_prefix() {
        let mut seen = std::collections::BTreeSet::new();
        for code in Code::ALL {
            assert!(code.as_str().starts_with("XREG-"), "{code}");
            assert!(seen.insert(code.as_str()), "{code} twice");
            assert!(code.remedy().ends_with('.'), "{code}: the remedy is a sentence");
        }
    }

    #[test]
    fn a_code_reads_back_from_its_text() {
        for code in Code::ALL {
            let text = serde_json::to_string(code).unwrap();
            assert_eq!(text, format!("\"{code}\""));
            assert_eq!(serde_json::from_str::<Code>(&text).unwrap(), *code);
        }
    }
}
