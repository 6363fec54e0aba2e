//! A look for programs: as JSON lines, or as a part of a document.

use onboarding::Change;
use serde_json::{Value, json};

use super::look::{Look, Member, MemberHealth, RunSummary, Runs};
use super::text::mark;
use super::view::View;
use crate::unread::PlanState;

/// What is not known first.
pub(super) fn of(look: &Look) -> Vec<Value> {
    let Look { binding, seen, .. } = look;
    let causes = &seen.causes;
    let mut lines = vec![
        json!({"event": "unread", "binding": binding, "unread": look.unread()}),
        json!({"event": "causes", "binding": binding, "causes": causes.causes, "waiting": causes.waiting}),
    ];
    lines.extend(runs(look));
    lines.push(members(look));
    let mut drift = drift(look);
    let mut line = json!({"event": "drift", "binding": binding});
    if let (Some(line), Some(fields)) = (line.as_object_mut(), drift.as_object_mut()) {
        line.append(fields);
    }
    lines.push(line);
    lines
}

fn drift(Look { seen, .. }: &Look) -> Value {
    let (plan, causes) = (&seen.plan, &seen.causes);
    let (open, blocked): (Vec<&Change>, Vec<&Change>) = plan.changes.iter().partition(|change| change.is_open());
    let known = PlanState::of(plan, causes) != PlanState::NotKnown;
    json!({"known": known, "open": open.len(), "blocked": blocked.len(), "pending": plan.pending.len(),
           "findings": plan.findings, "ignored": plan.ignored})
}

/// Every binding that is shown.
pub(super) fn documents(looks: &[Look], view: &View) -> Value {
    let shown = looks.iter().filter(|look| view.holds(look));
    json!({"bindings": shown.map(|look| document(look, view)).collect::<Vec<_>>()})
}

/// All of it. What is not known is `null`, and says why beside it.
fn document(look: &Look, view: &View) -> Value {
    let Look { binding, seen, runs, members, .. } = look;
    let (latest, older, runs_unknown) = match runs {
        Runs::NowhereToLook => (None, None, Some("the workflow's region is not known")),
        Runs::Unread(why) => (None, None, Some(why.as_str())),
        Runs::Read { latest, older, .. } => (Some(latest.iter().map(run).collect::<Vec<_>>()), Some(older), None),
    };
    let listed = members.listed.as_deref().map(|listed| {
        let mut shown: Vec<&Member> = listed.iter().filter(|member| !view.faulty || member.is_faulty()).collect();
        view.order(&mut shown);
        shown.into_iter().map(member).collect::<Vec<_>>()
    });
    json!({"binding": binding, "unread": look.unread(), "causes": seen.causes.causes, "waiting": seen.causes.waiting,
           "runs": latest, "olderRuns": older, "runsUnknown": runs_unknown, "members": listed,
           "membersUnknown": members.unknown.as_ref().map(|unknown| &unknown.why), "drift": drift(look)})
}

/// A run with what its stages made.
pub(crate) fn run(run: &RunSummary) -> Value {
    let stages: Vec<Value> = run
        .stages
        .iter()
        .map(|stage| json!({"stage": stage.stage, "changes": stage.changes, "made": stage.made}))
        .collect();
    json!({"run": run.name, "status": run.status, "trigger": run.trigger, "started": run.started,
           "stopped": run.stopped, "seconds": run.seconds(), "changes": run.changes(), "stages": stages,
           "blocked": run.blocked, "causes": run.causes, "failed": run.failed})
}

fn member(member: &Member) -> Value {
    let health = match &member.health {
        MemberHealth::Healthy => Some(json!({"status": "Healthy"})),
        MemberHealth::Ill { status, reason } => Some(json!({"status": status, "reason": reason})),
        MemberHealth::Unchecked => Some(json!({"status": "NotChecked"})),
        MemberHealth::Unknown => None,
    };
    json!({"instance": member.instance, "name": member.name, "address": member.endpoint.address,
           "port": member.endpoint.port, "weight": member.weight, "mark": mark(member), "health": health,
           "fault": member.fault, "faulty": member.is_faulty()})
}

fn runs(Look { binding, runs, .. }: &Look) -> Vec<Value> {
    match runs {
        Runs::NowhereToLook => Vec::new(),
        Runs::Unread(why) => vec![json!({"event": "run", "binding": binding, "unread": why})],
        Runs::Read { latest, .. } => {
            let line = |run: &RunSummary| {
                json!({"event": "run", "binding": binding, "run": run.name, "status": run.status,
                       "started": run.started, "stopped": run.stopped, "changes": run.changes(),
                       "blocked": run.blocked, "causes": run.causes, "failed": run.failed})
            };
            latest.iter().map(line).collect()
        }
    }
}

fn members(Look { binding, members, .. }: &Look) -> Value {
    let listed = members.listed.as_deref();
    if let Some(unknown) = &members.unknown {
        let registered = listed.filter(|listed| !listed.is_empty()).map(<[_]>::len);
        return json!({"event": "members", "binding": binding, "members": registered, "unread": unknown.why});
    }
    let listed = listed.unwrap_or_default();
    let ill: Vec<Value> = listed
        .iter()
        .filter_map(|member| match &member.health {
            MemberHealth::Ill { status, reason } => {
                let endpoint = member.endpoint;
                Some(json!({"address": endpoint.address, "port": endpoint.port, "status": status, "reason": reason}))
            }
            MemberHealth::Healthy | MemberHealth::Unchecked | MemberHealth::Unknown => None,
        })
        .collect();
    let unchecked = listed.iter().filter(|member| member.health == MemberHealth::Unchecked).count();
    json!({"event": "members", "binding": binding, "members": listed.len(),
           "healthy": listed.len() - ill.len() - unchecked, "unhealthy": ill, "notChecked": unchecked})
}
