//! Answers questions about one topology. Paths that several instances share are followed once and cached.

use std::collections::BTreeMap;
use std::rc::Rc;

use ipnet::Ipv4Net;
use onboarding::binding::Security;
use onboarding::ids::{SecurityGroupId, VSwitchId, VpcId};
use onboarding::inputs::Verdict;
use onboarding::reason::{Code, Reason};
use onboarding::topology::{Instance, VSwitch};

use crate::acls::Acls;
use crate::also::Also;
use crate::explanation::{Explanation, SourceVerdict};
use crate::fault::{Fault, Remedy, Task};
use crate::front::Front;
use crate::members::{Acl, Groups};
use crate::path::Path;
use crate::question::Scope;
use crate::source_acls::SourceAcls;
use crate::trip::Trip;
use crate::verdict::{Part, Stop, in_series, side_by_side};
use crate::walk::Walk;

/// The VPC and vSwitch of a backend. The hops outside its interface depend on nothing else.
type Place<'a> = (&'a VpcId, &'a VSwitchId);

/// The return path from a place to one source prefix.
struct Back {
    /// Past the ACL of the place's vSwitch.
    passed: Part,
    walk: Walk,
    /// Both.
    part: Part,
}

/// What the packets of one question pass, part by part.
struct Pieces {
    departures: Vec<Part>,
    forward: Rc<Walk>,
    admissions: Vec<Part>,
    back: Rc<Vec<Back>>,
    arrivals: Vec<Part>,
}

/// The topology, the parameters of the questions, and the cached paths.
pub(crate) struct Analysis<'a> {
    scope: Scope<'a>,
    source_acls: SourceAcls<'a>,
    acls: Acls<'a>,
    shared: BTreeMap<Place<'a>, Option<Ipv4Net>>,
    forward: BTreeMap<Place<'a>, Rc<Walk>>,
    back: BTreeMap<Place<'a>, Rc<Vec<Back>>>,
    verdicts: BTreeMap<(Place<'a>, &'a [SecurityGroupId]), Verdict>,
}

impl<'a> Analysis<'a> {
    pub(crate) fn new(scope: Scope<'a>) -> Self {
        Self {
            scope,
            source_acls: SourceAcls::new(scope.topology, scope.load_balancer_vpc, scope.sources),
            acls: Acls::new(scope),
            shared: BTreeMap::new(),
            forward: BTreeMap::new(),
            back: BTreeMap::new(),
            verdicts: BTreeMap::new(),
        }
    }

    /// The verdict of the path alone, cached for all instances with the same vSwitch and security groups.
    pub(crate) fn verdict(&mut self, instance: &'a Instance) -> Verdict {
        // Without security groups the reason names the instance, so the verdict cannot be shared.
        if instance.security_groups.is_empty() || !self.shares_its_way(instance) {
            let pieces = self.pieces(instance);
            return self.judge(&pieces).verdict;
        }
        let key = ((&instance.vpc, &instance.vswitch), instance.security_groups.as_slice());
        if let Some(verdict) = self.verdicts.get(&key) {
            return verdict.clone();
        }
        let pieces = self.pieces(instance);
        let verdict = self.judge(&pieces).verdict;
        self.verdicts.insert(key, verdict.clone());
        verdict
    }

    /// The full explanation of one instance.
    pub(crate) fn explain(&mut self, instance: &'a Instance) -> Explanation {
        let pieces = self.pieces(instance);
        let mut explanation = self.judge(&pieces);
        if explanation.verdict != Verdict::Reachable {
            explanation.also = self.also(instance, &pieces, [&explanation.forward, &explanation.back]);
        }
        if matches!(explanation.verdict, Verdict::Ambiguous(_)) {
            explanation.lost_ports = self.lost_ports(instance);
            explanation.some_ports = explanation.lost_ports.is_empty() && self.acls.splits_ports(instance);
        }
        for way in [&mut explanation.forward, &mut explanation.back].into_iter().chain(&mut explanation.also) {
            if let Some(fault) = &mut way.fault {
                self.acls.complete(fault, instance);
            }
        }
        let Some(front) = self.front(instance, &explanation.verdict) else { return explanation };
        // A fault of the path comes first: it is the cause of a member's fault.
        explanation.served = in_series([&explanation.verdict, &front.verdict]);
        explanation.front = Some(path(explanation.forward.destination, front));
        explanation
    }

    /// What the listener does with requests for an instance, given the verdict on its path; nothing without a binding.
    pub(crate) fn front(&self, instance: &Instance, path: &Verdict) -> Option<Part> {
        let (wish, port) = (self.scope.wish?, self.scope.ports.first().copied()?);
        Some(Front { topology: self.scope.topology, wish, instance, port, path }.part())
    }

    /// What is wrong in front of an instance besides the first fault there: both have to be mended.
    pub(crate) fn behind(&self, instance: &Instance, path: &Verdict) -> Option<Fault> {
        let (wish, port) = (self.scope.wish?, self.scope.ports.first().copied()?);
        Front { topology: self.scope.topology, wish, instance, port, path }.behind()
    }

    /// The ports at which packets are lost, if they arrive at another one.
    pub(crate) fn lost_ports(&self, instance: &'a Instance) -> Vec<u16> {
        let is_lost = |port: &&'a [u16]| {
            let mut alone = Self::new(Scope { ports: port, ..self.scope });
            let pieces = alone.pieces(instance);
            alone.judge(&pieces).verdict != Verdict::Reachable
        };
        let lost: Vec<u16> = self.scope.ports.chunks(1).filter(is_lost).flatten().copied().collect();
        if lost.len() == self.scope.ports.len() { Vec::new() } else { lost }
    }

    fn pieces(&mut self, instance: &'a Instance) -> Pieces {
        let (forward, back) = (self.forward(instance), self.back(instance));
        let backend = forward.destination;
        Pieces {
            departures: self.source_acls.departures(&instance.vswitch, backend, self.scope.ports),
            admissions: self.admissions(instance),
            arrivals: self.source_acls.arrivals(&instance.vswitch, backend),
            forward,
            back,
        }
    }

    /// The path in both directions.
    fn judge(&self, pieces: &Pieces) -> Explanation {
        let Pieces { departures, forward, admissions, back, arrivals } = pieces;
        let at_backend = back.iter().zip(admissions);
        let at_load_balancer = departures.iter().zip(arrivals);
        let sources: Vec<SourceVerdict> = self
            .scope
            .sources
            .iter()
            .zip(at_backend.zip(at_load_balancer))
            .map(|(source, ((back, admission), (departure, arrival)))| {
                let parts = [departure, &forward.part, admission, &back.part, arrival];
                SourceVerdict { source: *source, verdict: in_series(parts.map(|part| &part.verdict)) }
            })
            .collect();
        let mut forward = arriving(departures, forward, admissions);
        let back = returning(back, arrivals, self.nowhere());
        let mut verdict = side_by_side(sources.iter().map(|source| &source.verdict));
        if sources.is_empty() {
            let unknown = no_sources(self.scope.load_balancer_vpc);
            verdict = Verdict::Undetermined(unknown.clone());
            forward.fault.get_or_insert_with(|| Fault {
                remedy: Remedy::Operator(Task::CorrectBinding { resource: unknown.resource.clone() }),
                reason: unknown,
                hop: forward.hops.len().checked_sub(1),
            });
        }
        let (lost_ports, also) = (Vec::new(), Vec::new());
        let (some_ports, served) = (false, verdict.clone());
        Explanation { front: None, forward, back, also, sources, lost_ports, some_ports, served, verdict }
    }

    /// What has a fault besides the first ones, in the order in which packets meet it.
    fn also(&self, instance: &'a Instance, pieces: &Pieces, first: [&Path; 2]) -> Vec<Path> {
        let Pieces { departures, forward, back, arrivals, .. } = pieces;
        let mut also = Also::besides(first);
        let walked = |walk: &Walk| std::iter::once(walk.part.clone()).chain(walk.behind.clone());
        let requests = departures.iter().cloned().chain(walked(forward)).chain(self.refusals(instance));
        requests.for_each(|part| also.add(path(forward.destination, part)));
        for (Back { passed, walk, .. }, arrival) in back.iter().zip(arrivals) {
            let answers = std::iter::once(passed.clone()).chain(walked(walk)).chain([arrival.clone()]);
            answers.for_each(|part| also.add(path(walk.destination, part)));
        }
        also.into_paths()
    }

    /// Whether all addresses of the vSwitch are reached by the same path.
    fn shares_its_way(&mut self, instance: &'a Instance) -> bool {
        let Some(address) = instance.address else { return false };
        let place = (&instance.vpc, &instance.vswitch);
        let cidr = match self.shared.get(&place) {
            Some(cidr) => *cidr,
            None => {
                let alike = |vswitch: &&VSwitch| self.source_acls.agree(&vswitch.id, vswitch.cidr, self.scope.ports);
                let cidr = self.vswitch(instance).filter(alike).map(|vswitch| vswitch.cidr);
                let split = |walk: &Walk| matches!(walk.part.verdict, Verdict::Ambiguous(_));
                let cidr = cidr.filter(|_| !split(&self.way_to_vswitch(instance)));
                self.shared.insert(place, cidr);
                cidr
            }
        };
        cidr.is_some_and(|cidr| cidr.contains(&address))
    }

    fn vswitch(&self, instance: &Instance) -> Option<&'a VSwitch> {
        self.scope.topology.vpc(&instance.vpc)?.vswitches.get(&instance.vswitch)
    }

    /// From the load balancer to the instance; to the prefix of its vSwitch, if all addresses of it share the path.
    fn forward(&mut self, instance: &'a Instance) -> Rc<Walk> {
        if self.shares_its_way(instance) {
            return self.way_to_vswitch(instance);
        }
        let Some(address) = instance.address else {
            let id = &instance.id;
            let stop = Stop::unread(id, format!("{id} has no private address yet."));
            let part = Part::new(Vec::new(), Err(stop));
            return Rc::new(Walk { destination: self.nowhere(), part, delivery: None, behind: Vec::new() });
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
            topology: self.scope.topology,
            from: self.scope.load_balancer_vpc,
            vswitch: None,
            to: &instance.vpc,
            destination,
            to_load_balancer: false,
            wish: self.scope.wish,
        }
    }

    /// From the instance to each source prefix, the answers' network ACL first.
    fn back(&mut self, instance: &'a Instance) -> Rc<Vec<Back>> {
        let place = (&instance.vpc, &instance.vswitch);
        if let Some(back) = self.back.get(&place) {
            return Rc::clone(back);
        }
        let acl = self.acl(instance);
        let way = |source: &Ipv4Net| {
            let trip = Trip {
                topology: self.scope.topology,
                from: &instance.vpc,
                vswitch: Some(&instance.vswitch),
                to: self.scope.load_balancer_vpc,
                destination: *source,
                to_load_balancer: true,
                wish: self.scope.wish,
            };
            let walk = trip.walk();
            let passed = asked(acl.as_ref(), |acl| acl.answer(*source));
            Back { part: Part::in_series([&passed, &walk.part]), passed, walk }
        };
        let back = Rc::new(self.scope.sources.iter().map(way).collect::<Vec<_>>());
        self.back.insert(place, Rc::clone(&back));
        back
    }

    fn acl(&self, instance: &Instance) -> Option<Result<Acl<'a>, Stop>> {
        let acl = self.vswitch(instance)?.network_acl.as_ref()?;
        Some(Acl::read(self.scope.topology, acl))
    }

    fn groups(&self, instance: &'a Instance) -> Result<Groups<'a>, Stop> {
        let priority = self.scope.wish.map_or_else(Security::default, |wish| wish.binding.security.clone()).priority;
        Groups::read(self.scope.topology, instance, priority)
    }

    /// For each source prefix, the decision of the filters at the backend, all ports taken together.
    fn admissions(&self, instance: &'a Instance) -> Vec<Part> {
        let (acl, groups) = (self.acl(instance), self.groups(instance));
        let admit = |source: &Ipv4Net| {
            let port = |port: &u16| {
                let by_acl = asked(acl.as_ref(), |acl| acl.request(*source, *port));
                let by_groups = asked(Some(&groups), |groups| groups.request(*source, *port));
                Part::in_series([&by_acl, &by_groups])
            };
            Part::side_by_side(&self.scope.ports.iter().map(port).collect::<Vec<_>>())
        };
        self.scope.sources.iter().map(admit).collect()
    }

    /// What each of the filters at the backend says of itself to each source prefix and port.
    fn refusals(&self, instance: &'a Instance) -> Vec<Part> {
        let (acl, groups) = (self.acl(instance), self.groups(instance));
        let asks =
            self.scope.sources.iter().flat_map(|source| self.scope.ports.iter().map(move |port| (*source, *port)));
        let refuse = |(source, port)| {
            let by_acl = asked(acl.as_ref(), |acl| acl.request(source, port));
            let by_groups = match &groups {
                Ok(groups) => groups.refusals(source, port),
                Err(stop) => vec![Part::new(Vec::new(), Err(stop.clone()))],
            };
            std::iter::once(by_acl).chain(by_groups)
        };
        asks.flat_map(refuse).filter(|part| !part.is_open()).collect()
    }

    /// A placeholder for the destination of a path that has none.
    fn nowhere(&self) -> Ipv4Net {
        self.scope.sources.first().copied().unwrap_or_default()
    }
}

/// The decision of a filter: open if there is none, unknown if it was not read.
fn asked<F>(filter: Option<&Result<F, Stop>>, judge: impl FnOnce(&F) -> Part) -> Part {
    match filter {
        None => Part::OPEN,
        Some(Ok(filter)) => judge(filter),
        Some(Err(stop)) => Part::new(Vec::new(), Err(stop.clone())),
    }
}

/// The forward path: out of the load balancer's vSwitches, through the network, and past the filters of every source.
fn arriving(departures: &[Part], forward: &Walk, admissions: &[Part]) -> Path {
    let (departure, admission) = (Part::side_by_side(departures), Part::side_by_side(admissions));
    let parts = [&departure, &forward.part, &admission, &delivered(forward)];
    path(forward.destination, Part::in_series(parts))
}

/// The way back to the first source that has a fault, else to the first; into the load balancer's vSwitch at the end.
fn returning(back: &[Back], arrivals: &[Part], nowhere: Ipv4Net) -> Path {
    let faulty = |(back, arrival): &(&Back, &Part)| !back.part.is_open() || !arrival.is_open();
    let ways = || back.iter().zip(arrivals);
    let Some((back, arrival)) = ways().find(faulty).or_else(|| ways().next()) else {
        return path(nowhere, Part::OPEN);
    };
    path(back.walk.destination, Part::in_series([&back.part, arrival, &delivered(&back.walk)]))
}

fn delivered(walk: &Walk) -> Part {
    Part { hops: walk.delivery.iter().cloned().collect(), ..Part::OPEN }
}

fn path(destination: Ipv4Net, Part { hops, fault, .. }: Part) -> Path {
    Path { destination, hops, fault }
}

fn no_sources(vpc: &VpcId) -> Reason {
    let message = format!("The prefixes that the load balancer of {vpc} sends from are not known.");
    Reason::new(Code::BackToOriginMissing, vpc, message)
}
