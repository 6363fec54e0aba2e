//! A world that others built: the facts of a blueprint that the cloud's vendor publishes for the same job (an ALB in Chengdu, backends
//! in Shanghai and Qingdao; transit routers with route tables of their own, static routes, a security group that admits
//! everything). A binding for it is judged reachable, and its plan adopts what is there.

use std::collections::BTreeMap;
use std::time::Duration;

use emulator::call::Service;
use end_to_end::calls::writes;
use end_to_end::{Console, start, worlds};
use local::{Generation, Local, Options};
use onboarding::Code;
use onboarding::inputs::Verdict;
use serde_json::Value;
use stage::Invocation;

use crate::{LIMIT, minutes};

const WORLD: &str = "
vpcs:
  - id: vpc-cd
    region: cn-chengdu
    cidr: 172.16.0.0/16
    vswitches:
      - { id: vsw-cd-a, zone: cn-chengdu-a, cidr: 172.16.1.0/24 }
      - { id: vsw-cd-b, zone: cn-chengdu-b, cidr: 172.16.2.0/24 }
  - id: vpc-sh
    region: cn-shanghai
    cidr: 10.0.0.0/16
    vswitches:
      - { id: vsw-sh-e, zone: cn-shanghai-e, cidr: 10.0.1.0/24 }
      - { id: vsw-sh-f, zone: cn-shanghai-f, cidr: 10.0.2.0/24 }
  - id: vpc-qd
    region: cn-qingdao
    cidr: 192.168.0.0/16
    vswitches:
      - { id: vsw-qd-b, zone: cn-qingdao-b, cidr: 192.168.1.0/24 }
      - { id: vsw-qd-c, zone: cn-qingdao-c, cidr: 192.168.2.0/24 }
securityGroups:
  - { id: sg-cd, name: front, vpc: vpc-cd }
  - { id: sg-sh, name: back, vpc: vpc-sh }
  - { id: sg-qd, name: back, vpc: vpc-qd }
instances:
  - { id: i-client, vswitch: vsw-cd-a, address: 172.16.1.200, securityGroups: [sg-cd], webPorts: [] }
  - { id: i-sh, vswitch: vsw-sh-e, address: 10.0.1.10, securityGroups: [sg-sh], tags: { app: web } }
  - { id: i-qd, vswitch: vsw-qd-b, address: 192.168.1.10, securityGroups: [sg-qd], tags: { app: web } }
cens:
  - id: cen-1
    name: CEN
    transitRouters:
      - { id: tr-cd, region: cn-chengdu }
      - { id: tr-sh, region: cn-shanghai }
      - { id: tr-qd, region: cn-qingdao }
albs:
  - id: alb-1
    name: ALB
    region: cn-chengdu
    vpc: vpc-cd
    edition: Basic
    zones:
      - { zone: cn-chengdu-a, vswitch: vsw-cd-a }
      - { zone: cn-chengdu-b, vswitch: vsw-cd-b }
";

const BINDING: &str = "bindings:
  - name: web
    provision: approved
    alb: { region: cn-chengdu, id: alb-1, attachmentVswitches: [vsw-cd-a, vsw-cd-b] }
    serverGroup: { name: group, port: 80, weight: 100, healthCheck: { enabled: false } }
    listener: { protocol: HTTP, port: 80 }
    cen: { id: cen-1, bandwidth: { payByTraffic: true, mbps: 100 } }
    backends:
      - { region: cn-shanghai, vpc: vpc-sh, attachmentVswitches: [vsw-sh-e, vsw-sh-f], select: { tags: { app: web } } }
      - { region: cn-qingdao, vpc: vpc-qd, attachmentVswitches: [vsw-qd-b, vsw-qd-c], select: { tags: { app: web } } }
";

const BACK: [&str; 8] = [
    "100.117.130.0/25",
    "100.117.130.128/25",
    "100.117.131.0/25",
    "100.117.131.128/25",
    "100.122.175.64/26",
    "100.122.175.128/26",
    "100.122.175.192/26",
    "100.122.176.0/26",
];
const VPCS: [&str; 3] = ["172.16.0.0/16", "10.0.0.0/16", "192.168.0.0/16"];
/// Region, short name, and two zones.
const SIDES: [(&str, &str, [&str; 2]); 3] = [
    ("cn-chengdu", "cd", ["cn-chengdu-a", "cn-chengdu-b"]),
    ("cn-shanghai", "sh", ["cn-shanghai-e", "cn-shanghai-f"]),
    ("cn-qingdao", "qd", ["cn-qingdao-b", "cn-qingdao-c"]),
];

fn binding() -> String {
    format!("{BINDING}    backToOrigin: {{ cidrs: [{}] }}\n", BACK.join(", "))
}

/// A person who follows the blueprint.
struct Builder<'l> {
    console: Console<'l>,
    /// The table of each region's transit router.
    tables: BTreeMap<&'static str, String>,
}

impl Builder<'_> {
    async fn act(&self, service: Service, region: &str, action: &str, params: &[(&str, &str)]) -> Value {
        let answer = self.console.act(service, region, action, params);
        self.console.wait(Duration::from_secs(200)).await;
        answer
    }

    async fn link(&self, region: &str, table: &str, attachment: &str) {
        let params = [("TransitRouterAttachmentId", attachment), ("TransitRouterRouteTableId", table)];
        for action in ["AssociateTransitRouterAttachmentWithRouteTable", "EnableTransitRouterRouteTablePropagation"] {
            self.act(Service::Cbn, region, action, &params).await;
        }
    }

    async fn attach(&mut self, (region, short, zones): (&'static str, &str, [&str; 2])) -> String {
        let router = format!("tr-{short}");
        let table =
            self.act(Service::Cbn, region, "CreateTransitRouterRouteTable", &[("TransitRouterId", &router)]).await;
        let table = text(&table, "TransitRouterRouteTableId");
        let letters = zones.map(|zone| zone.rsplit('-').next().unwrap_or_default());
        let params = [
            ("CenId", "cen-1"),
            ("TransitRouterId", &router),
            ("VpcId", &format!("vpc-{short}")),
            ("ZoneMappings.1.ZoneId", zones[0]),
            ("ZoneMappings.1.VSwitchId", &format!("vsw-{short}-{}", letters[0])),
            ("ZoneMappings.2.ZoneId", zones[1]),
            ("ZoneMappings.2.VSwitchId", &format!("vsw-{short}-{}", letters[1])),
        ];
        let made = self.act(Service::Cbn, region, "CreateTransitRouterVpcAttachment", &params).await;
        let attachment = text(&made, "TransitRouterAttachmentId");
        self.link(region, &table, &attachment).await;
        self.tables.insert(region, table);
        attachment
    }

    async fn connect(&self, (region, short, _): (&'static str, &str, [&str; 2])) {
        let params = [
            ("CenId", "cen-1"),
            ("TransitRouterId", "tr-cd"),
            ("PeerTransitRouterId", &format!("tr-{short}")),
            ("PeerTransitRouterRegionId", region),
            ("BandwidthType", "DataTransfer"),
            ("Bandwidth", "100"),
            ("AutoPublishRouteEnabled", "true"),
        ];
        let made = self.act(Service::Cbn, "cn-chengdu", "CreateTransitRouterPeerAttachment", &params).await;
        let connection = text(&made, "TransitRouterAttachmentId");
        self.link("cn-chengdu", &self.tables["cn-chengdu"], &connection).await;
        self.link(region, &self.tables[region], &connection).await;
    }

    async fn routes(&self, region: &str, short: &str, attachment: &str, destinations: &[&str]) {
        for destination in destinations {
            let params = [
                ("RouteTableId", format!("vtb-vpc-{short}")),
                ("DestinationCidrBlock", (*destination).to_owned()),
                ("NextHopType", "Attachment".to_owned()),
                ("NextHopId", attachment.to_owned()),
            ];
            let params = params.each_ref().map(|(name, value)| (*name, value.as_str()));
            self.act(Service::Vpc, region, "CreateRouteEntry", &params).await;
        }
    }
}

fn text(answer: &Value, field: &str) -> String {
    answer[field].as_str().unwrap().to_owned()
}

/// Everything that the blueprint makes, by hand.
async fn built(local: &Local) {
    let mut builder = Builder { console: Console(local), tables: BTreeMap::new() };
    let mut attachments = Vec::new();
    for side in SIDES {
        attachments.push(builder.attach(side).await);
    }
    builder.connect(SIDES[1]).await;
    builder.connect(SIDES[2]).await;
    builder.routes("cn-chengdu", "cd", &attachments[0], &VPCS).await;
    builder.routes("cn-chengdu", "cd", &attachments[0], &["10.0.1.0/24", "192.168.1.0/24"]).await;
    for (side, attachment) in SIDES.iter().zip(&attachments).skip(1) {
        builder.routes(side.0, side.1, attachment, &VPCS).await;
        builder.routes(side.0, side.1, attachment, &BACK).await;
        let rule = [
            ("SecurityGroupId", format!("sg-{}", side.1)),
            ("Permissions.1.IpProtocol", "all".to_owned()),
            ("Permissions.1.PortRange", "-1/-1".to_owned()),
            ("Permissions.1.SourceCidrIp", "0.0.0.0/0".to_owned()),
        ];
        let rule = rule.each_ref().map(|(name, value)| (*name, value.as_str()));
        builder.act(Service::Ecs, side.0, "AuthorizeSecurityGroup", &rule).await;
    }
    for prefix in BACK {
        let params = [
            ("TransitRouterRouteTableId", builder.tables["cn-chengdu"].as_str()),
            ("TransitRouterRouteEntryDestinationCidrBlock", prefix),
            ("TransitRouterRouteEntryNextHopType", "Attachment"),
            ("TransitRouterRouteEntryNextHopId", &attachments[0]),
        ];
        builder.act(Service::Cbn, "cn-chengdu", "CreateTransitRouterRouteEntry", &params).await;
    }
    let group = [
        ("ServerGroupName", "group"),
        ("ServerGroupType", "Ip"),
        ("VpcId", "vpc-cd"),
        ("Protocol", "HTTP"),
        ("HealthCheckConfig.HealthCheckEnabled", "false"),
    ];
    let group = text(&builder.act(Service::Alb, "cn-chengdu", "CreateServerGroup", &group).await, "ServerGroupId");
    let mut servers = vec![("ServerGroupId".to_owned(), group.clone())];
    for (number, address) in [(1, "10.0.1.10"), (2, "192.168.1.10")] {
        for (field, value) in [
            ("ServerType", "Ip"),
            ("ServerId", address),
            ("ServerIp", address),
            ("Port", "80"),
            ("Weight", "100"),
            ("RemoteIpEnabled", "true"),
        ] {
            servers.push((format!("Servers.{number}.{field}"), value.to_owned()));
        }
    }
    let servers: Vec<(&str, &str)> = servers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    builder.act(Service::Alb, "cn-chengdu", "AddServersToServerGroup", &servers).await;
    let listener = [
        ("LoadBalancerId", "alb-1"),
        ("ListenerProtocol", "HTTP"),
        ("ListenerPort", "80"),
        ("DefaultActions.1.Type", "ForwardGroup"),
        ("DefaultActions.1.ForwardGroupConfig.ServerGroupTuples.1.ServerGroupId", &group),
    ];
    builder.act(Service::Alb, "cn-chengdu", "CreateListener", &listener).await;
}

#[tokio::test(start_paused = true)]
async fn what_the_vendors_blueprint_builds_is_reachable_and_adopted() {
    let mut options = Options {
        scenario: WORLD.to_owned(),
        // Nothing is done about it until everything is built.
        bindings: format!("paused: true\n{}", binding()),
        ..worlds::options(Generation::Classic)
    };
    options.settings.regions.push("cn-qingdao".to_owned());
    let local = start(options).await;
    built(&local).await;
    // The packets themselves say so, before anybody plans anything.
    assert_eq!(Console(&local).get().await.unwrap().status, 200);

    local.store(&binding());
    let host = local.operator_host();
    let invocation = Invocation::until(&host, host.clock().now() + LIMIT);
    let (topology, plan) = Box::pin(stage::plan_whole(&invocation, &"web".into(), true)).await.unwrap();
    let store = onboarding::Store::parse(&binding(), "bindings.yml").unwrap();
    let verdicts = stage::verdicts(&store.bindings[0], &topology);
    let reachable = |id: &str| verdicts.get(id) == Some(&Verdict::Reachable);
    assert!(reachable("i-sh") && reachable("i-qd"), "{verdicts:?}");
    // What is there is adopted: no second route, group or listener. That others registered the members is all there is to say.
    assert_eq!(plan.changes, vec![]);
    let said: Vec<_> = plan.findings.iter().map(|finding| (finding.code, finding.resource.as_str())).collect();
    assert_eq!(said, [(Code::MemberForeign, "10.0.1.10:80"), (Code::MemberForeign, "192.168.1.10:80")]);

    // Nor do the runs of the timer write or remove anything.
    Console(&local).wait(minutes(60)).await;
    assert_eq!(writes(&local), vec![]);
    assert_eq!(Console(&local).get().await.unwrap().status, 200);
}
