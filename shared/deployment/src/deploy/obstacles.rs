//! What keeps a deployment that is there from working by itself: a function, the workflow or a role that is gone, a trigger that is switched off, the kill
//! switch. It only reads.
//!
//! ROS compares templates, not resources, so none of this shows in a stack's status.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{join, join_all};
use onboarding::ids::Region;
use onboarding::{Code, FailedCalls, Reason, StageName};
use openapi::fc::{Function, Trigger};
use openapi::{Client, Error, eventbridge, fnf, ram};

use super::observe::CENTRAL;

/// The trigger that looks for drift (template.yml).
const TIMER: &str = "drift";
/// The triggers for events, each with what it reports (template.yml).
const EVENTS: [(&str, &str); 3] = [
    ("states", "instances that start, stop or go"),
    ("addresses", "instances that move or change address"),
    ("tags", "tags that come or go"),
];
/// The bus of the cloud's own events.
const BUS: &str = "default";

/// What mends that the workflow is gone.
const WORKFLOW_ANEW: &str = "Run `albridge teardown --deployment`, then `albridge deploy`: the stack makes its workflow anew, and members serve all the while.";

/// One thing that keeps a deployment from working.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    /// The region whose instances it concerns; `None` if it concerns all.
    pub region: Option<Region>,
    /// What is wrong.
    pub reason: Reason,
    /// What mends it.
    pub remedy: String,
}

/// What was found, and what could not be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Obstacles {
    /// What is wrong.
    pub found: Vec<Obstacle>,
    /// Calls that failed.
    pub unread: FailedCalls,
}

impl Obstacles {
    /// The first that keeps every run from coming, or from writing: the timer, which makes up for events, is one.
    #[must_use]
    pub fn holding(&self) -> Option<&Obstacle> {
        self.found.iter().find(|obstacle| obstacle.region.is_none())
    }

    fn note(&mut self, region: Option<&Region>, reason: Reason, remedy: impl Into<String>) {
        self.found.push(Obstacle { region: region.cloned(), reason, remedy: remedy.into() });
    }

    fn unread(&mut self, error: &Error) {
        self.unread.add(stage::failed_call(error));
    }
}

/// Looks at the deployment `name` with its home region, and at what reports the events of `backends`. Where it was never deployed there is
/// nothing to find.
pub async fn obstacles(client: &Client, name: &str, home: &Region, backends: &BTreeSet<Region>) -> Obstacles {
    let mut found = Obstacles::default();
    let functions = match client.list_functions(home.as_str(), &format!("{name}-")).await {
        Ok(functions) => functions,
        Err(error) => {
            found.unread(&error);
            return found;
        }
    };
    let named = |stage: &StageName| format!("{name}-{stage}");
    let is_there = |stage: &StageName| functions.iter().any(|function| function.function_name == named(stage));
    let (there, gone): (Vec<_>, Vec<_>) = StageName::ALL.into_iter().partition(is_there);
    // An outpost has one of them, and so has a probe: it is no home.
    if there.len() < 2 {
        return found;
    }
    if !gone.is_empty() {
        let (names, verb) = (gone.iter().map(named).collect::<Vec<_>>(), if gone.len() == 1 { "does" } else { "do" });
        let follows = if gone.contains(&StageName::Dispatch) { "nothing starts runs" } else { "every run fails there" };
        let message = format!("{} {verb} not exist in {home}, so {follows}.", names.join(", "));
        let reason = Reason::new(Code::FunctionMissing, names.concat(), message);
        found.note(None, reason, Code::FunctionMissing.remedy());
    }
    let dispatch = named(&StageName::Dispatch);
    let starter = functions.iter().find(|function| function.function_name == dispatch);
    let flow = starter.and_then(|starter| starter.environment_variables.get("ALBRIDGE_FLOW")).map_or(name, |flow| flow);
    match client.call(home.as_str(), &fnf::DescribeFlow { name: flow.to_owned() }).await {
        Ok(_) => {}
        Err(error) if error.is_not_found() => {
            let message = format!("Workflow {flow} does not exist in {home}, so no run starts.");
            found.note(None, Reason::new(Code::FunctionMissing, flow, message), WORKFLOW_ANEW);
        }
        Err(error) => found.unread(&error),
    }
    if starter.is_some_and(|starter| is_on(starter.environment_variables.get("ALBRIDGE_READ_ONLY"))) {
        let message = format!("ReadOnly is on in the stack of {home}, so no run writes anything.");
        let remedy = "Run `albridge deploy --set ReadOnly=0`.";
        found.note(None, Reason::new(Code::ReadOnly, format!("stack in {home}"), message), remedy);
    }
    // Triggers go with their function.
    let regions: BTreeSet<&Region> =
        backends.iter().chain([home]).filter(|region| *region != home || starter.is_some()).collect();
    let starts = join_all(regions.into_iter().map(|region| starts(client, name, region)));
    let (gone, starts) = join(roles(client, &functions), starts).await;
    for (role, used) in gone {
        match used {
            Ok(None) => {}
            Ok(Some(functions)) => {
                let message = format!("Role {role} does not exist, so {} cannot run.", first_of(&functions));
                let reason = Reason::new(Code::RoleMissing, &role, message);
                found.note(None, reason, Code::RoleMissing.remedy());
            }
            Err(error) => found.unread(&error),
        }
    }
    for (region, starts) in starts {
        match starts {
            Ok(starts) => starts.judge(&dispatch, region, region == home, backends.contains(region), &mut found),
            Err(error) => found.unread(&error),
        }
    }
    found
}

fn is_on(value: Option<&String>) -> bool {
    value.is_some_and(|value| matches!(value.as_str(), "1" | "true"))
}

fn first_of(functions: &[String]) -> String {
    match functions {
        [first, .., _] => format!("{first} and {} more", functions.len() - 1),
        _ => functions.concat(),
    }
}

/// The roles of functions: those that are gone have the functions that run as them.
async fn roles(client: &Client, functions: &[Function]) -> Vec<(String, Result<Option<Vec<String>>, Error>)> {
    let mut of: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for function in functions {
        if let Some((_, role)) = function.role.rsplit_once('/') {
            of.entry(role.to_owned()).or_default().push(function.function_name.clone());
        }
    }
    join_all(of.into_iter().map(|(role, functions)| async move {
        let read = match client.call(CENTRAL, &ram::GetRole { role_name: role.clone() }).await {
            Ok(_) => Ok(None),
            Err(error) if error.is_not_found() => Ok(Some(functions)),
            Err(error) => Err(error),
        };
        (role, read)
    }))
    .await
}

/// What starts runs in a region.
#[derive(Debug, Default)]
struct Starts {
    /// The function's triggers; `None` where there is no such function.
    triggers: Option<Vec<Trigger>>,
    /// Whether the rules behind [`EVENTS`] are on, by the trigger's name; those that are there.
    rules: BTreeMap<&'static str, (String, bool)>,
}

async fn starts<'r>(client: &Client, name: &str, region: &'r Region) -> (&'r Region, Result<Starts, Error>) {
    (region, read(client, name, region).await)
}

async fn read(client: &Client, name: &str, region: &Region) -> Result<Starts, Error> {
    let dispatch = format!("{name}-{}", StageName::Dispatch);
    let triggers = match client.list_triggers(region.as_str(), &dispatch).await {
        Ok(triggers) => triggers,
        Err(error) if error.code == "FunctionNotFound" => return Ok(Starts::default()),
        Err(error) => return Err(error),
    };
    let mut rules = BTreeMap::new();
    for (event, _) in EVENTS {
        // Function Compute makes a rule for a trigger (workflow-events-template.md section 2.4); the template has rules of its own instead
        // where its parameter Events says so.
        let is_trigger = triggers.iter().any(|trigger| trigger.trigger_name == event);
        let rule = if is_trigger { format!("{dispatch}-{event}") } else { format!("{name}-{event}") };
        let get = eventbridge::GetRule { event_bus_name: BUS.to_owned(), rule_name: rule.clone() };
        match client.call(region.as_str(), &get).await {
            Ok(answer) => {
                rules.insert(event, (rule, answer.data.status != "DISABLE"));
            }
            // A trigger's rule has another name than is documented, or somebody deleted it: the trigger is what counts.
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Starts { triggers: Some(triggers), rules })
}

impl Starts {
    /// What is off or gone. `has_timer`: the region is home; `has_events`: it has backends.
    fn judge(&self, dispatch: &str, region: &Region, has_timer: bool, has_events: bool, found: &mut Obstacles) {
        let Some(triggers) = &self.triggers else {
            if has_events {
                let message =
                    format!("There is no {dispatch} in {region}: instances there are seen by the timer alone.");
                let reason = Reason::new(Code::TriggerOff, region, message);
                found.note(Some(region), reason, "Run `albridge deploy`: it makes the stack of that region.");
            }
            return;
        };
        let trigger = |name: &str| triggers.iter().find(|trigger| trigger.trigger_name == name);
        if has_timer {
            let follows = "drift is not repaired, and lost events are not made up for";
            off(dispatch, region, TIMER, trigger(TIMER), None, follows, None, found);
        }
        for (name, what) in EVENTS.into_iter().filter(|_| has_events) {
            let follows = format!("{what} are seen by the timer alone");
            off(dispatch, region, name, trigger(name), self.rules.get(name), &follows, Some(region), found);
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "one sentence about one trigger, from two readings")]
fn off(
    dispatch: &str,
    region: &Region,
    name: &str,
    trigger: Option<&Trigger>,
    rule: Option<&(String, bool)>,
    follows: &str,
    concerns: Option<&Region>,
    found: &mut Obstacles,
) {
    let (message, remedy) = match (trigger, rule) {
        (Some(trigger), _) if !trigger.is_enabled() => (
            format!("Trigger {name} of {dispatch} in {region} is switched off: {follows}."),
            format!("Switch {name} of {dispatch} on (UpdateTrigger)."),
        ),
        (_, Some((rule, false))) => (
            format!("Rule {rule} in {region} is switched off: {follows}."),
            format!("Switch rule {rule} on (EnableRule)."),
        ),
        (Some(_), _) | (None, Some(_)) => return,
        (None, None) => (
            format!("Trigger {name} of {dispatch} in {region} is gone: {follows}."),
            "Run `albridge teardown --deployment`, then `albridge deploy`: the stacks make their triggers anew."
                .to_owned(),
        ),
    };
    found.note(concerns, Reason::new(Code::TriggerOff, format!("{region} {name}"), message), remedy);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trigger(name: &str, kind: &str, config: &str) -> Trigger {
        Trigger { trigger_name: name.to_owned(), trigger_type: kind.to_owned(), trigger_config: config.to_owned() }
    }

    fn all_on() -> Starts {
        let events = EVENTS.map(|(name, _)| trigger(name, "eventbridge", r#"{"triggerEnable":true}"#));
        let timer = trigger(TIMER, "timer", r#"{"cronExpression":"@every 5m","enable":true}"#);
        let rules = EVENTS.map(|(name, _)| (name, (format!("albridge-dispatch-{name}"), true)));
        Starts { triggers: Some(events.into_iter().chain([timer]).collect()), rules: rules.into() }
    }

    fn judged(starts: &Starts, has_timer: bool, has_events: bool) -> Vec<(String, String)> {
        let mut found = Obstacles::default();
        starts.judge("albridge-dispatch", &"cn-hangzhou".into(), has_timer, has_events, &mut found);
        assert!(found.found.iter().all(|one| one.reason.code == Code::TriggerOff));
        found.found.into_iter().map(|one| (one.reason.message, one.remedy)).collect()
    }

    #[test]
    fn what_is_on_is_no_obstacle() {
        assert_eq!(judged(&all_on(), true, true), []);
        let mut by_rules = all_on();
        by_rules.triggers.as_mut().unwrap().retain(|trigger| trigger.trigger_name == TIMER);
        assert_eq!(judged(&by_rules, true, true), [], "the template's rules do it as well");
    }

    #[test]
    fn a_rule_that_is_switched_off_behind_its_trigger_is_named() {
        let mut starts = all_on();
        starts.rules.insert("tags", ("albridge-dispatch-tags".to_owned(), false));
        let [(message, remedy)] = &judged(&starts, true, true)[..] else { panic!("one") };
        assert!(message.contains("albridge-dispatch-tags in cn-hangzhou is switched off"), "{message}");
        assert!(remedy.contains("(EnableRule)"), "{remedy}");
        assert_eq!(judged(&starts, true, false), [], "nobody waits for events of a region without backends");
    }

    #[test]
    fn what_is_gone_is_told_from_what_is_off() {
        let mut starts = all_on();
        starts.rules.clear();
        starts.triggers.as_mut().unwrap().clear();
        let found = judged(&starts, true, true);
        assert_eq!(found.len(), 4);
        assert!(found.iter().all(|(message, remedy)| message.contains(" is gone: ") && remedy.contains("deploy")));
        assert_eq!(judged(&Starts::default(), false, false), []);
        assert_eq!(judged(&Starts::default(), false, true).len(), 1);
    }
}
