//! Forwarding rules: they are made, listed and deleted, and keep the groups that they lead to. Requests do not follow them.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::paging::{Page, filter, passes};
use super::{fault, jobs, listeners, load_balancers, server_groups, tags};
use crate::call::{Answer, ApiError, Call, Params};
use crate::state::alb::rule::{Rule, Status};
use crate::time::Timed;
use crate::world::World;

/// A rule in the region of the call.
fn here<'a>(world: &'a World, call: &Call, id: &str) -> Result<&'a Rule, ApiError> {
    let found = world.alb.rules.get(id).filter(|rule| rule.region == call.region);
    found.ok_or_else(|| fault::not_found("Rule", id))
}

/// What a request ends with: a rule has one of these, as its last action.
const LAST: [&str; 3] = ["ForwardGroup", "Redirect", "FixedResponse"];
/// What copies of requests are sent by.
const MIRROR: &str = "TrafficMirror";

/// The groups that the actions forward or mirror to, and the actions as they are shown.
fn actions(params: &Params) -> Result<(Vec<String>, Value), ApiError> {
    let sent = params.objects("RuleActions");
    if sent.is_empty() {
        return Err(fault::missing("RuleActions"));
    }
    let (mut groups, mut shown, mut order) = (Vec::new(), Vec::new(), Vec::new());
    for action in &sent {
        let kind = fault::choice(action, "Type", &[LAST[0], LAST[1], LAST[2], MIRROR], "")?;
        let place = fault::ranged(action, "Order", 1, 50_000, 0)?;
        let named = |config: &str| -> Vec<String> {
            let tuples = action.objects(&format!("{config}.ServerGroupTuples"));
            tuples.iter().map(|tuple| tuple.text("ServerGroupId")).collect()
        };
        let (forwarded, mirrored) = (named("ForwardGroupConfig"), named("TrafficMirrorConfig.MirrorGroupConfig"));
        if kind.is_empty()
            || (kind == LAST[0]) == forwarded.is_empty()
            || (kind == MIRROR) == mirrored.is_empty()
            || order.iter().any(|(taken, _)| *taken == place)
        {
            return Err(fault::illegal("RuleActions"));
        }
        let mut one = json!({"Type": kind, "Order": place});
        if !forwarded.is_empty() {
            let tuple = |group: &String| json!({"ServerGroupId": group, "Weight": 100});
            one["ForwardGroupConfig"] = json!({"ServerGroupTuples": forwarded.iter().map(tuple).collect::<Value>()});
        }
        if !mirrored.is_empty() {
            let target = fault::choice(action, "TrafficMirrorConfig.TargetType", &["ForwardGroupMirror"], "")?;
            let tuples: Value = mirrored.iter().map(|group| json!({"ServerGroupId": group})).collect();
            one["TrafficMirrorConfig"] =
                json!({"TargetType": target, "MirrorGroupConfig": {"ServerGroupTuples": tuples}});
        }
        groups.extend(forwarded.into_iter().chain(mirrored));
        order.push((place, LAST.contains(&&*kind)));
        shown.push(one);
    }
    order.sort_unstable();
    let ends = order.iter().filter(|(_, last)| *last).count();
    if ends != 1 || !order.last().is_some_and(|(_, last)| *last) {
        return Err(fault::illegal("RuleActions"));
    }
    Ok((groups, shown.into()))
}

fn conditions(params: &Params) -> Result<Value, ApiError> {
    let sent = params.objects("RuleConditions");
    if sent.is_empty() {
        return Err(fault::missing("RuleConditions"));
    }
    let one = |condition: &Params| {
        let kind = fault::choice(condition, "Type", &["Host", "Path"], "")?;
        let config = format!("{kind}Config");
        let values = condition.list(&format!("{config}.Values"));
        if values.is_empty() {
            return Err(fault::illegal("RuleConditions"));
        }
        Ok(json!({"Type": kind, config: {"Values": values}}))
    };
    sent.iter().map(one).collect()
}

/// `CreateRule`.
pub(super) fn create(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let params = &call.params;
    let listener = listeners::here(world, call, params.required("ListenerId")?)?;
    let (listener_id, load_balancer) = (listener.id.clone(), listener.load_balancer.clone());
    let priority = fault::ranged(params, "Priority", 1, 10_000, 0)?;
    let (groups, actions) = actions(params)?;
    for group in &groups {
        server_groups::available(server_groups::here(world, call, group)?, now)?;
    }
    let direction = fault::choice(params, "Direction", &["Request", "Response"], "Request")?;
    let siblings = world.alb.rules.values().filter(|rule| rule.listener == listener_id && rule.direction == direction);
    if siblings.clone().any(|rule| rule.priority == priority) {
        return Err(fault::already_exists("Priority", &priority.to_string()));
    }
    load_balancers::writable(world, now, &load_balancer)?;
    let at = world.settings.latencies.after(now, world.settings.latencies.alb_write);
    let rule = Rule {
        id: world.ids.next("rule-"),
        region: call.region.clone(),
        listener: listener_id,
        name: fault::name(params, "RuleName")?.ok_or_else(|| fault::missing("RuleName"))?,
        priority,
        direction,
        conditions: conditions(params)?,
        actions,
        groups,
        tags: tags::read(params)?,
        status: Timed::changing(Status::Provisioning, at, Status::Available),
        load_balancer,
    };
    let id = rule.id.clone();
    load_balancers::configure(world, &rule.load_balancer, at);
    world.alb.rules.insert(id.clone(), rule);
    let job = jobs::start(world, now, call, at, ("rule", &id));
    Ok(json!({"RuleId": id, "JobId": job}))
}

/// `DeleteRule`.
pub(super) fn delete(world: &mut World, now: Timestamp, call: &Call) -> Answer {
    let id = call.params.required("RuleId")?.to_owned();
    let rule = here(world, call, &id)?;
    if *rule.status.get(now) != Status::Available {
        return Err(fault::incorrect_status("Rule", &id));
    }
    let load_balancer = rule.load_balancer.clone();
    load_balancers::writable(world, now, &load_balancer)?;
    let at = world.settings.latencies.after(now, world.settings.latencies.alb_write);
    load_balancers::configure(world, &load_balancer, at);
    if let Some(rule) = world.alb.rules.get_mut(&id) {
        rule.status = Timed::changing(Status::Deleting, at, Status::Gone);
    }
    let job = jobs::start(world, now, call, at, ("rule", &id));
    Ok(json!({"JobId": job}))
}

/// `ListRules`.
pub(super) fn list(world: &World, now: Timestamp, call: &Call) -> Answer {
    let params = &call.params;
    let page = Page::read(params, 100)?;
    let ids = filter(params, "RuleIds", 20)?;
    let (listeners, balancers) = (filter(params, "ListenerIds", 20)?, filter(params, "LoadBalancerIds", 20)?);
    let direction = fault::choice(params, "Direction", &["Request", "Response"], "Request")?;
    let items = world
        .alb
        .rules
        .values()
        .filter(|rule| rule.region == call.region)
        .filter(|rule| passes(&ids, &rule.id) && passes(&listeners, &rule.listener))
        .filter(|rule| passes(&balancers, &rule.load_balancer))
        .filter(|rule| direction == rule.direction)
        .filter(|rule| crate::tags::pass(&rule.tags, params, "Tag"))
        .map(|rule| (rule.id.clone(), shown(rule, now)))
        .collect();
    Ok(page.answer("Rules", items))
}

fn shown(rule: &Rule, now: Timestamp) -> Value {
    json!({
        "RuleId": rule.id,
        "RuleName": rule.name,
        "ListenerId": rule.listener,
        "LoadBalancerId": rule.load_balancer,
        "Priority": rule.priority,
        "Direction": rule.direction,
        "RuleActions": rule.actions,
        "RuleConditions": rule.conditions,
        "RuleStatus": rule.status.get(now).name(),
        "Tags": crate::tags::list(&rule.tags),
    })
}
