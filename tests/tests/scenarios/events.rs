//! Ignored events cause a log line and no call; a start or a binding that fails does not affect the others.

use std::collections::BTreeMap;
use std::time::Duration;

use dispatch::Dispatched;
use emulator::call::{ApiError, Service};
use emulator::faults::{Effect, Rule};
use end_to_end::{Console, start, worlds};
use local::{Generation, Local, Options, TEMPLATE};
use onboarding::Code;
use serde_json::{Value, json};
use stage::{Invocation, StageError};
use template::{Pseudo, Template, TriggerKind};

const OURS: &str = "1234567890123456";

/// One invocation of dispatch, with its function's time limit.
async fn dispatch(local: &Local, event: &Value) -> Result<Dispatched, StageError> {
    let host = local.operator_host();
    let deadline = host.clock().now() + Duration::from_secs(60);
    let invocation = Invocation::until(&host, deadline);
    Box::pin(dispatch::dispatch(&invocation, OURS, event)).await
}

fn event(source: &str, kind: &str, account: &str) -> Value {
    json!({
        "id": "1", "source": source, "type": kind, "specversion": "1.0",
        "aliyunaccountid": account, "aliyunoriginalaccountid": account, "aliyunregionid": "cn-hangzhou",
        "data": {"resourceId": "i-ecs1", "resourceType": "ALIYUN::ECS::Instance", "state": "Running"}
    })
}

/// The calls that an event causes.
async fn cost(local: &Local, event: &Value) -> Vec<String> {
    let before = local.cloud().gateway().log().len();
    let dispatched = dispatch(local, event).await.unwrap();
    let calls: Vec<String> = local.cloud().gateway().log().into_iter().skip(before).map(|call| call.action).collect();
    assert_eq!(dispatched.ignored.is_empty(), calls.contains(&"StartExecution".to_owned()), "{dispatched:?}");
    calls
}

#[tokio::test(start_paused = true)]
async fn an_event_of_a_foreign_source_or_type_costs_no_call() {
    let local = start(worlds::options(Generation::Upgraded)).await;
    for (source, kind) in [
        ("evil", "ecs:Instance:StateChange"),
        ("acs.ecs.evil", "ecs:Instance:StateChange"),
        ("", "ecs:Instance:StateChange"),
        ("acs.ecs", "ecs:Instance:Exploded"),
        ("acs.ecs", ""),
        ("acs.rds", "rds:Instance:StateChange"),
    ] {
        assert_eq!(cost(&local, &event(source, kind, OURS)).await, Vec::<String>::new(), "{source} {kind}");
    }
    assert_eq!(Console(&local).executions().await, []);
    assert_eq!(
        cost(&local, &event("acs.ecs", "ecs:Instance:StateChange", OURS)).await,
        ["GetObject", "DescribeInstances", "StartExecution"]
    );
}

#[tokio::test(start_paused = true)]
async fn an_event_of_another_account_counts_where_a_binding_assumes_its_role() {
    let of_guest = event("acs.ecs", "ecs:Instance:StateChange", "6543210987654321");
    let mut routed = of_guest.clone();
    routed["aliyunaccountid"] = OURS.into();
    let mut spoken = event("acs.ecs", "ecs:Instance:StateChange", OURS);
    spoken["subject"] = "acs:ecs:cn-hangzhou:6543210987654321:instance/i-ecs1".into();
    let local = start(worlds::options(Generation::Upgraded)).await;
    for event in [&of_guest, &routed, &spoken] {
        assert_eq!(cost(&local, event).await, Vec::<String>::new(), "the stack assumes no role: {event}");
    }

    let arn = "acs:ram::6543210987654321:role/guest";
    let mut options = worlds::options(Generation::Upgraded);
    options.stacks[0] = options.stacks[0].clone().with("AssumeRoles", arn);
    let local = start(options).await;
    for event in [&of_guest, &routed, &spoken] {
        assert_eq!(cost(&local, event).await, ["GetObject"], "no binding does: {event}");
    }
    local.store(&worlds::binding_with("select: {", &format!("assumeRole: {{ arn: '{arn}' }}, select: {{")));
    let dispatched = dispatch(&local, &of_guest).await.unwrap();
    assert_eq!(dispatched.started.len(), 1, "what cannot be read counts as concerned: {dispatched:?}");
}

#[tokio::test(start_paused = true)]
async fn an_event_that_names_no_account_counts() {
    let local = start(worlds::options(Generation::Upgraded)).await;
    let monitored = json!({
        "product": "ECS", "name": "Instance:StateChange", "regionId": "cn-hangzhou",
        "content": {"resourceId": "i-ecs1", "state": "Running"}
    });
    assert_eq!(cost(&local, &monitored).await, ["GetObject", "DescribeInstances", "StartExecution"]);
}

/// The events that the template's triggers match, in the form of the table.
#[test]
fn the_known_events_are_those_that_the_triggers_let_through() {
    let pseudo = Pseudo {
        region: "cn-hangzhou".to_owned(),
        account_id: OURS.to_owned(),
        stack_name: "albridge".to_owned(),
        stack_id: "albridge".to_owned(),
    };
    let parameters = [("CodeBucket", "code"), ("StoreBucket", "store")];
    let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let deployment = Template::parse(TEMPLATE).unwrap().resolve(&pseudo, &BTreeMap::from(parameters)).unwrap();
    let texts = |value: &Value| -> Vec<String> {
        value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
    };
    let mut passed = BTreeMap::new();
    for trigger in &deployment.triggers {
        let TriggerKind::EventBridge { pattern, .. } = &trigger.kind else { continue };
        assert_eq!(texts(&pattern["source"]), [dispatch::event::SOURCE], "{}", trigger.name);
        let only = pattern.get("data").map(|data| {
            let fields = data.as_object().unwrap();
            assert_eq!(fields.len(), 1, "{}", trigger.name);
            let (field, values) = fields.iter().next().unwrap();
            (field.clone(), texts(values))
        });
        passed.extend(texts(&pattern["type"]).into_iter().map(|kind| (kind, only.clone())));
    }
    let known = dispatch::event::KNOWN.iter().map(|known| {
        let only = known.only.map(|(field, values)| {
            (field.to_owned(), values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>())
        });
        (known.kind.to_owned(), only)
    });
    assert_eq!(known.collect::<BTreeMap<_, _>>(), passed);
}

/// Two bindings: `web` in Hangzhou and Shanghai, `api` in Shanghai.
async fn two() -> Local {
    let usual = worlds::options(Generation::Upgraded);
    // The instances are already running: both bindings have work to do, and no event starts it.
    let scenario = worlds::three_regions().replace("state: Stopped, ", "");
    start(Options { scenario, bindings: worlds::two_bindings(), ..usual }).await
}

fn refused(binding: &str) -> Rule {
    let mut rule =
        Rule::refuse(ApiError::bad("InvalidArgument", "Refused for a test.")).on(Service::Fnf, "StartExecution");
    rule.on.parameters.insert("ExecutionName".to_owned(), format!("{binding}-*"));
    rule
}

fn timer() -> Value {
    json!({"triggerTime": "2026-11-22T08:00:00Z", "triggerName": "drift", "payload": "drift"})
}

#[tokio::test(start_paused = true)]
async fn a_start_that_fails_drops_no_other() {
    // `web` comes first in the store.
    for (refuse, left) in [("web", "api"), ("api", "web")] {
        let local = two().await;
        local.cloud().inject(refused(refuse)).unwrap();
        let mut shanghai = event("acs.ecs", "ecs:Instance:VSwitchChanged", OURS);
        shanghai["aliyunregionid"] = "cn-shanghai".into();
        shanghai["data"] = json!({"eniId": "eni-1"});
        let failure = dispatch(&local, &shanghai).await.unwrap_err();
        assert!(failure.to_string().contains("InvalidArgument"), "told, so that the event comes again: {failure}");
        let names = |executions: Vec<end_to_end::Execution>| -> Vec<String> {
            executions.into_iter().map(|run| run.name.split('-').next().unwrap_or_default().to_owned()).collect()
        };
        assert_eq!(names(Console(&local).executions().await), [left]);
    }
}

#[tokio::test(start_paused = true)]
async fn the_timer_starts_what_it_can_although_another_start_fails() {
    for (refuse, left) in [("web", "api"), ("api", "web")] {
        let local = two().await;
        local.cloud().inject(refused(refuse)).unwrap();
        let dispatched = dispatch(&local, &timer()).await.unwrap();
        let started: Vec<_> = dispatched.started.iter().map(|started| started.binding.as_str()).collect();
        assert_eq!(started, [left]);
        let drift = &dispatched.drift[0];
        assert_eq!(drift.binding.as_str(), refuse);
        assert!(drift.reasons[0].message.contains("InvalidArgument"), "{drift:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_binding_that_is_slow_to_read_holds_up_no_other_start() {
    let local = two().await;
    // Only `web` has backends in Hangzhou.
    let mut slow = Rule::new(Effect::Delay { seconds: Duration::from_secs(15).into() }).on(Service::Ecs, "Describe*");
    slow.on.region = Some("cn-hangzhou".to_owned());
    local.cloud().inject(slow).unwrap();
    let began = local.clock().now();
    dispatch(&local, &timer()).await.unwrap();
    let log = local.cloud().gateway().log();
    let start = log.iter().find(|call| call.action == "StartExecution").unwrap();
    assert!(start.params.get("ExecutionName").unwrap().starts_with("api-"), "{start}");
    assert!(start.at.duration_since(began).as_secs() < 15, "{start}");
}

#[tokio::test(start_paused = true)]
async fn a_plan_waits_for_other_bindings_for_half_of_its_time_at_most() {
    let local = two().await;
    let console = Console(&local);
    console.begin("by-hand", "api").await;
    console.ended(1, crate::LIMIT).await;
    // Something to remove: without it no other binding is asked.
    let rule = [
        ("SecurityGroupId", "sg-3"),
        ("Permissions.1.IpProtocol", "TCP"),
        ("Permissions.1.PortRange", "8080/8080"),
        ("Permissions.1.SourceCidrIp", "10.99.0.0/24"),
        ("Permissions.1.Policy", "accept"),
        ("Permissions.1.Priority", "90"),
        ("Permissions.1.Description", "albridge/albridge/api"),
    ];
    console.act(Service::Ecs, "cn-shanghai", "AuthorizeSecurityGroup", &rule);
    let mut slow = Rule::new(Effect::Delay { seconds: Duration::from_secs(300).into() }).on(Service::Ecs, "Describe*");
    slow.on.region = Some("cn-hangzhou".to_owned());
    local.cloud().inject(slow).unwrap();
    let host = local.operator_host();
    let deadline = host.clock().now() + Duration::from_secs(60);
    let invocation = Invocation::until(&host, deadline);
    let (_, plan) = Box::pin(stage::plan_whole(&invocation, &"api".into(), false)).await.unwrap();
    assert!(host.clock().now() < invocation.budget_end());
    let unread =
        plan.findings.iter().find(|finding| finding.code == Code::Unread && finding.resource == "web").unwrap();
    assert!(unread.message.contains("nothing is pruned"), "{unread}");
}
