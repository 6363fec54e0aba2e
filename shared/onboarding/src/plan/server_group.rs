//! Step 1: a server group of the IP type in the ALB's VPC, with health check, scheduler and draining as wanted.

use crate::change::{Change, StageName, Write};
use crate::mark::Role;
use crate::plan::{Inputs, Plan, lane};
use crate::reason::{Code, Reason};
use crate::topology::{LoadBalancer, ServerGroup, ServerGroupSettings};
use crate::wanted;

const STAGE: StageName = StageName::ServerGroup;

pub(super) fn plan(inputs: &Inputs<'_>, plan: &mut Plan) {
    let Inputs { deployment, binding, topology, .. } = *inputs;
    let load_balancer = match wanted::load_balancer(binding, topology) {
        Ok(load_balancer) => load_balancer,
        Err(reason) => return plan.find(reason),
    };
    let wish = &binding.server_group;
    let Some(groups) = topology.server_groups.get() else {
        return plan.unread("the server groups", topology.server_groups.why_unknown());
    };
    let settings = wish.settings(&load_balancer.edition);
    let mark = deployment.tag(&binding.name, Role::ServerGroup);
    let Some(group) = topology.server_group(&mark, &wish.name) else {
        let create = Write::CreateServerGroup { name: wish.name.clone(), vpc: load_balancer.vpc.clone(), settings };
        return plan.changes.push(unless_not_ready(Change::new(STAGE, create), load_balancer));
    };
    plan.changes.extend(duplicates(groups, group, &mark));
    if group.status != "Available" {
        return plan.wait(STAGE, lane::SERVER_GROUP, format!("server group {} is {}", group.id, group.status));
    }
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

/// A change that needs the load balancer, blocked while it is not Active or is locked.
pub(super) fn unless_not_ready(change: Change, load_balancer: &LoadBalancer) -> Change {
    let id = &load_balancer.id;
    if let Some(lock) = load_balancer.locks.first() {
        return change.blocked_by(Reason::new(Code::AlbNotReady, id, format!("Load balancer {id} is locked: {lock}.")));
    }
    if load_balancer.status == "Active" {
        return change;
    }
    let message = format!("Load balancer {id} is {}.", load_balancer.status);
    change.blocked_by(Reason::new(Code::AlbNotReady, id, message))
}

/// Two runs that both created leave two groups with our mark: the oldest stays, an empty later one goes.
fn duplicates(groups: &[ServerGroup], ours: &ServerGroup, mark: &str) -> Vec<Change> {
    let alike = |group: &&ServerGroup| group.mark.as_deref() == Some(mark) && group.kind == "Ip";
    let others = groups.iter().filter(|group| group.id != ours.id).filter(alike);
    let empty = others
        .filter(|group| group.server_count == 0 && group.load_balancers.is_empty() && group.status == "Available");
    empty.map(|group| Change::new(STAGE, Write::DeleteServerGroup { group: group.id.clone() })).collect()
}

/// What differs, each as `what it has, wished what is wished`.
fn differences(wish: &ServerGroupSettings, have: &ServerGroupSettings) -> Vec<String> {
    let drain = |seconds: Option<u32>| seconds.map_or("off".to_owned(), |seconds| format!("{seconds} s"));
    let on = |on: bool| if on { "on" } else { "off" };
    let mut all = vec![
        ("protocol", have.protocol.clone(), wish.protocol.clone()),
        ("scheduler", have.scheduler.clone(), wish.scheduler.clone()),
        ("session persistence", on(have.sticky).to_owned(), on(wish.sticky).to_owned()),
        ("connection draining", drain(have.drain_seconds), drain(wish.drain_seconds)),
    ];
    let (check, wanted) = (&have.health_check, &wish.health_check);
    all.push(("health check", on(check.enabled).to_owned(), on(wanted.enabled).to_owned()));
    if check.enabled && wanted.enabled {
        let text = |check: &crate::topology::HealthCheck| {
            let mut codes = check.codes.clone();
            codes.sort();
            format!(
                "{} {} {} {} port {} every {} s within {} s, {} up {} down, {}",
                check.protocol,
                check.method,
                check.host,
                check.path,
                check.port,
                check.interval,
                check.timeout,
                check.healthy_threshold,
                check.unhealthy_threshold,
                codes.join("+")
            )
        };
        all.push(("health check", text(check), text(wanted)));
    }
    let differing = all.into_iter().filter(|(_, have, wish)| have != wish);
    differing.map(|(what, have, wish)| format!("{what} {have}, wished {wish}")).collect()
}

/// Whether the cloud has what is wished, after what the API normalises.
fn same(wish: &ServerGroupSettings, have: &ServerGroupSettings) -> bool {
    let checks_same = match (&wish.health_check, &have.health_check) {
        (wish, have) if !wish.enabled => !have.enabled,
        (wish, have) if wish.protocol == "TCP" => {
            let mut wish = wish.clone();
            // A TCP check has no path, method, host or codes; the API may answer anything there.
            wish.path.clone_from(&have.path);
            wish.method.clone_from(&have.method);
            wish.host.clone_from(&have.host);
            wish.codes.clone_from(&have.codes);
            &wish == have
        }
        (wish, have) => {
            let (mut wish, mut have) = (wish.clone(), have.clone());
            wish.codes.sort();
            have.codes.sort();
            wish == have
        }
    };
    checks_same
        && wish.protocol == have.protocol
        && wish.scheduler == have.scheduler
        && wish.sticky == have.sticky
        && wish.drain_seconds == have.drain_seconds
}
