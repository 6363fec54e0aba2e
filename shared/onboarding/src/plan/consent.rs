//! Who may make what, and what has to wait for it: the last pass over a plan.

use crate::binding::Binding;
use crate::binding::Provision;
use crate::change::{AttachmentRef, Change, Consent, Write};
use crate::checks::Finding;
use crate::plan::{Inputs, Plan, Verdicts, obstacles};
use crate::reason::{Code, Reason};

/// Whether paid and wide changes have their yes.
pub(crate) fn may_do_everything(approved: bool, binding: &Binding) -> bool {
    approved || binding.provision == Provision::Auto
}

pub(super) fn settle(inputs: &Inputs<'_>, findings: Vec<Finding>, plan: &mut Plan) {
    let may = may_do_everything(inputs.approved, inputs.binding);
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
    // What blocks nothing of this plan is said all the same.
    for finding in findings {
        if !plan.changes.iter().any(|change| change.blocked.contains(&finding.reason)) {
            plan.find(finding.reason);
        }
    }
}

/// Blocks what costs money for backends that the analysis calls unreachable, and then what stands on it.
pub(super) fn withhold(inputs: &Inputs<'_>, verdicts: &Verdicts, plan: &mut Plan) {
    let obstacles = obstacles::of_verdicts(inputs, verdicts);
    for change in plan.changes.iter_mut().filter(|change| change.is_open()) {
        obstacles::block(inputs, &obstacles, change);
    }
    wait(inputs, plan);
}

/// Blocks what stands on an attachment or a server group that is not there and cannot be made.
fn wait(inputs: &Inputs<'_>, plan: &mut Plan) {
    let made: Vec<(AttachmentRef, bool)> =
        plan.changes.iter().filter_map(|change| Some((makes(&change.write)?, change.is_open()))).collect();
    let group_blocked = |change: &&Change| matches!(change.write, Write::CreateServerGroup { .. }) && !change.is_open();
    let group_blocked = plan.changes.iter().any(|change| group_blocked(&change));
    for change in &mut plan.changes {
        for attachment in uses(&change.write) {
            let blocked = made.iter().any(|(made, open)| made == &attachment && !open);
            if blocked {
                let message = format!("This waits for {attachment}, which is blocked: {}.", change.write);
                wait_for(change, Reason::new(Code::Waits, &attachment, message));
            }
            let planned = made.iter().any(|(made, _)| made == &attachment);
            if !planned && inputs.topology.resolve(&attachment).is_none() {
                let message =
                    format!("This waits for {attachment}, which is not there and cannot be made: {}.", change.write);
                wait_for(change, Reason::new(Code::Waits, &attachment, message));
            }
        }
        if group_blocked && matches!(change.write, Write::CreateListener { .. } | Write::ForwardListener { .. }) {
            let message = format!("This waits for the server group, which is blocked: {}.", change.write);
            wait_for(change, Reason::new(Code::Waits, &inputs.binding.server_group.name, message));
        }
    }
}

fn wait_for(change: &mut Change, reason: Reason) {
    if !change.blocked.contains(&reason) {
        change.blocked.push(reason);
    }
}

/// Blocks a change by every finding that concerns it.
pub(super) fn block(inputs: &Inputs<'_>, findings: &[Finding], change: &mut Change) {
    for finding in findings {
        if finding.concerns(inputs, change) && !change.blocked.contains(&finding.reason) {
            change.blocked.push(finding.reason.clone());
        }
    }
}

/// The attachment that a change makes.
fn makes(write: &Write) -> Option<AttachmentRef> {
    match write {
        Write::AttachVpc { vpc, .. } => Some(AttachmentRef::Vpc { vpc: vpc.clone() }),
        Write::Connect { from, to, .. } => Some(AttachmentRef::Peer { from: from.clone(), to: to.clone() }),
        _ => None,
    }
}

/// The attachments that a change needs.
pub(crate) fn uses(write: &Write) -> Vec<AttachmentRef> {
    match write {
        Write::Associate { attachment, .. }
        | Write::Propagate { attachment, .. }
        | Write::AddTransitRoute { attachment, .. } => {
            vec![attachment.clone()]
        }
        Write::AddVpcRoute { vpc, .. } => vec![AttachmentRef::Vpc { vpc: vpc.clone() }],
        Write::SetBandwidth { from, to, .. } | Write::PublishRoutes { from, to } => {
            vec![AttachmentRef::Peer { from: from.clone(), to: to.clone() }]
        }
        _ => Vec::new(),
    }
}
