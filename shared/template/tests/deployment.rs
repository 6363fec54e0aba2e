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
    assert_eq!((home.flows.len(), home.rules.len(), home.triggers.len()), (1, 0, 4));
    assert_eq!(
        home.services,
        ["OpenFlows", "OpenFunctions", "OpenLogs"]
            .map(|id| home.resources[id].properties["ServiceName"].as_str().unwrap())
    );
    // One role per function, and one for the flow.
    assert_eq!(home.roles.len(), home.functions.len() + 1);
    let timers: Vec<_> = home.triggers.iter().filter(|trigger| trigger.name == "drift").collect();
    let [timer] = timers.as_slice() else { panic!("{timers:?}") };
    let TriggerKind::Timer { cron, enabled, .. } = &timer.kind else { panic!("{timer:?}") };
    assert_eq!((timer.function.as_str(), cron.as_str(), *enabled), ("albridge-dispatch", "0 */5 * * * *", true));
}

#[test]
fn the_other_roles_have_their_part_only() {
    let outpost = deployed("outpost", &[]);
    assert_eq!(functions(&outpost), BTreeSet::from(["albridge-dispatch"]));
    assert_eq!((outpost.flows.len(), outpost.rules.len(), outpost.triggers.len(), outpost.roles.len()), (0, 0, 3, 1));
    assert_eq!(outpost.functions[0].environment["ALBRIDGE_HOME_REGION"], "cn-beijing");
    assert_eq!(outpost.functions[0].environment["ALBRIDGE_BINDINGS"], "home:");

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
    let guests = ("AssumeRoles", "acs:ram::5678:role/guest, acs:ram::91011:role/guest");
    let home = deployed("home", &[("Wait", "20"), ("ReadOnly", "1"), ("Probes", "cn-chengdu"), guests]);
    let environment = |name: &str| {
        let function = home.functions.iter().find(|function| function.name == format!("albridge-{name}")).unwrap();
        assert_eq!(
            (function.runtime.as_str(), function.handler.as_str(), function.port),
            ("custom.debian10", "bootstrap", 9000)
        );
        assert_eq!(function.custom_runtime.as_ref().unwrap().command, ["/code/bootstrap"]);
        assert!(function.memory <= 512 && function.log.is_some() && function.vpc.is_none());
        // Function Compute takes one CPU for one to four GB of memory.
        let cpu = f64::from(function.cpu.unwrap());
        let gigabytes = f64::from(function.memory) / 1_024.0;
        assert!((1.0..=4.0).contains(&(gigabytes * 1_000.0 / cpu)), "{cpu} {gigabytes}");
        assert_eq!(function.disk, 512);
        let code = function.code.as_ref().unwrap();
        assert_eq!(
            (code.bucket.as_str(), code.object.as_str()),
            ("code-hangzhou", format!("albridge/{name}.zip").as_str())
        );
        &function.environment
    };
    for name in stages().chain(["dispatch"]) {
        let environment = environment(name);
        assert_eq!(environment["ALBRIDGE_DEPLOYMENT"], "albridge");
        assert_eq!(environment["ALBRIDGE_BINDINGS"], "oss://bindings.cn-hangzhou-internal/albridge/bindings.yml");
        assert_eq!(environment["ALBRIDGE_READ_ONLY"], "1");
    }
    assert_eq!(environment("dispatch")["ALBRIDGE_WINDOW"], "18");
    assert_eq!(
        environment("dispatch")["ALBRIDGE_ACCOUNTS"],
        "1234567890,acs:ram::5678:role/guest,acs:ram::91011:role/guest"
    );
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
        assert_eq!(policies, ["albridge-cn-hangzhou-common", &format!("albridge-cn-hangzhou-{stage}")]);
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
    assert_eq!(
        writes("vpc-routes"),
        BTreeSet::from(["vpc:CreateRouteEntries", "vpc:CreateRouteEntry"].map(str::to_owned))
    );
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

/// The patterns of a stack's events, by name.
fn patterns(deployment: &Deployment) -> BTreeMap<&str, &Value> {
    let triggers = deployment.triggers.iter().filter_map(|trigger| match &trigger.kind {
        TriggerKind::EventBridge { pattern, enabled: true } if trigger.function == "albridge-dispatch" => {
            Some((trigger.name.as_str(), pattern))
        }
        _ => None,
    });
    let rules = deployment.rules.iter().map(|rule| (rule.name.strip_prefix("albridge-").unwrap(), &rule.pattern));
    triggers.chain(rules).collect()
}

#[test]
fn events_reach_dispatch_by_triggers_or_by_rules_and_they_are_the_same() {
    for role in ["home", "outpost", "outpost+probe"] {
        let vpc = [("ProbeVpc", "vpc-1"), ("ProbeVSwitches", "vsw-1"), ("ProbeSecurityGroup", "sg-1")];
        let by_triggers = deployed(role, &vpc);
        let mut more = vpc.to_vec();
        more.push(("Events", "rules"));
        let by_rules = deployed(role, &more);
        assert_eq!((by_triggers.rules.len(), by_rules.rules.len()), (0, 3), "{role}");
        assert_eq!(patterns(&by_triggers), patterns(&by_rules), "{role}");
        assert_eq!(patterns(&by_rules).keys().collect::<Vec<_>>(), [&"addresses", &"states", &"tags"], "{role}");
        // EventBridge takes at most five expressions per field.
        let types = |pattern: &Value| pattern["type"].as_array().is_some_and(|types| types.len() <= 5);
        assert!(patterns(&by_rules).into_values().all(types), "{role}");
    }
    assert!(patterns(&deployed("probe", &[])).is_empty());
}

#[test]
fn rules_send_the_original_event_to_dispatch() {
    let home = deployed("home", &[("Events", "rules")]);
    for rule in &home.rules {
        assert_eq!((rule.bus.as_str(), rule.enabled), ("default", true));
        let [target] = rule.targets.as_slice() else { panic!("{rule:?}") };
        assert_eq!(
            (target.kind.as_str(), target.endpoint.as_str()),
            ("acs.fc.function", "acs:fc:cn-hangzhou:1234567890:functions/albridge-dispatch")
        );
        assert!(target.params.iter().any(|param| param.key == "Body" && param.form == "ORIGINAL"));
    }
}

/// Every stack that a deployment may have, in one account.
fn every_stack(deployment: &str, region: &str) -> Vec<Deployment> {
    let vpc = [
        ("ProbeVpc", "vpc-1"),
        ("ProbeVSwitches", "vsw-1"),
        ("ProbeSecurityGroup", "sg-1"),
        ("AssumeRoles", "acs:ram::2:role/net"),
    ];
    let pseudo = Pseudo {
        region: region.to_owned(),
        account_id: "1234567890".to_owned(),
        stack_name: "albridge".to_owned(),
        stack_id: "stack-1".to_owned(),
    };
    let template = Template::parse(TEXT).unwrap();
    let stack = |role: &str| {
        let given = [("DeploymentName", deployment), ("Role", role), ("CodeBucket", "code"), ("StoreBucket", "store")];
        let given = given.iter().chain(&vpc).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        template.resolve(&pseudo, &given).unwrap()
    };
    ["home", "outpost", "probe", "outpost+probe"].map(stack).into()
}

/// A custom policy that exists is refused with the whole stack (corrections.md section 1): those of two stacks of one account
/// must never have one name.
#[test]
fn the_name_of_every_policy_and_role_has_deployment_and_region() {
    let mut seen = BTreeMap::new();
    for deployment in ["albridge", "other"] {
        for region in ["cn-hangzhou", "cn-shanghai"] {
            let start = format!("{deployment}-{region}-");
            for stack in every_stack(deployment, region) {
                let own = |role: &template::Role| {
                    let inline = role.policies.iter().map(|policy| policy.name.clone());
                    inline.filter(|name| !role.attached.contains(name)).chain([role.name.clone()]).collect::<Vec<_>>()
                };
                let mut names: Vec<String> = stack.roles.iter().flat_map(own).collect();
                names.extend(stack.policies.iter().map(|policy| policy.name.clone()));
                for name in names {
                    assert!(name.starts_with(&start), "{name}: two stacks of one account would make it");
                    seen.entry(name).or_insert_with(Vec::new).push((deployment, region));
                }
            }
        }
    }
    for (name, stacks) in seen {
        assert!(stacks.iter().all(|stack| *stack == stacks[0]), "{name}: {stacks:?}");
    }
}

#[test]
fn one_stack_gives_no_two_policies_one_name() {
    for stack in every_stack("albridge", "cn-hangzhou") {
        let inline = stack.roles.iter().flat_map(|role| {
            role.policies.iter().map(|policy| &policy.name).filter(|name| !role.attached.contains(name))
        });
        let mut names: Vec<&String> = inline.chain(stack.policies.iter().map(|policy| &policy.name)).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}

#[test]
fn a_function_in_a_vpc_may_make_its_network_interfaces_and_no_other_may() {
    let vpc = [("ProbeVpc", "vpc-1"), ("ProbeVSwitches", "vsw-1"), ("ProbeSecurityGroup", "sg-1")];
    for (role, more) in [("home", &vpc[..]), ("probe", &vpc[..]), ("home", &[]), ("probe", &[])] {
        let stack = deployed(role, more);
        for function in &stack.functions {
            let role = stack.roles.iter().find(|role| role.arn == function.role_arn).unwrap();
            let all: BTreeSet<String> = role.policies.iter().flat_map(|policy| actions(&policy.document)).collect();
            let makes =
                all.contains("ecs:CreateNetworkInterface") && all.contains("ecs:DeleteNetworkInterfacePermission");
            assert_eq!(makes, function.vpc.is_some(), "{}", function.name);
        }
    }
}

#[test]
fn the_workflow_and_verify_may_invoke_the_functions_of_the_deployment_by_their_names() {
    let home = deployed("home", &[]);
    let resources = |role: &str| -> BTreeSet<String> {
        let role = home.roles.iter().find(|found| found.name == format!("albridge-cn-hangzhou-{role}")).unwrap();
        let statements = role.policies.iter().flat_map(|policy| policy.document["Statement"].as_array().unwrap());
        let invoking = statements.filter(|statement| statement["Action"][0] == "fc:InvokeFunction");
        invoking
            .flat_map(|statement| statement["Resource"].as_array().unwrap())
            .map(|arn| arn.as_str().unwrap().to_owned())
            .collect()
    };
    let named = |region: &str, name: &str| {
        let arn = format!("acs:fc:{region}:1234567890:functions/{name}");
        [format!("{arn}/*"), arn]
    };
    let all = home.functions.iter().flat_map(|function| named("cn-hangzhou", &function.name));
    assert_eq!(resources("flow"), all.collect());
    assert_eq!(resources("verify"), BTreeSet::from(named("*", "albridge-verify")));
}

#[test]
fn names_that_would_widen_a_policy_are_refused() {
    let template = Template::parse(TEXT).unwrap();
    let pseudo = Pseudo {
        region: "cn-hangzhou".to_owned(),
        account_id: "1234567890".to_owned(),
        stack_name: "albridge".to_owned(),
        stack_id: "stack-1".to_owned(),
    };
    let usual = [("CodeBucket", "code"), ("StoreBucket", "store")];
    let resolve = |name: &str, value: &str| {
        let own = [(name, value)];
        let given = usual.iter().chain(&own).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        template.resolve(&pseudo, &given.collect())
    };
    let wide = [
        ("AssumeRoles", "*"),
        ("AssumeRoles", "acs:ram::2:role/*"),
        ("AssumeRoles", "acs:ram::2:role/net,acs:ram::*:role/net"),
        ("StoreKey", "*"),
        ("StoreKey", "albridge/?.yml"),
        ("StoreKey", ""),
        ("StoreBucket", "*"),
        ("DispatchPackage", "../other.zip"),
    ];
    for (name, value) in wide {
        assert!(resolve(name, value).is_err(), "{name}={value}");
    }
    for (name, value) in [("AssumeRoles", "acs:ram::2:role/net, acs:ram::3:role/net"), ("StoreKey", "a/b.yml")] {
        assert!(resolve(name, value).is_ok(), "{name}={value}");
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
    // What became of it is summed up whether it ends well or badly. The binding has another name there than in a request for a run, which is
    // what a dispatch that is older than the flow would make of it.
    let sums = |task: &TaskView<'_>| task.state.starts_with("SumUp");
    for task in flow.tasks().filter(sums) {
        let body = json!({"ended.$": "$Context.Execution.Input.binding", "run.$": "$Context.Execution.Name"});
        assert_eq!((function_of(&task).as_str(), &task.parameters["body"]), ("albridge-dispatch", &body));
    }
    let others: Vec<_> = flow.tasks().filter(|task| task.state != "Connect" && !sums(task)).collect();
    assert!(others.iter().all(|task| task.parameters["body"].get("accepted").is_none()));
    let order: Vec<String> = others.iter().map(function_of).collect();
    let expected: Vec<String> =
        ["dispatch"].into_iter().chain(stages()).map(|stage| format!("albridge-{stage}")).collect();
    assert_eq!(order, expected);
    for task in flow.tasks().filter(|task| !sums(task)) {
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
    //            + Verify 1,151 + Prune 907 + SumUp 301 = 12,566 s
    let worst = budget::execution(&flow, attempt).unwrap();
    let longest = worst.duration - states["Turn"].worst.duration;
    assert_eq!(longest, Duration::from_secs(12_566));
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
            let whose = if task.state.starts_with("SumUp") { "ended" } else { "binding" };
            assert_eq!(task.parameters["body"][whose], "web");
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
    // Each stage, Turn, Connect, and the summary.
    assert_eq!((status, all.len()), (Status::Succeeded, stages().count() + 3));
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
    assert_eq!(run(&["Turn"]), (Status::Failed, BTreeSet::from(["Turn".to_owned(), "SumUpFailed".to_owned()])));
    let (status, invoked) = run(&["Verify"]);
    assert_eq!((status, invoked.contains("Prune")), (Status::Failed, false), "what is not verified is not pruned");
    assert!(invoked.contains("SumUpFailed") && !invoked.contains("SumUp"), "{invoked:?}");
    assert_eq!(run(&["Prune"]).0, Status::Failed);
}

#[test]
fn a_summary_that_cannot_be_written_changes_nothing_about_how_a_run_ends() {
    assert_eq!(run(&["SumUp"]).0, Status::Succeeded);
    assert_eq!(run(&["Verify", "SumUpFailed"]).0, Status::Failed);
}
