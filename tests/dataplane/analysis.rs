//! The first judge: `reachability`, over the topology that a stage observes through signed API calls.

use std::collections::BTreeMap;
use std::sync::Arc;

use clock::Clock;
use emulator::NoFunctions;
use emulator::driver::Cloud;
use ipnet::Ipv4Net;
use local::Generation;
use onboarding::ids::VpcId;
use onboarding::inputs::Verdict;
use onboarding::mark::Deployment;
use onboarding::reason::Code;
use onboarding::topology::{Instance, InstanceStatus, Topology};
use onboarding::{Binding, Reason};
use openapi::{Client, Config, Credentials, Endpoints, PlainHttp, Signature};
use reachability::{Explanation, Fault, Hop, Path, Question};
use serde_json::json;
use stage::Needs;

use crate::build::Built;
use crate::facts::{Facts, REGIONS};
use crate::outcome::{Answers, Direction, Outcome, Place, Probe, Why};

/// What a stage sees of an emulated cloud.
pub(crate) fn observe(built: &Built, facts: &Facts) -> Topology {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let clock = Clock::seeded(built.now, 1);
        let key = built.world.root_credentials();
        let cloud = Cloud::start(built.world.clone(), clock.clone(), Arc::new(NoFunctions));
        let mut endpoints = json!({ "*": "http://cn-hangzhou.api.emulated" });
        for region in REGIONS {
            endpoints[region] = json!(format!("http://{region}.api.emulated"));
        }
        let config = Config {
            credentials: Credentials::new(key.access_key_id, key.access_key_secret),
            endpoints: Endpoints::parse_with(&endpoints.to_string(), PlainHttp::Anywhere).unwrap(),
            signature: Signature::default(),
            read_only: true,
        };
        let client = Client::new(config, Arc::new(local::in_memory(cloud)), clock);
        let binding = binding(facts);
        let needs = Needs::ALB.and(Needs::VPCS).and(Needs::CEN).and(Needs::SECURITY);
        stage::observe(&stage::Cloud::new(client, &binding, "judge"), &binding, &Deployment::new("dataplane"), needs)
            .await
    })
}

fn binding(facts: &Facts) -> Binding {
    let switches =
        |vpc: &crate::facts::Vpc| vpc.switches[..2].iter().map(|switch| switch.id.clone()).collect::<Vec<_>>();
    let backends = facts.backends().iter().map(|vpc| {
        json!({
            "region": REGIONS[vpc.region], "vpc": vpc.id, "attachmentVswitches": switches(vpc),
            "select": { "tags": { "app": "web" } },
        })
    });
    let cidrs = match facts.generation {
        Generation::Upgraded => Vec::new(),
        Generation::Classic => facts.sources(),
    };
    let binding = json!({
        "name": "web",
        "alb": { "region": REGIONS[0], "id": "alb-1", "attachmentVswitches": switches(&facts.vpcs[0]) },
        "serverGroup": { "name": "web-remote" },
        "listener": {},
        "cen": { "id": "cen-1" },
        "backends": backends.collect::<Vec<_>>(),
        "backToOrigin": { "cidrs": cidrs },
    });
    serde_json::from_value(binding).unwrap()
}

/// How each request ends, asked one address at a time.
pub(crate) fn judge(topology: &Topology, facts: &Facts, acls: &BTreeMap<String, String>, probes: &[Probe]) -> Answers {
    let judged = probes.iter().map(|probe| {
        let instance = instance(topology, probe);
        let explanation = explain(topology, facts, &instance, &[Ipv4Net::from(probe.source)]);
        let outcome = outcome(topology, acls, probe, &instance, &explanation);
        (*probe, outcome)
    });
    judged.collect()
}

/// Where whole prefixes are asked about, the answer must not contradict what single addresses met. Gives what does.
pub(crate) fn contradictions(topology: &Topology, facts: &Facts, answers: &Answers) -> Vec<String> {
    let mut found = Vec::new();
    for (probe, outcome) in answers {
        let instance = instance(topology, probe);
        let explanation = explain(topology, facts, &instance, &facts.sources());
        let source = explanation.sources.iter().find(|source| source.source.contains(&probe.source)).unwrap();
        // Status is no matter of the path.
        let stopped = *outcome == Outcome::Lost(Direction::Forward, Place::Stopped);
        let agrees = match &source.verdict {
            Verdict::Reachable => outcome.is_open() || stopped,
            Verdict::Unreachable(_) => !outcome.is_open(),
            Verdict::Ambiguous(_) => true,
            Verdict::Undetermined(_) => false,
        };
        if !agrees {
            found.push(format!(
                "{} to {}: {:?} for all of {}, but {outcome}",
                probe.source, probe.instance, source.verdict, source.source
            ));
        }
    }
    found
}

/// The instance, as it is met at the address that is asked about.
fn instance(topology: &Topology, probe: &Probe) -> Instance {
    let instances = topology.instances[&VpcId::from(probe.vpc)].get().unwrap();
    instances.iter().find(|instance| instance.id.as_str() == probe.instance).unwrap().at(probe.address).unwrap()
}

fn explain(topology: &Topology, facts: &Facts, instance: &Instance, sources: &[Ipv4Net]) -> Explanation {
    let load_balancer_vpc = &topology.alb().unwrap().vpc;
    reachability::explain(Question { topology, sources, load_balancer_vpc, instance, ports: &[facts.port], wish: None })
}

fn outcome(
    topology: &Topology,
    acls: &BTreeMap<String, String>,
    probe: &Probe,
    instance: &Instance,
    explanation: &Explanation,
) -> Outcome {
    let near = topology.alb().unwrap().vpc.as_str();
    let (direction, path, ends) = if explanation.forward.fault.is_some() {
        (Direction::Forward, &explanation.forward, [near, probe.vpc])
    } else if instance.status != InstanceStatus::Running {
        // Not a matter of the path: whoever asks about a path sees the status beside it.
        return Outcome::Lost(Direction::Forward, Place::Stopped);
    } else {
        (Direction::Return, &explanation.back, [probe.vpc, near])
    };
    match (&path.fault, &explanation.verdict) {
        // What listens on the instance is not seen from outside; the kernel and the emulator tell these two apart.
        (None, Verdict::Reachable) => Outcome::Answered,
        (Some(Fault { reason: fault, .. }), Verdict::Unreachable(_)) => {
            match place(topology, acls, ends, path, fault) {
                Some(place) => Outcome::Lost(direction, place),
                None => Outcome::Unsure(format!("no place for {fault} after {:?}", path.hops)),
            }
        }
        (_, verdict) => Outcome::Unsure(format!("{verdict:?}")),
    }
}

/// Where a packet is.
enum At {
    Vpc(String),
    Router(String),
}

/// Where the path ends, by its hops and the fault's code.
fn place(
    topology: &Topology,
    acls: &BTreeMap<String, String>,
    [from, goal]: [&str; 2],
    path: &Path,
    fault: &Reason,
) -> Option<Place> {
    let mut at = At::Vpc(from.to_owned());
    let mut last = None;
    for (number, hop) in (1..).zip(&path.hops) {
        at = match hop {
            Hop::Attachment { vpc, transit_router, .. } => match at {
                At::Vpc(_) => At::Router(transit_router.to_string()),
                At::Router(_) => At::Vpc(vpc.to_string()),
            },
            // Without bandwidth it does not get to the other side.
            Hop::Peer { .. } if fault.code == Code::Bandwidth && number == path.hops.len() => at,
            Hop::Peer { to, .. } => At::Router(topology.transit_router(to)?.id.to_string()),
            Hop::Listener { .. }
            | Hop::ServerGroup { .. }
            | Hop::Server { .. }
            | Hop::VpcTable { .. }
            | Hop::TransitTable { .. }
            | Hop::NetworkAcl { .. }
            | Hop::SecurityGroup { .. }
            | Hop::Deliver { .. } => at,
        };
        last = Some(hop);
    }
    match fault.code {
        Code::NetworkAcl => return Some(Place::Acl(acls.get(&fault.resource)?.clone())),
        Code::NotAllowed | Code::RuleShadowed => return Some(Place::Groups),
        _ => {}
    }
    let why = match (fault.code, last) {
        // Packets end where a table has no entry; the code may name what is missing where it would be learned.
        (_, Some(Hop::TransitTable { entry: None, .. })) => Why::NoRoute,
        // The facts have no entry for another router's attachment: only a loop is refused with a next hop in hand.
        (Code::WrongNextHop, Some(Hop::TransitTable { entry: Some(entry), .. })) if entry.next_hop.is_some() => {
            return Some(Place::Loop);
        }
        (Code::WrongNextHop | Code::CidrOverlap, Some(Hop::Attachment { .. })) => {
            let At::Vpc(vpc) = at else { return None };
            // Into the right VPC, and out of it again.
            return Some(if vpc == goal { Place::Loop } else { Place::Astray(vpc) });
        }
        (Code::WrongNextHop, _) => Why::Elsewhere,
        (Code::Blackhole, _) => match at {
            At::Vpc(_) => Why::Service,
            At::Router(_) => Why::BlackHole,
        },
        (Code::CidrOverlap, _) => Why::Nobody,
        (Code::NotAssociated, _) => Why::Unassociated,
        (Code::Bandwidth, _) => Why::Bandwidth,
        (Code::NoRoute | Code::NotLearned | Code::NotAttached, _) => Why::NoRoute,
        _ => return None,
    };
    Some(match at {
        At::Vpc(vpc) => Place::Vpc(vpc, why),
        At::Router(router) => Place::Router(router, why),
    })
}
