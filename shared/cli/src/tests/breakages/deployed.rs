//! What keeps the deployment itself from working: triggers, roles, kill switches; and the operator's own machine.

use std::collections::BTreeSet;

use clock::Clock;
use emulator::AccountState;
use emulator::call::Service;
use jiff::SignedDuration;
use local::{Options, PROCEDURE_BINDING};
use openapi::{Credentials, Fresh, Unsigned};
use serde_json::json;

use super::follow::causes;
use super::{FAR, NEAR, masked, plain, running, working};
use crate::tests::deploying::{desk as account, packages};
use crate::tests::{Desk, HOME};

/// What `status` said of each breakage, for the golden file.
#[derive(Default)]
struct Golden(String);

impl Golden {
    /// The first cause has this code; its lines name these, and its remedy says this.
    async fn names(&mut self, desk: &Desk, what: &str, code: &str, names: &[&str], remedy: &str) {
        let ran = desk.status().await;
        let said = causes(&plain(&ran));
        self.0.push_str(&format!("## {what}\n{}\n\n", masked(&said)));
        let first = said.lines().nth(2).unwrap_or_default().trim();
        let told = said.lines().find(|line| line.trim_start().starts_with("do: ")).unwrap_or_default();
        assert_eq!(ran.code, 2, "{what}: {}", ran.all());
        assert!(first.starts_with(&format!("{code}  ")) && told.contains(remedy), "{what}: {said}");
        assert!(names.iter().all(|name| said.contains(name)) && said.lines().count() <= 12, "{what}: {said}");
    }
}

impl Desk {
    /// Nothing is wrong any more.
    async fn names_no_cause(&self, what: &str) {
        let said = plain(&self.status().await);
        assert!(!said.contains("cause"), "{what}: {said}");
    }

    /// Calls Function Compute, as its console does.
    async fn compute(&self, region: &str, method: &str, path: &str, body: &serde_json::Value) {
        let key = self.local.cloud().with(|world| world.root_credentials());
        let headers = [("authorization", "ACS3"), ("content-type", "application/json")];
        let request = Unsigned {
            method: method.to_owned(),
            path: format!("/2023-03-30/functions/{path}"),
            headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            body: body.to_string().into(),
            ..Unsigned::default()
        };
        let clock = self.local.clock();
        let fresh = Fresh { time: clock.wall(), nonce: clock.uuid() };
        let credentials = Credentials::new(key.access_key_id, key.access_key_secret);
        let base = format!("http://{region}.api.emulated");
        let request = openapi::resign(&request, region, &base, &credentials, &fresh).unwrap();
        let answer = self.transport().send(request).await.unwrap();
        assert!(answer.status().is_success(), "{method} {path}: {:?}", answer.body());
    }

    async fn switch_events(&self, on: bool) {
        let config = json!({
            "triggerEnable": on, "asyncInvocationType": false, "eventSourceConfig": {"eventSourceType": "Default"},
            "eventRuleFilterPattern": r#"{"source": ["acs.ecs"], "type": ["ecs:Instance:StateChange"]}"#,
        });
        let body = json!({"triggerConfig": config.to_string()});
        self.compute(HOME, "PUT", "albridge-dispatch/triggers/states", &body).await;
    }

    async fn switch_timer(&self, on: bool) {
        let config = json!({"cronExpression": "0 0 0 1 1 *", "enable": on, "payload": "drift"});
        let body = json!({"triggerConfig": config.to_string()});
        self.compute(HOME, "PUT", "albridge-dispatch/triggers/drift", &body).await;
    }

    /// Takes a role with its policies away.
    pub(in crate::tests) fn delete_role(&self, name: &str) {
        let listed = self.act(Service::Ram, HOME, "ListPoliciesForRole", &[("RoleName", name)]);
        for policy in listed["Policies"]["Policy"].as_array().unwrap() {
            let (kind, policy) = (policy["PolicyType"].as_str().unwrap(), policy["PolicyName"].as_str().unwrap());
            let detach = [("RoleName", name), ("PolicyName", policy), ("PolicyType", kind)];
            self.act(Service::Ram, HOME, "DetachPolicyFromRole", &detach);
        }
        self.act(Service::Ram, HOME, "DeleteRole", &[("RoleName", name)]);
    }
}

#[tokio::test(start_paused = true)]
async fn triggers_that_are_switched_off_are_named_and_switched_on() {
    let desk = working("triggers", Options { scenario: running(), ..Options::default() }).await;
    let mut golden = Golden::default();
    desk.names_no_cause("before").await;
    desk.switch_events(false).await;
    let names = ["states of albridge-dispatch in cn-hangzhou", "by the timer alone"];
    golden.names(&desk, "the trigger of events is switched off", "XREG-TRIGGER-OFF", &names, "(UpdateTrigger)").await;
    desk.switch_events(true).await;
    desk.names_no_cause("events").await;
    desk.switch_timer(false).await;
    let names = ["drift of albridge-dispatch in cn-hangzhou", "drift is not repaired"];
    golden.names(&desk, "the timer is switched off", "XREG-TRIGGER-OFF", &names, "(UpdateTrigger)").await;
    desk.switch_timer(true).await;
    desk.names_no_cause("timer").await;
    insta::assert_snapshot!("breakages_triggers", golden.0);
}

/// The remedies of a deployment are its own commands.
#[tokio::test(start_paused = true)]
async fn a_deleted_role_and_a_kill_switch_are_named_and_what_is_said_mends_them() {
    let desk = account("role").await;
    assert_eq!(desk.deploy(&[]).await.code, 0);
    let mut golden = Golden::default();
    desk.run(&["apply", "web", "--yes"]).await;
    desk.settle().await;
    let quiet = desk.status().await;
    assert!(!plain(&quiet).contains("cause"), "{}", quiet.all());

    desk.delete_role("albridge-cn-hangzhou-backend-servers");
    let names = ["albridge-cn-hangzhou-backend-servers does not exist", "albridge-backend-servers cannot run"];
    let remedy = "Run `albridge teardown --deployment`, then `albridge deploy`";
    golden.names(&desk, "a function's role is deleted", "XREG-ROLE-MISSING", &names, remedy).await;
    let torn = desk.run(&["teardown", "--deployment", "--yes"]).await;
    assert_eq!(torn.code, 0, "{}", torn.all());
    let deployed = desk.deploy(&[]).await;
    assert_eq!(deployed.code, 0, "{}", deployed.all());
    desk.names_no_cause("role").await;

    for function in ["backend-servers", "dispatch"] {
        desk.compute(HOME, "DELETE", &format!("albridge-{function}"), &json!(null)).await;
    }
    let names = ["albridge-dispatch, albridge-backend-servers do not exist in cn-hangzhou", "nothing starts runs"];
    golden.names(&desk, "functions are deleted", "XREG-FUNCTION-MISSING", &names, remedy).await;
    desk.delete_route(NEAR, "vtb-vpc-1", "192.168.7.0/24");
    desk.settle().await;
    let said = plain(&desk.status().await);
    assert!(said.contains("1 change, which no run makes before the deployment is mended"), "{said}");
    assert!(!said.contains("the next run makes"), "no run comes by itself: {said}");
    assert_eq!(desk.run(&["apply", "web", "--yes"]).await.code, 0);
    desk.settle().await;
    let torn = desk.run(&["teardown", "--deployment", "--yes"]).await;
    assert_eq!(torn.code, 0, "{}", torn.all());
    assert_eq!(desk.deploy(&[]).await.code, 0);
    desk.names_no_cause("functions").await;

    assert_eq!(desk.deploy(&["--set", "ReadOnly=1"]).await.code, 0);
    let remedy = "Run `albridge deploy --set ReadOnly=0`";
    golden.names(&desk, "ReadOnly is on", "XREG-READ-ONLY", &["cn-hangzhou"], remedy).await;
    desk.delete_route(NEAR, "vtb-vpc-1", "192.168.7.0/24");
    desk.settle().await;
    let names = ["1 change waits: vpc-routes"];
    golden.names(&desk, "a route is deleted while ReadOnly is on", "XREG-READ-ONLY", &names, remedy).await;
    let said = plain(&desk.status().await);
    assert!(said.contains("1 change, which no run makes while nothing may be written"), "{said}");
    assert_eq!(desk.deploy(&["--set", "ReadOnly=0"]).await.code, 0);
    assert_eq!(desk.run(&["apply", "web", "--yes"]).await.code, 0);
    desk.settle().await;
    desk.names_no_cause("kill switch").await;
    packages(&desk, "first");
    insta::assert_snapshot!("breakages_deployment", golden.0);
}

/// So is the workflow: dispatch has nothing to start then.
#[tokio::test(start_paused = true)]
async fn a_deleted_workflow_is_named_and_what_is_said_mends_it() {
    let desk = account("workflow").await;
    assert_eq!(desk.deploy(&[]).await.code, 0);
    desk.run(&["apply", "web", "--yes"]).await;
    desk.settle().await;
    desk.names_no_cause("before").await;
    desk.act(Service::Fnf, HOME, "DeleteFlow", &[("Name", "albridge")]);
    let mut golden = Golden::default();
    let names = ["Workflow albridge does not exist in cn-hangzhou, so no run starts"];
    let remedy = "Run `albridge teardown --deployment`, then `albridge deploy`";
    golden.names(&desk, "the workflow is deleted", "XREG-FUNCTION-MISSING", &names, remedy).await;
    let history = desk.run(&["history", "web"]).await;
    assert!(history.code == 1 && history.all().contains("There is no workflow albridge"), "{}", history.all());
    let torn = desk.run(&["teardown", "--deployment", "--yes"]).await;
    assert_eq!(torn.code, 0, "{}", torn.all());
    assert_eq!(desk.deploy(&[]).await.code, 0);
    desk.names_no_cause("workflow").await;
    packages(&desk, "first");
    insta::assert_snapshot!("breakages_workflow", golden.0);
}

/// A region with backends of its own, whose events nobody hears.
#[tokio::test(start_paused = true)]
async fn one_fault_in_one_of_three_regions_names_that_region_alone() {
    let (scenario, bindings) = super::three_regions(true);
    let desk = working("regions", Options { scenario, bindings, ..Options::default() }).await;
    let mut golden = Golden::default();
    let names = ["no albridge-dispatch in cn-shanghai"];
    golden.names(&desk, "a region without its stack", "XREG-TRIGGER-OFF", &names, "Run `albridge deploy`").await;
    let stacks = vec![local::Stack::home().with("TimerCron", "0 0 0 1 1 *"), local::Stack::outpost("cn-shanghai")];
    drop(desk);

    let (scenario, bindings) = super::three_regions(true);
    let desk = Desk::with("regions-2", Options { scenario, bindings, stacks, ..Options::default() }).await;
    assert_eq!(desk.run(&["apply", "web", "--yes"]).await.code, 0);
    desk.settle().await;
    desk.names_no_cause("before").await;
    desk.delete_route("cn-shanghai", "vtb-vpc-3", "172.16.6.0/24");
    desk.settle().await;
    let names = ["i-far", "vtb-vpc-3 of vpc-3", "1 cause"];
    golden
        .names(&desk, "a route back is deleted in one of three", "XREG-NO-ROUTE", &names, "`albridge apply web`")
        .await;
    let said = plain(&desk.status().await);
    assert!(!causes(&said).contains("i-ecs1"), "{said}");
    desk.run(&["apply", "web", "--yes"]).await;
    desk.settle().await;
    desk.names_no_cause("one of three").await;
    insta::assert_snapshot!("breakages_regions", golden.0);
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_off_is_named_before_anything_else() {
    let desk = working("clock", Options { scenario: running(), ..Options::default() }).await;
    for minutes in [-20, 20] {
        let off = desk.local.clock().now().checked_add(SignedDuration::from_mins(minutes)).unwrap();
        let ran = desk.run_at(Clock::seeded(off, 7), &["status", "web"]).await;
        let said = plain(&ran);
        assert_eq!(ran.code, 1, "{}", ran.all());
        assert!(
            said.contains("InvalidTimeStamp.Expired") && said.contains("Set this machine's clock"),
            "{}",
            ran.all()
        );
        assert!(said.lines().count() <= 12, "{said}");
    }
    assert_eq!(desk.status().await.code, 0, "a clock that is right mends it");
}

/// The backends are another account's, and its role is deleted.
#[tokio::test(start_paused = true)]
async fn a_deleted_role_of_another_account_is_named_and_mended_by_making_it_again() {
    const GUEST: &str = "acs:ram::6543210987654321:role/guest";
    let role = || emulator::ram::Role {
        name: "guest".to_owned(),
        arn: GUEST.to_owned(),
        trust: json!({"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
                                     "Principal": {"RAM": ["acs:ram::1234567890123456:root"]}}]}),
        policies: vec![(
            "all".to_owned(),
            json!({"Statement": [{"Effect": "Allow", "Action": ["*"], "Resource": ["*"]}]}),
        )],
    };
    let bindings = PROCEDURE_BINDING.replacen("select: {", &format!("assumeRole: {{ arn: '{GUEST}' }}, select: {{"), 1);
    let desk = Desk::start("guest", Options { scenario: running(), bindings, ..Options::default() }).await;
    desk.local.cloud().with(|world| world.put_role(role()));
    assert_eq!(desk.run(&["apply", "web", "--yes"]).await.code, 0);
    desk.settle().await;
    assert_eq!(desk.status().await.code, 0);
    desk.delete_role("guest");
    let ran = desk.status().await;
    let said = plain(&ran);
    assert_eq!(ran.code, 1, "{said}");
    let first = said.lines().nth(1).unwrap_or_default();
    assert!(first.contains("AssumeRole") && first.contains("EntityNotExist.Role"), "{said}");
    assert!(said.contains("Make the role again under the same name"), "{said}");
    desk.local.cloud().with(|world| world.put_role(role()));
    let after = desk.status().await;
    assert_eq!(after.code, 0, "{}", after.all());
}

/// The service's answers by path: the check asks one that the service does not know.
#[tokio::test(start_paused = true)]
async fn a_path_that_the_service_does_not_know_is_named_with_the_check_and_mended_on_either_side() {
    let desk = working("paths", Options { scenario: running(), ..Options::default() }).await;
    let serve = |paths: &[&str]| {
        let paths: BTreeSet<String> = paths.iter().map(|path| (*path).to_owned()).collect();
        let state = AccountState::WebServer("i-ecs1".to_owned(), [80].into(), Some(paths));
        assert!(desk.local.cloud().with(|world| world.set_account(state)));
    };
    let mut golden = Golden::default();
    serve(&["/"]);
    desk.settle().await;
    desk.names_no_cause("before").await;

    desk.health_check("HealthCheckPath", "/nowhere");
    desk.settle().await;
    let names = ["i-ecs1 (ECS1)", "RESPONSE_MISMATCH"];
    let what = "the health check asks another path";
    golden.names(&desk, what, "XREG-UNHEALTHY", &names, "`albridge apply web`").await;
    assert!(plain(&desk.status().await).contains("health check path /nowhere -> /"));
    assert!(matches!(desk.run(&["apply", "web", "--yes"]).await.code, 0 | 2));
    desk.settle().await;
    desk.names_no_cause(what).await;

    // The binding itself is wrong.
    desk.rewrite("healthCheck: { path: / }", "healthCheck: { path: /ready }");
    assert!(matches!(desk.run(&["apply", "web", "--yes"]).await.code, 0 | 2));
    desk.settle().await;
    let names = ["i-ecs1 (ECS1)", "RESPONSE_MISMATCH", "HEAD /ready at 192.168.7.10:80"];
    let what = "the binding's path is one that the service does not know";
    golden.names(&desk, what, "XREG-UNHEALTHY", &names, "correct serverGroup.healthCheck in the binding").await;
    desk.rewrite("healthCheck: { path: /ready }", "healthCheck: { path: / }");
    assert!(matches!(desk.run(&["apply", "web", "--yes"]).await.code, 0 | 2));
    desk.settle().await;
    desk.names_no_cause(what).await;

    serve(&["/other"]);
    desk.settle().await;
    let what = "the service answers the path no more";
    let remedy = "Have the service on i-ecs1 answer HEAD / at 192.168.7.10:80";
    golden.names(&desk, what, "XREG-UNHEALTHY", &["i-ecs1 (ECS1)", "RESPONSE_MISMATCH"], remedy).await;
    serve(&["/", "/other"]);
    desk.settle().await;
    desk.names_no_cause(what).await;

    // The binding leaves the path to others, so neither a run nor the binding's own path corrects it.
    desk.rewrite("healthCheck: { path: / }", "healthCheck: { path: / }, ignore: [healthCheck.path, weight]");
    desk.health_check("HealthCheckPath", "/nowhere");
    desk.settle().await;
    let what = "the health check asks another path, which is left to others";
    let remedy = "(UpdateServerGroupAttribute)";
    golden.names(&desk, what, "XREG-UNHEALTHY", &["i-ecs1 (ECS1)", "Take healthCheck.path out of"], remedy).await;
    assert!(!plain(&desk.status().await).contains("correct serverGroup.healthCheck in the binding"));
    desk.health_check("HealthCheckPath", "/");
    desk.settle().await;
    desk.names_no_cause(what).await;
    insta::assert_snapshot!("breakages_paths", golden.0);
}

/// A second server needs more room than the binding says that there is.
#[tokio::test(start_paused = true)]
async fn a_quota_that_is_used_up_is_named_with_who_waits_and_a_raised_one_mends_it() {
    let second =
        "  - { id: i-ecs2, vswitch: vsw-4, securityGroups: [sg-2], state: Stopped, tags: { app: web } }\n\ncens:";
    let scenario = running().replacen("\ncens:", second, 1);
    let bindings = PROCEDURE_BINDING.replacen("id: alb-1, ", "id: alb-1, serverQuota: 1, ", 1);
    let desk = working("quota", Options { scenario, bindings, ..Options::default() }).await;
    let mut golden = Golden::default();
    desk.names_no_cause("before").await;
    desk.act(Service::Ecs, FAR, "StartInstance", &[("InstanceId", "i-ecs2")]);
    desk.settle().await;
    let what = "no room for a second server";
    golden.names(&desk, what, "XREG-ALB-QUOTA", &["i-ecs2", "1 of at most 1 server"], "alb.serverQuota").await;
    desk.rewrite("serverQuota: 1, ", "serverQuota: 2, ");
    assert!(matches!(desk.run(&["apply", "web", "--yes"]).await.code, 0 | 2));
    desk.settle().await;
    desk.names_no_cause(what).await;
    let servers = desk.act(Service::Alb, NEAR, "ListServerGroupServers", &[("ServerGroupId", &desk.group())]);
    assert_eq!(servers["Servers"].as_array().unwrap().len(), 2);
    insta::assert_snapshot!("breakages_quota", golden.0);
}
