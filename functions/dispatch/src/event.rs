//! The events of all triggers, in all formats, reduced to what has to be read.
//!
//! An event is never evidence: it names instances or a region, and then the cloud is read. An event that cannot be parsed,
//! or that none of our rules matches, is logged with the reason and left to the timer.

use std::collections::BTreeSet;

use onboarding::ids::{BindingName, InstanceId, Region};
use onboarding::ordered::Ordered;
use serde_json::Value;

/// The source of events about instances.
pub const SOURCE: &str = "acs.ecs";

/// A type of event that can concern albridge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// The type, as in `ecs:Instance:StateChange`.
    pub kind: &'static str,
    /// A field in the event's data, with the values that matter.
    pub only: Option<(&'static str, &'static [&'static str])>,
}

/// The API calls that change tags; there is no event type for them (workflow-events-template.md, section 2.2).
const TAG_CALLS: Option<(&str, &[&str])> =
    Some(("eventName", &["TagResources", "UntagResources", "AddTags", "RemoveTags"]));

/// All events that are handled: exactly those that the rules in template.yml match.
pub const KNOWN: &[Known] = &[
    Known { kind: "ecs:Instance:StateChange", only: Some(("state", &["Running", "Stopped", "Deleted"])) },
    Known { kind: "ecs:Instance:PreemptibleInstanceInterruption", only: None },
    Known { kind: "ecs:Instance:VSwitchChanged", only: None },
    Known { kind: "ecs:NetworkInterface:PrivateIPAssigned", only: None },
    Known { kind: "ecs:NetworkInterface:PrivateIPUnassigned", only: None },
    Known { kind: "ecs:ActionTrail:ApiCall", only: TAG_CALLS },
    Known { kind: "ecs:ActionTrail:ConsoleOperation", only: TAG_CALLS },
];

/// The most characters of an event's own text in a log line.
const QUOTED: usize = 80;

/// What a trigger asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trigger {
    /// An event about these instances.
    Instances {
        /// Their region.
        region: Option<Region>,
        /// Their ids.
        ids: BTreeSet<InstanceId>,
        /// The accounts that the event names as its origin.
        accounts: BTreeSet<String>,
    },
    /// An event in a region that names no instance.
    Region {
        /// The region.
        region: Region,
        /// The accounts that the event names as its origin.
        accounts: BTreeSet<String>,
    },
    /// The schedule: all bindings are checked.
    Timer,
    /// A run asks whether it is its turn.
    Turn {
        /// Its binding.
        binding: BindingName,
        /// Its name.
        run: String,
    },
    /// A run is about to end.
    Ended {
        /// Its binding.
        binding: BindingName,
        /// Its name.
        run: String,
    },
    /// A person asks for a run of one binding.
    Manual {
        /// The binding.
        binding: BindingName,
    },
    /// The event is ignored, for this reason.
    Ignored(String),
}

impl Trigger {
    /// An account of the event that is neither `ours` (empty if it is not known) nor one of those that the deployment deals with,
    /// if these are known.
    pub(crate) fn stranger(&self, deals_with: Option<&BTreeSet<String>>, ours: &str) -> Option<&str> {
        let (Self::Instances { accounts, .. } | Self::Region { accounts, .. }) = self else { return None };
        let deals_with = deals_with?;
        accounts.iter().map(String::as_str).find(|account| *account != ours && !deals_with.contains(*account))
    }
}

/// Parses an event in any of the formats of workflow-events-template.md, section 2.
#[must_use]
pub fn read(event: &Value) -> Trigger {
    let Some(fields) = event.as_object() else { return Trigger::Ignored("the event is no JSON object".to_owned()) };
    if fields.contains_key("triggerTime") && fields.contains_key("triggerName") {
        return timer(event);
    }
    if let Some(binding) = text(event, "/binding") {
        let binding = BindingName::from(binding);
        let run = text(event, "/run").unwrap_or_default().to_owned();
        let is_turn =
            text(event, "/stage") == Some("turn") || event.get("turn").is_some_and(|turn| turn == &Value::Bool(true));
        return if is_turn { Trigger::Turn { binding, run } } else { Trigger::Manual { binding } };
    }
    // Not `binding`: a dispatch that is older than the flow would take that for a person who asks for a run.
    if let Some((binding, run)) = text(event, "/ended").zip(text(event, "/run")) {
        return Trigger::Ended { binding: BindingName::from(binding), run: run.to_owned() };
    }
    // EventBridge puts the facts into `data`, CloudMonitor into `content`.
    let known = match (fields.get("data"), fields.get("content")) {
        (Some(data), _) => known(event, "/source", SOURCE, "/type", "").map(|()| data),
        (None, Some(content)) => known(event, "/product", "ECS", "/name", "ecs:").map(|()| content),
        (None, None) => Err("neither a timer's, nor a request, nor an event of a service".to_owned()),
    };
    match known {
        Ok(data) => resource(event, data),
        Err(why) => Trigger::Ignored(why),
    }
}

/// The payload of a timer may name one binding; otherwise all bindings are checked.
fn timer(event: &Value) -> Trigger {
    let payload = text(event, "/payload").and_then(|payload| serde_json::from_str::<Value>(payload).ok());
    let binding = payload.as_ref().and_then(|payload| text(payload, "/binding"));
    binding.map_or(Trigger::Timer, |binding| Trigger::Manual { binding: BindingName::from(binding) })
}

/// Whether an event's source and type are handled. CloudMonitor omits the service from the name of the type.
fn known(event: &Value, source: &str, is: &str, kind: &str, prefix: &str) -> Result<(), String> {
    let from = text(event, source).unwrap_or_default();
    if from != is {
        return Err(format!("it comes from {}", quoted(from)));
    }
    let named = text(event, kind).unwrap_or_default();
    let full = format!("{prefix}{named}");
    let Some(known) = KNOWN.iter().find(|known| known.kind == full) else {
        return Err(format!("nobody asked for events of type {}", quoted(named)));
    };
    let Some((field, values)) = known.only else { return Ok(()) };
    let data = event.get("data").or_else(|| event.get("content"));
    let value = data.and_then(|data| data.get(field)).and_then(Value::as_str).unwrap_or_default();
    if values.contains(&value) {
        return Ok(());
    }
    Err(format!("nobody asked for {named} with {field} {}", quoted(value)))
}

fn resource(event: &Value, data: &Value) -> Trigger {
    if text(data, "/errorCode").is_some_and(|code| !code.is_empty()) {
        return Trigger::Ignored("it reports a call that failed".to_owned());
    }
    // An event that was routed from another account's event bus names both accounts; CloudMonitor uses the last field, if
    // any. The subject, `acs:ecs:<region>:<account>:instance/<id>`, may leave its account out.
    let accounts = ["/aliyunaccountid", "/aliyunoriginalaccountid", "/userId"].into_iter();
    let accounts = accounts.filter_map(|path| text(event, path)).filter(|account| !account.is_empty());
    let subject = text(event, "/subject").filter(|subject| subject.starts_with("acs:"));
    let of_subject = subject.and_then(|subject| subject.split(':').nth(3)).filter(|account| is_account(account));
    let accounts: BTreeSet<String> = accounts.chain(of_subject).map(str::to_owned).ordered();
    let regions = ["/aliyunregionid", "/regionId"].into_iter().find_map(|path| text(event, path));
    let region = regions.or_else(|| text(data, "/acsRegion")).map(Region::from);
    let mut ids = BTreeSet::new();
    // The id is in resourceId (StateChange), in instanceId (spot notice), or in a list (ActionTrail).
    for path in ["/resourceId", "/instanceId"] {
        ids.extend(text(data, path).into_iter().filter(|id| id.starts_with("i-")).map(InstanceId::from));
    }
    let referenced = data.pointer("/referencedResources/ACS::ECS::Instance").and_then(Value::as_array);
    ids.extend(referenced.into_iter().flatten().filter_map(Value::as_str).map(InstanceId::from));
    match (ids.is_empty(), region) {
        (false, region) => Trigger::Instances { region, ids, accounts },
        (true, Some(region)) => Trigger::Region { region, accounts },
        (true, None) => Trigger::Ignored("it names neither an instance nor a region".to_owned()),
    }
}

fn is_account(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A text of an event for a log line: control characters escaped, and truncated.
pub(crate) fn quoted(text: &str) -> String {
    let short: String = text.chars().take(QUOTED).collect();
    let more = if short.len() < text.len() { "..." } else { "" };
    format!("{short:?}{more}")
}

fn text<'a>(value: &'a Value, path: &str) -> Option<&'a str> {
    value.pointer(path).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn instance(id: &str, account: &str) -> Trigger {
        let accounts = [account].into_iter().filter(|account| !account.is_empty()).map(str::to_owned).collect();
        Trigger::Instances { region: Some("cn-hangzhou".into()), ids: [InstanceId::from(id)].into(), accounts }
    }

    #[test]
    fn a_state_change_names_its_instance() {
        let event = json!({
            "source": "acs.ecs", "type": "ecs:Instance:StateChange", "aliyunregionid": "cn-hangzhou",
            "aliyunaccountid": "1234",
            "data": {"resourceId": "i-1", "resourceType": "ALIYUN::ECS::Instance", "state": "Running"}
        });
        assert_eq!(read(&event), instance("i-1", "1234"));
    }

    #[test]
    fn a_spot_notice_says_instance_id() {
        let event = json!({
            "source": "acs.ecs", "type": "ecs:Instance:PreemptibleInstanceInterruption", "aliyunregionid": "cn-hangzhou",
            "data": {"instanceId": "i-2", "action": "delete"}
        });
        assert_eq!(read(&event), instance("i-2", ""));
    }

    #[test]
    fn a_cloud_monitor_notification_wraps_in_content() {
        let event = json!({
            "product": "ECS", "name": "Instance:StateChange", "regionId": "cn-hangzhou",
            "content": {"resourceId": "i-3", "state": "Stopped"}
        });
        assert_eq!(read(&event), instance("i-3", ""));
    }

    #[test]
    fn a_tag_call_lists_its_instances() {
        let event = json!({
            "source": "acs.ecs", "type": "ecs:ActionTrail:ApiCall",
            "data": {"eventName": "TagResources", "acsRegion": "cn-hangzhou",
                     "referencedResources": {"ACS::ECS::Instance": ["i-4", "i-5"]}}
        });
        let Trigger::Instances { region, ids, .. } = read(&event) else { panic!("instances") };
        assert_eq!(region, Some("cn-hangzhou".into()));
        assert_eq!(ids.len(), 2);
    }

    #[test]
    fn a_failed_call_is_no_reason_to_look() {
        let event = json!({
            "source": "acs.ecs", "type": "ecs:ActionTrail:ApiCall",
            "data": {"eventName": "TagResources", "acsRegion": "cn-hangzhou", "errorCode": "Forbidden"}
        });
        assert_eq!(read(&event), Trigger::Ignored("it reports a call that failed".to_owned()));
    }

    #[test]
    fn an_event_without_an_instance_points_at_its_region() {
        let event = json!({
            "source": "acs.ecs", "type": "ecs:NetworkInterface:PrivateIPAssigned", "aliyunregionid": "cn-hangzhou",
            "data": {"eniId": "eni-1"}
        });
        assert_eq!(read(&event), Trigger::Region { region: "cn-hangzhou".into(), accounts: BTreeSet::new() });
    }

    #[test]
    fn timers_requests_and_turns_are_told_apart() {
        let timer = json!({"triggerTime": "2026-11-22T08:00:00Z", "triggerName": "repair", "payload": ""});
        assert_eq!(read(&timer), Trigger::Timer);
        assert_eq!(read(&json!({"binding": "web"})), Trigger::Manual { binding: "web".into() });
        let turn = json!({"binding": "web", "run": "web-1", "stage": "turn"});
        assert_eq!(read(&turn), Trigger::Turn { binding: "web".into(), run: "web-1".to_owned() });
        let ended = json!({"ended": "web", "run": "web-1"});
        assert_eq!(read(&ended), Trigger::Ended { binding: "web".into(), run: "web-1".to_owned() });
    }

    #[test]
    fn a_foreign_source_or_an_unknown_type_is_ignored() {
        let event = |source: &str, kind: &str, state: &str| {
            json!({
                "source": source, "type": kind, "aliyunregionid": "cn-hangzhou",
                "data": {"resourceId": "i-1", "state": state}
            })
        };
        let why = |event: Value| match read(&event) {
            Trigger::Ignored(why) => why,
            other => panic!("{other:?}"),
        };
        assert_eq!(why(event("evil", "ecs:Instance:StateChange", "Running")), "it comes from \"evil\"");
        assert!(why(event("acs.ecs", "ecs:Instance:Exploded", "Running")).contains("ecs:Instance:Exploded"));
        assert!(why(event("acs.ecs", "ecs:Instance:StateChange", "Starting")).contains("\"Starting\""));
        assert!(matches!(read(&event("acs.ecs", "ecs:Instance:StateChange", "Running")), Trigger::Instances { .. }));
        let monitored = |product: &str| {
            json!({
                "product": product, "name": "Instance:StateChange", "regionId": "cn-hangzhou",
                "content": {"resourceId": "i-3", "state": "Stopped"}
            })
        };
        assert_eq!(why(monitored("RDS")), "it comes from \"RDS\"");
        assert!(matches!(read(&monitored("ECS")), Trigger::Instances { .. }));
    }

    #[test]
    fn what_an_event_says_is_quoted_short_and_without_control_characters() {
        let event = json!({"source": format!("\u{1b}[2J\n{}", "x".repeat(10_000)), "data": {}});
        let Trigger::Ignored(why) = read(&event) else { panic!("ignored") };
        assert!(why.len() < 200 && !why.contains(char::is_control), "{why}");
    }

    #[test]
    fn every_account_that_an_event_names_counts() {
        let event = json!({
            "source": "acs.ecs", "type": "ecs:Instance:VSwitchChanged", "aliyunregionid": "cn-hangzhou",
            "aliyunaccountid": "1234", "aliyunoriginalaccountid": "5678", "data": {"instanceId": "i-1"}
        });
        let Trigger::Instances { accounts, .. } = read(&event) else { panic!("instances") };
        assert_eq!(accounts, ["1234", "5678"].map(str::to_owned).into());
    }

    #[test]
    fn the_account_of_the_subject_counts_where_it_has_one() {
        let accounts = |subject: &str| {
            let event = json!({
                "source": "acs.ecs", "type": "ecs:Instance:VSwitchChanged", "aliyunregionid": "cn-hangzhou",
                "aliyunaccountid": "1234", "subject": subject, "data": {"instanceId": "i-1"}
            });
            let Trigger::Instances { accounts, .. } = read(&event) else { panic!("instances") };
            accounts.into_iter().collect::<Vec<_>>()
        };
        assert_eq!(accounts("acs:ecs:cn-hangzhou:5678:instance/i-1"), ["1234", "5678"]);
        for without in
            ["acs:ecs:cn-hangzhou::instance/i-1", "acs:ecs:cn-hangzhou:12****:instance/i-1", "i-1:a:b:5678", ""]
        {
            assert_eq!(accounts(without), ["1234"], "{without}");
        }
    }

    #[test]
    fn an_account_that_the_deployment_has_nothing_to_do_with_is_a_stranger() {
        let event = |accounts: &[&str]| {
            let accounts = accounts.iter().map(|account| (*account).to_owned()).collect();
            Trigger::Region { region: "cn-hangzhou".into(), accounts }
        };
        let deals_with = BTreeSet::from(["1234".to_owned(), "5678".to_owned()]);
        let stranger = |accounts| event(accounts).stranger(Some(&deals_with), "1234").map(str::to_owned);
        assert_eq!(stranger(&["1234", "9999"]), Some("9999".to_owned()));
        assert_eq!(stranger(&["1234", "5678"]), None);
        assert_eq!(stranger(&[]), None);
        assert_eq!(event(&["9999"]).stranger(None, "1234"), None, "the bindings tell");
        assert_eq!(event(&["9999"]).stranger(Some(&BTreeSet::new()), "9999"), None, "our own");
    }

    #[test]
    fn rubbish_is_named_and_never_panics() {
        for event in [json!(null), json!([1]), json!({}), json!({"data": 5}), json!({"content": {"resourceId": 7}})] {
            assert!(matches!(read(&event), Trigger::Ignored(_)), "{event}");
        }
    }
}
