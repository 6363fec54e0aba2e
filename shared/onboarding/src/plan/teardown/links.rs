//! Connections and attachments, with their associations and propagations: those of this deployment that no other binding wants
//! and nobody else uses. Nothing is forced: the cloud refuses to delete what is still in use.

use crate::change::{Change, Write};
use crate::ids::{AttachmentId, Region, RouteEntryId};
use crate::inputs::Inputs;
use crate::plan::served::{self, Others};
use crate::plan::{Awaited, Plan, lane};
use crate::reason::Reason;
use crate::topology::{
    AttachmentRef, AttachmentStatus, Known, LinkStatus, NextHop, TransitRouteStatus, VpcRouteStatus, VpcRouteType,
};

use super::claims::{Claimed, Claims};
use super::step::{MEMBERS, STAGE, after, capital, keep, waits_for};

/// An attachment or a connection of ours.
struct Ours<'t> {
    id: &'t AttachmentId,
    purpose: AttachmentRef,
    status: &'t AttachmentStatus,
    awaited: Awaited,
    claimed: Claimed,
    /// What takes it away.
    write: Write,
}

/// Plans their removal, connections first. `serves_others`: routes of ours stay for members of others.
pub(super) fn take(
    inputs: &Inputs<'_>,
    serves_others: bool,
    claims: &Claims<'_>,
    first: Option<&Reason>,
    plan: &mut Plan,
) {
    let all = all(inputs, claims, plan);
    let others = Others::of(inputs);
    let users: Vec<Option<String>> = all.iter().map(|ours| user(inputs, ours.id, plan)).collect();
    let used = all.iter().zip(&users).filter(|(_, user)| user.is_some());
    let used: Vec<Region> = used
        .filter_map(|(ours, _)| match &ours.write {
            Write::DetachVpc { region, .. } => Some(region.clone()),
            _ => None,
        })
        .collect();
    for (Ours { id, purpose, status, awaited, claimed, write }, user) in all.into_iter().zip(users) {
        let user = match &claimed {
            Claimed::By(whom) => Some(whom.clone()),
            Claimed::No | Claimed::Unread(_) => {
                let user = user.or_else(|| others.link(&purpose).map(served::why));
                let user = user.or_else(|| strangers(inputs, &purpose)).or_else(|| crossed(&purpose, &used));
                user.or_else(|| serves_others.then(|| MEMBERS.to_owned()))
            }
        };
        if let Some(why) = user {
            keep(plan, id, format!("{} ({id}) stays: {why}.", capital(&purpose.to_string())));
            continue;
        }
        if *status != AttachmentStatus::Attached {
            plan.wait(STAGE, lane::CEN, awaited, format!("{purpose} ({id}) is {status}"));
            continue;
        }
        let first = match claimed {
            Claimed::Unread(doubt) => Some(doubt),
            Claimed::No | Claimed::By(_) => first.cloned(),
        };
        let linked = links(inputs, id, &purpose, first.as_ref(), plan);
        let first = first.or_else(|| linked.then(|| waits_for(inputs, "Associations and propagations")));
        plan.changes.push(after(Change::new(STAGE, write), first.as_ref()));
    }
}

/// Names them: they stay where nobody asked for more.
pub(super) fn leave(inputs: &Inputs<'_>, claims: &Claims<'_>, plan: &mut Plan) {
    for Ours { id, purpose, claimed, .. } in all(inputs, claims, plan) {
        let why = match claimed {
            Claimed::By(whom) => whom,
            Claimed::No | Claimed::Unread(_) => "--attachments takes it away, too".to_owned(),
        };
        keep(plan, id, format!("{} ({id}) stays: {why}.", capital(&purpose.to_string())));
    }
}

fn all<'t>(inputs: &Inputs<'t>, claims: &Claims<'_>, plan: &mut Plan) -> Vec<Ours<'t>> {
    let Inputs { deployment, binding, topology, .. } = *inputs;
    let cen = &binding.cen.id;
    let mut all = Vec::new();
    match topology.peer_attachments.get() {
        None => plan.unread("the inter-region connections", topology.peer_attachments.why_unknown()),
        Some(peers) => {
            let home = &binding.alb.region;
            for peer in peers.iter().filter(|peer| deployment.owns_tag(peer.mark.as_deref())) {
                let Some(remote) = binding.remote_regions().into_iter().find(|to| peer.joins(home, to)) else {
                    continue;
                };
                let (from, to) = (home.clone(), remote.clone());
                all.push(Ours {
                    id: &peer.id,
                    purpose: AttachmentRef::Peer { from: from.clone(), to: to.clone() },
                    status: &peer.status,
                    awaited: Awaited::Connection,
                    claimed: claims.connection(cen, &from, &to),
                    write: Write::Disconnect { from, to, id: peer.id.clone() },
                });
            }
        }
    }
    match topology.vpc_attachments.get() {
        None => plan.unread("the VPC attachments", topology.vpc_attachments.why_unknown()),
        Some(attachments) => {
            for found in attachments.iter().filter(|found| deployment.owns_tag(found.mark.as_deref())) {
                let (region, vpc) = (found.region.clone(), found.vpc.clone());
                all.push(Ours {
                    id: &found.id,
                    purpose: AttachmentRef::Vpc { vpc: vpc.clone() },
                    status: &found.status,
                    awaited: Awaited::VpcAttachment { region: region.clone() },
                    claimed: claims.attachment(cen, &region, &vpc),
                    write: Write::DetachVpc { region, vpc, id: found.id.clone() },
                });
            }
        }
    }
    all
}

/// Plans the end of an attachment's associations and propagations. Says whether there are any.
fn links(
    inputs: &Inputs<'_>,
    attachment: &AttachmentId,
    purpose: &AttachmentRef,
    first: Option<&Reason>,
    plan: &mut Plan,
) -> bool {
    let mut any = false;
    for router in inputs.topology.transit_routers.values().filter_map(Known::get).flatten() {
        for table in router.tables.values() {
            let parts = || (router.region.clone(), table.id.clone(), purpose.clone(), attachment.clone());
            let dissociate = || {
                let (region, table, attachment, id) = parts();
                Write::Dissociate { region, table, attachment, id }
            };
            let stop = || {
                let (region, table, attachment, id) = parts();
                Write::StopPropagation { region, table, attachment, id }
            };
            let region = || router.region.clone();
            let association = table.associations.get(attachment);
            let association =
                association.map(|status| (status, dissociate(), Awaited::Association { region: region() }));
            let propagation = table.propagations.get(attachment);
            let propagation = propagation.map(|status| (status, stop(), Awaited::Propagation { region: region() }));
            for (status, write, awaited) in propagation.into_iter().chain(association) {
                any = true;
                if *status == LinkStatus::Active {
                    plan.changes.push(after(Change::new(STAGE, write), first));
                } else {
                    plan.wait(STAGE, lane::CEN, awaited, format!("{purpose} and {} are {status}", table.id));
                }
            }
        }
    }
    any
}

/// Who uses an attachment beside the entries that go, as the end of a sentence.
fn user(inputs: &Inputs<'_>, attachment: &AttachmentId, plan: &Plan) -> Option<String> {
    let goes = |id: &RouteEntryId| {
        plan.changes.iter().any(|change| match &change.write {
            Write::RemoveVpcRoute { route, .. } | Write::RemoveTransitRoute { route, .. } => route == id,
            _ => false,
        })
    };
    let is_ours = |description: &str| inputs.deployment.binding_of(description).as_ref() == Some(&inputs.binding.name);
    for vpc in inputs.topology.vpcs.values().filter_map(Known::get).flatten() {
        for table in vpc.tables.values() {
            // An entry of ours that is being changed is waited for.
            let mut others = table.routes.iter().filter(|route| {
                route.next_hop == NextHop::Attachment(attachment.clone())
                    && route.kind == VpcRouteType::Custom
                    && !goes(&route.id)
                    && !(is_ours(&route.description) && route.status != VpcRouteStatus::Available)
            });
            if let Some(route) = others.next() {
                return Some(format!("route {} of {} ({}) leads to it", route.destination, vpc.id, table.id));
            }
        }
    }
    for router in inputs.topology.transit_routers.values().filter_map(Known::get).flatten() {
        for table in router.tables.values() {
            let mut others = table.routes.iter().filter(|route| {
                let id = route.id.as_ref().filter(|_| !route.propagated);
                route.next_hop.as_ref() == Some(attachment)
                    && id.is_some_and(|id| !goes(id))
                    && !(is_ours(&route.description) && route.status != TransitRouteStatus::Active)
            });
            if let Some(route) = others.next() {
                return Some(format!("route {} of {} leads to it", route.destination, table.id));
            }
        }
    }
    None
}

/// Routes of others over attachments on both sides of a connection: another deployment's, which found the attachments there. Their packets
/// may cross it, and nothing tells whether they do.
fn crossed(purpose: &AttachmentRef, used: &[Region]) -> Option<String> {
    let AttachmentRef::Peer { from, to } = purpose else { return None };
    let both = used.contains(from) && used.contains(to);
    both.then(|| "routes of others lead over attachments on both sides, and may cross it".to_owned())
}

/// VPCs of others on both sides of a connection: their packets may cross it, and nothing tells whether they do.
fn strangers(inputs: &Inputs<'_>, purpose: &AttachmentRef) -> Option<String> {
    let AttachmentRef::Peer { from, to } = purpose else { return None };
    let Inputs { deployment, topology, .. } = *inputs;
    let strangers = &topology.context.strangers;
    let others = strangers.iter().filter(|found| !deployment.owns_tag(found.mark.as_deref()));
    let on = |region| others.clone().find(|found| &found.region == region).map(|found| &found.vpc);
    let (near, far) = (on(from)?, on(to)?);
    Some(format!("{near} and {far}, which others attached, may use it"))
}
