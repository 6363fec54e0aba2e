//! Security group rules and routes: those with the binding's mark that no other binding wants.

use std::fmt::Display;

use crate::change::{Change, Write};
use crate::checks;
use crate::desired::Desired;
use crate::inputs::Inputs;
use crate::plan::prune::{Kept, is_kept, remove_vpc_route};
use crate::plan::served::{self, Others};
use crate::plan::{Awaited, Plan, lane};
use crate::reason::{Code, Reason};
use crate::topology::context::Served;
use crate::topology::{Known, RuleSource, TransitRouteStatus, Unknown, VpcRouteStatus};

use super::claims::{Claimed, Claims};
use super::step::{MEMBERS, STAGE, after, capital, keep, waits_for};

/// Plans them. Gives what attachments and connections wait for.
pub(super) fn entries(
    inputs: &Inputs<'_>,
    desired: &Desired,
    claims: &Claims<'_>,
    first: Option<&Reason>,
    plan: &mut Plan,
) -> Option<Reason> {
    let (changes, pending) = (plan.changes.len(), plan.pending.len());
    let (mut own, mut of_others) = (Kept::default(), Kept::default());
    own.add(desired);
    of_others.hold(&desired.of_others);
    let others = Others::of(inputs);
    let unread = inputs.topology.context.served.failure().map(|_| {
        plan.unread("the members of other server groups", inputs.topology.context.served.why_unknown());
        let message =
            "What members of other server groups need could not be read, so nothing that they may need is taken away.";
        Reason::new(Code::Unread, &inputs.binding.name, message)
    });
    let first = unread.as_ref().or(first);
    let mut step = Step { inputs, claims, own, of_others, others, first, plan };
    step.rules();
    step.transit_routes();
    step.vpc_routes();
    let doubt = step.doubt().or(unread.clone());
    let left = plan.changes.len() > changes || plan.pending.len() > pending;
    doubt.or_else(|| first.cloned()).or_else(|| left.then(|| waits_for(inputs, "The routes and rules")))
}

/// What nobody else wants stays all the same where members of others need it: of the binding's own group, or of another one.
fn for_members(claimed: Claimed, needed: bool, other: Option<&Served>) -> Claimed {
    match (claimed, other) {
        (Claimed::No, _) if needed => Claimed::By(MEMBERS.to_owned()),
        (Claimed::No, Some(other)) => Claimed::By(served::why(other)),
        (claimed, _) => claimed,
    }
}

fn source(source: &RuleSource) -> String {
    match source {
        RuleSource::Cidr(prefix) => prefix.to_string(),
        other => format!("{other:?}"),
    }
}

struct Step<'a, 'p> {
    inputs: &'a Inputs<'a>,
    claims: &'a Claims<'a>,
    /// What this binding itself wanted.
    own: Kept,
    /// What members of others need: the group stays for them, and so does the way to them.
    of_others: Kept,
    /// Members of other groups.
    others: Others<'a>,
    first: Option<&'a Reason>,
    plan: &'p mut Plan,
}

impl Step<'_, '_> {
    fn rules(&mut self) {
        for group in self.inputs.topology.security_groups.values().filter_map(Known::get).flatten() {
            // By what a person reads, not by id.
            let mut rules: Vec<_> = group.rules.iter().map(|rule| (source(&rule.source), rule)).collect();
            rules.sort_by(|one, other| one.0.cmp(&other.0));
            for (source, rule) in rules {
                let claimed = for_members(
                    self.claims.rule(group, rule),
                    is_kept(&self.of_others, group, rule),
                    self.others.rule(group, rule),
                );
                let what = format!("rule {} of {}", rule.id, group.id);
                let shared = is_kept(&self.own, group, rule);
                if !self.is_of_binding(&rule.description, &rule.id, &what, &claimed, shared) {
                    continue;
                }
                let (region, group) = (group.region.clone(), group.id.clone());
                self.take(
                    Write::RevokeIngress { region, group, rule: rule.id.clone(), source },
                    &rule.id,
                    &what,
                    claimed,
                );
            }
        }
    }

    fn transit_routes(&mut self) {
        for router in self.inputs.topology.transit_routers.values().filter_map(Known::get).flatten() {
            let region = &router.region;
            for (table, route) in
                router.tables.values().flat_map(|table| table.routes.iter().map(move |route| (table, route)))
            {
                let Some(id) = route.id.as_ref().filter(|_| !route.propagated) else { continue };
                let needed = self.of_others.has_route(&table.id, route.destination);
                let claimed = for_members(
                    self.claims.transit_route(region, &table.id, route.destination),
                    needed,
                    self.others.transit_route(),
                );
                let what = format!("route {} of {}", route.destination, table.id);
                let shared = self.own.has_route(&table.id, route.destination);
                if !self.is_of_binding(&route.description, id, &what, &claimed, shared) {
                    continue;
                }
                if claimed == Claimed::No && route.status != TransitRouteStatus::Active {
                    let awaited = Awaited::TransitRoute { region: region.clone() };
                    self.plan.wait(STAGE, lane::CEN, awaited, format!("{what} is {}", route.status));
                    continue;
                }
                let (region, table, destination) = (region.clone(), table.id.clone(), route.destination);
                let write = Write::RemoveTransitRoute { region, table, route: id.clone(), destination };
                self.take(write, id, &what, claimed);
            }
        }
    }

    fn vpc_routes(&mut self) {
        for vpc in self.inputs.topology.vpcs.values().filter_map(Known::get).flatten() {
            for (table, route) in
                vpc.tables.values().flat_map(|table| table.routes.iter().map(move |route| (table, route)))
            {
                let needed = self.of_others.has_route(&table.id, route.destination);
                let claimed = self.claims.vpc_route((&vpc.region, &vpc.id), &table.id, route.destination);
                let claimed = for_members(claimed, needed, self.others.vpc_route(vpc, route.destination));
                let what = format!("route {} of {} ({})", route.destination, vpc.id, table.id);
                let shared = self.own.has_route(&table.id, route.destination);
                if !self.is_of_binding(&route.description, &route.id, &what, &claimed, shared) {
                    continue;
                }
                if claimed == Claimed::No && route.status != VpcRouteStatus::Available {
                    let awaited = Awaited::VpcRoute { region: vpc.region.clone() };
                    self.plan.wait(STAGE, lane::vpc(&vpc.id), awaited, format!("{what} is {}", route.status));
                    continue;
                }
                self.take(remove_vpc_route(vpc, &table.id, route), &route.id, &what, claimed);
            }
        }
    }

    /// Whether a description is the binding's. One of a binding that is not in the store counts as its own where the two shared the entry
    /// (`shared`: this binding wanted it as well): whoever came first marked it, and is gone. Any other is named, if nobody wants it.
    fn is_of_binding(
        &mut self,
        description: &str,
        id: impl Display,
        what: &str,
        claimed: &Claimed,
        shared: bool,
    ) -> bool {
        let Some(marked) = self.inputs.deployment.binding_of(description) else { return false };
        if marked == self.inputs.binding.name {
            return true;
        }
        let is_orphan = self.inputs.store.iter().all(|known| known.name != marked);
        if is_orphan && shared {
            return true;
        }
        if *claimed == Claimed::No && is_orphan {
            let message = format!("{} is marked for binding {marked}, which is not in the store.", capital(what));
            self.plan.find(checks::left_by(&marked, id, message));
        }
        false
    }

    fn take(&mut self, write: Write, id: impl Display, what: &str, claimed: Claimed) {
        match claimed {
            Claimed::By(whom) => keep(self.plan, id, format!("{} stays: {whom}.", capital(what))),
            Claimed::Unread(reason) => self.plan.changes.push(Change::new(STAGE, write).blocked_by(reason)),
            Claimed::No => self.plan.changes.push(after(Change::new(STAGE, write), self.first)),
        }
    }

    /// What could not be read of the tables and groups, as the reason that blocks what depends on their being empty.
    fn doubt(&mut self) -> Option<Reason> {
        let topology = self.inputs.topology;
        let vpcs = topology.vpcs.iter().filter_map(|(id, known)| Some((id.to_string(), known.why_unknown()?)));
        let routers = topology.transit_routers.iter();
        let routers = routers
            .filter_map(|(region, known)| Some((format!("the transit router of {region}"), known.why_unknown()?)));
        let unread: Vec<(String, Unknown<'_>)> = vpcs.chain(routers).collect();
        for (what, why) in &unread {
            self.plan.unread(what, Some(*why));
        }
        for (id, known) in &topology.security_groups {
            if let Some(why) = known.why_unknown() {
                self.plan.unread(&format!("security group {id}"), Some(why));
            }
        }
        let (what, _) = unread.first()?;
        Some(Reason::new(Code::Unread, what, format!("Could not read {what}, so what it may use stays.")))
    }
}
