//! The parts of the demo: onboarding, a fleet, drift, a release.

use std::collections::BTreeSet;
use std::time::Duration;

use onboarding::ids::{SecurityGroupId, VpcId};
use onboarding::{Known, Plan};
use openapi::{alb, ecs, vpc};
use serde_json::json;

use super::follow::{Detail, Goal, follow, quiet};
use super::run::Run;
use super::session::{CHENGDU, HANGZHOU, Session, expect};
use super::world;
use crate::explain::{self, Subject};
use crate::output::{CliError, Line, Style};
use crate::plan;

/// Instances that start at once.
const FLEET: u32 = 20;
/// How long a removed server stays in the listing: the group drains its connections for 30 seconds first.
const DRAINING: Duration = Duration::from_secs(40);
/// The period of the timer: the template's default.
const TIMER: u64 = 300;
/// How long the deletions may take until the plan shows them.
const SHOWN: u64 = DRAINING.as_secs() + 30;
/// How many runs the repair may take: the timer may fire while the deletions are still in progress.
const REPAIRS: usize = 4;

/// All of them, in order.
pub(crate) async fn all(session: &mut Session) -> Result<(), CliError> {
    session.transcript.section(&format!("The world, with an ALB that is {}", world::name(session.alb)));
    world::describe(session).await?;
    onboarding(session).await?;
    fleet(session).await?;
    drift(session).await?;
    release(session).await
}

/// The first instance starts, and everything it needs is made.
async fn onboarding(session: &mut Session) -> Result<(), CliError> {
    session.transcript.section("ECS1 starts in Hangzhou");
    session.start("i-ecs1").await?;
    let runs = follow(session, Detail::All, Goal::Members(1)).await?;
    all_is_well(&runs)?;
    session.transcript.section("The path of a packet, hop by hop");
    show_way(session, "i-ecs1").await?;
    session.transcript.section("A request from a client in Chengdu");
    let fetched = session.show_get().await?;
    expect(fetched.served_by.as_deref() == Some("i-ecs1"), || "The request was answered by somebody else.".to_owned())
}

async fn show_way(session: &Session, instance: &str) -> Result<(), CliError> {
    let host = session.local.operator_host();
    let store = crate::target::store(&host).await?;
    let diagnosis =
        explain::diagnose(&host, &store, Some(session.binding.as_str()), &Subject::Instance(instance.into())).await?;
    session.transcript.aside(|console| console.print(explain::ways(&diagnosis, console.width()).trimmed()));
    session.transcript.event(json!({"event": "way", "instance": instance, "explanation": diagnosis.explanation}));
    Ok(())
}

/// Many instances start at once: one or two runs register all of them.
async fn fleet(session: &mut Session) -> Result<(), CliError> {
    quiet(session, Detail::Changes).await?;
    session.transcript.section(&format!("{FLEET} more instances start at once"));
    let launched = session.launch(FLEET).await?;
    session.transcript.step(format!("RunInstances: {} to {}", first(&launched), last(&launched)));
    session.transcript.event(json!({"event": "instance", "instances": launched, "action": "run"}));
    let wanted = launched.len() + 1;
    let runs = follow(session, Detail::Changes, Goal::Members(wanted)).await?;
    all_is_well(&runs)?;
    // The run that registered them may still be waiting for them to be healthy.
    let count = runs.len() + quiet(session, Detail::Changes).await?;
    let mut answering = BTreeSet::new();
    for _ in 0..3 * wanted {
        let fetched = session.get().await.filter(|fetched| fetched.status == 200);
        let fetched = fetched.ok_or_else(|| CliError::Failed("A request was not answered.".to_owned()))?;
        answering.extend(fetched.served_by);
    }
    let text = format!(
        "{} events, {} of the workflow; {} of {wanted} instances answer",
        FLEET,
        runs_word(count),
        answering.len()
    );
    session.transcript.step(Line::styled(Style::Good, text));
    session.transcript.event(json!({"event": "fleet", "runs": count, "members": wanted, "answering": answering.len()}));
    expect(answering.len() == wanted, || format!("Only {} of {wanted} instances answer.", answering.len()))
}

/// A user deletes resources; no event reports it, and the run that the timer starts repairs it.
async fn drift(session: &mut Session) -> Result<(), CliError> {
    quiet(session, Detail::Changes).await?;
    // If it started just before the timer fires, it could be repaired before it is shown.
    let second = u64::try_from(session.local.clock().now().as_second()).unwrap_or_default();
    let left = TIMER - second % TIMER;
    if left < SHOWN {
        session.pass(Duration::from_secs(left + 10)).await;
        quiet(session, Detail::Changes).await?;
    }
    session.transcript.section("A user deletes a route, a security rule and a server");
    vandalise(session).await?;
    session.pass(DRAINING).await;
    let host = session.local.operator_host();
    let drift = words(&plan::look(&host, &session.binding, false).await?.1);
    session.transcript.step(format!("albridge plan: {}", plan::changes(drift.len())));
    drift.iter().for_each(|line| session.transcript.more(&format!("+ {line}")));
    session.transcript.event(json!({"event": "drift", "drift": drift}));
    session.transcript.waiting("no event reports it; the timer starts a run every five minutes");
    for _ in 0..REPAIRS {
        let runs = follow(session, Detail::Changes, Goal::RunEnds).await?;
        let left = words(&plan::look(&host, &session.binding, false).await?.1);
        if left.is_empty() {
            let names: Vec<&str> = runs.iter().map(|run| run.name.as_str()).collect();
            session.transcript.step(Line::styled(Style::Good, "albridge plan: everything is in place"));
            session.transcript.event(json!({"event": "repair", "runs": names, "drift": drift}));
            session.show_get().await?;
            return Ok(());
        }
    }
    Err(CliError::Failed("The drift was not repaired.".to_owned()))
}

/// Deletes one resource of each kind that albridge created.
async fn vandalise(session: &Session) -> Result<(), CliError> {
    let host = session.local.operator_host();
    let (topology, _) = plan::look(&host, &session.binding, false).await?;
    let gone = |what: &str| CliError::Failed(format!("There is no {what} of albridge's to delete."));
    let vpc = topology.vpcs.get(&VpcId::from("vpc-1")).and_then(Known::get).and_then(Option::as_ref);
    let routes = vpc.and_then(|vpc| vpc.system_table()).map(|table| table.routes.as_slice()).unwrap_or_default();
    let route = routes.iter().find(|route| route.description.starts_with("albridge/")).ok_or_else(|| gone("route"))?;
    let delete = vpc::DeleteRouteEntry { route_entry_id: Some(route.id.to_string()), ..Default::default() };
    session.call(CHENGDU, &delete).await?;
    session.transcript.step(format!("DeleteRouteEntry {} of VPC1", route.destination));

    let group =
        topology.security_groups.get(&SecurityGroupId::from("sg-2")).and_then(Known::get).and_then(Option::as_ref);
    let rules = group.map(|group| group.rules.as_slice()).unwrap_or_default();
    let rule = rules.iter().find(|rule| rule.description.starts_with("albridge/")).ok_or_else(|| gone("rule"))?;
    let revoke = ecs::RevokeSecurityGroup {
        security_group_id: "sg-2".to_owned(),
        security_group_rule_id: vec![rule.id.to_string()],
        ..Default::default()
    };
    session.call(HANGZHOU, &revoke).await?;
    session.transcript.step(format!("RevokeSecurityGroup {} of sg-2", rule.id));

    let (group, members) = session.members().await?;
    let member = members.last().ok_or_else(|| gone("server"))?;
    let key = alb::ServerKey {
        server_type: member.server_type.clone(),
        server_id: member.server_id.clone(),
        server_ip: Some(member.server_ip.clone()),
        port: member.port,
    };
    let remove = alb::RemoveServersFromServerGroup { server_group_id: group, servers: vec![key], ..Default::default() };
    session.call(CHENGDU, &remove).await?;
    session.transcript.step(format!("RemoveServersFromServerGroup {}", member.server_ip));
    Ok(())
}

/// An instance is released: it is removed from the group, and nothing else is changed.
async fn release(session: &mut Session) -> Result<(), CliError> {
    quiet(session, Detail::Changes).await?;
    session.transcript.section("An instance is released");
    let (_, before) = session.members().await?;
    let of = |member: &alb::Server| member.description.rsplit('/').next().unwrap_or_default().to_owned();
    let leaver = before.iter().find(|member| of(member) != "i-ecs1");
    let leaver = leaver.ok_or_else(|| CliError::Failed("There is no instance to release.".to_owned()))?;
    let instance = of(leaver);
    let delete = ecs::DeleteInstance { instance_id: instance.clone(), force: Some(true), ..Default::default() };
    session.call(HANGZHOU, &delete).await?;
    session.transcript.step(format!("DeleteInstance {instance} ({})", leaver.server_ip));
    session.transcript.event(json!({"event": "instance", "instance": instance, "action": "release"}));
    let runs = follow(session, Detail::Changes, Goal::Members(before.len() - 1)).await?;
    all_is_well(&runs)?;
    let (_, after) = session.members().await?;
    let rest: Vec<_> = before.iter().filter(|member| member.server_ip != leaver.server_ip).cloned().collect();
    let same = |left: &[alb::Server], right: &[alb::Server]| {
        let key = |member: &alb::Server| (member.server_ip.clone(), member.weight, member.description.clone());
        left.iter().map(key).collect::<BTreeSet<_>>() == right.iter().map(key).collect::<BTreeSet<_>>()
    };
    expect(same(&rest, &after), || "Other members than the released one were touched.".to_owned())?;
    let text = format!("{} is out; the other {} members are as they were", leaver.server_ip, after.len());
    session.transcript.step(Line::styled(Style::Good, text));
    session.transcript.event(json!({"event": "released", "instance": instance, "members": after.len()}));
    Ok(())
}

/// No stage of the last of these runs reported a problem.
fn all_is_well(runs: &[Run]) -> Result<(), CliError> {
    let bad = runs.last().iter().flat_map(|run| &run.reports).find(|report| !report.ok);
    match bad {
        None => Ok(()),
        Some(report) => {
            let reason = report.blocked.iter().chain(&report.findings).next();
            let reason = reason.map_or_else(String::new, |reason| format!(": {} {}", reason.code, reason.message));
            Err(CliError::Failed(format!("{} was not ok{reason}", report.stage)))
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
