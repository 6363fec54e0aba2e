//! From what was seen, planned and explained to a picture: which regions, VPCs and transit routers there are to be drawn.

use std::collections::BTreeSet;

use onboarding::binding::Binding;
use onboarding::ids::{Region, VpcId};
use onboarding::topology::{Generation, Instance, Known, Topology, TransitRouterStatus, Unknown};
use onboarding::{Deployment, Plan, desired};

use super::model::{CenBox, Group, Key, Leaf, PeerBox, Picture, RegionBox, Row, State, VpcBox};

/// What a picture is made from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Draft<'a> {
    /// Whose marks count as ours.
    pub(crate) deployment: &'a Deployment,
    /// What is wanted.
    pub(crate) binding: &'a Binding,
    /// What was seen.
    pub(crate) topology: &'a Topology,
    /// What is missing, as changes.
    pub(crate) plan: &'a Plan,
    /// The instance asked about.
    pub(crate) instance: Option<&'a Instance>,
    /// Tags of lines that packets come by: they are drawn whatever is left out.
    pub(crate) marked: &'a BTreeSet<String>,
}

/// Lines of a box before "+N more" stands for the rest.
const LINES: usize = 6;

impl Draft<'_> {
    /// Regions, VPCs, transit routers and connections; no ways yet.
    pub(crate) fn picture(&self) -> Picture {
        let regions = self.regions();
        let boxes = regions.iter().map(|region| self.region(region)).collect();
        Picture {
            title: format!("{}: {} and its backends", self.binding.name, self.binding.alb.id),
            notes: Vec::new(),
            regions: boxes,
            cen: self.cen(&regions),
            ways: Vec::new(),
        }
    }

    /// The load balancer's region, then the backends' in the binding's order.
    fn regions(&self) -> Vec<Region> {
        let mut regions = vec![self.binding.alb.region.clone()];
        for backend in &self.binding.backends {
            if !regions.contains(&backend.region) {
                regions.push(backend.region.clone());
            }
        }
        regions
    }

    fn region(&self, region: &Region) -> RegionBox {
        let mut vpcs = Vec::new();
        if *region == self.binding.alb.region {
            vpcs.push(self.balancer_vpc());
        }
        let mut seen: Vec<&VpcId> = Vec::new();
        for backend in self.binding.backends.iter().filter(|backend| backend.region == *region) {
            if !seen.contains(&&backend.vpc) {
                seen.push(&backend.vpc);
                vpcs.push(self.backend_vpc(&backend.vpc));
            }
        }
        RegionBox { title: region.to_string(), vpcs, router: self.router(region) }
    }

    fn balancer_vpc(&self) -> VpcBox {
        let id = &self.binding.alb.id;
        let alb = self.topology.alb();
        let (title, state) = match (alb, self.topology.load_balancer.why_unknown()) {
            (Some(alb), _) => {
                let generation = match desired::generation(self.binding, alb) {
                    Generation::Upgraded => "upgraded",
                    Generation::Classic => "non-upgraded",
                };
                (named(&format!("ALB {id}"), &alb.name, &[generation, alb.status.as_str()]), State::There)
            }
            (None, Some(why)) => (format!("ALB {id} was not read: {why}"), State::Unknown),
            (None, None) => (format!("There is no ALB {id}"), State::Missing),
        };
        let balancer = Group { title, state, leaves: vec![self.listener(), self.server_group(), self.sources()] };
        let Some(alb) = alb else {
            let attachment = self.attachment(&VpcId::default(), &self.binding.alb.region);
            return VpcBox {
                title: "the load balancer's VPC".to_owned(),
                state: State::Unknown,
                balancer: Some(balancer),
                leaves: Vec::new(),
                attachment,
            };
        };
        let mut leaves = Vec::new();
        let (title, state) = self.vpc_title(&alb.vpc);
        if let Some(vpc) = self.topology.vpc(&alb.vpc) {
            let zones = alb.zones.iter().filter_map(|zone| vpc.vswitches.get(&zone.vswitch));
            let acls: BTreeSet<_> = zones.filter_map(|vswitch| vswitch.network_acl.as_ref()).collect();
            leaves.extend(acls.into_iter().map(|acl| self.acl(&alb.vpc, acl)));
            let table = vpc.system_table();
            leaves.extend(table.map(|table| self.vpc_table(vpc, table)));
        }
        let attachment = self.attachment(&alb.vpc, &alb.region);
        VpcBox { title, state, balancer: Some(balancer), leaves, attachment }
    }

    fn backend_vpc(&self, id: &VpcId) -> VpcBox {
        let (title, state) = self.vpc_title(id);
        let mut leaves = Vec::new();
        if let Some(vpc) = self.topology.vpc(id) {
            let here = self.instance.filter(|instance| instance.vpc == *id);
            let mut vswitches: Vec<_> =
                vpc.vswitches.values().filter(|vswitch| self.is_used(id, &vswitch.id)).collect();
            // The one that packets go to stands next to the network; the others are passed by.
            vswitches.sort_by_key(|vswitch| here.is_some_and(|instance| instance.vswitch == vswitch.id));
            leaves.extend(vswitches.iter().map(|vswitch| self.vswitch(id, vswitch)));
            leaves.extend(self.groups(id).into_iter().map(|group| self.group(group)));
            let used =
                |vswitch: &&&onboarding::topology::VSwitch| here.is_none_or(|instance| instance.vswitch == vswitch.id);
            let acls: BTreeSet<_> =
                vswitches.iter().filter(used).filter_map(|vswitch| vswitch.network_acl.as_ref()).collect();
            leaves.extend(acls.into_iter().map(|acl| self.acl(id, acl)));
            let own = here.and_then(|instance| vpc.vswitches.get(&instance.vswitch)).and_then(|at| vpc.table_of(at));
            let tables: BTreeSet<_> =
                vswitches.iter().filter_map(|vswitch| vpc.table_of(vswitch)).map(|table| &table.id).collect();
            let mut tables: Vec<_> = vpc.tables.values().filter(|table| tables.contains(&table.id)).collect();
            if tables.is_empty() {
                tables.extend(vpc.system_table());
            }
            tables.sort_by_key(|table| own.is_some_and(|own| own.id == table.id));
            leaves.extend(tables.into_iter().map(|table| self.vpc_table(vpc, table)));
        }
        let region = self.topology.vpc(id).map(|vpc| &vpc.region);
        let region = region
            .or_else(|| self.binding.backends.iter().find(|backend| backend.vpc == *id).map(|backend| &backend.region));
        let attachment = self.attachment(id, region.unwrap_or(&self.binding.alb.region));
        VpcBox { title, state, balancer: None, leaves, attachment }
    }

    fn vpc_title(&self, id: &VpcId) -> (String, State) {
        match self.topology.vpcs.get(id) {
            Some(Known::Known(Some(vpc))) => {
                let cidrs: Vec<_> = vpc.cidrs.iter().map(ToString::to_string).collect();
                (named(id.as_str(), &vpc.name, &[&cidrs.join(", ")]), State::There)
            }
            Some(Known::Known(None)) => (format!("There is no VPC {id}"), State::Missing),
            unknown => {
                let why = Unknown::of(unknown).unwrap_or_default();
                (format!("{id} was not read: {why}"), State::Unknown)
            }
        }
    }

    fn router(&self, region: &Region) -> Group {
        let placeholder = |state, text: &str| {
            let names = vec![region.to_string()];
            vec![Leaf { key: Key::Router(region.to_string()), names, title: text.to_owned(), rows: Vec::new(), state }]
        };
        match self.topology.transit_routers.get(region) {
            Some(Known::Known(Some(router))) => {
                let mut title = format!("{} · {}", router.id, router.kind);
                if router.status != TransitRouterStatus::Active {
                    title = format!("{title} · {}", router.status);
                }
                let mut leaves = self.transit_tables(region, router);
                if leaves.is_empty() {
                    leaves = placeholder(State::Missing, "no route table in use");
                }
                for leaf in leaves.iter_mut().take(1) {
                    leaf.names.extend([router.id.to_string(), region.to_string()]);
                }
                Group { title, state: State::There, leaves }
            }
            Some(Known::Known(None)) => {
                let title = "transit router".to_owned();
                let leaves = placeholder(State::Missing, &format!("none in {region}"));
                Group { title, state: State::Missing, leaves }
            }
            unknown => {
                let why = Unknown::of(unknown).unwrap_or_default();
                let leaves = placeholder(State::Unknown, &format!("not read: {why}"));
                Group { title: "transit router".to_owned(), state: State::Unknown, leaves }
            }
        }
    }

    fn cen(&self, regions: &[Region]) -> CenBox {
        let id = &self.binding.cen.id;
        let mut title = format!("CEN {id}");
        if let Some(package) = self.topology.bandwidth_package.get().and_then(Option::as_ref) {
            title = format!("{title} · {}: {} of {} Mbit/s used", package.id, package.used, package.bandwidth);
        }
        let mut peers = Vec::new();
        for (one, near) in regions.iter().enumerate() {
            for (other, far) in regions.iter().enumerate().skip(one + 1) {
                // Backends need no connection among themselves, but an existing one may carry packets in a wrong direction.
                if one == 0 || self.topology.peer_attachment(near, far).is_some() {
                    peers.push(PeerBox { leaf: self.peer(near, far), ends: (one, other) });
                }
            }
        }
        CenBox { title, peers }
    }

    /// Whether a backend's vSwitch holds an instance that the binding wants, or the one asked about.
    fn is_used(&self, vpc: &VpcId, vswitch: &onboarding::ids::VSwitchId) -> bool {
        let asked = self.instance.is_some_and(|instance| instance.vpc == *vpc && instance.vswitch == *vswitch);
        let mut selected = desired::selected(self.binding, self.topology).map(|(_, instance)| instance);
        asked || selected.any(|instance| instance.vpc == *vpc && instance.vswitch == *vswitch)
    }
}

/// Id, name where it says more, and facts, as one line.
pub(super) fn named(id: &str, name: &str, facts: &[&str]) -> String {
    let mut text = id.to_owned();
    for fact in std::iter::once(&name).chain(facts).filter(|fact| !fact.is_empty() && **fact != id) {
        text.push_str(" · ");
        text.push_str(fact);
    }
    text
}

/// The lines that packets come by, and of the others as many as there is room for.
pub(super) fn few(rows: Vec<Row>, marked: &BTreeSet<String>) -> Vec<Row> {
    if rows.len() <= LINES {
        return rows;
    }
    let fixed = rows.iter().filter(|row| marked.contains(&row.tag)).count();
    let mut room = (LINES - 1).saturating_sub(fixed);
    let all = rows.len();
    let mut kept: Vec<Row> = rows
        .into_iter()
        .filter(|row| {
            let own = room > 0 && !marked.contains(&row.tag);
            room -= usize::from(own);
            own || marked.contains(&row.tag)
        })
        .collect();
    let left = all - kept.len();
    if left > 0 {
        kept.push(Row::new("", format!("+{left} more")));
    }
    kept
}
