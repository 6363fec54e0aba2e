//! Step 1: a server group of type IP in the ALB's VPC, with the health check, scheduler and draining of the binding.

use crate::change::{Change, StageName, Write};
use crate::desired;
use crate::difference::{self, Setting};
use crate::inputs::Inputs;
use crate::mark::Role;
use crate::plan::{Awaited, Ignored, Plan, lane};
use crate::reason::{Code, Reason};
use crate::topology::{
    LoadBalancer, LoadBalancerStatus, ServerGroup, ServerGroupSettings, ServerGroupStatus, ServerGroupType,
};

const STAGE: StageName = StageName::ServerGroup;

pub(super) fn plan(inputs: &Inputs<'_>, plan: &mut Plan) {
    let Inputs { deployment, binding, topology, .. } = *inputs;
    let load_balancer = match desired::load_balancer(binding, topology) {
        Ok(load_balancer) => load_balancer,
        Err(reason) => return plan.find(reason),
    };
    let spec = &binding.server_group;
    let Some(groups) = topology.server_groups.get() else {
        return plan.unread("the server groups", topology.server_groups.why_unknown());
    };
    let settings = spec.settings(&load_balancer.edition);
    let mark = deployment.tag(&binding.name, Role::ServerGroup);
    let Some(group) = topology.server_group(&mark, &spec.name) else {
        let create = Write::CreateServerGroup { name: spec.name.clone(), vpc: load_balancer.vpc.clone(), settings };
        wait_until_active(plan, STAGE, load_balancer);
        return plan.changes.push(unless_not_ready(Change::new(STAGE, create), load_balancer));
    };
    plan.changes.extend(duplicates(groups, group, &mark));
    if group.status != ServerGroupStatus::Available {
        let what = format!("server group {} is {}", group.id, group.status);
        return plan.wait(STAGE, lane::SERVER_GROUP, Awaited::ServerGroup, what);
    }
    let said = settings;
    let settings = spec.settings_beside(&load_balancer.edition, &group.settings);
    left(&said, &settings, group).for_each(|ignored| plan.ignore(ignored));
    if same(&settings, &group.settings) {
        return;
    }
    if group.mark.as_deref() == Some(mark.as_str()) {
        plan.changes.push(Change::new(STAGE, Write::UpdateServerGroup { group: group.id.clone(), settings }));
    } else {
        let message = format!(
            "Server group {} ({}) was made by others and has other settings: {}.",
            group.id,
            group.name,
            differences(&settings, &group.settings).join(", ")
        );
        plan.find(Reason::new(Code::ServerGroupDiffers, &group.id, message));
    }
}

/// What differs from the binding, `said`, and not from what is wanted beside the group as it is.
fn left(
    said: &ServerGroupSettings,
    wanted: &ServerGroupSettings,
    group: &ServerGroup,
) -> impl Iterator<Item = Ignored> {
    let corrected = difference::differing(&group.settings, wanted);
    let differing = difference::differing(&group.settings, said).into_iter();
    let left = differing.filter(move |setting| !corrected.iter().any(|other| other.name == setting.name));
    left.map(|setting| Ignored {
        resource: group.id.to_string(),
        setting: setting.name.to_owned(),
        have: setting.from.unwrap_or_else(|| "none".to_owned()),
        wanted: setting.to,
    })
}

/// Waits for a load balancer that is being changed, by another binding's listener for example: it takes seconds.
pub(super) fn wait_until_active(plan: &mut Plan, stage: StageName, load_balancer: &LoadBalancer) {
    if load_balancer.status == LoadBalancerStatus::Configuring && load_balancer.locks.is_empty() {
        let what = format!("load balancer {} is {}", load_balancer.id, load_balancer.status);
        plan.wait(stage, lane::LOAD_BALANCER, Awaited::LoadBalancer, what);
    }
}

/// Blocks a change that needs the load balancer while that is not Active or is locked.
pub(super) fn unless_not_ready(change: Change, load_balancer: &LoadBalancer) -> Change {
    let id = &load_balancer.id;
    if let Some(lock) = load_balancer.locks.first() {
        return change.blocked_by(Reason::new(Code::AlbNotReady, id, format!("Load balancer {id} is locked: {lock}.")));
    }
    if load_balancer.status == LoadBalancerStatus::Active {
        return change;
    }
    let message = format!("Load balancer {id} is {}.", load_balancer.status);
    change.blocked_by(Reason::new(Code::AlbNotReady, id, message))
}

/// If two concurrent runs both created a group, two groups carry our mark. The oldest is kept, and later ones are deleted
/// if empty.
fn duplicates(groups: &[ServerGroup], ours: &ServerGroup, mark: &str) -> Vec<Change> {
    let alike = |group: &&ServerGroup| group.mark.as_deref() == Some(mark) && group.kind == ServerGroupType::Ip;
    let others = groups.iter().filter(|group| group.id != ours.id).filter(alike);
    let empty = others.filter(|group| {
        group.server_count == 0 && group.load_balancers.is_empty() && group.status == ServerGroupStatus::Available
    });
    empty.map(|group| Change::new(STAGE, Write::DeleteServerGroup { group: group.id.clone() })).collect()
}

/// The differing settings, each as `<setting> <observed>, wished <desired>`.
fn differences(spec: &ServerGroupSettings, have: &ServerGroupSettings) -> Vec<String> {
    let differing = difference::differing(have, spec).into_iter();
    differing
        .map(|Setting { name, from, to, .. }| {
            format!("{name} {}, wished {to}", from.unwrap_or_else(|| "none".to_owned()))
        })
        .collect()
}

/// Whether the observed settings equal the desired ones, after the API's normalisation.
fn same(spec: &ServerGroupSettings, have: &ServerGroupSettings) -> bool {
    let checks_same = match (&spec.health_check, &have.health_check) {
        (spec, have) if !spec.enabled => !have.enabled,
        (spec, have) if spec.protocol == "TCP" => {
            let mut spec = spec.clone();
            // A TCP check has no path, method, host or codes; the API may return any value there.
            spec.path.clone_from(&have.path);
            spec.method.clone_from(&have.method);
            spec.host.clone_from(&have.host);
            spec.codes.clone_from(&have.codes);
            &spec == have
        }
        (spec, have) => {
            let (mut spec, mut have) = (spec.clone(), have.clone());
            spec.codes.sort();
            have.codes.sort();
            spec == have
        }
    };
    checks_same
        && spec.protocol == have.protocol
        && spec.scheduler == have.scheduler
        && spec.sticky == have.sticky
        && spec.drain_seconds == have.drain_seconds
}
