//! For tests: the procedure's two regions, built by the public calls, with any one piece left out.

use std::net::Ipv4Addr;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::call::{Answer, Call, Caller, Params, Service};
use crate::settings::Settings;
use crate::state::alb::{Generation, Policy, back_to_origin};
use crate::world::World;

pub(crate) const NEAR: &str = "cn-chengdu";
pub(crate) const FAR: &str = "cn-hangzhou";
pub(crate) const SERVER: &str = "192.168.7.10";

/// A piece of the procedure, to be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece {
    NearAssociation,
    NearPropagation,
    FarAssociation,
    FarPropagation,
    Connection,
    Bandwidth,
    Publishing,
    NearConnectionAssociation,
    NearConnectionPropagation,
    FarConnectionAssociation,
    FarConnectionPropagation,
    NearRoute,
    FarRoute,
    TransitRoute,
    Rule,
    Instance,
}

/// A world and the time in it.
#[derive(Debug, Clone)]
pub(crate) struct Bench {
    pub(crate) world: World,
    pub(crate) now: Timestamp,
    pub(crate) near_vpc: String,
    pub(crate) near_table: String,
    pub(crate) near_switches: [String; 2],
    pub(crate) far_vpc: String,
    pub(crate) far_table: String,
    pub(crate) far_switches: [String; 2],
    pub(crate) group: String,
    pub(crate) instance: String,
    pub(crate) lb: String,
    calls: u32,
}

impl Bench {
    /// Two VPCs, an instance that runs in the far one, and a load balancer in the near one. No connection yet.
    pub(crate) fn apart(generation: Generation) -> Self {
        let world = World::new(Settings { enforce_ram: false, ..Settings::default() });
        let now = "2026-11-22T08:00:00Z".parse().unwrap();
        let empty = String::new;
        let mut bench = Self {
            world,
            now,
            near_vpc: empty(),
            near_table: empty(),
            near_switches: [empty(), empty()],
            far_vpc: empty(),
            far_table: empty(),
            far_switches: [empty(), empty()],
            group: empty(),
            instance: empty(),
            lb: empty(),
            calls: 0,
        };
        bench.world.set_alb_policy(Policy { generation, ..Policy::default() });
        (bench.near_vpc, bench.near_table) = bench.vpc(NEAR, "172.16.0.0/12");
        (bench.far_vpc, bench.far_table) = bench.vpc(FAR, "192.168.0.0/16");
        let (near, far) = (bench.near_vpc.clone(), bench.far_vpc.clone());
        bench.near_switches =
            [bench.switch(NEAR, &near, "a", "172.16.0.0/24"), bench.switch(NEAR, &near, "b", "172.16.6.0/24")];
        bench.far_switches =
            [bench.switch(FAR, &far, "h", "192.168.8.0/24"), bench.switch(FAR, &far, "i", "192.168.7.0/24")];
        bench.group = bench.security_group(FAR, &far);
        let (group, switch) = (bench.group.clone(), bench.far_switches[1].clone());
        bench.instance = bench.instance(FAR, &switch, &group, SERVER);
        bench.lb = bench.load_balancer();
        bench
    }

    /// The whole procedure but one piece, and for a load balancer of that generation.
    pub(crate) fn joined(generation: Generation, without: Option<Piece>) -> Self {
        let mut bench = Self::apart(generation);
        let has = |piece| without != Some(piece);
        let cen = bench.made(Service::Cbn, NEAR, "CreateCen", &[("Name", "cen")], "CenId");
        let (near, near_table) = bench.router(&cen, NEAR);
        let (far, far_table) = bench.router(&cen, FAR);
        let near_attachment = bench.attachment(&near, NEAR);
        let far_attachment = bench.attachment(&far, FAR);
        if has(Piece::NearAssociation) {
            bench.link("AssociateTransitRouterAttachmentWithRouteTable", &near_attachment, &near_table);
        }
        if has(Piece::NearPropagation) {
            bench.link("EnableTransitRouterRouteTablePropagation", &near_attachment, &near_table);
        }
        if has(Piece::FarAssociation) {
            bench.link("AssociateTransitRouterAttachmentWithRouteTable", &far_attachment, &far_table);
        }
        if has(Piece::FarPropagation) {
            bench.link("EnableTransitRouterRouteTablePropagation", &far_attachment, &far_table);
        }
        if has(Piece::Connection) {
            let publish = has(Piece::Publishing).to_string();
            let mut params = vec![
                ("TransitRouterId", near.as_str()),
                ("PeerTransitRouterId", far.as_str()),
                ("PeerTransitRouterRegionId", FAR),
                ("AutoPublishRouteEnabled", publish.as_str()),
            ];
            if has(Piece::Bandwidth) {
                params.extend([("BandwidthType", "DataTransfer"), ("Bandwidth", "100")]);
            }
            let call = "CreateTransitRouterPeerAttachment";
            let peer = bench.made(Service::Cbn, NEAR, call, &params, "TransitRouterAttachmentId");
            for (piece, call, table) in [
                (Piece::NearConnectionAssociation, "AssociateTransitRouterAttachmentWithRouteTable", &near_table),
                (Piece::NearConnectionPropagation, "EnableTransitRouterRouteTablePropagation", &near_table),
                (Piece::FarConnectionAssociation, "AssociateTransitRouterAttachmentWithRouteTable", &far_table),
                (Piece::FarConnectionPropagation, "EnableTransitRouterRouteTablePropagation", &far_table),
            ] {
                if has(piece) {
                    bench.link(call, &peer, table);
                }
            }
        }
        if has(Piece::NearRoute) {
            let table = bench.near_table.clone();
            bench.route(NEAR, &table, "192.168.7.0/24", &near_attachment);
        }
        let origins: Vec<String> = match generation {
            Generation::Upgraded => vec!["172.16.0.0/24".to_owned(), "172.16.6.0/24".to_owned()],
            Generation::Classic => back_to_origin(NEAR).iter().map(ToString::to_string).collect(),
        };
        if has(Piece::FarRoute) {
            let table = bench.far_table.clone();
            for origin in &origins {
                bench.route(FAR, &table, origin, &far_attachment);
            }
        }
        if generation == Generation::Classic && has(Piece::TransitRoute) {
            for origin in &origins {
                bench.must(
                    Service::Cbn,
                    NEAR,
                    "CreateTransitRouterRouteEntry",
                    &[
                        ("TransitRouterRouteTableId", &near_table),
                        ("TransitRouterRouteEntryDestinationCidrBlock", origin),
                        ("TransitRouterRouteEntryNextHopType", "Attachment"),
                        ("TransitRouterRouteEntryNextHopId", &near_attachment),
                    ],
                );
            }
        }
        if has(Piece::Rule) {
            let group = bench.group.clone();
            for origin in &origins {
                bench.rule(&group, origin, "80/80", "accept", "50");
            }
        }
        if !has(Piece::Instance) {
            let instance = bench.instance.clone();
            bench.must(Service::Ecs, FAR, "StopInstance", &[("InstanceId", &instance)]);
        }
        bench
    }

    pub(crate) fn call(&mut self, service: Service, region: &str, action: &str, params: &[(&str, &str)]) -> Answer {
        self.calls += 1;
        let pairs = params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let call = Call {
            service,
            action: action.to_owned(),
            region: region.to_owned(),
            params: Params::new(pairs.chain([("RegionId".to_owned(), region.to_owned())])),
            caller: Caller::Root,
            request_id: format!("request-{}", self.calls),
        };
        self.world.handle(self.now, &call)
    }

    /// Calls, and lets the world finish it.
    pub(crate) fn must(&mut self, service: Service, region: &str, action: &str, params: &[(&str, &str)]) -> Value {
        let answer = self.call(service, region, action, params);
        let answer = answer.unwrap_or_else(|refusal| panic!("{action} {params:?}: {refusal:?}"));
        self.wait(200);
        answer
    }

    pub(crate) fn alb(&mut self, action: &str, params: &[(&str, &str)]) -> Answer {
        self.call(Service::Alb, NEAR, action, params)
    }

    /// The code of a refused ALB call.
    pub(crate) fn refused(&mut self, action: &str, params: &[(&str, &str)]) -> String {
        match self.alb(action, params) {
            Ok(answer) => panic!("{action} {params:?} answered {answer}"),
            Err(refusal) => refusal.code,
        }
    }

    pub(crate) fn wait(&mut self, seconds: i64) {
        self.now += SignedDuration::from_secs(seconds);
        self.world.advance(self.now);
    }

    pub(crate) fn made(
        &mut self,
        service: Service,
        region: &str,
        action: &str,
        params: &[(&str, &str)],
        id: &str,
    ) -> String {
        self.must(service, region, action, params)[id].as_str().unwrap().to_owned()
    }

    /// A server group with health check in the near VPC.
    pub(crate) fn server_group(&mut self, extra: &[(&str, &str)]) -> String {
        let vpc = self.near_vpc.clone();
        let mut params = vec![
            ("ServerGroupName", "web-remote"),
            ("ServerGroupType", "Ip"),
            ("VpcId", vpc.as_str()),
            ("Protocol", "HTTP"),
            ("HealthCheckConfig.HealthCheckEnabled", "true"),
        ];
        params.extend(extra);
        self.made(Service::Alb, NEAR, "CreateServerGroup", &params, "ServerGroupId")
    }

    /// A listener on port 80 that forwards to a group.
    pub(crate) fn listener(&mut self, group: &str) -> String {
        let lb = self.lb.clone();
        self.made(Service::Alb, NEAR, "CreateListener", &listener_params(&lb, "80", group), "ListenerId")
    }

    /// Adds one server with Remote IP.
    pub(crate) fn add_server(&mut self, group: &str, address: &str, extra: &[(&str, &str)]) -> Answer {
        let mut params = server_params(group, address);
        params.extend(extra);
        self.alb("AddServersToServerGroup", &params)
    }

    /// The first local or back-to-origin address of the load balancer.
    pub(crate) fn source(&self) -> Ipv4Addr {
        self.world.alb.load_balancers[&self.lb].sources()[0]
    }

    pub(crate) fn rule(&mut self, group: &str, source: &str, ports: &str, policy: &str, priority: &str) {
        self.must(
            Service::Ecs,
            FAR,
            "AuthorizeSecurityGroup",
            &[
                ("SecurityGroupId", group),
                ("Permissions.1.IpProtocol", "TCP"),
                ("Permissions.1.PortRange", ports),
                ("Permissions.1.SourceCidrIp", source),
                ("Permissions.1.Policy", policy),
                ("Permissions.1.Priority", priority),
            ],
        );
    }

    pub(crate) fn route(&mut self, region: &str, table: &str, destination: &str, attachment: &str) -> Value {
        self.must(
            Service::Vpc,
            region,
            "CreateRouteEntry",
            &[
                ("RouteTableId", table),
                ("DestinationCidrBlock", destination),
                ("NextHopType", "Attachment"),
                ("NextHopId", attachment),
            ],
        )
    }

    pub(crate) fn switch(&mut self, region: &str, vpc: &str, zone: &str, cidr: &str) -> String {
        let zone = format!("{region}-{zone}");
        let params = [("VpcId", vpc), ("ZoneId", zone.as_str()), ("CidrBlock", cidr)];
        self.made(Service::Vpc, region, "CreateVSwitch", &params, "VSwitchId")
    }

    pub(crate) fn security_group(&mut self, region: &str, vpc: &str) -> String {
        self.made(Service::Ecs, region, "CreateSecurityGroup", &[("VpcId", vpc)], "SecurityGroupId")
    }

    pub(crate) fn instance(&mut self, region: &str, switch: &str, group: &str, address: &str) -> String {
        let answer = self.must(
            Service::Ecs,
            region,
            "RunInstances",
            &[
                ("VSwitchId", switch),
                ("SecurityGroupId", group),
                ("PrivateIpAddress", address),
                ("ImageId", "aliyun_3_x64"),
                ("InstanceType", "ecs.g7.large"),
            ],
        );
        answer["InstanceIdSets"]["InstanceIdSet"][0].as_str().unwrap().to_owned()
    }

    fn vpc(&mut self, region: &str, cidr: &str) -> (String, String) {
        let answer = self.must(Service::Vpc, region, "CreateVpc", &[("CidrBlock", cidr)]);
        let text = |name: &str| answer[name].as_str().unwrap().to_owned();
        (text("VpcId"), text("RouteTableId"))
    }

    fn load_balancer(&mut self) -> String {
        let (vpc, [a, b]) = (self.near_vpc.clone(), self.near_switches.clone());
        self.made(
            Service::Alb,
            NEAR,
            "CreateLoadBalancer",
            &[
                ("LoadBalancerName", "alb-1"),
                ("VpcId", &vpc),
                ("AddressType", "Intranet"),
                ("LoadBalancerEdition", "Standard"),
                ("LoadBalancerBillingConfig.PayType", "PostPay"),
                ("ZoneMappings.1.ZoneId", "cn-chengdu-a"),
                ("ZoneMappings.1.VSwitchId", &a),
                ("ZoneMappings.2.ZoneId", "cn-chengdu-b"),
                ("ZoneMappings.2.VSwitchId", &b),
            ],
            "LoadBalancerId",
        )
    }

    fn router(&mut self, cen: &str, region: &str) -> (String, String) {
        let router = self.made(Service::Cbn, region, "CreateTransitRouter", &[("CenId", cen)], "TransitRouterId");
        let tables = self.must(Service::Cbn, region, "ListTransitRouterRouteTables", &[("TransitRouterId", &router)]);
        let table = tables["TransitRouterRouteTables"][0]["TransitRouterRouteTableId"].as_str().unwrap().to_owned();
        (router, table)
    }

    fn attachment(&mut self, router: &str, region: &str) -> String {
        let (vpc, [first, second], zones) = if region == NEAR {
            (self.near_vpc.clone(), self.near_switches.clone(), ["cn-chengdu-a", "cn-chengdu-b"])
        } else {
            (self.far_vpc.clone(), self.far_switches.clone(), ["cn-hangzhou-h", "cn-hangzhou-i"])
        };
        let params = [
            ("TransitRouterId", router),
            ("VpcId", vpc.as_str()),
            ("ZoneMappings.1.ZoneId", zones[0]),
            ("ZoneMappings.1.VSwitchId", first.as_str()),
            ("ZoneMappings.2.ZoneId", zones[1]),
            ("ZoneMappings.2.VSwitchId", second.as_str()),
        ];
        self.made(Service::Cbn, region, "CreateTransitRouterVpcAttachment", &params, "TransitRouterAttachmentId")
    }

    fn link(&mut self, action: &str, attachment: &str, table: &str) {
        let params = [("TransitRouterAttachmentId", attachment), ("TransitRouterRouteTableId", table)];
        self.must(Service::Cbn, NEAR, action, &params);
    }
}

/// The parameters of `CreateListener`.
pub(crate) fn listener_params<'a>(lb: &'a str, port: &'a str, group: &'a str) -> Vec<(&'static str, &'a str)> {
    vec![
        ("LoadBalancerId", lb),
        ("ListenerProtocol", "HTTP"),
        ("ListenerPort", port),
        ("DefaultActions.1.Type", "ForwardGroup"),
        ("DefaultActions.1.ForwardGroupConfig.ServerGroupTuples.1.ServerGroupId", group),
    ]
}

/// The parameters of `AddServersToServerGroup` and `RemoveServersFromServerGroup` for one server with Remote IP.
pub(crate) fn server_params<'a>(group: &'a str, address: &'a str) -> Vec<(&'static str, &'a str)> {
    vec![
        ("ServerGroupId", group),
        ("Servers.1.ServerType", "Ip"),
        ("Servers.1.ServerId", address),
        ("Servers.1.ServerIp", address),
        ("Servers.1.Port", "80"),
        ("Servers.1.RemoteIpEnabled", "True"),
    ]
}
