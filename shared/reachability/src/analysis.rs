//! One question after another about the same topology, each way followed once.

use std::collections::BTreeMap;
use std::rc::Rc;

use ipnet::Ipv4Net;
use onboarding::ids::{SecurityGroupId, VSwitchId, VpcId};
use onboarding::plan::Verdict;
use onboarding::reason::{Code, Reason};
use onboarding::topology::{Instance, Topology, VSwitch};

use crate::hop::{Hop, Path};
use crate::members::{Acl, Groups};
use crate::near::{Admission, Gates};
use crate::verdict::{Stop, in_series, reason, side_by_side};
use crate::walk::{Trip, Walk};
use crate::{Explanation, SourceVerdict};

/// Where a backend is: what its packets meet outside its interface depends on nothing else.
type Place<'a> = (&'a VpcId, &'a VSwitchId);

/// The ways already followed.
pub(crate) struct Analysis<'a> {
    topology: &'a Topology,
    load_balancer_vpc: &'a VpcId,
    sources: &'a [Ipv4Net],
    ports: &'a [u16],
    gates: Gates<'a>,
    forward: BTreeMap<Place<'a>, Rc<Walk>>,
    back: BTreeMap<Place<'a>, Rc<Vec<Walk>>>,
    verdicts: BTreeMap<(Place<'a>, &'a [SecurityGroupId]), Verdict>,
}

impl<'a> Analysis<'a> {
    pub(crate) fn new(
        topology: &'a Topology,
        load_balancer_vpc: &'a VpcId,
        sources: &'a [Ipv4Net],
        ports: &'a [u16],
    ) -> Self {
        let (forward, back, verdicts) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let gates = Gates::new(topology, load_balancer_vpc, sources);
        Self { topology, load_balancer_vpc, sources, ports, gates, forward, back, verdicts }
    }

    /// The verdict alone, remembered for every instance that shares all that decides it.
    pub(crate) fn verdict(&mut self, instance: &'a Instance) -> Verdict {
        let key = ((&instance.vpc, &instance.vswitch), instance.security_groups.as_slice());
        // Without groups the reason names the instance, so it is nobody else's.
        if instance.security_groups.is_empty() || !self.shares_its_way(instance) {
            return self.explain(instance).verdict;
        }
        if let Some(verdict) = self.verdicts.get(&key) {
            return verdict.clone();
        }
        let verdict = self.explain(instance).verdict;
        self.verdicts.insert(key, verdict.clone());
        verdict
    }

    pub(crate) fn explain(&mut self, instance: &'a Instance) -> Explanation {
        let forward = self.forward(instance);
        let back = self.back(instance);
        let admissions = self.admissions(instance);
        let backend = forward.destination;
        let departures = self.gates.departures(&instance.vswitch, backend, self.ports);
        let arrivals = self.gates.arrivals(&instance.vswitch, backend);
        let at_backend = back.iter().zip(&admissions);
        let at_load_balancer = departures.iter().zip(&arrivals);
        let sources: Vec<SourceVerdict> = self
            .sources
            .iter()
            .zip(at_backend.zip(at_load_balancer))
            .map(|(source, ((back, admission), (departure, arrival)))| {
                let parts = [&departure.verdict, &forward.verdict, &admission.verdict, &back.verdict, &arrival.verdict];
                SourceVerdict { source: *source, verdict: in_series(parts) }
            })
            .collect();
        let mut forward = arriving(&departures, &forward, &admissions);
        let back = returning(&back, &arrivals, self.nowhere());
        if sources.is_empty() {
            let unknown = no_sources(self.load_balancer_vpc);
            forward.fault.get_or_insert_with(|| unknown.clone());
            return Explanation { forward, back, sources, verdict: Verdict::Undetermined(unknown) };
        }
        let verdict = side_by_side(sources.iter().map(|source| &source.verdict));
        Explanation { forward, back, sources, verdict }
    }

    /// Whether the whole vSwitch is reached the same way.
    fn shares_its_way(&mut self, instance: &'a Instance) -> bool {
        let Some(address) = instance.address else { return false };
        let ports = self.ports;
        self.vswitch(instance).is_some_and(|vswitch| {
            vswitch.cidr.contains(&address) && self.gates.agree(&vswitch.id, vswitch.cidr, ports)
        }) && !matches!(self.way_to_vswitch(instance).verdict, Verdict::Ambiguous(_))
    }

    fn vswitch(&self, instance: &Instance) -> Option<&'a VSwitch> {
        self.topology.vpc(&instance.vpc)?.vswitches.get(&instance.vswitch)
    }

    /// From the load balancer to the instance: by its vSwitch's prefix where all of that goes one way.
    fn forward(&mut self, instance: &'a Instance) -> Rc<Walk> {
        if self.shares_its_way(instance) {
            return self.way_to_vswitch(instance);
        }
        let Some(address) = instance.address else {
            let id = &instance.id;
            let stop = Stop::unread(id, format!("{id} has no private address yet."));
            return Rc::new(Walk { destination: self.nowhere(), hops: Vec::new(), verdict: stop.into() });
        };
        Rc::new(self.trip_to(instance, address.into()).walk())
    }

    fn way_to_vswitch(&mut self, instance: &'a Instance) -> Rc<Walk> {
        let prefix = self.vswitch(instance).map_or_else(|| self.nowhere(), |vswitch| vswitch.cidr);
        let trip = self.trip_to(instance, prefix);
        let walk = self.forward.entry((&instance.vpc, &instance.vswitch)).or_insert_with(|| Rc::new(trip.walk()));
        Rc::clone(walk)
    }

    const fn trip_to(&self, instance: &'a Instance, destination: Ipv4Net) -> Trip<'a> {
        Trip {
            topology: self.topology,
            from: self.load_balancer_vpc,
            vswitch: None,
            to: &instance.vpc,
            destination,
            to_load_balancer: false,
        }
    }

    /// From the instance to each source prefix, the answers' network ACL first.
    fn back(&mut self, instance: &'a Instance) -> Rc<Vec<Walk>> {
        let (topology, load_balancer_vpc, sources) = (self.topology, self.load_balancer_vpc, self.sources);
        let acl = self.acl(instance);
        let place = (&instance.vpc, &instance.vswitch);
        let walks = self.back.entry(place).or_insert_with(|| {
            let walk = |source: &Ipv4Net| {
                let trip = Trip {
                    topology,
                    from: &instance.vpc,
                    vswitch: Some(&instance.vswitch),
                    to: load_balancer_vpc,
                    destination: *source,
                    to_load_balancer: true,
                };
                let mut walk = trip.walk();
                match acl.as_ref().map(|acl| acl.as_ref().map_err(Clone::clone).and_then(|acl| acl.answer(*source))) {
                    None => {}
                    Some(Ok(passed)) => {
                        walk.hops.splice(0..0, passed);
                    }
                    Some(Err(stop)) => {
                        let refused = Verdict::from(stop);
                        if matches!(refused, Verdict::Unreachable(_)) {
                            walk.hops.clear();
                        }
                        walk.verdict = in_series([&refused, &walk.verdict]);
                    }
                }
                walk
            };
            Rc::new(sources.iter().map(walk).collect())
        });
        Rc::clone(walks)
    }

    fn acl(&self, instance: &Instance) -> Option<Result<Acl<'a>, Stop>> {
        let acl = self.vswitch(instance)?.network_acl.as_ref()?;
        Some(Acl::read(self.topology, acl))
    }

    /// For each source prefix, what the filters at the backend say to every port.
    fn admissions(&self, instance: &Instance) -> Vec<Admission> {
        let acl = self.acl(instance);
        let groups = Groups::read(self.topology, instance);
        let admit = |source: &Ipv4Net| {
            let mut hops = Vec::new();
            let mut judge = |judged: Result<Vec<Hop>, Stop>| match judged {
                Ok(passed) => {
                    hops.extend(passed);
                    Verdict::Reachable
                }
                Err(stop) => stop.into(),
            };
            let mut ports = Vec::new();
            for port in self.ports {
                let by_acl = match &acl {
                    None => Verdict::Reachable,
                    Some(Ok(acl)) => judge(acl.request(*source, *port)),
                    Some(Err(stop)) => stop.clone().into(),
                };
                let by_groups = match &groups {
                    Ok(groups) => judge(groups.request(*source, *port)),
                    Err(stop) => stop.clone().into(),
                };
                ports.push(in_series([&by_acl, &by_groups]));
            }
            Admission { hops, verdict: side_by_side(&ports) }
        };
        self.sources.iter().map(admit).collect()
    }

    /// A destination to name where there is none.
    fn nowhere(&self) -> Ipv4Net {
        self.sources.first().copied().unwrap_or_default()
    }
}

/// The forward path: out of the load balancer's vSwitches, through the network, and past the filters of every source.
fn arriving(departures: &[Admission], forward: &Walk, admissions: &[Admission]) -> Path {
    let mut hops: Vec<Hop> = departures.iter().flat_map(|departure| departure.hops.clone()).collect();
    let mut fault = departures.iter().find_map(|departure| reason(&departure.verdict).cloned());
    if fault.is_none() {
        hops.extend(forward.hops.iter().cloned());
        fault = reason(&forward.verdict).cloned();
    }
    if fault.is_none() {
        let delivery = hops.pop();
        hops.extend(admissions.iter().flat_map(|admission| admission.hops.clone()));
        fault = admissions.iter().find_map(|admission| reason(&admission.verdict).cloned());
        hops.extend(delivery.filter(|_| fault.is_none()));
    }
    Path { destination: forward.destination, hops, fault }
}

/// The way back to the first source that has a fault, else to the first; into the load balancer's vSwitch at the end.
fn returning(back: &[Walk], arrivals: &[Admission], nowhere: Ipv4Net) -> Path {
    let faulty = |(walk, arrival): &(&Walk, &Admission)| {
        walk.verdict != Verdict::Reachable || arrival.verdict != Verdict::Reachable
    };
    let ways = || back.iter().zip(arrivals);
    let Some((walk, arrival)) = ways().find(faulty).or_else(|| ways().next()) else {
        return Path { destination: nowhere, hops: Vec::new(), fault: None };
    };
    let (mut hops, mut fault) = (walk.hops.clone(), reason(&walk.verdict).cloned());
    if fault.is_none() {
        let delivery = hops.pop();
        hops.extend(arrival.hops.clone());
        fault = reason(&arrival.verdict).cloned();
        hops.extend(delivery.filter(|_| fault.is_none()));
    }
    Path { destination: walk.destination, hops, fault }
}

fn no_sources(vpc: &VpcId) -> Reason {
    let message = format!("The prefixes that the load balancer of {vpc} sends from are not known.");
    Reason::new(Code::BackToOriginMissing, vpc, message)
}
