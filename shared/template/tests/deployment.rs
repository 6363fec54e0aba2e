//! The repository's own template.yml: every role of a stack, its workflow, and the promises that design.md makes of it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test helper fails the test by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use onboarding::StageName;
use serde_json::{Value, json};
use template::{Deployment, Pseudo, Template, TriggerKind};
use workflow::{Definition, Execution, Status, TaskError, TaskView, budget};

/// What a function keeps of its time for the answer (`ALBRIDGE_MARGIN` is not set by the template).
const MARGIN: Duration = Duration::from_secs(5);

const TEXT: &str = include_str!("../../../template.yml");

/// The stages of a run, by name.
fn stages() -> impl Iterator<Item = &'static str> {
    StageName::ALL.into_iter().filter(|stage| *stage != StageName::Dispatch).map(StageName::as_str)
}

fn deployed(role: &str, more: &[(&str, &str)]) -> Deployment {
    let pseudo = Pseudo {
        region: "cn-hangzhou".to_owned(),
        account_id: "1234567890".to_owned(),
        stack_name: "albridge".to_owned(),
        stack_id: "stack-1".to_owned(),
    };
    let mut parameters: BTreeMap<String, String> =
        [("Role", role), ("CodeBucket", "code-hangzhou"), ("StoreBucket", "bindings")]
            .iter()
            .chain(more)
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
    parameters.entry("HomeRegion".to_owned()).or_insert_with(|| "cn-beijing".to_owned());
    let template = Template::parse(TEXT).unwrap_or_else(|error| panic!("{error}"));
    template.resolve(&pseudo, &parameters).unwrap_or_else(|error| panic!("{error}"))
}

fn functions(deployment: &Deployment) -> BTreeSet<&str> {
    deployment.functions.iter().map(|function| function.name.as_str()).collect()
}

fn flow(deployment: &Deployment) -> Definition {
    Definition::parse(&deployment.flows[0].definition).unwrap_or_else(|error| panic!("{error}"))
}

/// The name of the function that a task invokes.
fn function_of(task: &TaskView<'_>) -> String {
    let arn = task.parameters["resourceArn"].as_str().unwrap();
    arn.strip_prefix("acs:fc:cn-hangzhou:1234567890:functions/").unwrap().strip_suffix("/LATEST").unwrap().to_owned()
}

fn actions(document: &Value) -> BTreeSet<String> {
    let statements = document["Statement"].as_array().unwrap();
    let actions = statements.iter().flat_map(|statement| statement["Action"].as_array().unwrap());
    actions.map(|action| action.as_str().unwrap().to_owned()).collect()
}

#[test]
fn home_has_every_function_and_the_workflow() {
    let home = deployed("home", &[]);
    let mut expected: BTreeSet<String> = stages().map(|stage| format!("albridge-{stage}")).collect();
    expected.insert("albridge-dispatch".to_owned());
    assert_eq!(functions(&home), expected.iter().map(String::as_str).collect());
    assert_eq!((home.flows.len(), home.rules.len(), home.triggers.len()), (1, 3, 1));
    // One role per function, and one for the flow.
    assert_eq!(home.roles.len(), home.functions.len() + 1);
    let TriggerKind::Timer { cron, enabled, .. } = &home.triggers[0].kind else { panic!("{:?}", home.triggers) };
    assert_eq!(
        (home.triggers[0].function.as_str(), cron.as_str(), *enabled),
        ("albridge-dispatch", "0 */5 * * * *", true)
    );
}

#[test]
fn the_other_roles_have_their_part_only() {
    let outpost = deployed("outpost", &[]);
    assert_eq!(functions(&outpost), BTreeSet::from(["albridge-dispatch"]));
    assert_eq!((outpost.flows.len(), outpost.rules.len(), outpost.triggers.len(), outpost.roles.len()), (0, 3, 0, 1));
    assert_eq!(outpost.functions[0].environment["ALBRIDGE_HOME_REGION"], "cn-beijing");

    let vpc = [("ProbeVpc", "vpc-1"), ("ProbeVSwitches", "vsw-1, vsw-2"), ("ProbeSecurityGroup", "sg-1")];
    let probe = deployed("probe", &vpc);
    assert_eq!(functions(&probe), BTreeSet::from(["albridge-verify"]));
    assert_eq!((probe.flows.len(), probe.rules.len(), probe.triggers.len()), (0, 0, 0));
    let inside = probe.functions[0].vpc.as_ref().unwrap();
    assert_eq!((inside.vpc_id.as_str(), inside.vswitch_ids.join(" ").as_str()), ("vpc-1", "vsw-1 vsw-2"));

    let both = deployed("outpost+probe", &vpc);
    assert_eq!(functions(&both), BTreeSet::from(["albridge-dispatch", "albridge-verify"]));
}

#[test]
fn settings_reach_the_functions() {
    let home = deployed("home", &[("Wait", "20"), ("ReadOnly", "1"), ("Probes", "cn-chengdu")]);
    let environment = |name: &str| {
        let function = home.functions.iter().find(|function| function.name == format!("albridge-{name}")).unwrap();
        assert_eq!(
            (function.runtime.as_str(), function.handler.as_str(), function.port),
            ("custom.debian12", "bootstrap", 9000)
        );
        assert_eq!(function.custom_runtime.as_ref().unwrap().command, ["/code/bootstrap"]);
        assert!(function.memory <= 512 && function.log.is_some() && function.vpc.is_none());
        &function.environment
    };
    for name in stages().chain(["dispatch"]) {
        let environment = environment(name);
        assert_eq!(environment["ALBRIDGE_DEPLOYMENT"], "albridge");
        assert_eq!(environment["ALBRIDGE_BINDINGS"], "oss://bindings.cn-hangzhou/albridge/bindings.yml");
        assert_eq!(environment["ALBRIDGE_READ_ONLY"], "1");
    }
    assert_eq!(environment("dispatch")["ALBRIDGE_WINDOW"], "18");
    assert_eq!(environment("dispatch")["ALBRIDGE_FLOW"], home.flows[0].name);
    assert_eq!(environment("dispatch")["ALBRIDGE_HOME_REGION"], "cn-hangzhou");
    assert_eq!(environment("verify")["ALBRIDGE_PROBES"], "cn-chengdu");
    assert!(home.flows[0].definition.contains("Name: Wait, Seconds: 20,"));
}

#[test]
fn every_function_has_a_role_of_its_own_in_the_region() {
    let home = deployed("home", &[]);
    for function in &home.functions {
        let stage = function.name.strip_prefix("albridge-").unwrap();
        assert_eq!(function.role_arn, format!("acs:ram::1234567890:role/albridge-cn-hangzhou-{stage}"));
        let role = home.roles.iter().find(|role| role.arn == function.role_arn).unwrap();
        assert_eq!(role.trusted, ["fc.aliyuncs.com"]);
        let policies: Vec<&str> = role.policies.iter().map(|policy| policy.name.as_str()).collect();
        assert_eq!(policies, ["albridge-cn-hangzhou-common", stage]);
    }
}

#[test]
fn only_writing_stages_may_write() {
    let home = deployed("home", &[]);
    let reads = |action: &str| {
        let name = action.split_once(':').unwrap().1;
        ["Describe", "List", "Get", "Check"].iter().any(|prefix| name.starts_with(prefix))
    };
    let writes = |stage: &str| -> BTreeSet<String> {
        let role = home.roles.iter().find(|role| role.name == format!("albridge-cn-hangzhou-{stage}")).unwrap();
        let all: BTreeSet<String> = role.policies.iter().flat_map(|policy| actions(&policy.document)).collect();
        all.into_iter().filter(|action| !reads(action) && action != "log:PostLogStoreLogs").collect()
    };
    assert_eq!(writes("preflight"), BTreeSet::new());
    assert_eq!(writes("verify"), BTreeSet::from(["fc:InvokeFunction".to_owned()]));
    assert_eq!(writes("vpc-routes"), BTreeSet::from(["vpc:CreateRouteEntry".to_owned()]));
    for (stage, removes) in
        stages().map(|stage| (stage, writes(stage).iter().any(|action| action.contains(":DeleteRouteEntry"))))
    {
        assert_eq!(removes, stage == "prune", "{stage}");
    }
    for stage in stages() {
        assert!(
            writes(stage).iter().all(|action| !action.starts_with("fnf:") && !action.starts_with("ram:")),
            "{stage}"
        );
    }
}

#[test]
fn the_binding_store_is_read_only_and_exact() {
    let home = deployed("home", &[]);
    let common = &home.roles[0].policies[0].document["Statement"];
    assert_eq!(common[1]["Resource"][0], "acs:oss:*:*:bindings/albridge/bindings.yml");
    let other_account = deployed("home", &[("AssumeRoles", "acs:ram::2:role/net")]);
    let assume = &other_account.roles[0].policies[0].document["Statement"][2];
    assert_eq!(
        (&assume["Action"][0], &assume["Resource"][0]),
        (&"sts:AssumeRole".into(), &"acs:ram::2:role/net".into())
    );
    assert_eq!(common.as_array().map(Vec::len), Some(2));
}

#[test]
fn rules_send_the_original_event_to_dispatch() {
    let home = deployed("home", &[]);
    for rule in &home.rules {
        assert_eq!((rule.bus.as_str(), rule.enabled), ("default", true));
        let [target] = rule.targets.as_slice() else { panic!("{rule:?}") };
        assert_eq!(
            (target.kind.as_str(), target.endpoint.as_str()),
            ("acs.fc.function", "acs:fc:cn-hangzhou:1234567890:functions/albridge-dispatch")
        );
        assert!(target.params.iter().any(|param| param.key == "Body" && param.form == "ORIGINAL"));
        // EventBridge takes at most five expressions per field.
        assert!(rule.pattern["type"].as_array().is_some_and(|types| types.len() <= 5));
    }
}

#[test]
fn the_workflow_runs_every_stage_once_in_the_order_of_the_design() {
    let home = deployed("home", &[]);
    let flow = flow(&home);
    // The connection's create comes first, so that the routes may be written beside the rest of its stage.
    let connect = flow.tasks().find(|task| task.state == "Connect").unwrap();
    assert_eq!(
        (function_of(&connect).as_str(), &connect.parameters["body"]["accepted"]),
        ("albridge-peer-attachment", &true.into())
    );
    let others: Vec<_> = flow.tasks().filter(|task| task.state != "Connect").collect();
    assert!(others.iter().all(|task| task.parameters["body"].get("accepted").is_none()));
    let order: Vec<String> = others.iter().map(function_of).collect();
    let expected: Vec<String> =
        ["dispatch"].into_iter().chain(stages()).map(|stage| format!("albridge-{stage}")).collect();
    assert_eq!(order, expected);
    for task in flow.tasks() {
        let body = &task.parameters["body"];
        assert_eq!(body["binding.$"], "$Context.Execution.Input.binding");
        assert_eq!(body["run.$"], "$Context.Execution.Name");
        match body.get("stage") {
            Some(stage) => assert_eq!(format!("albridge-{}", stage.as_str().unwrap()), function_of(&task)),
            None => assert_eq!((task.state, &body["turn"]), ("Turn", &Value::Bool(true))),
        }
    }
}

#[test]
fn turn_holds_out_for_longer_than_any_run_can_take() {
    let home = deployed("home", &[("Wait", "300")]);
    let timeouts: BTreeMap<&str, Duration> = home
        .functions
        .iter()
        .map(|function| (function.name.as_str(), Duration::from_secs(function.timeout.into())))
        .collect();
    let flow = flow(&home);
    let attempt = |task: &TaskView<'_>| timeouts[function_of(task).as_str()];
    let states = budget::states(&flow, attempt).unwrap();
    // The longest run: the Wait with its 300 s, then one state after the other, each with all of its attempts at the function's
    // whole time and all of its intervals. A Parallel is as long as its longest branch:
    //
    //   Wait 300 + Preflight 907 + Prepare (VpcAttachments 3,652 + Connect 907 + Path 3,652) + BackendServers 789
    //            + Verify 1,151 + Prune 907 = 12,265 s
    let worst = budget::execution(&flow, attempt).unwrap();
    let longest = worst.duration - states["Turn"].worst.duration;
    assert_eq!(longest, Duration::from_secs(12_265));
    // A run that waits for its turn waits inside of the function, up to the margin that is kept for the answer, and is called
    // again a second later: 231 attempts of 55 s, and 230 s between them, are 12,935 s.
    let [platform, waiting] = states["Turn"].retries[..] else { panic!("{states:?}") };
    let held = timeouts["albridge-dispatch"] - MARGIN;
    assert!(waiting.patience(held) >= longest, "{:?} < {longest:?}", waiting.patience(held));
    // An outage in which Function Compute has no instance for it is survived for ten minutes.
    assert!(platform.intervals >= Duration::from_secs(600), "{platform:?}");
    // The history: 7 events an attempt and 2 a visit, of Turn with all of its attempts, and of all branches.
    assert!(worst.events < 5_000, "{worst:?}");
    // A VPC or peer attachment may take 42 minutes; the routes beside the connection hold out as long as it does. Each
    // attempt polls up to the margin.
    let polled = Duration::from_secs(60) - MARGIN;
    for state in ["VpcAttachments", "PeerAttachment", "VpcRoutes", "BackToOrigin"] {
        let [_, waiting] = states[state].retries[..] else { panic!("{states:?}") };
        assert!(waiting.patience(polled) >= Duration::from_secs(42 * 60), "{state}");
    }
    // What fails is called again after a second; only for an instance that Function Compute does not have it waits longer.
    for (name, state) in states.iter().filter(|(_, state)| !state.retries.is_empty()) {
        let [platform, other] = state.retries[..] else { panic!("{name}: {state:?}") };
        assert!(platform.intervals >= Duration::from_secs(60), "{name}");
        assert_eq!(other.intervals, Duration::from_secs(other.attempts.into()), "{name}");
    }
}

/// Runs the flow with stages that fail for good, and gives its end and the stages that were invoked.
fn run(failing: &[&str]) -> (Status, BTreeSet<String>) {
    let mut now: Timestamp = "2026-11-22T08:00:00Z".parse().unwrap();
    let flow = Arc::new(flow(&deployed("home", &[])));
    let mut run = Execution::start(flow, "web-1", "role", json!({"binding": "web"}), now);
    let mut invoked = BTreeSet::new();
    while let Some(due) = run.next_due() {
        now = now.max(due);
        for task in run.advance(now) {
            assert_eq!(task.parameters["body"]["binding"], "web");
            assert_eq!(task.parameters["body"]["run"], "web-1");
            let failed = failing.contains(&task.state.as_str());
            let error = || TaskError { code: "FC.Unknown".to_owned(), detail: "StillPending".to_owned() };
            run.complete(now, task.id, if failed { Err(error()) } else { Ok(json!({"ok": true})) });
            invoked.insert(task.state);
        }
    }
    (run.status(), invoked)
}

#[test]
fn whatever_fails_before_them_members_are_served_and_the_run_is_verified() {
    let (status, all) = run(&[]);
    // Each stage, Turn, and Connect.
    assert_eq!((status, all.len()), (Status::Succeeded, stages().count() + 2));
    let network = [
        "Preflight",
        "ServerGroup",
        "Listener",
        "VpcAttachments",
        "Connect",
        "PeerAttachment",
        "VpcRoutes",
        "BackToOrigin",
        "SecurityRules",
    ];
    for failing in network.into_iter().chain(["BackendServers"]) {
        assert_eq!(run(&[failing]), (Status::Succeeded, all.clone()), "{failing}");
    }
    assert_eq!(run(&network), (Status::Succeeded, all.clone()));
}

#[test]
fn a_run_that_gets_no_turn_or_does_not_converge_fails() {
    assert_eq!(run(&["Turn"]), (Status::Failed, BTreeSet::from(["Turn".to_owned()])));
    let (status, invoked) = run(&["Verify"]);
    assert_eq!((status, invoked.contains("Prune")), (Status::Failed, false), "what is not verified is not pruned");
    assert_eq!(run(&["Prune"]).0, Status::Failed);
}
