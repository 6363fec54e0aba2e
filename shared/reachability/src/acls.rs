//! What a network ACL does not pass, for all members at once: its remedy lets everything pass in one step.

use onboarding::desired;
use onboarding::ids::NetworkAclId;
use onboarding::inputs::Verdict;
use onboarding::ordered::sort_few;
use onboarding::topology::{Instance, VSwitch};

use crate::fault::{Denied, Fault, Remedy, Task};
use crate::members::Acl;
use crate::question::Scope;
use crate::verdict::Part;

/// The network ACLs of one question, with what each denies the instances that the binding selects.
pub(crate) struct Acls<'a> {
    scope: Scope<'a>,
    known: Vec<(NetworkAclId, Vec<Denied>)>,
}

impl<'a> Acls<'a> {
    pub(crate) const fn new(scope: Scope<'a>) -> Self {
        Self { scope, known: Vec::new() }
    }

    /// Has the remedy of a fault name all that the ACL denies, not only what was met first.
    pub(crate) fn complete(&mut self, fault: &mut Fault, instance: &Instance) {
        let Remedy::Operator(Task::PassNetworkAcl { acl, denied }) = &mut fault.remedy else { return };
        let known = self.known.iter().find(|(known, _)| known == acl).map(|(_, all)| all.clone());
        let mut all = known.unwrap_or_else(|| {
            let selected =
                self.scope.wish.into_iter().flat_map(|wish| desired::selected(wish.binding, self.scope.topology));
            let all = each_once(selected.flat_map(|(_, instance)| self.denied(acl, instance)).collect());
            self.known.push((acl.clone(), all.clone()));
            all
        });
        all.extend(self.denied(acl, instance));
        // What was met is a part of it, unless nothing is known of the vSwitches.
        if !all.is_empty() {
            *denied = each_once(all);
        }
    }

    /// Whether answers of an instance reach some ports of the load balancer only, at whatever address.
    pub(crate) fn splits_ports(&self, instance: &Instance) -> bool {
        let split = |part: Part| matches!(part.verdict, Verdict::Ambiguous(_));
        let at_backend = self.acl_of(instance);
        let away = self.scope.sources.iter().any(|source| {
            let ends = [source.network(), source.broadcast()];
            at_backend.is_some_and(|acl| ends.iter().any(|end| split(acl.answer((*end).into()))))
        });
        away || instance
            .address
            .is_some_and(|address| self.source_vswitches(instance).any(|(_, acl)| split(acl.arrival(address.into()))))
    }

    fn denied(&self, id: &NetworkAclId, instance: &Instance) -> Vec<Denied> {
        let mut parts = Vec::new();
        if let Some(acl) = self.acl_of(instance).filter(|acl| acl.is(id)) {
            for source in self.scope.sources {
                parts.extend(self.scope.ports.iter().map(|port| acl.request(*source, *port)));
                parts.push(acl.answer(*source));
            }
        }
        let mut found: Vec<Denied> = parts.into_iter().flat_map(told).collect();
        let (Some(address), Some(vswitch)) = (instance.address, self.vswitch(instance)) else { return found };
        for (_, acl) in self.source_vswitches(instance).filter(|(_, acl)| acl.is(id)) {
            let requests = self.scope.ports.iter().map(|port| acl.departure(address.into(), *port));
            let parts = requests.chain([acl.arrival(address.into())]);
            // Asked is whether its address passes, and let in is its vSwitch, like everywhere else.
            found.extend(parts.flat_map(told).map(|denied| Denied { prefix: vswitch.cidr, ..denied }));
        }
        found
    }

    /// The ACL at an instance, as far as it was read.
    fn acl_of(&self, instance: &Instance) -> Option<Acl<'a>> {
        Acl::read(self.scope.topology, self.vswitch(instance)?.network_acl.as_ref()?).ok()
    }

    fn vswitch(&self, instance: &Instance) -> Option<&'a VSwitch> {
        self.scope.topology.vpc(&instance.vpc)?.vswitches.get(&instance.vswitch)
    }

    /// The vSwitches that the load balancer sends from, with their ACLs. Inside one vSwitch no ACL applies.
    fn source_vswitches(&self, instance: &Instance) -> impl Iterator<Item = (&'a VSwitch, Acl<'a>)> {
        let vswitches =
            self.scope.topology.vpc(self.scope.load_balancer_vpc).into_iter().flat_map(|vpc| vpc.vswitches.values());
        let vswitches = vswitches.filter(|own| self.scope.sources.iter().any(|source| own.cidr.contains(source)));
        vswitches
            .filter(move |own| own.id != instance.vswitch)
            .filter_map(|own| Some((own, Acl::read(self.scope.topology, own.network_acl.as_ref()?).ok()?)))
    }
}

fn each_once(mut denied: Vec<Denied>) -> Vec<Denied> {
    sort_few(&mut denied, |one, other| one < other);
    denied.dedup();
    denied
}

/// What a part says that it does not pass.
fn told(part: Part) -> Vec<Denied> {
    match part.fault.map(|fault| fault.remedy) {
        Some(Remedy::Operator(Task::PassNetworkAcl { denied, .. })) => denied,
        _ => Vec::new(),
    }
}
