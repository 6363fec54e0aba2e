//! Billed changes wait until they can be of use: attachments and connections are created only for backends of which, by the
//! observed state, at least one instance can become a reachable member.
//!
//! ```text
//!   group, listener, the ALB's side ─┐
//!   attachment, connection, routes ──┼─► a backend's first obstacle ─► changes only for backends with one are blocked
//!   selected instances ──────────────┘
//! ```

use std::collections::BTreeMap;

use crate::binding::Backend;
use crate::change::{Change, Write};
use crate::checks::{Finding, Target};
use crate::desired;
use crate::ids::VpcId;
use crate::inputs::{Inputs, Verdict, Verdicts};
use crate::plan::{Plan, vpc_attachments};
use crate::reason::{Code, Reason};
use crate::topology::AttachmentRef;
use crate::topology::{Instance, LoadBalancer};

/// The first obstacle of each backend that has one.
pub(super) type Obstacles = BTreeMap<VpcId, Reason>;

/// Finds the obstacles, after every change of `plan` has its own blocking reasons.
pub(super) fn find(inputs: &Inputs<'_>, findings: &[Finding], plan: &Plan) -> Obstacles {
    let Inputs { binding, topology, .. } = *inputs;
    let Ok(load_balancer) = desired::load_balancer(binding, topology) else { return Obstacles::new() };
    let view = View { inputs, findings, plan, load_balancer };
    let all = view.of_all();
    let found = binding.backends.iter().filter_map(|backend| {
        let obstacle = all.clone().or_else(|| view.of(backend))?;
        Some((backend.vpc.clone(), obstacle))
    });
    found.collect()
}

/// The same from the verdicts on projected paths: a backend has an obstacle if instances are selected and none of them is
/// reachable. An instance without an address may still become reachable.
pub(super) fn of_verdicts(inputs: &Inputs<'_>, verdicts: &Verdicts) -> Obstacles {
    let Inputs { binding, topology, .. } = *inputs;
    let mut obstacles = Obstacles::new();
    for backend in &binding.backends {
        let selected = desired::selected(binding, topology).filter(|(of, _)| of.vpc == backend.vpc);
        let reasons: Option<Vec<&Reason>> = selected
            .map(|(_, instance)| match verdicts.get(&instance.id).filter(|_| instance.address.is_some())? {
                Verdict::Reachable => None,
                Verdict::Unreachable(reason) | Verdict::Ambiguous(reason) | Verdict::Undetermined(reason) => {
                    Some(reason)
                }
            })
            .collect();
        if let Some(first) = reasons.as_ref().and_then(|reasons| reasons.first()).filter(|reason| is_said(reason)) {
            obstacles.insert(backend.vpc.clone(), (*first).clone());
        }
    }
    obstacles
}

/// Blocks a billed change if every backend that it serves has an obstacle.
pub(super) fn block(inputs: &Inputs<'_>, obstacles: &Obstacles, change: &mut Change) {
    let Some(served) = served(inputs, &change.write) else { return };
    let mut reasons = served.iter().map(|backend| obstacles.get(&backend.vpc));
    let Some(Some(first)) = reasons.next() else { return };
    if reasons.any(|reason| reason.is_none()) || change.blocked.contains(first) {
        return;
    }
    let vpcs: Vec<_> = served.iter().map(|backend| backend.vpc.to_string()).collect();
    let message =
        format!("This costs money, and nothing can come of it for {} yet: {}", vpcs.join(", "), first.message);
    change.blocked.push(Reason::new(Code::Waits, &first.resource, message).because([first.clone()]));
}

/// The backends that a billed change serves.
fn served<'a>(inputs: &Inputs<'a>, write: &Write) -> Option<Vec<&'a Backend>> {
    let Inputs { binding, topology, .. } = *inputs;
    let home = topology.alb().map(|alb| &alb.vpc);
    let remote = || binding.backends.iter().filter(|backend| Some(&backend.vpc) != home);
    match write {
        Write::AttachVpc { vpc, .. } if Some(vpc) == home => Some(remote().collect()),
        Write::AttachVpc { vpc, .. } => Some(remote().filter(|backend| &backend.vpc == vpc).collect()),
        Write::Connect { to, .. } => Some(remote().filter(|backend| &backend.region == to).collect()),
        Write::SetBandwidth { from, to, mbps } => {
            let have = topology.peer_attachment(from, to).and_then(|peer| peer.bandwidth);
            // A decrease costs less.
            (have < Some(*mbps)).then(|| remote().filter(|backend| &backend.region == to).collect())
        }
        _ => None,
    }
}

struct View<'a> {
    inputs: &'a Inputs<'a>,
    findings: &'a [Finding],
    plan: &'a Plan,
    load_balancer: &'a LoadBalancer,
}

impl View<'_> {
    /// The obstacle of all backends, if there is one.
    fn of_all(&self) -> Option<Reason> {
        let home = &self.load_balancer.vpc;
        let front = |write: &Write| {
            matches!(
                write,
                Write::CreateServerGroup { .. } | Write::CreateListener { .. } | Write::ForwardListener { .. }
            )
        };
        self.blocked(front)
            .or_else(|| self.finding(|target| matches!(target, Target::Paths | Target::Members)))
            .or_else(|| vpc_attachments::router(self.inputs, &self.load_balancer.region).err().filter(is_said))
            .or_else(|| self.attachment(home))
            .or_else(|| self.blocked(|write| matches!(write, Write::AddTransitRoute { .. })))
            .or_else(|| desired::sources(self.inputs.binding, self.inputs.topology).err().filter(is_said))
    }

    /// The obstacle of one backend.
    fn of(&self, backend: &Backend) -> Option<Reason> {
        let Inputs { binding, topology, .. } = *self.inputs;
        let peer = AttachmentRef::Peer { from: binding.alb.region.clone(), to: backend.region.clone() };
        let remote = backend.region != binding.alb.region;
        let for_it = |target: &Target| match target {
            Target::Backend(vpc) | Target::Way(vpc) | Target::Attach(vpc) => vpc == &backend.vpc,
            Target::Connect(region) => remote && region == &backend.region,
            Target::Using(reference) => reference == &peer && remote,
            _ => false,
        };
        self.finding(for_it)
            .or_else(|| vpc_attachments::router(self.inputs, &backend.region).err().filter(is_said))
            .or_else(|| self.attachment(&backend.vpc))
            .or_else(|| {
                self.blocked(|write| matches!(write, Write::Connect { to, .. } if remote && to == &backend.region))
            })
            .or_else(|| {
                topology
                    .vpc(&backend.vpc)
                    .is_none()
                    .then(|| desired::unread_vpc(topology, &backend.vpc))
                    .filter(is_said)
            })
            .or_else(|| self.of_instances(backend))
    }

    /// A VPC attachment that cannot be created, or that exists and cannot be used.
    fn attachment(&self, id: &VpcId) -> Option<Reason> {
        self.blocked(|write| matches!(write, Write::AttachVpc { vpc, .. } if vpc == id))
            .or_else(|| self.finding(|target| matches!(target, Target::Using(AttachmentRef::Vpc { vpc }) if vpc == id)))
    }

    /// The first obstacle of the selected instances, if each of them has one.
    fn of_instances(&self, backend: &Backend) -> Option<Reason> {
        let Inputs { binding, topology, .. } = *self.inputs;
        let mut first = None;
        for (_, instance) in desired::selected(binding, topology).filter(|(of, _)| of.vpc == backend.vpc) {
            let obstacle = self.of_instance(backend, instance)?;
            first.get_or_insert(obstacle);
        }
        first
    }

    fn of_instance(&self, backend: &Backend, instance: &Instance) -> Option<Reason> {
        let topology = self.inputs.topology;
        let address = instance.address?;
        let home = &self.load_balancer.vpc;
        let vpc = topology.vpc(&backend.vpc)?;
        let back =
            vpc.vswitches.get(&instance.vswitch).and_then(|vswitch| vpc.table_of(vswitch)).map(|table| &table.id);
        let group = desired::group_for_rules(topology, instance).map(|group| &group.id);
        let needs = |write: &Write| match write {
            Write::AddVpcRoute { vpc, destination, .. } if vpc == home => destination.contains(&address),
            Write::AddVpcRoute { vpc, table, .. } => vpc == &backend.vpc && Some(table) == back,
            Write::AllowIngress { group: id, .. } => Some(id) == group,
            _ => false,
        };
        self.finding(|target| matches!(target, Target::Member(of) if *of == address)).or_else(|| self.blocked(needs))
    }

    /// The first finding with a matching target.
    fn finding(&self, matches: impl Fn(&Target) -> bool) -> Option<Reason> {
        self.findings.iter().find(|finding| finding.blocks.iter().any(&matches)).map(|finding| finding.reason.clone())
    }

    /// The first reason that blocks a matching change, not counting missing approvals and waits for other changes.
    fn blocked(&self, matches: impl Fn(&Write) -> bool) -> Option<Reason> {
        let changes = self.plan.changes.iter().filter(|change| matches(&change.write));
        let mut reasons = changes.flat_map(|change| &change.blocked);
        reasons.find(|reason| !matches!(reason.code, Code::NotApproved | Code::Waits)).cloned()
    }
}

/// Whether the reason counts: a fact that was not asked for is no obstacle.
fn is_said(reason: &Reason) -> bool {
    reason.code != Code::NotAsked
}
