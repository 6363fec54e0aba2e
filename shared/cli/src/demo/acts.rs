//! The acts: onboarding, a fleet, drift, a release.

use std::collections::BTreeSet;
use std::time::Duration;

use onboarding::ids::{SecurityGroupId, VpcId};
use onboarding::{Known, Plan};
use openapi::{alb, ecs, vpc};
use serde_json::json;

use super::follow::{Detail, Goal, follow, quiet};
use super::play::{CHENGDU, HANGZHOU, Play, expect};
use super::run::Run;
use super::world;
use crate::explain::{self, Subject};
use crate::output::{Line, Tone, Trouble};
use crate::plan;

/// Instances that start at once.
const FLEET: u32 = 20;
/// Until a removed server is out of the listing: the group drains its connections for 30 seconds first.
const DRAINING: Duration = Duration::from_secs(40);
/// The timer looks at every fifth minute: the template's default.
const TIMER: u64 = 300;
/// Longest time that vandalism takes until it is shown.
const SHOWN: u64 = DRAINING.as_secs() + 30;
/// Repairs that one round of vandalism may take: the timer may look while it is still going on.
const REPAIRS: usize = 4;

/// All of them, in order.
pub(crate) async fn all(play: &mut Play) -> Result<(), Trouble> {
    play.story.section(&format!("The world, with an ALB that is {}", world::name(play.alb)));
    world::describe(play).await?;
    onboarding(play).await?;
    fleet(play).await?;
    drift(play).await?;
    release(play).await
}

/// The first instance starts, and everything it needs is made.
async fn onboarding(play: &mut Play) -> Result<(), Trouble> {
    play.story.section("ECS1 starts in Hangzhou");
    play.start("i-ecs1").await?;
    let runs = follow(play, Detail::All, Goal::Members(1)).await?;
    all_is_well(&runs)?;
    play.story.section("The way of a packet, by the tables that carry it");
    show_way(play, "i-ecs1").await?;
    play.story.section("A request from a client in Chengdu");
    let fetched = play.show_get().await?;
    expect(fetched.served_by.as_deref() == Some("i-ecs1"), || "The request was answered by somebody else.".to_owned())
}

async fn show_way(play: &Play, instance: &str) -> Result<(), Trouble> {
    let host = play.local.operator_host();
    let store = crate::target::store(&host).await?;
    let sight = explain::see(&host, &store, Some(play.binding.as_str()), &Subject::Instance(instance.into())).await?;
    play.story.aside(|console| console.say(explain::ways(&sight, console.width()).trimmed()));
    play.story.event(json!({"event": "way", "instance": instance, "explanation": sight.explanation}));
    Ok(())
}

/// Many instances start at once: one or two runs see to all of them.
async fn fleet(play: &mut Play) -> Result<(), Trouble> {
    quiet(play, Detail::Changes).await?;
    play.story.section(&format!("{FLEET} more instances start at once"));
    let launched = play.launch(FLEET).await?;
    play.story.step(format!("RunInstances: {} to {}", first(&launched), last(&launched)));
    play.story.event(json!({"event": "instance", "instances": launched, "action": "run"}));
    let wanted = launched.len() + 1;
    let runs = follow(play, Detail::Changes, Goal::Members(wanted)).await?;
    all_is_well(&runs)?;
    // The run that registered them may still be waiting for them to be healthy.
    let count = runs.len() + quiet(play, Detail::Changes).await?;
    let mut answering = BTreeSet::new();
    for _ in 0..3 * wanted {
        let fetched = play.get().await.filter(|fetched| fetched.status == 200);
        let fetched = fetched.ok_or_else(|| Trouble::Failed("A request was not answered.".to_owned()))?;
        answering.extend(fetched.served_by);
    }
    let text = format!(
        "{} events, {} of the workflow; {} of {wanted} instances answer",
        FLEET,
        runs_word(count),
        answering.len()
    );
    play.story.step(Line::toned(Tone::Good, text));
    play.story.event(json!({"event": "fleet", "runs": count, "members": wanted, "answering": answering.len()}));
    expect(answering.len() == wanted, || format!("Only {} of {wanted} instances answer.", answering.len()))
}

/// Somebody deletes things; nothing tells of it, and the timer's run repairs it.
async fn drift(play: &mut Play) -> Result<(), Trouble> {
    quiet(play, Detail::Changes).await?;
    // Begun just before the timer looks, it could be repaired before it is shown.
    let second = u64::try_from(play.local.clock().now().as_second()).unwrap_or_default();
    let left = TIMER - second % TIMER;
    if left < SHOWN {
        play.pass(Duration::from_secs(left + 10)).await;
        quiet(play, Detail::Changes).await?;
    }
    play.story.section("Somebody deletes a route, a security rule and a server");
    vandalise(play).await?;
    play.pass(DRAINING).await;
    let host = play.local.operator_host();
    let drift = words(&plan::look(&host, &play.binding, false).await?.1);
    play.story.step(format!("albridge plan: {}", plan::changes(drift.len())));
    drift.iter().for_each(|line| play.story.more(&format!("+ {line}")));
    play.story.event(json!({"event": "drift", "drift": drift}));
    play.story.waiting("no event tells of it; the timer looks every five minutes");
    for _ in 0..REPAIRS {
        let runs = follow(play, Detail::Changes, Goal::RunEnds).await?;
        let left = words(&plan::look(&host, &play.binding, false).await?.1);
        if left.is_empty() {
            let names: Vec<&str> = runs.iter().map(|run| run.name.as_str()).collect();
            play.story.step(Line::toned(Tone::Good, "albridge plan: everything is in place"));
            play.story.event(json!({"event": "repair", "runs": names, "drift": drift}));
            play.show_get().await?;
            return Ok(());
        }
    }
    Err(Trouble::Failed("The drift was not repaired.".to_owned()))
}

/// Takes away one thing of each kind that albridge made.
async fn vandalise(play: &Play) -> Result<(), Trouble> {
    let host = play.local.operator_host();
    let (topology, _) = plan::look(&host, &play.binding, false).await?;
    let gone = |what: &str| Trouble::Failed(format!("There is no {what} of albridge's to delete."));
    let vpc = topology.vpcs.get(&VpcId::from("vpc-1")).and_then(Known::get).and_then(Option::as_ref);
    let routes = vpc.and_then(|vpc| vpc.system_table()).map(|table| table.routes.as_slice()).unwrap_or_default();
    let route = routes.iter().find(|route| route.description.starts_with("albridge/")).ok_or_else(|| gone("route"))?;
    let delete = vpc::DeleteRouteEntry { route_entry_id: Some(route.id.to_string()), ..Default::default() };
    play.call(CHENGDU, &delete).await?;
    play.story.step(format!("DeleteRouteEntry {} of VPC1", route.destination));

    let group =
        topology.security_groups.get(&SecurityGroupId::from("sg-2")).and_then(Known::get).and_then(Option::as_ref);
    let rules = group.map(|group| group.rules.as_slice()).unwrap_or_default();
    let rule = rules.iter().find(|rule| rule.description.starts_with("albridge/")).ok_or_else(|| gone("rule"))?;
    let revoke = ecs::RevokeSecurityGroup {
        security_group_id: "sg-2".to_owned(),
        security_group_rule_id: vec![rule.id.to_string()],
        ..Default::default()
    };
    play.call(HANGZHOU, &revoke).await?;
    play.story.step(format!("RevokeSecurityGroup {} of sg-2", rule.id));

    let (group, members) = play.members().await?;
    let member = members.last().ok_or_else(|| gone("server"))?;
    let key = alb::ServerKey {
        server_type: member.server_type.clone(),
        server_id: member.server_id.clone(),
        server_ip: Some(member.server_ip.clone()),
        port: member.port,
    };
    let remove = alb::RemoveServersFromServerGroup { server_group_id: group, servers: vec![key], ..Default::default() };
    play.call(CHENGDU, &remove).await?;
    play.story.step(format!("RemoveServersFromServerGroup {}", member.server_ip));
    Ok(())
}

/// An instance is released: it goes from the group, and nothing else does.
async fn release(play: &mut Play) -> Result<(), Trouble> {
    quiet(play, Detail::Changes).await?;
    play.story.section("An instance is released");
    let (_, before) = play.members().await?;
    let of = |member: &alb::Server| member.description.rsplit('/').next().unwrap_or_default().to_owned();
    let leaver = before.iter().find(|member| of(member) != "i-ecs1");
    let leaver = leaver.ok_or_else(|| Trouble::Failed("There is no instance to release.".to_owned()))?;
    let instance = of(leaver);
    let delete = ecs::DeleteInstance { instance_id: instance.clone(), force: Some(true), ..Default::default() };
    play.call(HANGZHOU, &delete).await?;
    play.story.step(format!("DeleteInstance {instance} ({})", leaver.server_ip));
    play.story.event(json!({"event": "instance", "instance": instance, "action": "release"}));
    let runs = follow(play, Detail::Changes, Goal::Members(before.len() - 1)).await?;
    all_is_well(&runs)?;
    let (_, after) = play.members().await?;
    let rest: Vec<_> = before.iter().filter(|member| member.server_ip != leaver.server_ip).cloned().collect();
    let same = |left: &[alb::Server], right: &[alb::Server]| {
        let key = |member: &alb::Server| (member.server_ip.clone(), member.weight, member.description.clone());
        left.iter().map(key).collect::<BTreeSet<_>>() == right.iter().map(key).collect::<BTreeSet<_>>()
    };
    expect(same(&rest, &after), || "Other members than the released one were touched.".to_owned())?;
    let text = format!("{} is out; the other {} members are as they were", leaver.server_ip, after.len());
    play.story.step(Line::toned(Tone::Good, text));
    play.story.event(json!({"event": "released", "instance": instance, "members": after.len()}));
    Ok(())
}

/// No stage of the last of these runs had anything to complain of.
fn all_is_well(runs: &[Run]) -> Result<(), Trouble> {
    let bad = runs.last().iter().flat_map(|run| &run.reports).find(|report| !report.ok);
    match bad {
        None => Ok(()),
        Some(report) => {
            let reason = report.blocked.iter().chain(&report.findings).next();
            let reason = reason.map_or_else(String::new, |reason| format!(": {} {}", reason.code, reason.message));
            Err(Trouble::Failed(format!("{} was not ok{reason}", report.stage)))
        }
    }
}

fn words(plan: &Plan) -> Vec<String> {
    plan.changes.iter().map(|change| change.write.to_string()).collect()
}

fn runs_word(count: usize) -> String {
    if count == 1 { "1 run".to_owned() } else { format!("{count} runs") }
}

fn first(names: &[String]) -> &str {
    names.first().map(String::as_str).unwrap_or_default()
}

fn last(names: &[String]) -> &str {
    names.last().map(String::as_str).unwrap_or_default()
}
