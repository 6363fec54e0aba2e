//! Five regions around one load balancer, every table full, and what the verdict on each backend has to be.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use onboarding::ids::{InstanceId, RouteTableId, SecurityGroupId, VSwitchId, VpcId};
use onboarding::topology::{
    AttachmentStatus, Instance, InstanceStatus, Known, LinkStatus, NextHop, PeerAttachment, RuleSource, SecurityGroup,
    SecurityRule, Topology, TransitRoute, TransitRouteStatus, TransitRouter, TransitRouterStatus, TransitRouterType,
    TransitTable, VSwitch, Vpc, VpcAttachment, VpcRoute, VpcRouteStatus, VpcRouteTable, VpcRouteType,
};
use onboarding::{Verdict, Verdicts};

/// The service's port and the health check's.
pub(crate) const PORTS: [u16; 2] = [80, 8080];

const REGIONS: u8 = 5;
const VSWITCHES: u8 = 4;
const GROUPS: u8 = 4;
/// Custom routes that a table holds (cloud-apis.md section 9).
const ROUTES: usize = 200;
/// Rules in each security group that are about others.
const NOISE: u8 = 30;
/// Chengdu's, some of them (cloud-apis.md section 0).
const SOURCES: [&str; 4] = ["100.117.130.0/25", "100.117.130.128/25", "100.122.175.64/26", "100.122.176.0/26"];

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Reachable,
    Unreachable,
    Ambiguous,
    Undetermined,
}

/// A topology, its backends, and what is true of them.
pub(crate) struct World {
    pub(crate) topology: Topology,
    pub(crate) load_balancer_vpc: VpcId,
    pub(crate) sources: Vec<Ipv4Net>,
    pub(crate) instances: Vec<Instance>,
    built: BTreeMap<InstanceId, Kind>,
}

/// Where a backend is: its region, its vSwitch, its own group, and its number in that vSwitch.
#[derive(Clone, Copy)]
struct Seat {
    region: u8,
    vswitch: u8,
    group: u8,
    number: u32,
}

impl Seat {
    /// Regions, vSwitches and groups in turn.
    fn of(at: u32) -> Self {
        let (regions, vswitches, groups) = (u32::from(REGIONS), u32::from(VSWITCHES), u32::from(GROUPS));
        let below = |value: u32| u8::try_from(value).unwrap_or_default();
        let number = at / regions / vswitches;
        Self {
            region: below(at % regions),
            vswitch: below(at / regions % vswitches),
            group: below(number % groups),
            number,
        }
    }

    /// In the lower or the upper half of its vSwitch, in turn.
    fn address(self) -> Ipv4Addr {
        let net = u32::from(vswitch(self.region, self.vswitch).network());
        Ipv4Addr::from(net + self.number % 2 * 2048 + 4 + self.number / 2)
    }

    /// What is wrong, region by region.
    fn kind(self) -> Kind {
        match self {
            Self { region: 1, vswitch: 3, .. } | Self { region: 2, group: 3, .. } => Kind::Unreachable,
            Self { region: 3, vswitch: 1, .. } => Kind::Ambiguous,
            Self { region: 4, vswitch: 0, number, .. } if number % 2 == 0 => Kind::Unreachable,
            Self { region: 4, group: 2, .. } => Kind::Undetermined,
            _ => Kind::Reachable,
        }
    }
}

fn net(address: [u8; 4], length: u8) -> Ipv4Net {
    Ipv4Net::new_assert(address.into(), length)
}

fn vswitch(region: u8, at: u8) -> Ipv4Net {
    net([10, region, at * 16, 0], 20)
}

fn known<T>(fact: T) -> Known<T> {
    Known::Known(fact)
}

fn region_name(region: u8) -> String {
    format!("cn-region-{region}")
}

fn backend_vpc(region: u8) -> String {
    format!("vpc-backend-{region}")
}

fn table_id(vpc: &str) -> RouteTableId {
    format!("vtb-{vpc}").into()
}

fn vswitch_id(region: u8, at: u8) -> VSwitchId {
    format!("vsw-{region}-{at}").into()
}

fn attachment_id(vpc: &str) -> String {
    format!("tr-attach-{vpc}")
}

fn group_id(region: u8, group: u8) -> SecurityGroupId {
    format!("sg-{region}-{group}").into()
}

const HOME: &str = "vpc-alb";

impl World {
    pub(crate) fn new(backends: usize) -> Self {
        let sources: Vec<Ipv4Net> = SOURCES.iter().filter_map(|source| source.parse().ok()).collect();
        let seats: Vec<Seat> = (0..).map(Seat::of).take(backends).collect();
        let instances: Vec<Instance> = seats.iter().enumerate().map(|(at, seat)| instance(at, *seat)).collect();
        let built = instances.iter().zip(&seats).map(|(instance, seat)| (instance.id.clone(), seat.kind())).collect();
        let mut vpcs = vec![home()];
        vpcs.extend((0..REGIONS).map(|region| backend(region, &sources)));
        let topology = Topology {
            vpc_attachments: known(vpcs.iter().map(attachment).collect()),
            vpcs: vpcs.into_iter().map(|vpc| (vpc.id.clone(), known(Some(vpc)))).collect(),
            transit_routers: (0..REGIONS)
                .map(|region| (region_name(region).into(), known(Some(router(region, &sources)))))
                .collect(),
            peer_attachments: known((1..REGIONS).map(peer).collect()),
            security_groups: groups(&sources),
            ..Topology::default()
        };
        Self { topology, load_balancer_vpc: HOME.into(), sources, instances, built }
    }

    /// Backends whose verdict is not of the kind that was built.
    pub(crate) fn wrong(&self, verdicts: &Verdicts) -> Vec<(&InstanceId, Option<Verdict>)> {
        let wrong = self.built.iter().filter(|(id, kind)| verdicts.get(*id).map(kind_of) != Some(**kind));
        wrong.map(|(id, _)| (id, verdicts.get(id).cloned())).collect()
    }

    /// How many there are of each kind.
    pub(crate) fn counted(&self) -> String {
        let mut counts: BTreeMap<Kind, usize> = BTreeMap::new();
        for kind in self.built.values() {
            *counts.entry(*kind).or_default() += 1;
        }
        format!("verdicts as built: {counts:?}")
    }
}

const fn kind_of(verdict: &Verdict) -> Kind {
    match verdict {
        Verdict::Reachable => Kind::Reachable,
        Verdict::Unreachable(_) => Kind::Unreachable,
        Verdict::Ambiguous(_) => Kind::Ambiguous,
        Verdict::Undetermined(_) => Kind::Undetermined,
    }
}

fn instance(at: usize, seat: Seat) -> Instance {
    Instance {
        id: format!("i-{at:05}").into(),
        name: String::new(),
        status: InstanceStatus::Running,
        vpc: backend_vpc(seat.region).into(),
        vswitch: vswitch_id(seat.region, seat.vswitch),
        address: Some(seat.address()),
        interface: None,
        security_groups: vec![group_id(seat.region, GROUPS), group_id(seat.region, seat.group)],
        interfaces: Vec::new(),
        tags: BTreeMap::new(),
    }
}

fn route(destination: Ipv4Net, next_hop: NextHop) -> VpcRoute {
    VpcRoute {
        id: format!("rte-{destination}").into(),
        destination,
        next_hop,
        status: VpcRouteStatus::Available,
        kind: VpcRouteType::Custom,
        name: String::new(),
        description: String::new(),
    }
}

/// Prefixes that are nobody's, to fill a table.
fn filler(there: usize) -> impl Iterator<Item = Ipv4Net> {
    (0..=u8::MAX).map(|at| net([172, 30, at, 0], 24)).take(ROUTES.saturating_sub(there))
}

fn table(id: RouteTableId, system: bool, own: &[Ipv4Net], custom: Vec<VpcRoute>, attachment: &str) -> VpcRouteTable {
    let there = custom.len();
    let mut routes = vec![route(net([100, 64, 0, 0], 10), NextHop::Service)];
    routes.extend(own.iter().map(|own| route(*own, NextHop::Local)));
    routes.extend(custom);
    routes.extend(filler(there).map(|prefix| route(prefix, NextHop::Attachment(attachment.into()))));
    VpcRouteTable { id, system, routes }
}

/// The load balancer's VPC: a route to each backend vSwitch but one, and one that takes half of another away.
fn home() -> Vpc {
    let attachment = attachment_id(HOME);
    let pairs = (0..REGIONS).flat_map(|region| (0..VSWITCHES).map(move |at| (region, at)));
    let mut custom: Vec<VpcRoute> = pairs
        .filter(|pair| *pair != (1, 3))
        .map(|(region, at)| route(vswitch(region, at), NextHop::Attachment(attachment.as_str().into())))
        .collect();
    custom.push(route(net([10, 4, 0, 0], 21), NextHop::Other("Instance i-appliance".to_owned())));
    let table = table(table_id(HOME), true, &[], custom, &attachment);
    Vpc {
        id: HOME.into(),
        region: region_name(0).into(),
        name: String::new(),
        cidrs: vec![net([172, 16, 0, 0], 16)],
        vswitches: BTreeMap::new(),
        tables: BTreeMap::from([(table.id.clone(), table)]),
    }
}

/// A backend VPC. One vSwitch of one region has a table of its own, in which one source prefix is missing.
fn backend(region: u8, sources: &[Ipv4Net]) -> Vpc {
    let id = backend_vpc(region);
    let attachment = attachment_id(&id);
    let own: Vec<Ipv4Net> = (0..VSWITCHES).map(|at| vswitch(region, at)).collect();
    let back = |sources: &[Ipv4Net]| -> Vec<VpcRoute> {
        sources.iter().map(|source| route(*source, NextHop::Attachment(attachment.as_str().into()))).collect()
    };
    let system = table(table_id(&id), true, &own, back(sources), &attachment);
    let custom = table(format!("vtb-custom-{region}").into(), false, &own, back(&sources[1..]), &attachment);
    let vswitches = (0..VSWITCHES).map(|at| VSwitch {
        id: vswitch_id(region, at),
        zone: format!("{}-{at}", region_name(region)).into(),
        cidr: vswitch(region, at),
        free_addresses: 100,
        table: Some(if (region, at) == (3, 1) { custom.id.clone() } else { system.id.clone() }),
        network_acl: None,
    });
    Vpc {
        id: id.as_str().into(),
        region: region_name(region).into(),
        name: String::new(),
        cidrs: vec![net([10, region, 0, 0], 16)],
        vswitches: vswitches.map(|vswitch| (vswitch.id.clone(), vswitch)).collect(),
        tables: [system, custom].into_iter().map(|table| (table.id.clone(), table)).collect(),
    }
}

fn attachment(vpc: &Vpc) -> VpcAttachment {
    VpcAttachment {
        id: attachment_id(vpc.id.as_str()).into(),
        vpc: vpc.id.clone(),
        transit_router: format!("tr-{}", vpc.region).into(),
        region: vpc.region.clone(),
        status: AttachmentStatus::Attached,
        zones: BTreeMap::new(),
        auto_publish: false,
        mark: None,
        created: String::new(),
    }
}

fn peer_id(region: u8) -> String {
    format!("tr-attach-peer-{region}")
}

fn peer(region: u8) -> PeerAttachment {
    PeerAttachment {
        id: peer_id(region).into(),
        regions: (region_name(0).into(), region_name(region).into()),
        status: AttachmentStatus::Attached,
        bandwidth: Some(100),
        bandwidth_package: None,
        auto_publish: true,
        mark: None,
        created: String::new(),
    }
}

/// A transit router: static entries for the sources at home, learned ones for everything else.
fn router(region: u8, sources: &[Ipv4Net]) -> TransitRouter {
    let entry = |destination: Ipv4Net, next_hop: String, propagated: bool| TransitRoute {
        id: (!propagated).then(|| format!("rte-{destination}").into()),
        destination,
        next_hop: Some(next_hop.into()),
        propagated,
        status: TransitRouteStatus::Active,
        description: String::new(),
    };
    let to_home = if region == 0 { attachment_id(HOME) } else { peer_id(region) };
    let mut routes: Vec<TransitRoute> =
        sources.iter().map(|source| entry(*source, to_home.clone(), region != 0)).collect();
    let mut attached = vec![attachment_id(&backend_vpc(region)), to_home];
    routes.extend((0..VSWITCHES).map(|at| entry(vswitch(region, at), attached[0].clone(), true)));
    if region == 0 {
        for far in 1..REGIONS {
            routes.extend((0..VSWITCHES).map(|at| entry(vswitch(far, at), peer_id(far), true)));
            attached.push(peer_id(far));
        }
    }
    let there = routes.len();
    routes.extend(filler(there).map(|prefix| entry(prefix, attached[0].clone(), true)));
    let links: BTreeMap<_, _> = attached.into_iter().map(|id| (id.into(), LinkStatus::Active)).collect();
    let id = format!("tr-{}", region_name(region));
    let table =
        TransitTable { id: table_id(&id), system: true, associations: links.clone(), propagations: links, routes };
    TransitRouter {
        id: id.into(),
        region: region_name(region).into(),
        kind: TransitRouterType::Enterprise,
        status: TransitRouterStatus::Active,
        tables: BTreeMap::from([(table.id.clone(), table)]),
    }
}

/// In each region four groups that admit the load balancer and one that is about others. One admits nobody, and one was
/// not read.
fn groups(sources: &[Ipv4Net]) -> BTreeMap<SecurityGroupId, Known<Option<SecurityGroup>>> {
    let pairs = (0..REGIONS).flat_map(|region| (0..=GROUPS).map(move |group| (region, group)));
    let group = |(region, group): (u8, u8)| {
        let id = group_id(region, group);
        if (region, group) == (4, 2) {
            return (id, Known::Failed("the call failed".to_owned()));
        }
        let admits = group < GROUPS && (region, group) != (2, 3);
        let noise = (0..NOISE).map(|at| rule(&format!("sgr-noise-{at}"), net([192, 168, at, 0], 24), at % 2 == 0, 1));
        let admitted =
            sources.iter().filter(|_| admits).map(|source| rule(&format!("sgr-{source}"), *source, true, 90));
        let group = SecurityGroup {
            id: id.clone(),
            region: region_name(region).into(),
            vpc: backend_vpc(region).into(),
            service_managed: false,
            rules: noise.chain(admitted).collect(),
        };
        (id, known(Some(group)))
    };
    pairs.map(group).collect()
}

fn rule(id: &str, source: Ipv4Net, accept: bool, priority: u8) -> SecurityRule {
    SecurityRule {
        id: id.into(),
        protocol: "TCP".to_owned(),
        ports: Some((PORTS[0], PORTS[1])),
        source: RuleSource::Cidr(source),
        accept,
        priority,
        description: String::new(),
    }
}
