//! The calls of the functions over many stories are exactly those that their roles allow: a permission that no story uses
//! is unnecessary.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::thread;
use std::time::Duration;

use emulator::call::{Caller, Service};
use emulator::ram::Role;
use emulator::{AccountState, CallRecord, PROCEDURE};
use end_to_end::receivers::{self, Receivers};
use end_to_end::things::Thing;
use end_to_end::{Console, start, worlds};
use local::{Generation, Local, Options, PROCEDURE_BINDING};
use serde_json::json;

/// Actions by role, as its name goes on after the deployment's: region and function.
type Actions = BTreeMap<String, BTreeSet<String>>;

/// Allowed actions of home's functions that no call uses, with the reason; `*` is every function of every stack.
const UNSEEN: &[(&str, &str)] = &[
    // Function Compute writes the log, not the function.
    ("*", "log:PostLogStoreLogs"),
    // A third run of a binding stands down (scenarios, `turns`); here runs end before a third one is due.
    ("dispatch", "fnf:StopExecution"),
    // Read only where two classic load balancers of one CEN compete: the routes say which of them comes first.
    ("security-rules", "cen:ListTransitRouterPeerAttachments"),
    ("security-rules", "cen:ListTransitRouterRouteEntries"),
    ("security-rules", "cen:ListTransitRouterRouteTableAssociations"),
    ("security-rules", "cen:ListTransitRouterRouteTablePropagations"),
    ("security-rules", "cen:ListTransitRouterRouteTables"),
    ("security-rules", "cen:ListTransitRouterVpcAttachments"),
    ("security-rules", "cen:ListTransitRouters"),
    // The same.
    ("vpc-routes", "cen:ListTransitRouterRouteEntries"),
    ("vpc-routes", "cen:ListTransitRouterRouteTableAssociations"),
    ("vpc-routes", "cen:ListTransitRouterRouteTablePropagations"),
    ("vpc-routes", "cen:ListTransitRouterRouteTables"),
    // Read only where an attachment is still to be made when a run ends.
    ("verify", "cen:CheckTransitRouterService"),
    ("verify", "cen:DescribeCenBandwidthPackages"),
    ("verify", "cen:DescribeCens"),
    ("verify", "cen:ListTransitRouterAvailableResource"),
    ("verify", "ram:GetRole"),
];

const LIMIT: Duration = Duration::from_secs(6 * 3600);

const fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}

#[test]
fn every_permission_is_used_by_some_story_and_nothing_else_is_called() {
    let seen = told();
    let mut wrong = Vec::new();
    let home =
        super::allowed(&super::home()).into_iter().map(|(function, policies)| ("cn-hangzhou", function, policies));
    let probe = super::allowed(&super::probe("probe")).into_iter();
    let probe = probe.map(|(function, policies)| ("cn-chengdu", function, policies));
    for (region, function, policies) in home.chain(probe) {
        let function = format!("{region}-{function}");
        let allowed: BTreeSet<String> = policies.into_values().flatten().collect();
        let mut expected = seen.get(&function).cloned().unwrap_or_default();
        let of_probe = super::NETWORK.map(|action| ("cn-chengdu-verify", action));
        for (who, action) in UNSEEN.iter().copied().chain(of_probe) {
            if who == "*" || who == function || function.strip_prefix("cn-hangzhou-") == Some(who) {
                assert!(expected.insert(action.to_owned()), "{function}: {action} is no exception any more");
            }
        }
        let needless: Vec<_> = allowed.difference(&expected).collect();
        let missing: Vec<_> = expected.difference(&allowed).collect();
        if !needless.is_empty() || !missing.is_empty() {
            wrong.push(format!("{function}: never called {needless:?}, called without permission {missing:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

type Story = fn() -> Pin<Box<dyn Future<Output = Local>>>;

/// Each runs in its own thread, because each has its own paused clock.
static STORIES: &[Story] = &[
    || Box::pin(members_come_and_go(Generation::Upgraded)),
    || Box::pin(members_come_and_go(Generation::Classic)),
    || Box::pin(things_are_deleted()),
    || Box::pin(things_are_changed()),
    || Box::pin(prefixes_change()),
    || Box::pin(zones_change()),
    || Box::pin(other_accounts()),
    || Box::pin(somebody_is_told()),
];

/// The calls of the functions in all stories.
fn told() -> Actions {
    let mut seen = Actions::new();
    let parts: Vec<Actions> = thread::scope(|scope| {
        let tell = |story: &'static Story| {
            move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
                runtime.unwrap().block_on(async { called(&story().await.cloud().gateway().log()) })
            }
        };
        let spawn = |story| thread::Builder::new().stack_size(16 << 20).spawn_scoped(scope, tell(story)).unwrap();
        let threads: Vec<_> = STORIES.iter().map(spawn).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for (function, actions) in parts.into_iter().flatten() {
        seen.entry(function).or_default().extend(actions);
    }
    seen
}

/// The calls of the functions, as RAM actions.
fn called(log: &[CallRecord]) -> Actions {
    let mut called = Actions::new();
    for call in log {
        let (Some(Caller::Role(role)), Some(service)) = (&call.caller, call.service) else { continue };
        let Some(function) = role.strip_prefix("albridge-").filter(|role| role.starts_with("cn-")) else { continue };
        let actions = called.entry(function.to_owned()).or_default();
        let prefix = prefix(service);
        actions.insert(format!("{prefix}:{}", call.action));
        // The creation of a tagged resource also needs the permission to tag.
        if call.params.iter().any(|(name, _)| name.starts_with("Tag.")) && call.writes {
            actions.insert(format!("{prefix}:TagResources"));
        }
    }
    called.remove("cn-hangzhou-flow");
    called
}

const fn prefix(service: Service) -> &'static str {
    match service {
        Service::Alb => "alb",
        Service::Cbn => "cen",
        Service::Vpc => "vpc",
        Service::Ecs => "ecs",
        Service::Fnf => "fnf",
        Service::Sts => "sts",
        Service::Ram | Service::Ims => "ram",
        Service::EventBridge => "eventbridge",
        Service::Fc => "fc",
        Service::Oss => "oss",
        Service::Ros => "ros",
    }
}

/// A deployment in which `i-ecs1` has become a backend.
async fn onboarded(options: Options) -> Local {
    let local = start(options).await;
    let console = Console(&local);
    console.start_instance("i-ecs1");
    console.ended(1, LIMIT).await;
    assert_eq!(console.members().await.len(), 1);
    local
}

/// A cold onboarding, more members, several runs at once, a released instance, and some that lose their tag and are
/// drained.
async fn members_come_and_go(generation: Generation) -> Local {
    let local = onboarded(Options { scenario: worlds::fleet(4), ..worlds::options(generation) }).await;
    let console = Console(&local);
    let ids = worlds::fleet_ids(4);
    ids.iter().for_each(|id| console.start_instance(id));
    for name in ["one", "two", "three", "four"] {
        console.begin(name, "web").await;
    }
    console.wait(minutes(30)).await;
    assert_eq!(console.members().await.len(), 5);
    console.stop_instance(&ids[0]);
    console.wait(minutes(2)).await;
    console.release_instance(&ids[0]);
    console.untag(&ids[1..2]);
    console.wait(minutes(90)).await;
    assert_eq!(console.members().await.len(), 3);
    local
}

/// Created resources are deleted by hand, and recreated. Histories do not say how a run began.
async fn things_are_deleted() -> Local {
    let mut options = worlds::options(Generation::Upgraded);
    options.settings.history_has_input = false;
    let local = onboarded(options).await;
    let console = Console(&local);
    for thing in Thing::ALL {
        assert!(thing.delete(&local).await, "{thing:?}");
        let runs = console.executions().await.len();
        console.wait(minutes(31)).await;
        console.ended(runs + 1, LIMIT).await;
        assert_eq!(thing.of(&local).len(), 1, "{thing:?}");
    }
    local
}

/// Rules refer to a prefix list, a network ACL is bound, and a removed binding has left its group and listener. Then the
/// bandwidth changes, and someone creates a second server group with our mark.
async fn things_are_changed() -> Local {
    let local = start(worlds::options(Generation::Upgraded)).await;
    let console = Console(&local);
    let list = [
        ("AddressFamily", "IPv4"),
        ("PrefixListName", "offices"),
        ("MaxEntries", "5"),
        ("Entry.1.Cidr", "10.9.0.0/16"),
    ];
    let list = console.act(Service::Ecs, "cn-hangzhou", "CreatePrefixList", &list);
    let rule = [
        ("SecurityGroupId", "sg-2"),
        ("Permissions.1.IpProtocol", "TCP"),
        ("Permissions.1.PortRange", "22/22"),
        ("Permissions.1.SourcePrefixListId", list["PrefixListId"].as_str().unwrap()),
    ];
    console.act(Service::Ecs, "cn-hangzhou", "AuthorizeSecurityGroup", &rule);
    let acl = console.act(Service::Vpc, "cn-hangzhou", "CreateNetworkAcl", &[("VpcId", "vpc-2")]);
    let acl = acl["NetworkAclId"].as_str().unwrap();
    let bind = [("NetworkAclId", acl), ("Resource.1.ResourceId", "vsw-3"), ("Resource.1.ResourceType", "VSwitch")];
    console.act(Service::Vpc, "cn-hangzhou", "AssociateNetworkAcl", &bind);
    let left = [
        ("ServerGroupName", "gone"),
        ("ServerGroupType", "Ip"),
        ("VpcId", "vpc-1"),
        ("HealthCheckConfig.HealthCheckEnabled", "false"),
        ("Tag.1.Key", "albridge"),
        ("Tag.1.Value", "albridge/gone/server-group"),
    ];
    let left = console.act(Service::Alb, "cn-chengdu", "CreateServerGroup", &left);
    console.wait(minutes(1)).await;
    let listener = [
        ("LoadBalancerId", "alb-1"),
        ("ListenerProtocol", "HTTP"),
        ("ListenerPort", "8080"),
        ("DefaultActions.1.Type", "ForwardGroup"),
        (
            "DefaultActions.1.ForwardGroupConfig.ServerGroupTuples.1.ServerGroupId",
            left["ServerGroupId"].as_str().unwrap(),
        ),
    ];
    console.act(Service::Alb, "cn-chengdu", "CreateListener", &listener);
    console.wait(minutes(1)).await;
    console.start_instance("i-ecs1");
    console.ended(1, LIMIT).await;

    let twin = [
        ("ServerGroupName", "web-remote"),
        ("ServerGroupType", "Ip"),
        ("VpcId", "vpc-1"),
        ("HealthCheckConfig.HealthCheckEnabled", "false"),
        ("Tag.1.Key", "albridge"),
        ("Tag.1.Value", "albridge/web/server-group"),
    ];
    console.act(Service::Alb, "cn-chengdu", "CreateServerGroup", &twin);
    local.store(&worlds::binding_with("mbps: 10", "mbps: 20"));
    console.wait(minutes(31)).await;
    console.ended(2, LIMIT).await;
    assert_eq!(Thing::ServerGroup.of(&local).len(), 2, "the empty twin is gone, what a binding left is not");
    local
}

/// The group of the backends drops what the load balancer sends, and somebody is told.
async fn somebody_is_told() -> Local {
    let receivers = std::sync::Arc::new(Receivers::default());
    let bindings = format!("{}{PROCEDURE_BINDING}", receivers::notify());
    let local = onboarded(Options {
        bindings,
        secrets: receivers::secrets(),
        beyond: receivers.beyond(),
        ..worlds::options(Generation::Upgraded)
    })
    .await;
    Console(&local).act(Service::Ecs, "cn-hangzhou", "AuthorizeSecurityGroup", &worlds::DROPS_ALL);
    Console(&local).wait(minutes(31)).await;
    assert_eq!(receivers.take().len(), 4);
    local
}

/// Source prefixes of a non-upgraded load balancer are added and removed.
async fn prefixes_change() -> Local {
    let with = |extra: &str| {
        worlds::binding_with("        - 100.117.130.0/25", &format!("        - {extra}\n        - 100.117.130.0/25"))
    };
    let bindings = with("100.99.1.0/25");
    let local = onboarded(Options { bindings, ..worlds::options(Generation::Classic) }).await;
    local.store(&with("100.99.2.0/25"));
    Console(&local).wait(minutes(31)).await;
    Console(&local).ended(2, LIMIT).await;
    local
}

/// The load balancer moves from one zone to another.
async fn zones_change() -> Local {
    let second = "      - { id: vsw-2, name: VSW2, zone: cn-chengdu-b, cidr: 172.16.6.0/24 }\n";
    let third = "      - { id: vsw-7, zone: cn-chengdu-c, cidr: 172.16.9.0/24 }\n";
    let scenario = PROCEDURE.replace(second, &format!("{second}{third}"));
    let local = onboarded(Options { scenario, ..worlds::options(Generation::Upgraded) }).await;
    let zones = [("cn-chengdu-a", "vsw-1"), ("cn-chengdu-c", "vsw-7")];
    let zones = zones.map(|(zone, vswitch)| (zone.to_owned(), vswitch.to_owned())).to_vec();
    let moved = AccountState::LoadBalancerZones("alb-1".to_owned(), zones);
    assert!(local.cloud().with(|world| world.set_account(moved)));
    Console(&local).run("by-hand").await;
    local
}

/// The load balancer and the instances belong to another account.
async fn other_accounts() -> Local {
    const GUEST: &str = "acs:ram::6543210987654321:role/albridge-guest";
    let role = format!("assumeRole: {{ arn: '{GUEST}' }}");
    let bindings = worlds::binding_with("select: {", &format!("{role}, select: {{"));
    let bindings = bindings.replacen("id: alb-1, ", &format!("id: alb-1, {role}, "), 1);
    let mut options = Options { bindings, ..worlds::options(Generation::Upgraded) };
    options.stacks = options.stacks.into_iter().map(|stack| stack.with("AssumeRoles", GUEST)).collect();
    let local = start(options).await;
    local.cloud().with(|world| {
        let account = "acs:ram::1234567890123456:root";
        world.put_role(Role {
            name: "albridge-guest".to_owned(),
            arn: GUEST.to_owned(),
            trust: json!({"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": [account]}}]}),
            policies: vec![("all".to_owned(), json!({"Statement": [{"Effect": "Allow", "Action": ["*"], "Resource": ["*"]}]}))],
        });
    });
    let console = Console(&local);
    console.start_instance("i-ecs1");
    console.ended(1, LIMIT).await;
    local
}
