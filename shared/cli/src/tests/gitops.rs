//! docs/gitops.md: its commands in their order, each job with the key that the page gives it, and a plan that is stale.

use std::collections::BTreeSet;

use emulator::call::{Caller, Service};
use local::Options;
use openapi::sts;
use serde_json::{Value, json};

use super::breakages::running;
use super::deploying::packages;
use super::{Desk, HOME};

const PAGE: &str = include_str!("../../../../docs/gitops.md");

/// Read only where a security group names a prefix list, a vSwitch has a network ACL, or there are classic load balancers beside this
/// one or zones that it left. This world has none of them.
const UNSEEN: [&str; 3] =
    ["alb:ListLoadBalancers", "ecs:DescribePrefixListAttributes", "vpc:DescribeNetworkAclAttributes"];

/// The section of the page that begins with this heading.
fn section(heading: &str) -> &'static str {
    let (_, rest) = PAGE.split_once(&format!("\n## {heading}\n")).unwrap();
    rest.split("\n## ").next().unwrap()
}

fn commands(heading: &str) -> Vec<Vec<&'static str>> {
    let commands = section(heading).lines().filter_map(|line| line.strip_prefix("$ albridge "));
    commands.map(|line| line.split(" #").next().unwrap().split_whitespace().collect()).collect()
}

/// The policy of the page.
fn policy() -> Value {
    let text = section("The pull request").split("```json").nth(1).unwrap().split("```").next().unwrap();
    serde_json::from_str(text).unwrap()
}

fn actions(policy: &Value) -> BTreeSet<String> {
    let statements = policy["Statement"].as_array().unwrap();
    let actions = statements.iter().flat_map(|statement| statement["Action"].as_array().unwrap());
    actions.map(|action| action.as_str().unwrap().to_owned()).collect()
}

impl Desk {
    /// The account's key is put aside for that of a role with this policy.
    pub(super) async fn become_role(&mut self, name: &str, policy: &Value) {
        let trust = json!({"Version": "1", "Statement": [{"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"RAM": ["acs:ram::1234567890123456:root"]}}]});
        self.aliyun(&format!("aliyun ram CreateRole --RoleName {name} --AssumeRolePolicyDocument '{trust}'")).await;
        self.aliyun(&format!("aliyun ram CreatePolicy --PolicyName {name} --PolicyDocument '{policy}'")).await;
        self.aliyun(&format!(
            "aliyun ram AttachPolicyToRole --RoleName {name} --PolicyName {name} --PolicyType Custom"
        ))
        .await;
        let assume = sts::AssumeRole {
            role_arn: format!("acs:ram::1234567890123456:role/{name}"),
            role_session_name: "job".to_owned(),
            ..Default::default()
        };
        let key = self.local.operator().call(HOME, &assume).await.unwrap().credentials;
        for (variable, value) in [
            ("ALIBABA_CLOUD_ACCESS_KEY_ID", key.access_key_id),
            ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", key.access_key_secret),
            ("ALIBABA_CLOUD_SECURITY_TOKEN", key.security_token),
        ] {
            self.variables.insert(variable.to_owned(), value);
        }
    }

    /// What a role called, as RAM names it, and whether any of it wrote.
    pub(super) fn called(&self, name: &str) -> (BTreeSet<String>, bool) {
        let log = self.local.cloud().gateway().log();
        let mine = log
            .iter()
            .filter(|call| matches!(&call.caller, Some(Caller::Role(role)) if role == name) && call.status < 400);
        let mine: Vec<_> = mine.collect();
        let action = |service: Service, action: &str| match service {
            Service::Cbn => format!("cen:{action}"),
            Service::Ims => format!("ram:{action}"),
            other => format!("{}:{action}", format!("{other:?}").to_lowercase()),
        };
        let actions = mine.iter().filter_map(|call| Some(action(call.service?, &call.action))).collect();
        (actions, mine.iter().any(|call| call.writes))
    }
}

#[tokio::test(start_paused = true)]
async fn a_pull_request_reads_a_merge_applies_and_a_stale_plan_is_refused() {
    let mut desk = Desk::before_deployment("gitops", Options { scenario: running(), ..Options::default() }).await;
    packages(&desk, "first");
    let folder = desk.file("packages").display().to_string();
    let file = |name: &str| desk.file(name).display().to_string();
    let (bindings, plan) = (file("bindings.yml"), file("plan.json"));
    let named = |command: &[&'static str]| -> Vec<String> {
        let mut words: Vec<String> = command.iter().map(|word| (*word).to_owned()).collect();
        for word in &mut words {
            match word.as_str() {
                "bindings.yml" => word.clone_from(&bindings),
                "plan.json" => word.clone_from(&plan),
                _ => {}
            }
        }
        if words[0] == "deploy" {
            words.extend(["--packages".to_owned(), folder.clone()]);
        }
        words
    };
    let keys = desk.variables.clone();
    desk.variables.remove("ALBRIDGE_HOME_REGION");

    let policy = policy();
    desk.become_role("reader", &policy).await;
    let [validate, look] = <[_; 2]>::try_from(commands("The pull request")).unwrap();
    for (command, code) in [(&validate, 0), (&look, 2)] {
        let words = named(command);
        let ran = desk.run(&words.iter().map(String::as_str).collect::<Vec<_>>()).await;
        assert_eq!(ran.code, code, "{words:?}: {}", ran.all());
    }
    assert!(!desk.called("reader").1, "a pull request writes nothing");
    let reader = desk.variables.clone();

    // Who may only read cannot apply.
    let [apply, deploy] = <[_; 2]>::try_from(commands("The merge")).unwrap();
    let words = named(&apply);
    let refused = desk.run(&words.iter().map(String::as_str).collect::<Vec<_>>()).await;
    assert!(refused.code != 0 && refused.all().contains("NoPermission"), "{}", refused.all());
    assert!(!desk.called("reader").1, "no write of it succeeded");

    // The merge's key may do what the stages need, all together. Meanwhile somebody stops the instance: the plan would be another one.
    desk.variables.clone_from(&keys);
    desk.variables.remove("ALBRIDGE_HOME_REGION");
    let policies = desk.run(&["policy", "--json"]).await;
    let all: BTreeSet<String> = policies
        .json()
        .iter()
        .filter(|line| line["stage"].is_string())
        .flat_map(|line| actions(&line["policy"]))
        .collect();
    desk.become_role(
        "merger",
        &json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": all, "Resource": ["*"]}]}),
    )
    .await;
    let merger = std::mem::replace(&mut desk.variables, keys.clone());
    desk.aliyun("aliyun ecs StopInstance --InstanceId i-ecs1").await;
    desk.local.clock().sleep(std::time::Duration::from_secs(120)).await;
    desk.variables = merger;
    let [stale, again, then] = <[_; 3]>::try_from(commands("A plan that is stale")).unwrap();
    for (command, codes) in [(&stale, &[1][..]), (&again, &[2]), (&then, &[0, 2])] {
        let words = named(command);
        let ran = desk.run(&words.iter().map(String::as_str).collect::<Vec<_>>()).await;
        assert!(codes.contains(&ran.code), "{words:?}: {} {}", ran.code, ran.all());
    }
    // The next pull request sees what was made. After both, each permission of the page was used, and no other was asked for.
    desk.variables = reader;
    let words = named(&look);
    let ran = desk.run(&words.iter().map(String::as_str).collect::<Vec<_>>()).await;
    assert!([0, 2].contains(&ran.code), "{}", ran.all());
    let (called, _) = desk.called("reader");
    let allowed = actions(&policy);
    let unused: Vec<&String> =
        allowed.difference(&called).filter(|action| !UNSEEN.contains(&action.as_str())).collect();
    assert_eq!((unused, called.difference(&allowed).collect::<Vec<_>>()), (Vec::new(), Vec::new()));
    desk.variables = keys;
    let words = named(&deploy);
    let ran = desk.run(&words.iter().map(String::as_str).collect::<Vec<_>>()).await;
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert_eq!(stale, apply, "the same command is refused");
}
