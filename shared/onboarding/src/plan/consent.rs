//! The last pass over a plan: which changes need approval, and which have to wait for another change.

use crate::change::{Change, Consent, Write};
use crate::checks::Finding;
use crate::inputs::{Inputs, Verdicts};
use crate::plan::onward::Route;
use crate::plan::{Plan, obstacles, project, vpc_attachments};
use crate::reason::{Code, Reason};
use crate::topology::AttachmentRef;

pub(super) fn settle(inputs: &Inputs<'_>, findings: Vec<Finding>, plan: &mut Plan) {
    let may = inputs.may_do_everything();
    for change in &mut plan.changes {
        if change.consent == Consent::Person && !may {
            let message = format!("Nobody approved this: {}.", change.write);
            change.blocked.push(Reason::new(Code::NotApproved, &inputs.binding.name, message));
        }
        block(inputs, &findings, change);
    }
    let obstacles = obstacles::find(inputs, &findings, plan);
    for change in &mut plan.changes {
        obstacles::block(inputs, &obstacles, change);
    }
    wait(inputs, plan);
    // A finding that blocks nothing in this plan is still reported.
    for finding in findings {
        if !plan.changes.iter().any(|change| change.blocked.contains(&finding.reason)) {
            plan.find(finding.reason);
        }
    }
}

/// Blocks billed changes for backends that the analysis calls unreachable, and then the changes that depend on them.
pub(super) fn withhold(inputs: &Inputs<'_>, verdicts: &Verdicts, plan: &mut Plan) {
    let obstacles = obstacles::of_verdicts(inputs, verdicts);
    for change in plan.changes.iter_mut().filter(|change| change.is_open()) {
        obstacles::block(inputs, &obstacles, change);
    }
    wait(inputs, plan);
}

/// Blocks changes that need an attachment or a server group that does not exist and cannot be created.
fn wait(inputs: &Inputs<'_>, plan: &mut Plan) {
    let made: Vec<(AttachmentRef, Vec<Reason>)> =
        plan.changes.iter().filter_map(|change| Some((change.write.makes()?, change.blocked.clone()))).collect();
    let makes_group = |change: &&Change| matches!(change.write, Write::CreateServerGroup { .. });
    let group_blocked = plan.changes.iter().find(makes_group).map(|change| change.blocked.clone()).unwrap_or_default();
    for change in &mut plan.changes {
        for attachment in change.write.uses() {
            let blocked = made.iter().find(|(made, blocked)| made == &attachment && !blocked.is_empty());
            if let Some((_, because)) = blocked {
                let message = format!("This waits for {attachment}, which is blocked: {}.", change.write);
                wait_for(change, Reason::new(Code::Waits, &attachment, message).because(because.clone()));
            }
            let planned = made.iter().any(|(made, _)| made == &attachment);
            if !planned && inputs.topology.resolve(&attachment).is_none() {
                let message =
                    format!("This waits for {attachment}, which is not there and cannot be made: {}.", change.write);
                let because = lacking(inputs, &attachment);
                wait_for(change, Reason::new(Code::Waits, &attachment, message).because(because));
            }
        }
        if !group_blocked.is_empty()
            && matches!(change.write, Write::CreateListener { .. } | Write::ForwardListener { .. })
        {
            let message = format!("This waits for the server group, which is blocked: {}.", change.write);
            let waits = Reason::new(Code::Waits, &inputs.binding.server_group.name, message);
            wait_for(change, waits.because(group_blocked.clone()));
        }
    }
    wait_for_way(inputs, &made, plan);
}

/// Blocks VPC routes whose way onward will not come about: they would only take over traffic.
fn wait_for_way(inputs: &Inputs<'_>, made: &[(AttachmentRef, Vec<Reason>)], plan: &mut Plan) {
    let takes_over = |route: Route<'_>| route.covering(inputs.topology).is_some();
    let added =
        plan.changes.iter().filter(|change| change.is_open()).filter_map(|change| Route::added_by(&change.write));
    let projected = added.into_iter().any(takes_over).then(|| project(inputs, &plan.changes));
    for change in plan.changes.iter_mut().filter(|change| change.is_open()) {
        let Some(route) = Route::added_by(&change.write) else { continue };
        if let Some((attachment, what)) = route.obstacle(inputs, made, projected.as_ref()) {
            let message = format!("This waits for {what}: {}.", change.write);
            let planned = made.iter().find(|(made, _)| made == &attachment);
            let because = planned.map_or_else(|| lacking(inputs, &attachment), |(_, blocked)| blocked.clone());
            wait_for(change, Reason::new(Code::Waits, &attachment, message).because(because));
        }
    }
}

/// Why an attachment cannot be made: a region without a usable transit router.
fn lacking(inputs: &Inputs<'_>, attachment: &AttachmentRef) -> Vec<Reason> {
    let regions = match attachment {
        AttachmentRef::Vpc { vpc } => inputs.topology.vpc(vpc).map(|vpc| &vpc.region).into_iter().collect(),
        AttachmentRef::Peer { from, to } => vec![from, to],
    };
    regions.into_iter().filter_map(|region| vpc_attachments::router(inputs, region).err()).collect()
}

/// Adds a reason to wait. The one that was noted before another pass knew more is kept.
fn wait_for(change: &mut Change, reason: Reason) {
    let same = |known: &Reason| (known.code, &known.message) == (reason.code, &reason.message);
    if !change.blocked.iter().any(same) {
        change.blocked.push(reason);
    }
}

/// Blocks a change with every finding that concerns it.
pub(super) fn block(inputs: &Inputs<'_>, findings: &[Finding], change: &mut Change) {
    for finding in findings {
        if finding.concerns(inputs, change) && !change.blocked.contains(&finding.reason) {
            change.blocked.push(finding.reason.clone());
        }
    }
    // A destination inside of a vSwitch is what an overlap looks like in a table.
    let overlaps: Box<[Reason]> =
        change.blocked.iter().filter(|reason| reason.code == Code::CidrOverlap).cloned().collect();
    for reason in change.blocked.iter_mut().filter(|reason| reason.code == Code::RouteImpossible) {
        reason.because.clone_from(&overlaps);
    }
}
