//! Rules and targets, on explicit time.

use jiff::SignedDuration;
use template::Rule;

use super::*;
use crate::call::{Call, Caller, Params, Service};
use crate::testing::{HANGZHOU, put_function, start, world};

fn target(kind: &str, endpoint: &str, params: Vec<Param>) -> Target {
    Target { id: "t".into(), kind: kind.into(), endpoint: endpoint.into(), params }
}

fn constant(key: &str, value: &str) -> Param {
    Param { key: key.into(), form: "CONSTANT".into(), value: value.into(), template: None }
}

fn rule(name: &str, targets: Vec<Target>) -> Rule {
    Rule { bus: "default".into(), name: name.into(), enabled: true, pattern: json!({"source": ["acs.ecs"]}), targets }
}

#[test]
fn targets_are_found_by_parameter_or_by_endpoint() {
    let function = |target: &Target| destination(target).map(|(to, _)| to);
    let named = Some(Destination::Function("dispatch".into()));
    let endpoint = "acs:fc:cn-hangzhou:1:functions/dispatch/LATEST";
    assert_eq!(function(&target("acs.fc.function", endpoint, vec![])), named);
    let old = "acs:fc:cn-hangzhou:1:services/s.LATEST/functions/dispatch";
    assert_eq!(function(&target("acs.fc.function", old, vec![])), named);
    assert_eq!(function(&target("acs.fc.function", "", vec![constant("functionName", "dispatch")])), named);
    let flow = target("acs.fnf", "acs:fnf:cn-hangzhou:1:flow/${flow}", vec![constant("FlowName", "onboarding")]);
    assert_eq!(function(&flow), Some(Destination::Flow("onboarding".into())));
    assert_eq!(function(&target("acs.fnf", "acs:fnf:cn-hangzhou:1:flow/${flow}", vec![])), None);
    assert_eq!(function(&target("acs.mns.queue", "", vec![])), None);
}

#[test]
fn an_event_comes_as_often_as_the_settings_say() {
    let mut world = world();
    world.settings.event_copies = 2;
    put_function(&mut world, "dispatch", "");
    let to = target("acs.fc.function", "acs:fc:cn-hangzhou:1:functions/dispatch", vec![]);
    world.put_rule(HANGZHOU, rule("r", vec![to]));
    publish(&mut world, start(), HANGZHOU, "acs.ecs", "ecs:Instance:StateChange", "i-1", json!({}));
    publish(&mut world, start(), HANGZHOU, "acs.oss", "other", "x", json!({}));
    assert_eq!(world.next_due(start()), Some(start() + SignedDuration::from_secs(2)));
    assert!(world.advance(start()).is_empty());
    assert_eq!(world.advance(start() + SignedDuration::from_secs(2)).len(), 2);
}

#[test]
fn a_delivery_that_cannot_be_made_is_given_up_in_the_end() {
    let mut world = world();
    let to = target("acs.fc.function", "acs:fc:cn-hangzhou:1:functions/none", vec![]);
    world.put_rule(HANGZHOU, rule("r", vec![to]));
    publish(&mut world, start(), HANGZHOU, "acs.ecs", "ecs:Instance:StateChange", "i-1", json!({}));
    let mut tries = 0;
    let mut now = start();
    while let Some(due) = world.next_due(now) {
        tries += 1;
        now = due;
        assert!(world.advance(now).is_empty());
    }
    assert_eq!(tries, 4);
    let waited = now.duration_since(start()).as_secs();
    assert!((32..=62).contains(&waited), "{waited}");
}

#[test]
fn rules_are_shown_with_their_targets() {
    let mut world = world();
    for name in ["a", "b", "c"] {
        world.put_rule(HANGZHOU, rule(name, vec![target("acs.fc.function", "e", vec![constant("Body", "x")])]));
    }
    let mut ask = |action: &str, pairs: &[(&str, &str)]| {
        let params = Params::new(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let call = Call {
            service: Service::EventBridge,
            action: action.into(),
            region: HANGZHOU.into(),
            params,
            caller: Caller::Root,
            request_id: "R".into(),
        };
        world.handle(start(), &call)
    };
    let page = ask("ListRules", &[("EventBusName", "default"), ("Limit", "2")]).unwrap();
    assert_eq!((page["Data"]["Total"].as_u64(), page["Data"]["NextToken"].as_str()), (Some(3), Some("b")));
    let shown = ask("GetRule", &[("EventBusName", "default"), ("RuleName", "a")]).unwrap();
    assert_eq!(shown["Data"]["FilterPattern"], r#"{"source":["acs.ecs"]}"#);
    assert_eq!(shown["Data"]["Targets"][0]["ParamList"][0]["Value"], "x");
    let gone = ask("GetRule", &[("EventBusName", "default"), ("RuleName", "z")]);
    assert_eq!(gone.unwrap_err().code, "EventRuleNotExisted");
}

#[test]
fn targets_are_shown_with_their_rule_and_without_empty_fields() {
    let mut world = world();
    let to = target("acs.fc.function", "acs:fc:cn-hangzhou:1:functions/work", vec![constant("functionName", "work")]);
    world.put_rule(HANGZHOU, rule("r", vec![to]));
    let pairs = [("EventBusName", "default"), ("RuleName", "r")];
    let call = Call {
        service: Service::EventBridge,
        action: "ListTargets".to_owned(),
        region: HANGZHOU.to_owned(),
        params: Params::new(pairs.map(|(name, value)| (name.to_owned(), value.to_owned()))),
        caller: Caller::Root,
        request_id: "R".to_owned(),
    };
    let listed = world.handle(start(), &call).unwrap();
    let shown = &listed["Data"]["Targets"][0];
    assert_eq!((&shown["RuleName"], &shown["EventBusName"]), (&json!("r"), &json!("default")));
    assert_eq!(shown["ParamList"][0], json!({"ResourceKey": "functionName", "Form": "CONSTANT", "Value": "work"}));
}
