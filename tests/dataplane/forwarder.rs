//! The second judge: the emulator's own forwarder.

use emulator::dataplane::{self, Fault, Hop, Source, Trace, Verdict};

use crate::build::Built;
use crate::facts::Facts;
use crate::outcome::{Answers, Direction, Outcome, Place, Probe, Why};

/// How each request ends.
pub(crate) fn judge(built: &Built, facts: &Facts, probes: &[Probe]) -> Answers {
    let judged = probes.iter().map(|probe| {
        let source = Source { vpc: facts.vpcs[0].id, address: probe.source };
        let trace = built.world.trace(built.now, source, probe.address, facts.port);
        (*probe, outcome(facts, probe, &trace))
    });
    judged.collect()
}

fn outcome(facts: &Facts, probe: &Probe, trace: &Trace) -> Outcome {
    let fault = match &trace.verdict {
        Verdict::Answered { instance } if instance == probe.instance => return Outcome::Answered,
        Verdict::Refused { instance } if instance == probe.instance => return Outcome::Refused,
        Verdict::Answered { instance } | Verdict::Refused { instance } => {
            return Outcome::Unsure(format!("{instance} took it"));
        }
        Verdict::Lost(fault) => fault,
    };
    let last = trace.hops.last();
    let direction = last.map_or(dataplane::Direction::Forward, |hop| hop.direction);
    let turned = |direction| match direction {
        dataplane::Direction::Forward => Direction::Forward,
        dataplane::Direction::Return => Direction::Return,
    };
    if let Fault::Acl { vswitch, inbound } = fault {
        let near = facts.vpcs[0].switches.iter().any(|switch| switch.id == *vswitch);
        let direction = if near == *inbound { Direction::Return } else { Direction::Forward };
        return Outcome::Lost(direction, Place::Acl(vswitch.clone()));
    }
    let place = match fault {
        Fault::SecurityGroups { .. } => Place::Groups,
        Fault::NotRunning { .. } => Place::Stopped,
        _ => {
            if let Some(vpc) = astray(facts, probe, direction, &trace.hops) {
                Place::Astray(vpc)
            } else if *fault == Fault::Loop {
                Place::Loop
            } else {
                match (fault, last.map(|hop| &hop.place), why(fault)) {
                    // Looked for at the router that the packet has come to.
                    (Fault::NotAssociated { router, .. }, _, Some(why)) => Place::Router(router.clone(), why),
                    (_, Some(dataplane::Place::Vpc { vpc, .. }), Some(why)) => Place::Vpc(vpc.clone(), why),
                    (_, Some(dataplane::Place::TransitRouter { router, .. }), Some(why)) => {
                        Place::Router(router.clone(), why)
                    }
                    _ => return Outcome::Unsure(format!("{fault} after {:?}", trace.hops)),
                }
            }
        }
    };
    Outcome::Lost(turned(direction), place)
}

const fn why(fault: &Fault) -> Option<Why> {
    Some(match fault {
        Fault::NoRoute { .. } => Why::NoRoute,
        Fault::Swallowed { .. } => Why::Service,
        Fault::Unplayed { .. } => Why::Elsewhere,
        Fault::NotAssociated { .. } => Why::Unassociated,
        Fault::NoBandwidth { .. } => Why::Bandwidth,
        Fault::BlackHole { .. } => Why::BlackHole,
        Fault::NobodyThere { .. } => Why::Nobody,
        _ => return None,
    })
}

/// The first VPC that the packet came to over an attachment although it should go to another.
fn astray(facts: &Facts, probe: &Probe, direction: dataplane::Direction, hops: &[Hop]) -> Option<String> {
    let goal = match direction {
        dataplane::Direction::Forward => probe.vpc,
        dataplane::Direction::Return => facts.vpcs[0].id,
    };
    let entered = hops.iter().filter(|hop| hop.direction == direction).skip(1).filter_map(|hop| match &hop.place {
        dataplane::Place::Vpc { vpc, .. } => Some(vpc),
        dataplane::Place::TransitRouter { .. } => None,
    });
    entered.into_iter().find(|vpc| *vpc != goal).cloned()
}
