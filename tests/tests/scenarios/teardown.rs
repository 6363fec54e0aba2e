//! What was made for a binding is taken away again: all of it, in reverse order, and nothing else.

use emulator::CallRecord;
use emulator::call::Service;
use end_to_end::calls::assert_quiet;
use end_to_end::footprint::{self, Footprint};
use end_to_end::teardown::{paused, plan, teardown};
use end_to_end::{Console, start, worlds};
use local::{Generation, Local, Options, PROCEDURE_BINDING};
use onboarding::{Binding, Code, Store};
use stage::{Removal, Report, StageError, Status};

use crate::{minutes, onboarded};

on_both_generations!(
    with_attachments_nothing_is_left,
    attachments_stay_unless_they_are_asked_for,
    a_binding_that_is_not_in_the_store_is_taken_away_too,
    what_another_binding_wants_stays_and_serves,
);

const ALL: Removal = Removal { former: None, attachments: true };
const WITHOUT_ATTACHMENTS: Removal = Removal { former: None, attachments: false };

/// The changes that anybody made to the cloud after the first `skip` calls, in order; workflow executions are not counted.
fn written(local: &Local, skip: usize) -> Vec<String> {
    let is_write = |call: &CallRecord| call.writes && call.succeeded() && call.service != Some(Service::Fnf);
    let log = local.cloud().gateway().log();
    log.into_iter().skip(skip).filter(is_write).map(|call| call.action).collect()
}

fn calls(local: &Local) -> usize {
    local.cloud().gateway().log().len()
}

/// What was there before the binding, and the world with its instance as a member.
async fn begun(options: Options) -> (Footprint, Local) {
    let empty = footprint::of(&start(options.clone()).await).await;
    (empty, onboarded(options).await)
}

fn former(bindings: &str, name: &str) -> Option<Binding> {
    Store::parse(bindings, "bindings.yml").unwrap().binding(name).cloned()
}

fn codes(report: &Report, code: Code) -> Vec<&str> {
    let named = report.findings.iter().filter(|finding| finding.code == code);
    named.map(|finding| finding.resource.as_str()).collect()
}

async fn with_attachments_nothing_is_left(generation: Generation) {
    let (empty, local) = begun(worlds::options(generation)).await;
    local.store(&paused());
    let before = calls(&local);
    let report = teardown(&local, "web", &ALL).await.unwrap();
    assert!(report.ok && report.status == Status::Done, "{report:#?}");
    assert_eq!(report.findings, []);
    assert_eq!(footprint::of(&local).await, empty);
    let order = written(&local, before);
    let place = |action: &str| order.iter().position(|written| written == action);
    let steps = [
        "UpdateServerGroupServersAttribute",
        "RemoveServersFromServerGroup",
        "DeleteListener",
        "DeleteServerGroup",
        "DeleteTransitRouterPeerAttachment",
        "DeleteTransitRouterVpcAttachment",
    ];
    assert!(steps.map(place).is_sorted() && place(steps[0]).is_some(), "{order:?}");
    assert!(place("RemoveServersFromServerGroup") < place("DeleteRouteEntry"), "{order:?}");
    assert!(place("DeleteRouteEntry") < place("DisableTransitRouterRouteTablePropagation"), "{order:?}");
    let again = calls(&local);
    teardown(&local, "web", &ALL).await.unwrap();
    Console(&local).wait(minutes(60)).await;
    assert_eq!(written(&local, again), Vec::<String>::new(), "a second teardown, and the timer, write nothing");
    assert_quiet(&local);
}

async fn attachments_stay_unless_they_are_asked_for(generation: Generation) {
    let (empty, local) = begun(worlds::options(generation)).await;
    let onboarded = footprint::of(&local).await;
    local.store(&paused());
    let report = teardown(&local, "web", &WITHOUT_ATTACHMENTS).await.unwrap();
    assert!(report.ok, "{report:#?}");
    assert_eq!(codes(&report, Code::Kept).len(), 3, "two attachments and a connection are named: {report:#?}");
    let left = footprint::of(&local).await;
    let stay = ["attachments", "connections", "associations", "propagations"];
    for kind in stay {
        assert_eq!(left.get(kind), onboarded.get(kind), "{kind}");
    }
    let others =
        |of: &Footprint| of.clone().into_iter().filter(|(kind, _)| !stay.contains(kind)).collect::<Footprint>();
    assert_eq!(others(&left), others(&empty));
}

async fn a_binding_that_is_not_in_the_store_is_taken_away_too(generation: Generation) {
    let (empty, local) = begun(worlds::options(generation)).await;
    local.store("bindings: []\n");
    let failure = teardown(&local, "web", &ALL).await.unwrap_err();
    assert!(matches!(failure, StageError::NoBinding(_)), "{failure}");
    let removal = Removal { former: former(PROCEDURE_BINDING, "web"), attachments: true };
    let report = teardown(&local, "web", &removal).await.unwrap();
    assert!(report.ok, "{report:#?}");
    assert_eq!(footprint::of(&local).await, empty);
}

/// `web` and `api` share CEN, load balancer, a VPC with its attachments, and security group sg-3.
async fn what_another_binding_wants_stays_and_serves(generation: Generation) {
    let (scenario, bindings) =
        (worlds::three_regions().replace("state: Stopped, tags", "tags"), worlds::two_bindings());
    let options = Options { scenario, bindings: bindings.clone(), ..worlds::options(generation) };
    let local = start(options).await;
    let console = Console(&local);
    // The timer fires at the half hour.
    console.wait(minutes(75)).await;
    assert_eq!(console.get_at(8080).await.unwrap().served_by.as_deref(), Some("i-api"));
    local.store(&bindings.replacen("    provision: auto", "    paused: true\n    provision: auto", 1));
    let report = teardown(&local, "web", &ALL).await.unwrap();
    assert!(report.ok, "{report:#?}");
    assert!(!codes(&report, Code::Kept).is_empty(), "what api wants is named: {report:#?}");
    console.wait(minutes(40)).await;
    assert_eq!(console.get_at(8080).await.unwrap().served_by.as_deref(), Some("i-api"));
    assert_eq!(console.get().await.map(|answer| answer.status), None, "nothing listens for web");
    let before = calls(&local);
    console.wait(minutes(60)).await;
    assert_eq!(written(&local, before), Vec::<String>::new(), "api misses nothing");
}

#[tokio::test(start_paused = true)]
async fn a_binding_that_may_come_back_is_not_torn_down() {
    let (_, local) = begun(worlds::options(Generation::Upgraded)).await;
    let before = calls(&local);
    let failure = teardown(&local, "web", &ALL).await.unwrap_err();
    assert!(
        failure.to_string().starts_with("XREG-NOT-PAUSED") && failure.to_string().contains("paused: true"),
        "{failure}"
    );
    let removal = Removal { former: former(PROCEDURE_BINDING, "web"), attachments: true };
    assert!(teardown(&local, "web", &removal).await.is_err(), "the store's word counts");
    local.store(&format!("paused: true\n{PROCEDURE_BINDING}"));
    assert!(!plan(&local, "web", &ALL).await.unwrap().changes.is_empty(), "a paused store will do");
    assert_eq!(written(&local, before), Vec::<String>::new());
}

/// Others put a member into our group, a route over our attachment, a rule into the same group.
#[tokio::test(start_paused = true)]
async fn what_others_made_or_use_stays() {
    let local = onboarded(worlds::options(Generation::Upgraded)).await;
    let console = Console(&local);
    let groups = console.act(Service::Alb, "cn-chengdu", "ListServerGroups", &[]);
    let group = groups.pointer("/ServerGroups/0/ServerGroupId").unwrap().as_str().unwrap().to_owned();
    let member = [
        ("ServerGroupId", &*group),
        ("Servers.1.ServerId", "172.16.0.77"),
        ("Servers.1.ServerType", "Ip"),
        ("Servers.1.ServerIp", "172.16.0.77"),
        ("Servers.1.Port", "80"),
    ];
    console.act(Service::Alb, "cn-chengdu", "AddServersToServerGroup", &member);
    let listed = console.act(
        Service::Cbn,
        "cn-hangzhou",
        "ListTransitRouterVpcAttachments",
        &[("CenId", "cen-1"), ("VpcId", "vpc-2")],
    );
    let attachment =
        listed.pointer("/TransitRouterAttachments/0/TransitRouterAttachmentId").unwrap().as_str().unwrap().to_owned();
    let route = [
        ("RouteTableId", "vtb-vpc-2"),
        ("DestinationCidrBlock", "10.99.0.0/16"),
        ("NextHopType", "Attachment"),
        ("NextHopId", &*attachment),
    ];
    console.act(Service::Vpc, "cn-hangzhou", "CreateRouteEntry", &route);
    let rule = [
        ("SecurityGroupId", "sg-2"),
        ("Permissions.1.IpProtocol", "TCP"),
        ("Permissions.1.PortRange", "80/80"),
        ("Permissions.1.SourceCidrIp", "172.16.0.0/12"),
        ("Permissions.1.Description", "by hand"),
    ];
    console.act(Service::Ecs, "cn-hangzhou", "AuthorizeSecurityGroup", &rule);
    console.wait(minutes(1)).await;
    local.store(&paused());
    let report = teardown(&local, "web", &ALL).await.unwrap();
    assert!(report.ok, "{report:#?}");
    let kept = codes(&report, Code::Kept);
    assert!(kept.contains(&&*group) && kept.contains(&&*attachment), "{report:#?}");
    let left = footprint::of(&local).await;
    assert_eq!(left["members"].len(), 1, "{left:#?}");
    assert!(left["members"][0].contains("172.16.0.77"), "{left:#?}");
    assert_eq!(left["listeners"].len(), 1, "the member of others is served as before: {left:#?}");
    assert!(left["routes"].iter().all(|route| route.contains("10.99.0.0/16")), "{left:#?}");
    assert!(left["rules"].iter().any(|rule| rule.ends_with("by hand")), "{left:#?}");
    assert_eq!(left["attachments"].len(), 1, "{left:#?}");
}

/// A rule outlives the instances that it was made for: no selected instance names the group any more.
#[tokio::test(start_paused = true)]
async fn rules_go_after_their_instances_have_gone() {
    let (empty, local) = begun(worlds::options(Generation::Upgraded)).await;
    let console = Console(&local);
    local.store(&paused());
    console.stop_instance("i-ecs1");
    console.wait(minutes(2)).await;
    console.release_instance("i-ecs1");
    console.wait(minutes(2)).await;
    let report = teardown(&local, "web", &ALL).await.unwrap();
    assert!(report.ok, "{report:#?}");
    assert_eq!(footprint::of(&local).await, empty);
}

/// The load balancer was deleted first, with its listener. The server group still tells the VPC.
#[tokio::test(start_paused = true)]
async fn without_its_load_balancer_the_rest_goes() {
    let (empty, local) = begun(worlds::options(Generation::Upgraded)).await;
    let console = Console(&local);
    local.store(&paused());
    console.act(Service::Alb, "cn-chengdu", "DeleteLoadBalancer", &[("LoadBalancerId", "alb-1")]);
    console.wait(minutes(5)).await;
    let report = teardown(&local, "web", &ALL).await.unwrap();
    assert!(report.ok, "{report:#?}");
    assert_eq!(footprint::of(&local).await, empty);
}

/// `web` and `api` share routes and rules, which whoever came first has marked. Each is taken out of the store and torn down.
#[tokio::test(start_paused = true)]
async fn two_bindings_that_share_and_go_one_after_the_other_leave_nothing() {
    let bindings = worlds::two_bindings();
    let (both, api) = bindings.split_at(bindings.find("  - name: api").unwrap());
    let only_api = format!("{}{api}", &both[..both.find("  - name: web").unwrap()]);
    for (first, second, left) in [("web", "api", only_api.as_str()), ("api", "web", both)] {
        let scenario = worlds::three_regions().replace("state: Stopped, tags", "tags");
        let options = Options { scenario, bindings: bindings.clone(), ..worlds::options(Generation::Classic) };
        let local = start(options).await;
        let empty = footprint::of(&local).await;
        Console(&local).wait(minutes(75)).await;
        for (name, store) in [(first, left), (second, "bindings: []\n")] {
            local.store(store);
            let removal = Removal { former: former(&bindings, name), attachments: true };
            let report = teardown(&local, name, &removal).await.unwrap();
            assert!(report.ok, "{first}, {name}: {report:#?}");
            assert_eq!(codes(&report, Code::Orphan), Vec::<&str>::new(), "{first}, {name}");
        }
        assert_eq!(footprint::of(&local).await, empty, "{first}, then {second}");
    }
}

/// A server group of others in the load balancer's VPC with a listener at port 8080, and with `address` as its member. Gives both.
pub(crate) async fn theirs(console: Console<'_>, address: &str) -> (String, String) {
    let act = |action: &str, with: &[(&str, &str)]| console.act(Service::Alb, "cn-chengdu", action, with);
    let group = [
        ("ServerGroupName", "theirs"),
        ("ServerGroupType", "Ip"),
        ("VpcId", "vpc-1"),
        ("HealthCheckConfig.HealthCheckEnabled", "true"),
        ("HealthCheckConfig.HealthCheckPath", "/"),
    ];
    let group = act("CreateServerGroup", &group)["ServerGroupId"].as_str().unwrap().to_owned();
    console.wait(minutes(1)).await;
    let member = [
        ("ServerGroupId", &*group),
        ("Servers.1.ServerId", address),
        ("Servers.1.ServerType", "Ip"),
        ("Servers.1.ServerIp", address),
        ("Servers.1.Port", "80"),
        ("Servers.1.RemoteIpEnabled", "true"),
    ];
    act("AddServersToServerGroup", &member);
    console.wait(minutes(1)).await;
    let listener = [
        ("LoadBalancerId", "alb-1"),
        ("ListenerProtocol", "HTTP"),
        ("ListenerPort", "8080"),
        ("DefaultActions.1.Type", "ForwardGroup"),
        ("DefaultActions.1.ForwardGroupConfig.ServerGroupTuples.1.ServerGroupId", &*group),
    ];
    let listener = act("CreateListener", &listener)["ListenerId"].as_str().unwrap().to_owned();
    console.wait(minutes(2)).await;
    (group, listener)
}

/// Takes both away again.
pub(crate) async fn without_theirs(console: Console<'_>, (group, listener): &(String, String)) {
    console.act(Service::Alb, "cn-chengdu", "DeleteListener", &[("ListenerId", listener)]);
    console.wait(minutes(1)).await;
    console.act(Service::Alb, "cn-chengdu", "DeleteServerGroup", &[("ServerGroupId", group)]);
    console.wait(minutes(1)).await;
}

/// Another deployment, or a person, reaches the same instance through a group and a listener of its own, over ways that it found there.
#[tokio::test(start_paused = true)]
async fn what_members_of_other_groups_need_stays_and_serves() {
    let (empty, local) = begun(worlds::options(Generation::Upgraded)).await;
    let console = Console(&local);
    let others = theirs(console, "192.168.7.10").await;
    let group = &*others.0;
    assert_eq!(console.get_at(8080).await.unwrap().served_by.as_deref(), Some("i-ecs1"));

    local.store(&paused());
    let before = calls(&local);
    let report = teardown(&local, "web", &ALL).await.unwrap();
    assert!(report.ok, "{report:#?}");
    let told = report.findings.iter().filter(|finding| finding.message.contains(group)).count();
    // The routes there and back, the rules, two attachments and the connection.
    assert!(told >= 6, "{report:#?}");
    let went = written(&local, before);
    let is_way = |action: &&String| {
        ["DeleteRoute", "Revoke", "DeleteTransit", "Dissociate", "Disable"].iter().any(|part| action.starts_with(part))
    };
    assert_eq!(went.iter().find(is_way), None, "{went:?}");
    assert!(went.iter().any(|action| action == "DeleteServerGroup"), "its own group goes: {went:?}");
    assert_eq!(console.get_at(8080).await.unwrap().served_by.as_deref(), Some("i-ecs1"));

    // Without them the same command takes the rest.
    without_theirs(console, &others).await;
    let report = teardown(&local, "web", &ALL).await.unwrap();
    assert!(report.ok && report.findings.is_empty(), "{report:#?}");
    assert_eq!(footprint::of(&local).await, empty);
}

/// A listener of others copies its requests to our group, by a rule whose own requests go elsewhere.
#[tokio::test(start_paused = true)]
async fn a_rule_of_others_that_mirrors_to_a_group_keeps_it() {
    let local = onboarded(worlds::options(Generation::Upgraded)).await;
    let console = Console(&local);
    let act = |action: &str, with: &[(&str, &str)]| console.act(Service::Alb, "cn-chengdu", action, with);
    let groups = act("ListServerGroups", &[]);
    let ours = groups["ServerGroups"][0]["ServerGroupId"].as_str().unwrap();
    let group = [
        ("ServerGroupName", "theirs"),
        ("ServerGroupType", "Ip"),
        ("VpcId", "vpc-1"),
        ("HealthCheckConfig.HealthCheckEnabled", "false"),
    ];
    let theirs = act("CreateServerGroup", &group);
    let theirs = theirs["ServerGroupId"].as_str().unwrap();
    console.wait(minutes(1)).await;
    let listener = [
        ("LoadBalancerId", "alb-1"),
        ("ListenerProtocol", "HTTP"),
        ("ListenerPort", "8080"),
        ("DefaultActions.1.Type", "ForwardGroup"),
        ("DefaultActions.1.ForwardGroupConfig.ServerGroupTuples.1.ServerGroupId", theirs),
    ];
    let listener = act("CreateListener", &listener);
    console.wait(minutes(1)).await;
    let rule = [
        ("ListenerId", listener["ListenerId"].as_str().unwrap()),
        ("Priority", "7"),
        ("RuleName", "copies"),
        ("RuleActions.1.Type", "TrafficMirror"),
        ("RuleActions.1.Order", "1"),
        ("RuleActions.1.TrafficMirrorConfig.TargetType", "ForwardGroupMirror"),
        ("RuleActions.1.TrafficMirrorConfig.MirrorGroupConfig.ServerGroupTuples.1.ServerGroupId", ours),
        ("RuleActions.2.Type", "ForwardGroup"),
        ("RuleActions.2.Order", "2"),
        ("RuleActions.2.ForwardGroupConfig.ServerGroupTuples.1.ServerGroupId", theirs),
        ("RuleConditions.1.Type", "Path"),
        ("RuleConditions.1.PathConfig.Values.1", "/*"),
    ];
    let rule = act("CreateRule", &rule);
    let rule = rule["RuleId"].as_str().unwrap();
    console.wait(minutes(1)).await;
    local.store(&paused());
    let report = teardown(&local, "web", &WITHOUT_ATTACHMENTS).await.unwrap();
    assert!(report.ok, "{report:#?}");
    let kept = report.findings.iter().filter(|finding| finding.code == Code::Kept);
    let kept: Vec<_> = kept.filter(|finding| finding.resource == ours).collect();
    assert!(matches!(kept[..], [why] if why.message.contains("copies") && why.message.contains(rule)), "{report:#?}");
    // Without the rule the same command goes on.
    act("DeleteRule", &[("RuleId", rule)]);
    console.wait(minutes(1)).await;
    let report = teardown(&local, "web", &WITHOUT_ATTACHMENTS).await.unwrap();
    assert!(report.ok, "{report:#?}");
    let left = act("ListServerGroups", &[]);
    assert_eq!(left["ServerGroups"].as_array().unwrap().len(), 1, "theirs: {left:#}");
}

/// A rule that is applied to responses leads to no group, but goes with its listener, too. It is in no listing that does not ask
/// for it.
#[tokio::test(start_paused = true)]
async fn a_rule_of_others_for_responses_keeps_its_listener() {
    let local = onboarded(worlds::options(Generation::Upgraded)).await;
    let console = Console(&local);
    let listeners = console.act(Service::Alb, "cn-chengdu", "ListListeners", &[]);
    let listener = listeners["Listeners"][0]["ListenerId"].as_str().unwrap();
    let rule = [
        ("ListenerId", listener),
        ("Priority", "7"),
        ("RuleName", "answers"),
        ("Direction", "Response"),
        ("RuleActions.1.Type", "FixedResponse"),
        ("RuleActions.1.Order", "1"),
        ("RuleActions.1.FixedResponseConfig.Content", "closed"),
        ("RuleConditions.1.Type", "Path"),
        ("RuleConditions.1.PathConfig.Values.1", "/*"),
    ];
    console.act(Service::Alb, "cn-chengdu", "CreateRule", &rule);
    console.wait(minutes(1)).await;
    local.store(&paused());
    let report = teardown(&local, "web", &WITHOUT_ATTACHMENTS).await.unwrap();
    let why = report.findings.iter().find(|finding| finding.resource == listener);
    assert!(why.is_some_and(|why| why.message.contains("answers")), "{report:#?}");
}

/// Somebody gave our listener a rule: deleting the listener would take it away. One that redirects names no group at all.
#[tokio::test(start_paused = true)]
async fn a_forwarding_rule_of_others_keeps_its_listener() {
    let local = onboarded(worlds::options(Generation::Upgraded)).await;
    let console = Console(&local);
    let listeners = console.act(Service::Alb, "cn-chengdu", "ListListeners", &[]);
    let listener = listeners.pointer("/Listeners/0/ListenerId").unwrap().as_str().unwrap().to_owned();
    let rule = [
        ("ListenerId", &*listener),
        ("Priority", "7"),
        ("RuleName", "moved"),
        ("RuleActions.1.Type", "Redirect"),
        ("RuleActions.1.Order", "1"),
        ("RuleActions.1.RedirectConfig.Host", "www.example.com"),
        ("RuleConditions.1.Type", "Path"),
        ("RuleConditions.1.PathConfig.Values.1", "/old/*"),
    ];
    let made = console.act(Service::Alb, "cn-chengdu", "CreateRule", &rule);
    console.wait(minutes(1)).await;
    local.store(&paused());
    let report = teardown(&local, "web", &WITHOUT_ATTACHMENTS).await.unwrap();
    assert!(report.ok, "{report:#?}");
    let why = report.findings.iter().find(|finding| finding.resource == listener).unwrap();
    assert!(why.message.contains("moved") && why.message.contains(made["RuleId"].as_str().unwrap()), "{why:?}");
    let rules = console.act(Service::Alb, "cn-chengdu", "ListRules", &[]);
    assert_eq!(rules["TotalCount"], 1, "it is there as before");
    // Without the rule the same command goes on.
    console.act(Service::Alb, "cn-chengdu", "DeleteRule", &[("RuleId", made["RuleId"].as_str().unwrap())]);
    console.wait(minutes(1)).await;
    teardown(&local, "web", &WITHOUT_ATTACHMENTS).await.unwrap();
    let left = footprint::of(&local).await;
    assert!(!left.contains_key("listeners") && !left.contains_key("groups"), "{left:#?}");
}
