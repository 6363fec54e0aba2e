//! What a trigger hands over, in every shape it may come in, reduced to where to look.
//!
//! An event is never evidence: it names instances or a region, and the cloud is read from there. What cannot be read is
//! logged with its reason and left to the timer.

use std::collections::BTreeSet;

use onboarding::ids::{BindingName, InstanceId, Region};
use serde_json::Value;

/// What to do about a trigger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trigger {
    /// Something happened to these instances.
    Instances {
        /// Where.
        region: Option<Region>,
        /// Which.
        ids: BTreeSet<InstanceId>,
    },
    /// Something happened in a region, to no instance that the event names.
    Region(Region),
    /// The schedule: every binding is looked at.
    Timer,
    /// A run asks whether it is its turn.
    Turn {
        /// Its binding.
        binding: BindingName,
        /// Its name.
        run: String,
    },
    /// Somebody wants one binding looked at.
    Manual {
        /// The binding.
        binding: BindingName,
    },
    /// Nothing that can be acted on, and why.
    Unreadable(String),
}

/// Reads an event of any of the shapes of workflow-events-template.md, section 2.
#[must_use]
pub fn read(event: &Value) -> Trigger {
    let Some(fields) = event.as_object() else { return Trigger::Unreadable("the event is no JSON object".to_owned()) };
    if fields.contains_key("triggerTime") && fields.contains_key("triggerName") {
        return timer(event);
    }
    if let Some(binding) = text(event, "/binding") {
        let binding = BindingName::from(binding);
        let is_turn =
            text(event, "/stage") == Some("turn") || event.get("turn").is_some_and(|turn| turn == &Value::Bool(true));
        return if is_turn {
            Trigger::Turn { binding, run: text(event, "/run").unwrap_or_default().to_owned() }
        } else {
            Trigger::Manual { binding }
        };
    }
    // EventBridge wraps the facts in `data`, CloudMonitor in `content`.
    match (fields.get("data"), fields.get("content")) {
        (Some(data), _) => resource(event, data, "/type"),
        (None, Some(content)) => resource(event, content, "/name"),
        (None, None) => Trigger::Unreadable("neither a timer's, nor a request, nor an event of a service".to_owned()),
    }
}

/// A timer's payload may name one binding; otherwise all of them are looked at.
fn timer(event: &Value) -> Trigger {
    let payload = text(event, "/payload").and_then(|payload| serde_json::from_str::<Value>(payload).ok());
    let binding = payload.as_ref().and_then(|payload| text(payload, "/binding"));
    binding.map_or(Trigger::Timer, |binding| Trigger::Manual { binding: BindingName::from(binding) })
}

fn resource(event: &Value, data: &Value, kind: &str) -> Trigger {
    if text(data, "/errorCode").is_some_and(|code| !code.is_empty()) {
        return Trigger::Unreadable("it reports a call that failed".to_owned());
    }
    let regions = ["/aliyunregionid", "/regionId"].into_iter().find_map(|path| text(event, path));
    let region = regions.or_else(|| text(data, "/acsRegion")).map(Region::from);
    let mut ids = BTreeSet::new();
    // StateChange says resourceId, the spot notice instanceId, ActionTrail lists them.
    for path in ["/resourceId", "/instanceId"] {
        ids.extend(text(data, path).into_iter().filter(|id| id.starts_with("i-")).map(InstanceId::from));
    }
    let referenced = data.pointer("/referencedResources/ACS::ECS::Instance").and_then(Value::as_array);
    ids.extend(referenced.into_iter().flatten().filter_map(Value::as_str).map(InstanceId::from));
    match (ids.is_empty(), region) {
        (false, region) => Trigger::Instances { region, ids },
        (true, Some(region)) => Trigger::Region(region),
        (true, None) => {
            let kind = text(event, kind).unwrap_or("of an unknown type");
            Trigger::Unreadable(format!("an event {kind} names neither an instance nor a region"))
        }
    }
}

fn text<'a>(value: &'a Value, path: &str) -> Option<&'a str> {
    value.pointer(path).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn instance(id: &str) -> Trigger {
        Trigger::Instances { region: Some("cn-hangzhou".into()), ids: [InstanceId::from(id)].into() }
    }

    #[test]
    fn a_state_change_names_its_instance() {
        let event = json!({
            "source": "acs.ecs", "type": "ecs:Instance:StateChange", "aliyunregionid": "cn-hangzhou",
            "data": {"resourceId": "i-1", "resourceType": "ALIYUN::ECS::Instance", "state": "Running"}
        });
        assert_eq!(read(&event), instance("i-1"));
    }

    #[test]
    fn a_spot_notice_says_instance_id() {
        let event = json!({
            "type": "ecs:Instance:PreemptibleInstanceInterruption", "aliyunregionid": "cn-hangzhou",
            "data": {"instanceId": "i-2", "action": "delete"}
        });
        assert_eq!(read(&event), instance("i-2"));
    }

    #[test]
    fn a_cloud_monitor_notification_wraps_in_content() {
        let event = json!({
            "product": "ECS", "name": "Instance:StateChange", "regionId": "cn-hangzhou",
            "content": {"resourceId": "i-3", "state": "Stopped"}
        });
        assert_eq!(read(&event), instance("i-3"));
    }

    #[test]
    fn a_tag_call_lists_its_instances() {
        let event = json!({
            "type": "ecs:ActionTrail:ApiCall",
            "data": {"eventName": "TagResources", "acsRegion": "cn-hangzhou",
                     "referencedResources": {"ACS::ECS::Instance": ["i-4", "i-5"]}}
        });
        let Trigger::Instances { region, ids } = read(&event) else { panic!("instances") };
        assert_eq!(region, Some("cn-hangzhou".into()));
        assert_eq!(ids.len(), 2);
    }

    #[test]
    fn a_failed_call_is_no_reason_to_look() {
        let event =
            json!({"type": "ecs:ActionTrail:ApiCall", "data": {"acsRegion": "cn-hangzhou", "errorCode": "Forbidden"}});
        assert!(matches!(read(&event), Trigger::Unreadable(_)));
    }

    #[test]
    fn an_event_without_an_instance_points_at_its_region() {
        let event = json!({"type": "ecs:NetworkInterface:PrivateIPAssigned", "aliyunregionid": "cn-hangzhou", "data": {"eniId": "eni-1"}});
        assert_eq!(read(&event), Trigger::Region("cn-hangzhou".into()));
    }

    #[test]
    fn timers_requests_and_turns_are_told_apart() {
        let timer = json!({"triggerTime": "2026-11-22T08:00:00Z", "triggerName": "repair", "payload": ""});
        assert_eq!(read(&timer), Trigger::Timer);
        assert_eq!(read(&json!({"binding": "web"})), Trigger::Manual { binding: "web".into() });
        let turn = json!({"binding": "web", "run": "web-1", "stage": "turn"});
        assert_eq!(read(&turn), Trigger::Turn { binding: "web".into(), run: "web-1".to_owned() });
    }

    #[test]
    fn rubbish_is_named_and_never_panics() {
        for event in [json!(null), json!([1]), json!({}), json!({"data": 5}), json!({"content": {"resourceId": 7}})] {
            assert!(matches!(read(&event), Trigger::Unreadable(_)), "{event}");
        }
    }
}
