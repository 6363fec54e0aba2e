//! After all other changes: removes what this deployment created and no binding wants any more (make before break).
//!
//! Only VPC routes, security rules and transit router routes with our ownership mark, in tables and groups that this
//! binding names. Attachments, connections, listeners and server groups are left to a person.

use std::collections::BTreeSet;

use ipnet::Ipv4Net;

use crate::change::{Change, DesiredRule, StageName, Write};
use crate::checks;
use crate::desired::{self, Desired, Held};
use crate::ids::{BindingName, RouteTableId, SecurityGroupId};
use crate::inputs::Inputs;
use crate::plan::served::Others;
use crate::plan::{Awaited, Plan, lane, network};
use crate::reason::{Code, Reason};
use crate::topology::{
    Known, RuleSource, SecurityGroup, SecurityRule, TransitRouteStatus, Vpc, VpcRoute, VpcRouteStatus,
};

const STAGE: StageName = StageName::Prune;

/// What is kept, because some binding of the store wants it.
#[derive(Default)]
pub(super) struct Kept {
    routes: BTreeSet<(RouteTableId, Ipv4Net)>,
    rules: BTreeSet<(SecurityGroupId, DesiredRule)>,
    /// What members need that are not wanted.
    held: Held,
}

/// The removals that a run of `inputs.binding` may make. `others` are the other bindings of the store that share its VPCs,
/// each with its observed state; `store` names all bindings.
#[must_use]
pub fn prune(inputs: &Inputs<'_>, others: &[Inputs<'_>], store: &[BindingName]) -> Plan {
    let mut plan = Plan::default();
    std::iter::once(inputs).chain(others).for_each(|each| plan.unread.extend(&each.topology.unread));
    checks::orphans(inputs).into_iter().for_each(|orphan| plan.find(orphan));
    if inputs.topology.context.served.failure().is_some() {
        let message = "What members of other server groups need could not be read, so nothing is pruned.";
        plan.find(Reason::new(Code::Unread, &inputs.binding.name, message));
        return plan;
    }
    let mut kept = Kept::default();
    for each in std::iter::once(inputs).chain(others) {
        let desired = desired::entries(each);
        if !desired.complete {
            let binding = &each.binding.name;
            // If no call failed, something that the binding names is not there, which its other stages report. Another
            // binding may have been read in part only, without a failed call.
            let is_missing = *binding == inputs.binding.name && each.topology.unread.is_empty();
            let (code, message) = if is_missing {
                (Code::Waits, format!("Nothing is pruned until all that binding {binding} names is there."))
            } else {
                (Code::Unread, format!("What binding {binding} wants could not be read, so nothing is pruned."))
            };
            plan.find(Reason::new(code, binding, message));
            return plan;
        }
        kept.add(&desired);
        kept.add_possible(&desired);
    }
    routes(inputs, &kept, store, &mut plan);
    rules(inputs, &kept, store, &mut plan);
    if !is_in_place(inputs) {
        // Orphans are still reported.
        plan.changes.clear();
        plan.pending.clear();
    }
    plan
}

impl Kept {
    pub(super) fn add(&mut self, desired: &Desired) {
        self.routes.extend(desired.vpc_routes.iter().map(|spec| (spec.table.clone(), spec.destination)));
        self.routes.extend(desired.transit_routes.iter().map(|spec| (spec.table.clone(), spec.destination)));
        self.rules.extend(desired.rules.iter().cloned());
        self.hold(&desired.held);
        self.hold(&desired.of_others);
    }

    /// Keeps what members need that are there.
    pub(super) fn hold(&mut self, held: &Held) {
        self.routes.extend(held.routes.iter().cloned());
        self.held.rules.extend(held.rules.iter().filter(|(group, ..)| group.is_some()).cloned());
        self.held.addresses.extend(&held.addresses);
    }

    /// Keeps what a member may need whose security groups are not known. A teardown, which has to tell "wanted" from "not known", does
    /// not ask for it.
    fn add_possible(&mut self, desired: &Desired) {
        self.held.rules.extend(desired.held.rules.union(&desired.of_others.rules).cloned());
    }

    /// Whether a route is wanted, or leads to a member that is still there.
    pub(super) fn has_route(&self, table: &RouteTableId, destination: Ipv4Net) -> bool {
        self.routes.contains(&(table.clone(), destination))
            || self.held.addresses.iter().any(|address| destination.contains(address))
    }

    /// Whether a member that is still there may need a rule.
    fn holds(&self, group: &SecurityGroup, rule: &SecurityRule) -> bool {
        self.held.rules.iter().any(|(of, port, source)| {
            of.as_ref().is_none_or(|of| of == &group.id)
                && rule.ports == Some((*port, *port))
                && rule.source == RuleSource::Cidr(*source)
        })
    }
}

/// Whether all routes and rules that this binding wants exist, which replace the ones to be removed.
fn is_in_place(inputs: &Inputs<'_>) -> bool {
    let plan = network(inputs);
    let stages = [StageName::VpcRoutes, StageName::BackToOrigin, StageName::SecurityRules];
    stages.into_iter().all(|stage| plan.of(stage).next().is_none() && plan.pending_of(stage).next().is_none())
}

/// The removal of a route from a table of a VPC.
pub(super) fn remove_vpc_route(vpc: &Vpc, table: &RouteTableId, route: &VpcRoute) -> Write {
    Write::RemoveVpcRoute {
        region: vpc.region.clone(),
        vpc: vpc.id.clone(),
        table: table.clone(),
        route: route.id.clone(),
        destination: route.destination,
    }
}

fn routes(inputs: &Inputs<'_>, kept: &Kept, store: &[BindingName], plan: &mut Plan) {
    let topology = inputs.topology;
    let others = Others::of(inputs);
    for vpc in topology.vpcs.values().filter_map(Known::get).flatten() {
        for table in vpc.tables.values() {
            let unwanted = table.routes.iter().filter(|route| {
                !kept.has_route(&table.id, route.destination) && others.vpc_route(vpc, route.destination).is_none()
            });
            for route in unwanted {
                let what = format!("Route {} of {} ({}, {})", route.destination, vpc.id, table.id, route.id);
                if !is_ours(inputs, store, &route.description, (&what, &route.id), plan) {
                    continue;
                }
                if route.status == VpcRouteStatus::Available {
                    plan.changes.push(Change::new(STAGE, remove_vpc_route(vpc, &table.id, route)));
                } else {
                    plan.wait(
                        STAGE,
                        lane::vpc(&vpc.id),
                        Awaited::VpcRoute { region: vpc.region.clone() },
                        format!("route {} of {} is {}", route.destination, vpc.id, route.status),
                    );
                }
            }
        }
    }
    for router in topology.transit_routers.values().filter_map(Known::get).flatten() {
        for table in router.tables.values() {
            let unwanted = table.routes.iter().filter(|route| !kept.has_route(&table.id, route.destination));
            for route in unwanted.filter(|_| others.transit_route().is_none()) {
                let Some(id) = route.id.as_ref().filter(|_| !route.propagated) else { continue };
                let what = format!("Route {} of {} ({id})", route.destination, table.id);
                if !is_ours(inputs, store, &route.description, (&what, id), plan) {
                    continue;
                }
                if route.status == TransitRouteStatus::Active {
                    let write = Write::RemoveTransitRoute {
                        region: router.region.clone(),
                        table: table.id.clone(),
                        route: id.clone(),
                        destination: route.destination,
                    };
                    plan.changes.push(Change::new(STAGE, write));
                } else {
                    plan.wait(
                        STAGE,
                        lane::CEN,
                        Awaited::TransitRoute { region: router.region.clone() },
                        format!("route {} of {} is {}", route.destination, table.id, route.status),
                    );
                }
            }
        }
    }
}

fn rules(inputs: &Inputs<'_>, kept: &Kept, store: &[BindingName], plan: &mut Plan) {
    let others = Others::of(inputs);
    for group in inputs.topology.security_groups.values().filter_map(Known::get).flatten() {
        let unwanted = group.rules.iter().filter(|rule| !is_kept(kept, group, rule));
        for rule in unwanted.filter(|rule| others.rule(group, rule).is_none()) {
            let source = match &rule.source {
                RuleSource::Cidr(prefix) => prefix.to_string(),
                other => format!("{other:?}"),
            };
            let what = format!("The rule for {source} in {} ({})", group.id, rule.id);
            if !is_ours(inputs, store, &rule.description, (&what, &rule.id), plan) {
                continue;
            }
            let write = Write::RevokeIngress {
                region: group.region.clone(),
                group: group.id.clone(),
                rule: rule.id.clone(),
                source,
            };
            plan.changes.push(Change::new(STAGE, write));
        }
    }
}

/// Whether a rule is wanted as it is. A rule that differs only in its priority is kept while the wanted one does not exist,
/// because a drop rule may block its creation.
pub(super) fn is_kept(kept: &Kept, group: &SecurityGroup, rule: &SecurityRule) -> bool {
    let is = |rule: &SecurityRule, wanted: &DesiredRule| {
        rule.source == RuleSource::Cidr(wanted.source) && rule.ports == Some((wanted.port, wanted.port))
    };
    let there = |wanted: &DesiredRule| {
        group.rules.iter().any(|have| have.accept && is(have, wanted) && have.priority == wanted.priority)
    };
    let wanted = kept.rules.iter().filter(|(of, wanted)| of == &group.id && is(rule, wanted)).map(|(_, wanted)| wanted);
    let mut wanted = wanted.peekable();
    if wanted.peek().is_none() {
        return kept.holds(group, rule);
    }
    wanted.any(|wanted| rule.priority == wanted.priority || !there(wanted))
}

/// Whether a description is this deployment's, for a binding that is in the store. For a binding that is not, the resource
/// is an orphan: it is reported, by what it is, and left to a person.
fn is_ours(
    inputs: &Inputs<'_>,
    store: &[BindingName],
    description: &str,
    (what, resource): (&str, impl std::fmt::Display),
    plan: &mut Plan,
) -> bool {
    let Some(binding) = inputs.deployment.binding_of(description) else { return false };
    if store.contains(&binding) {
        return true;
    }
    let message = format!("{what} is marked for binding {binding}, which is not in the store.");
    plan.find(checks::left_by(&binding, resource, message));
    false
}
