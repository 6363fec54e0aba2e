//! The graph: from changes and faults to the reasons that they follow from.

use std::collections::{BTreeMap, BTreeSet};

use super::cause::{Cause, Kept, key, remedy};
use super::fault::{InstanceFault, Mend};
use crate::change::{Change, Write};
use crate::ids::BindingName;
use crate::plan::Plan;
use crate::reason::{Code, Reason, Severity};

/// Problems of one kind are one cause.
type Key = (Code, String);

/// The plan, the faults, and the causes found so far.
pub(super) struct Graph<'a> {
    binding: &'a BindingName,
    plan: &'a Plan,
    faults: &'a [InstanceFault],
    found: BTreeMap<Key, Found>,
}

struct Found {
    cause: Cause,
    /// The sentences that it stands for.
    said: BTreeSet<String>,
}

/// A root, and how it is mended if a fault says so.
struct Root<'a> {
    reason: &'a Reason,
    mend: Option<(String, bool)>,
}

impl<'a> Graph<'a> {
    pub(super) fn new(binding: &'a BindingName, plan: &'a Plan, faults: &'a [InstanceFault]) -> Self {
        Self { binding, plan, faults, found: BTreeMap::new() }
    }

    /// Finds the roots of everything that is wrong.
    pub(super) fn build(&mut self) {
        for finding in self.plan.errors() {
            for root in roots_of_finding(finding) {
                self.note(&root);
            }
        }
        for (at, change) in self.plan.changes.iter().enumerate() {
            if !waits(change) {
                continue;
            }
            for root in self.roots_of_change(at, &mut BTreeSet::new()) {
                let key = self.note(&root);
                if let Some(found) = self.found.get_mut(&key)
                    && !found.cause.changes.contains(&at)
                {
                    found.cause.changes.push(at);
                }
            }
        }
        for fault in self.faults {
            for root in self.roots_of_fault(fault) {
                let key = self.note(&root);
                let kept = Kept {
                    id: fault.instance.clone(),
                    name: fault.name.clone(),
                    is_member: fault.is_member,
                    address: fault.address,
                };
                if let Some(found) = self.found.get_mut(&key)
                    && !found.cause.instances.contains(&kept)
                {
                    found.cause.instances.push(kept);
                }
            }
        }
    }

    /// The causes, and how many changes wait for them.
    pub(super) fn into_causes(self) -> (Vec<Cause>, usize) {
        let waiting = self.plan.changes.iter().filter(|change| waits(change)).count();
        let causes = self.found.into_values().map(|Found { cause, said }| Cause { more: said.len() - 1, ..cause });
        (causes.collect(), waiting)
    }

    /// Notes a root under the key that it is found by.
    fn note(&mut self, root: &Root<'_>) -> Key {
        let reason = root.reason;
        let key = self.key(root);
        let binding = self.binding;
        let found = self.found.entry(key.clone()).or_insert_with(|| {
            let (remedy, by_run) = root.mend.clone().unwrap_or_else(|| (remedy(binding, reason), false));
            let reason = Reason { because: Vec::new(), ..reason.clone() };
            let cause = Cause { reason, more: 0, remedy, by_run, changes: Vec::new(), instances: Vec::new() };
            Found { cause, said: BTreeSet::new() }
        });
        // The fault of a way knows best what mends it.
        if let Some((remedy, by_run)) = &root.mend {
            found.cause.remedy.clone_from(remedy);
            found.cause.by_run = *by_run;
        }
        found.said.insert(reason.message.clone());
        key
    }

    /// A fault of a way has the code of a check, and sometimes names another resource for the same problem.
    fn key(&self, root: &Root<'_>) -> Key {
        let reason = root.reason;
        let own = key_of(reason);
        // Two faults that one run's change mends are one.
        if let Some((remedy, true)) = &root.mend
            && let Some((same, _)) = self.found.iter().find(|(_, found)| found.cause.remedy == *remedy)
        {
            return same.clone();
        }
        if self.found.contains_key(&own) || !is_one_problem(reason.code) {
            return own;
        }
        let mut alike = self.found.keys().filter(|(code, _)| *code == reason.code);
        match (alike.next(), alike.next()) {
            (Some(only), None) => only.clone(),
            _ => own,
        }
    }

    /// What a blocked change waits for in the end.
    fn roots_of_change(&self, at: usize, seen: &mut BTreeSet<usize>) -> Vec<Root<'a>> {
        let Some(change) = self.plan.changes.get(at).filter(|_| seen.insert(at)) else { return Vec::new() };
        if let Some(reason) = ruled_out(change) {
            return vec![Root { reason, mend: None }];
        }
        let mut roots: Vec<Root<'a>> = Vec::new();
        if let Write::AddServer { instance, .. } = &change.write
            && change.blocked.iter().any(|reason| reason.code == Code::PathNotOpen)
            && let Some(fault) = self.faults.iter().find(|fault| fault.instance == *instance)
            && let Some(mender) = self.mender(fault).filter(|mender| !self.is_open(*mender) && *mender != at)
        {
            // The way's first fault now; what the planned state lacks besides follows from the same changes.
            roots.extend(self.roots_of_change(mender, seen));
        }
        if roots.is_empty() {
            for reason in change.blocked.iter().filter(|reason| reason.until.is_none()) {
                roots.extend(self.roots_of_reason(reason, seen));
            }
        }
        if roots.is_empty() {
            // A circle, or a cause that is not known: the change's own reason stands for it.
            roots.extend(change.blocked.first().map(|reason| Root { reason, mend: None }));
        }
        roots
    }

    fn roots_of_reason(&self, reason: &'a Reason, seen: &mut BTreeSet<usize>) -> Vec<Root<'a>> {
        if !reason.because.is_empty() {
            return reason.because.iter().flat_map(|cause| self.roots_of_reason(cause, seen)).collect();
        }
        if let Some(finding) = self.explained(reason) {
            return roots_of_finding(finding);
        }
        if let Some(fault) = self.faults.iter().find(|fault| fault.reason == *reason) {
            let Mend::Change { write } = &fault.mend else { return vec![self.root_of_own_fault(fault)] };
            let lacking = self.lacking(write);
            if !lacking.is_empty() {
                return lacking;
            }
        }
        // What albridge would mend itself follows from what keeps it from doing so.
        let menders: Vec<usize> = self.menders(reason).collect();
        if menders.is_empty() {
            return vec![Root { reason, mend: None }];
        }
        let blocked = menders.into_iter().filter(|at| !self.is_open(*at));
        blocked.collect::<Vec<_>>().into_iter().flat_map(|at| self.roots_of_change(at, seen)).collect()
    }

    fn roots_of_fault(&self, fault: &'a InstanceFault) -> Vec<Root<'a>> {
        if let Some(reason) = self.registration(fault).and_then(ruled_out) {
            return vec![Root { reason, mend: None }];
        }
        if let Some(finding) = self.explained(&fault.reason) {
            return roots_of_finding(finding);
        }
        match self.mender(fault) {
            Some(at) if self.is_open(at) => {
                if !fault.is_member && fault.reason.code != Code::NotMember {
                    return Vec::new(); // the plan is about to bring it in
                }
                let write = self.plan.changes.get(at).map(|change| change.write.to_string()).unwrap_or_default();
                let binding = self.binding;
                let remedy =
                    format!("Nothing, or `albridge apply {binding}` at once: the next run makes the change: {write}.");
                vec![Root { reason: &fault.reason, mend: Some((remedy, true)) }]
            }
            Some(at) => self.roots_of_change(at, &mut BTreeSet::new()),
            None => {
                let lacking = if let Mend::Change { write } = &fault.mend { self.lacking(write) } else { Vec::new() };
                if lacking.is_empty() { vec![self.root_of_own_fault(fault)] } else { lacking }
            }
        }
    }

    /// The planned registration of the instance that a fault is about, if it is no member yet.
    fn registration(&self, fault: &InstanceFault) -> Option<&'a Change> {
        let adds = |write: &Write| matches!(write, Write::AddServer { instance, .. } if *instance == fault.instance);
        self.plan.changes.iter().find(|change| !fault.is_member && adds(&change.write))
    }

    /// The finding of a check about the same problem that says what it follows from.
    fn explained(&self, reason: &Reason) -> Option<&'a Reason> {
        self.plan.errors().find(|finding| !finding.because.is_empty() && same_kind(finding, reason))
    }

    /// Why the plan has no change that attaches or connects: a region without a usable transit router.
    fn lacking(&self, write: &Write) -> Vec<Root<'a>> {
        let regions = match write {
            Write::AttachVpc { region, .. } => vec![region],
            Write::Connect { from, to, .. } => vec![from, to],
            _ => Vec::new(),
        };
        let routers = [Code::TransitRouterMissing, Code::TransitRouterBasic, Code::TransitRouterNotReady];
        // Each of these sentences names its region.
        let is_there = |reason: &&Reason| regions.iter().any(|region| reason.message.contains(region.as_str()));
        let found = self.plan.errors().filter(|finding| routers.contains(&finding.code)).filter(is_there);
        found.map(|reason| Root { reason, mend: None }).collect()
    }

    /// A fault that no change of the plan mends.
    fn root_of_own_fault(&self, fault: &'a InstanceFault) -> Root<'a> {
        let mend = match &fault.mend {
            Mend::Change { write } => (format!("By hand, because the plan does not: {write}."), false),
            Mend::Person { task } => (task.clone(), false),
            Mend::Time { what } => (what.clone(), true),
        };
        Root { reason: &fault.reason, mend: Some(mend) }
    }

    /// The change of the plan that mends a fault.
    fn mender(&self, fault: &InstanceFault) -> Option<usize> {
        let Mend::Change { write } = &fault.mend else { return None };
        self.plan.changes.iter().position(|change| change.write.does(write))
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
        return vec![Root { reason: finding, mend: None }];
    }
    finding.because.iter().flat_map(roots_of_finding).collect()
}

/// What forbids a load balancer any way to other VPCs, if that stands against a change. Nothing else does then: what such a way
/// lacks, or what is in its place, nobody may mend.
fn ruled_out(change: &Change) -> Option<&Reason> {
    change.blocked.iter().find(|reason| matches!(reason.code, Code::SecondAlbVpc | Code::RegionUnsupported))
}

/// Whether a change waits for something other than time.
fn waits(change: &Change) -> bool {
    change.blocked.iter().any(|reason| reason.until.is_none())
}

/// Whether two problems are one kind, so that one of them stands for both.
pub(super) fn same_kind(one: &Reason, other: &Reason) -> bool {
    key(one) == key(other)
}

fn key_of(reason: &Reason) -> Key {
    let (code, resource) = key(reason);
    (code, resource.to_owned())
}

/// Codes that checks and ways report about one problem by different resources: the VPC, or the vSwitch in it.
const fn is_one_problem(code: Code) -> bool {
    matches!(code.severity(), Severity::Error)
        && matches!(
            code,
            Code::CidrOverlap
                | Code::RuleShadowed
                | Code::RouteShadowed
                | Code::NetworkAcl
                | Code::GroupMissing
                | Code::ListenerForwardsElsewhere
                | Code::ListenerStopped
                | Code::AttachmentNotReady
                | Code::Bandwidth
                | Code::AlbNotReady
        )
}
