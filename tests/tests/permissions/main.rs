//! The permissions of each function in template.yml are exactly those that its code declares: none too many, none missing.

#![expect(clippy::unwrap_used, reason = "a helper that fails ends its test")]

mod seen;

use std::collections::{BTreeMap, BTreeSet};

use handler::Handler;
use local::TEMPLATE;
use onboarding::StageName;
use stage::{COMMON_ACTIONS, Needs};
use template::{Deployment, Pseudo, Template};

/// The declared readings and writes of a stage.
struct Said {
    needs: Needs,
    writes: &'static [&'static str],
}

fn of<H: Handler>(_: &H) -> (String, Said) {
    (H::NAME.as_str().to_owned(), Said { needs: H::NEEDS, writes: H::ACTIONS })
}

/// What every function declares.
fn said() -> BTreeMap<String, Said> {
    StageName::ALL.into_iter().map(|name| local::with_handler!(name, handler => of(&handler))).collect()
}

fn home() -> Deployment {
    stack("home", &[])
}

/// The stack of a probe, whose function is in a VPC.
fn probe(part: &str) -> Deployment {
    stack(part, &[("ProbeVpc", "vpc-1"), ("ProbeVSwitches", "vsw-1"), ("ProbeSecurityGroup", "sg-1")])
}

fn stack(part: &str, more: &[(&str, &str)]) -> Deployment {
    let pseudo = Pseudo {
        region: "cn-hangzhou".to_owned(),
        account_id: "1234567890123456".to_owned(),
        stack_name: "albridge".to_owned(),
        stack_id: "albridge".to_owned(),
    };
    let parameters = [
        ("Role", part),
        ("HomeRegion", "cn-beijing"),
        ("CodeBucket", "code"),
        ("StoreBucket", "store"),
        ("AssumeRoles", "acs:ram::6543210987654321:role/albridge-guest"),
    ];
    let parameters = parameters.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Template::parse(TEMPLATE).unwrap().resolve(&pseudo, &parameters.collect()).unwrap()
}

/// The actions that each function's role allows, by function and policy.
fn allowed(deployment: &Deployment) -> BTreeMap<String, BTreeMap<String, BTreeSet<String>>> {
    let mut allowed = BTreeMap::new();
    for function in &deployment.functions {
        let role = deployment.roles.iter().find(|role| role.arn == function.role_arn).unwrap();
        assert_eq!(role.trusted, ["fc.aliyuncs.com"], "{}", role.name);
        assert!(role.system_policies.is_empty(), "{}: the cloud's own policies allow more than is needed", role.name);
        let policies = role.policies.iter().map(|policy| {
            let statements = policy.document["Statement"].as_array().unwrap();
            let actions = statements.iter().flat_map(|statement| {
                assert_eq!(statement["Effect"], "Allow");
                statement["Action"].as_array().unwrap().iter().map(|action| action.as_str().unwrap().to_owned())
            });
            (policy.name.clone(), actions.collect())
        });
        allowed.insert(function.name.strip_prefix("albridge-").unwrap().to_owned(), policies.collect());
    }
    allowed
}

const COMMON: &str = "albridge-cn-hangzhou-common";

/// What Function Compute does with the role of a function in a VPC: it makes the network interfaces of its instances.
const NETWORK: [&str; 8] = [
    "ecs:CreateNetworkInterface",
    "ecs:CreateNetworkInterfacePermission",
    "ecs:DeleteNetworkInterface",
    "ecs:DeleteNetworkInterfacePermission",
    "ecs:DescribeNetworkInterfacePermissions",
    "ecs:DescribeNetworkInterfaces",
    "vpc:DescribeVSwitchAttributes",
    "vpc:DescribeVpcAttribute",
];

#[test]
fn a_role_allows_what_its_function_does_and_nothing_else() {
    let allowed = allowed(&home());
    let said = said();
    assert_eq!(allowed.keys().collect::<Vec<_>>(), said.keys().collect::<Vec<_>>());
    for (function, mut policies) in allowed {
        let common = policies.remove(COMMON).unwrap();
        // Of an action that all roles have, one may have more resources of its own.
        let own: BTreeSet<String> =
            policies.into_values().flatten().filter(|action| !common.contains(action)).collect();
        let Said { needs, writes } = &said[&function];
        let does = needs.actions().into_iter().chain(writes.iter().copied()).map(str::to_owned);
        assert_eq!(own, does.filter(|action| !common.contains(action)).collect(), "{function}");
    }
}

#[test]
fn what_all_roles_share_is_the_log_the_store_and_other_accounts_roles() {
    let allowed = allowed(&home());
    for (function, policies) in &allowed {
        let mut common = policies[COMMON].clone();
        // Function Compute writes the log with the function's role.
        assert!(common.remove("log:PostLogStoreLogs"));
        let said: BTreeSet<String> = COMMON_ACTIONS.iter().map(ToString::to_string).collect();
        assert_eq!(common, said, "{function}");
    }
}

#[test]
fn an_outpost_may_hand_its_events_to_home_and_nothing_else() {
    for part in ["outpost", "outpost+probe"] {
        let outpost = stack(part, &[]);
        let own = ["fc:InvokeFunction".to_owned()].into();
        let common = ["log:PostLogStoreLogs".to_owned()].into();
        let name = "albridge-cn-hangzhou-dispatch".to_owned();
        assert_eq!(allowed(&outpost)["dispatch"], BTreeMap::from([(name.clone(), own), (COMMON.to_owned(), common)]));
        let role = outpost.roles.iter().find(|role| role.name == name).unwrap();
        let policy = role.policies.iter().find(|policy| policy.name == name).unwrap();
        let home = "acs:fc:cn-beijing:1234567890123456:functions/albridge-dispatch";
        assert_eq!(policy.document["Statement"][0]["Resource"], serde_json::json!([home, format!("{home}/*")]));
    }
}

#[test]
fn a_probe_may_write_its_log_and_have_its_network_and_nothing_else() {
    let common = (COMMON.to_owned(), BTreeSet::from(["log:PostLogStoreLogs".to_owned()]));
    let network = ("albridge-cn-hangzhou-network".to_owned(), NETWORK.map(str::to_owned).into());
    for part in ["probe", "outpost+probe"] {
        assert_eq!(allowed(&stack(part, &[]))["verify"], [common.clone()].into(), "{part}");
        assert_eq!(allowed(&probe(part))["verify"], [common.clone(), network.clone()].into(), "{part}");
    }
}

#[test]
fn what_the_roles_allow_is_what_clients_can_call() {
    let callable: BTreeSet<&str> = openapi::actions().iter().map(|action| action.ram_action).collect();
    for (function, Said { writes, .. }) in said() {
        for action in writes {
            assert!(callable.contains(action), "{function}: nobody calls {action}");
        }
    }
}

#[test]
fn an_object_is_written_by_dispatch_alone_and_only_the_one_with_what_was_told() {
    let deployment = home();
    let named = |name: &str| serde_json::json!([format!("acs:oss:*:*:store/albridge/{name}")]);
    let (mut writing, mut secrets) = (0, 0);
    let policies = deployment.roles.iter().flat_map(|role| role.policies.iter().map(|policy| (&role.name, policy)));
    let statements = policies.flat_map(|(role, policy)| {
        policy.document["Statement"].as_array().unwrap().iter().map(move |statement| (role, statement))
    });
    for (role, statement) in statements {
        let actions = statement["Action"].to_string();
        if actions.contains("oss:PutObject") {
            assert_eq!(role, "albridge-cn-hangzhou-dispatch");
            assert_eq!(statement["Action"], serde_json::json!(["oss:GetObject", "oss:PutObject"]));
            assert_eq!(statement["Resource"], named("bindings.yml.told.json"));
            writing += 1;
        } else if statement["Resource"] == named("bindings.yml.secrets.yml") {
            // Decision 0059: who tells reads them, and nobody else.
            assert_eq!(
                (role.as_str(), &statement["Action"]),
                ("albridge-cn-hangzhou-dispatch", &serde_json::json!(["oss:GetObject"]))
            );
            secrets += 1;
        } else if actions.contains("oss:") {
            assert_eq!(
                (&statement["Action"], &statement["Resource"]),
                (&serde_json::json!(["oss:GetObject"]), &named("bindings.yml"))
            );
        }
    }
    assert_eq!((writing, secrets), (1, 1));
}

#[test]
fn a_role_of_the_account_is_read_by_its_name_alone() {
    let deployment = home();
    let policies = deployment.roles.iter().flat_map(|role| &role.policies);
    let statements = policies.flat_map(|policy| policy.document["Statement"].as_array().unwrap());
    let mut reading = 0;
    for statement in statements.filter(|statement| statement["Action"].to_string().contains("ram:")) {
        assert_eq!(statement["Action"], serde_json::json!(["ram:GetRole"]));
        for resource in statement["Resource"].as_array().unwrap() {
            let resource = resource.as_str().unwrap().to_ascii_lowercase();
            assert_eq!(resource, "acs:ram:*:1234567890123456:role/aliyunserviceroleforcen");
        }
        reading += 1;
    }
    assert_eq!(reading, 5, "those that plan attachments");
}
