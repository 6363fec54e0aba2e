//! The graph: from changes and faults to the reasons that they follow from.

use std::collections::{BTreeMap, BTreeSet};

use super::cause::{Cause, key};
use super::fault::{InstanceFault, Mend};
use super::found::{Found, Root};
use super::hold::NextRun;
use super::kept::{Effect, Kept};
use super::mended::{By, Mended, Voice};
use crate::binding::{Binding, Provision};
use crate::change::{Change, Consent, Write};
use crate::ids::Region;
use crate::plan::Plan;
use crate::reason::{Code, Reason};

/// Problems of one kind are told together.
type Key = (Code, String);

/// The plan, the faults, and the causes found so far.
pub(super) struct Graph<'a> {
    binding: &'a Binding,
    plan: &'a Plan,
    faults: &'a [InstanceFault],
    next: &'a NextRun,
    /// Changes that nobody approved, each with the first fault of a member that it would mend.
    missed: Vec<(usize, &'a InstanceFault)>,
    found: BTreeMap<Key, Found>,
}

impl<'a> Graph<'a> {
    pub(super) fn new(binding: &'a Binding, plan: &'a Plan, faults: &'a [InstanceFault], next: &'a NextRun) -> Self {
        let unapproved = plan.changes.iter().enumerate().filter(|(_, change)| change.blocked.iter().any(is_unapproved));
        let members = || faults.iter().filter(|fault| fault.is_member);
        let missed = unapproved.filter_map(|(at, change)| Some((at, members().find(|fault| mends(change, fault))?)));
        Self { binding, plan, faults, next, missed: missed.collect(), found: BTreeMap::new() }
    }

    /// Finds the roots of everything that is wrong.
    pub(super) fn build(&mut self) {
        for finding in self.plan.errors() {
            for root in roots_of_finding(finding) {
                self.note(root, None, None);
            }
        }
        for (at, change) in self.plan.changes.iter().enumerate() {
            if let Some(refusal) = self.next.refusal(&change.write).filter(|_| change.is_open()) {
                self.note(Root::new(refusal), Some(at), None);
            }
            if !waits(change) {
                continue;
            }
            for root in self.roots_of_change(at, &mut BTreeSet::new()) {
                self.note(root, Some(at), None);
            }
        }
        self.build_faults();
    }

    /// Finds the roots of the faults alone.
    pub(super) fn build_faults(&mut self) {
        for fault in self.faults {
            for root in self.roots_of_fault(fault) {
                let is_unseen = fault.is_member && is_of_another_cen(root.reason.code);
                let kept = fault.instance.clone().map(|id| Kept {
                    id,
                    name: fault.name.clone(),
                    is_member: fault.is_member,
                    address: fault.address,
                    port: fault.port,
                    effect: if is_unseen { Effect::NotKnown } else { fault.effect.clone() },
                });
                self.note(root, None, kept);
            }
        }
    }

    /// The causes, and how many changes wait for them.
    pub(super) fn into_causes(self) -> (Vec<Cause>, usize) {
        let is_held = matches!(self.next, NextRun::Held(_));
        let waits_for_runs =
            |change: &Change| change.is_open() && (is_held || self.next.refusal(&change.write).is_some());
        let waiting = self.plan.changes.iter().filter(|change| waits(change) || waits_for_runs(change)).count();
        let voice = Voice { binding: &self.binding.name, next: self.next };
        (self.found.into_values().flat_map(|found| found.causes(voice)).collect(), waiting)
    }

    /// Notes a root under its kind, or under that of the change, or of the person's task, that mends it: what one of them mends is one problem.
    fn note(&mut self, root: Root<'a>, change: Option<usize>, kept: Option<Kept>) {
        let same = root.mended.as_ref().and_then(|mended| {
            self.found.iter().find(|(_, found)| found.is_mended_by(mended)).map(|(key, _)| key.clone())
        });
        let key = same.unwrap_or_else(|| {
            let (code, resource) = kind(root.reason);
            (code, root.together.map_or(resource, |together| together.task.as_str()).to_owned())
        });
        self.found.entry(key).or_default().note(root, change, kept);
    }

    /// What a blocked change waits for in the end.
    fn roots_of_change(&self, at: usize, seen: &mut BTreeSet<usize>) -> Vec<Root<'a>> {
        let Some(change) = self.plan.changes.get(at).filter(|_| seen.insert(at)) else { return Vec::new() };
        if let Some(reason) = ruled_out(change) {
            return vec![Root::new(reason)];
        }
        let mut roots: Vec<Root<'a>> = Vec::new();
        if let Write::AddServer { instance, .. } = &change.write
            && change.blocked.iter().any(|reason| reason.code == Code::PathNotOpen)
            && let Some(fault) = self.faults.iter().find(|fault| fault.instance.as_ref() == Some(instance))
        {
            // The way's first fault now; what the planned state lacks besides follows from the same.
            if let Some(finding) = self.unsupported(fault) {
                return roots_of_finding(finding);
            }
            if let Some(mender) = self.mender(fault).filter(|mender| !self.is_open(*mender) && *mender != at) {
                roots.extend(self.roots_of_change(mender, seen));
            }
        }
        if roots.is_empty() {
            for reason in change.blocked.iter().filter(|reason| reason.until.is_none()) {
                roots.extend(self.roots_of_reason(reason, seen));
            }
        }
        if roots.is_empty() {
            // A circle, or a cause that is not known: the change's own reason stands for it.
            roots.extend(change.blocked.first().map(Root::new));
        }
        roots
    }

    fn roots_of_reason(&self, reason: &'a Reason, seen: &mut BTreeSet<usize>) -> Vec<Root<'a>> {
        if let Some(root) = self.root_of_missed(reason) {
            return vec![root];
        }
        if !reason.because.is_empty() {
            return reason.because.iter().flat_map(|cause| self.roots_of_reason(cause, seen)).collect();
        }
        if let Some(finding) = self.explained(reason) {
            return roots_of_finding(finding);
        }
        let fault = self.faults.iter().find(|fault| fault.reason == *reason);
        if let Some(fault) = fault {
            let Mend::Change { write } = &fault.mend else { return vec![self.root_of_own_fault(fault)] };
            let lacking = self.lacking(write);
            if !lacking.is_empty() {
                return lacking;
            }
        }
        if reason.code == Code::NotAttached {
            let lacking = self.lacking_for(reason);
            if !lacking.is_empty() {
                return lacking;
            }
        }
        // What albridge would mend itself follows from what keeps it from doing so.
        let menders: Vec<usize> = match fault.and_then(|fault| self.mender(fault)) {
            Some(mender) => vec![mender],
            None => self.menders(reason).collect(),
        };
        if menders.is_empty() {
            return vec![Root::new(reason)];
        }
        let blocked = menders.into_iter().filter(|at| !self.is_open(*at));
        blocked.collect::<Vec<_>>().into_iter().flat_map(|at| self.roots_of_change(at, seen)).collect()
    }

    fn roots_of_fault(&self, fault: &'a InstanceFault) -> Vec<Root<'a>> {
        if let Some(reason) = self.registration(fault).and_then(ruled_out) {
            return vec![Root::new(reason)];
        }
        if let Some(finding) = self.explained(&fault.reason).or_else(|| self.unsupported(fault)) {
            return roots_of_finding(finding);
        }
        match self.mender(fault) {
            Some(at) if self.is_open(at) => {
                let refusal = self.plan.changes.get(at).and_then(|change| self.next.refusal(&change.write));
                if let Some(refusal) = refusal {
                    return vec![Root::new(refusal)];
                }
                if !fault.is_member && !is_of_the_front(fault.reason.code) {
                    return Vec::new(); // the plan is about to bring it in
                }
                let mended = self.plan.changes.get(at).map(|change| self.planned(change));
                mended.map(|mended| Root::of(fault, mended)).into_iter().collect()
            }
            Some(at) => self.roots_of_change(at, &mut BTreeSet::new()),
            None => {
                let lacking = if let Mend::Change { write } = &fault.mend { self.lacking(write) } else { Vec::new() };
                if lacking.is_empty() { vec![self.root_of_own_fault(fault)] } else { lacking }
            }
        }
    }

    /// A change of the plan that nothing blocks, and who makes it.
    fn planned(&self, change: &Change) -> Mended {
        let asked = change.consent == Consent::Person && self.binding.provision == Provision::Approved;
        let by = match (self.next, asked) {
            (NextRun::Held(_), _) => By::Nobody,
            (_, true) => By::Approval,
            (NextRun::MayFail | NextRun::Refused(_), false) => By::RunIfItCan,
            (NextRun::NotAsked, false) => By::RunIfItComes,
            (NextRun::Writes, false) => By::Run,
        };
        Mended::Change { write: change.write.to_string(), by }
    }

    /// What members lack for want of a yes is what is wrong, and the yes what mends it: of all that nobody approved, since one yes is for all.
    fn root_of_missed(&self, reason: &Reason) -> Option<Root<'a>> {
        if !is_unapproved(reason) || matches!(self.next, NextRun::Held(_)) {
            return None;
        }
        let (at, change) = self.plan.changes.iter().enumerate().find(|(_, change)| change.blocked.contains(reason))?;
        let fault = self.missed.iter().find(|(of, _)| *of == at).or_else(|| self.missed.first())?.1;
        Some(Root::of(fault, Mended::Change { write: change.write.to_string(), by: By::Approval }))
    }

    /// The planned registration of the instance that a fault is about, if it is no member yet.
    fn registration(&self, fault: &InstanceFault) -> Option<&'a Change> {
        let adds = |write: &Write| matches!(write, Write::AddServer { instance, .. } if Some(instance) == fault.instance.as_ref());
        self.plan.changes.iter().find(|change| !fault.is_member && adds(&change.write))
    }

    /// The finding of a check about the same problem that says what it follows from.
    fn explained(&self, reason: &Reason) -> Option<&'a Reason> {
        self.plan.errors().find(|finding| !finding.because.is_empty() && same_kind(finding, reason))
    }

    /// The finding that the route table in which packets end may not be used at all: what that table lacks follows from it.
    fn unsupported(&self, fault: &InstanceFault) -> Option<&'a Reason> {
        let table = fault.table.as_ref()?;
        let blocking = self.plan.changes.iter().flat_map(|change| &change.blocked);
        let mut found = self.plan.errors().chain(blocking);
        found.find(|finding| finding.code == Code::CustomRouteTable && finding.resource == table.as_str())
    }

    /// Why the plan has no change that attaches or connects: a region without a usable transit router.
    fn lacking(&self, write: &Write) -> Vec<Root<'a>> {
        let regions = match write {
            Write::AttachVpc { region, .. } => vec![region],
            Write::Connect { from, to, .. } => vec![from, to],
            _ => Vec::new(),
        };
        self.routers_lacking(&regions)
    }

    /// The same of what a planned way lacks: the VPC, or the regions, that the sentence names.
    fn lacking_for(&self, reason: &Reason) -> Vec<Root<'a>> {
        let alb = &self.binding.alb.region;
        let backends = self.binding.backends.iter();
        let named = backends.filter(|of| reason.resource == of.vpc.as_str()).map(|of| &of.region);
        let joined = self.binding.remote_regions().into_iter().chain([alb]);
        let joined = joined.filter(|region| reason.message.contains(&format!(" {region}")));
        self.routers_lacking(&named.chain(joined).collect::<Vec<_>>())
    }

    fn routers_lacking(&self, regions: &[&Region]) -> Vec<Root<'a>> {
        let routers = [Code::TransitRouterMissing, Code::TransitRouterBasic, Code::TransitRouterNotReady];
        // Each of these sentences names its region.
        let is_there = |reason: &&Reason| regions.iter().any(|region| reason.message.contains(region.as_str()));
        let found = self.plan.errors().filter(|finding| routers.contains(&finding.code)).filter(is_there);
        found.flat_map(roots_of_finding).collect()
    }

    /// A fault that no change of the plan mends.
    fn root_of_own_fault(&self, fault: &'a InstanceFault) -> Root<'a> {
        let mended = match &fault.mend {
            Mend::Change { write } => Mended::ByHand(write.to_string()),
            Mend::Person { task } => Mended::Person(task.clone()),
            Mend::Removal { .. } => {
                Mended::Time("Nothing: it leaves, and runs take it out of the server group.".to_owned())
            }
            Mend::Time { what } => Mended::Time(what.clone()),
        };
        Root::of(fault, mended)
    }

    /// The change of the plan that mends a fault.
    fn mender(&self, fault: &InstanceFault) -> Option<usize> {
        self.plan.changes.iter().position(|change| mends(change, fault))
    }

    /// The changes of the plan that would mend a reason about a way, by its code and resource.
    fn menders(&self, reason: &'a Reason) -> impl Iterator<Item = usize> {
        let is_about = |id: &str| reason.resource == id || reason.resource.split(", ").any(|part| part == id);
        let mends = move |write: &Write| match (reason.code, write) {
            (Code::NotAttached, Write::AttachVpc { vpc, .. }) => is_about(vpc.as_str()),
            (Code::NotAttached, Write::Connect { from, to, .. }) => is_about(from.as_str()) || is_about(to.as_str()),
            (
                Code::NoRoute | Code::Blackhole,
                Write::AddVpcRoute { table, .. } | Write::AddTransitRoute { table, .. },
            )
            | (Code::NotLearned, Write::Propagate { table, .. }) => is_about(table.as_str()),
            (Code::NotLearned, Write::AttachVpc { .. } | Write::Connect { .. }) => true,
            (Code::NotAllowed, Write::AllowIngress { group, .. }) => is_about(group.as_str()),
            _ => false,
        };
        let changes = self.plan.changes.iter().enumerate();
        changes.filter(move |(_, change)| mends(&change.write)).map(|(at, _)| at).collect::<Vec<_>>().into_iter()
    }

    fn is_open(&self, at: usize) -> bool {
        self.plan.changes.get(at).is_some_and(Change::is_open)
    }
}

/// What a finding follows from in the end: itself, if a check knows nothing else.
fn roots_of_finding(finding: &Reason) -> Vec<Root<'_>> {
    if finding.because.is_empty() {
        return vec![Root::new(finding)];
    }
    finding.because.iter().flat_map(roots_of_finding).collect()
}

/// Whether a change mends a fault.
fn mends(change: &Change, fault: &InstanceFault) -> bool {
    match (&fault.mend, &change.write) {
        (Mend::Change { write: wanted }, write) => write.does(wanted),
        (
            Mend::Removal { address, port },
            Write::RemoveServer { address: of, port: at, .. } | Write::UpdateServer { address: of, port: at, .. },
        ) => (address, port) == (of, at),
        _ => false,
    }
}

fn is_unapproved(reason: &Reason) -> bool {
    reason.code == Code::NotApproved
}

/// What forbids any way between the VPCs, if that stands against a change: the load balancer, or prefixes that overlap. Nothing else does
/// then: what such a way lacks, or what is in its place, nobody may mend.
fn ruled_out(change: &Change) -> Option<&Reason> {
    change
        .blocked
        .iter()
        .find(|reason| matches!(reason.code, Code::SecondAlbVpc | Code::RegionUnsupported | Code::CidrOverlap))
}

/// Whether a change waits for something other than time.
fn waits(change: &Change) -> bool {
    change.blocked.iter().any(|reason| reason.until.is_none())
}

/// Whether a fault is of what stands before every way: it is told of instances that are no members, too, because it is what keeps them from
/// being served.
const fn is_of_the_front(code: Code) -> bool {
    matches!(code, Code::NotMember | Code::ListenerMissing | Code::ServerGroupMissing)
}

/// Whether what the binding names is not where the VPCs are attached, so that nobody looked at the way of what may well serve.
const fn is_of_another_cen(code: Code) -> bool {
    matches!(code, Code::CenMissing | Code::VpcElsewhere)
}

/// Whether two problems are one kind, so that one of them stands for both.
pub(super) fn same_kind(one: &Reason, other: &Reason) -> bool {
    kind(one) == kind(other)
}

/// The kind of a problem: what it is about, and a code that stands for those by which checks and ways tell one problem. A route that is in the
/// way is in conflict with a planned one, and a packet that takes it goes astray; a rule that drops packets comes before one of the
/// binding's, or is all there is.
fn kind(reason: &Reason) -> (Code, &str) {
    let (code, resource) = key(reason);
    let code = match code {
        Code::RouteConflict | Code::RouteShadowed | Code::Blackhole | Code::NotAttached => Code::WrongNextHop,
        Code::RuleShadowed => Code::NotAllowed,
        code => code,
    };
    (code, resource)
}
