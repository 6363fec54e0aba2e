//! What somebody does at the console, to break something or to mend it.

use std::time::Duration;

use emulator::call::{Call, Caller, Params, Service};
use serde_json::Value;

use super::{FAR, NEAR};
use crate::tests::{Desk, Ran};

/// Time enough for health checks, routes and attachments to settle.
const SETTLED: Duration = Duration::from_secs(240);

impl Desk {
    /// A call by hand, at the console.
    pub(in crate::tests) fn act(&self, service: Service, region: &str, action: &str, params: &[(&str, &str)]) -> Value {
        let now = self.local.clock().now();
        let params = params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let call = Call {
            service,
            action: action.to_owned(),
            region: region.to_owned(),
            params: Params::new(params),
            caller: Caller::Root,
            request_id: self.local.clock().uuid().to_uppercase(),
        };
        let answer = self.local.cloud().with(|world| world.handle(now, &call));
        answer.unwrap_or_else(|error| panic!("{action}: {error:?}"))
    }

    pub(in crate::tests) async fn settle(&self) {
        // The emulated health checks see a change when they are asked, and decide some seconds later.
        for _ in 0..2 {
            self.local.clock().sleep(SETTLED / 2).await;
            self.status().await;
        }
    }

    pub(in crate::tests) async fn status(&self) -> Ran {
        self.run(&["status", "web"]).await
    }

    pub(in crate::tests) fn group(&self) -> String {
        let found = self.act(Service::Alb, NEAR, "ListServerGroups", &[("ServerGroupNames.1", "web-remote")]);
        text(&found["ServerGroups"][0]["ServerGroupId"])
    }

    /// Sets one setting of the group's health check.
    pub(in crate::tests) fn health_check(&self, setting: &str, value: &str) {
        let (group, setting) = (self.group(), format!("HealthCheckConfig.{setting}"));
        let params = [
            ("ServerGroupId", group.as_str()),
            ("HealthCheckConfig.HealthCheckEnabled", "true"),
            (setting.as_str(), value),
        ];
        self.act(Service::Alb, NEAR, "UpdateServerGroupAttribute", &params);
    }

    pub(in crate::tests) fn listener(&self) -> String {
        let found = self.act(Service::Alb, NEAR, "ListListeners", &[("LoadBalancerIds.1", "alb-1")]);
        text(&found["Listeners"][0]["ListenerId"])
    }

    pub(in crate::tests) fn vpc_attachment(&self, region: &str, vpc: &str) -> String {
        let filter = [("VpcId", vpc)];
        let found = self.act(Service::Cbn, region, "ListTransitRouterVpcAttachments", &filter);
        text(&found["TransitRouterAttachments"][0]["TransitRouterAttachmentId"])
    }

    pub(in crate::tests) fn peer(&self) -> String {
        let found =
            self.act(Service::Cbn, NEAR, "ListTransitRouterPeerAttachments", &[("TransitRouterId", "tr-chengdu")]);
        text(&found["TransitRouterAttachments"][0]["TransitRouterAttachmentId"])
    }

    /// A rule that drops the ALB's packets before any other one is asked.
    pub(in crate::tests) fn drop_first(&self) {
        self.drop_from(("Permissions.1.SourceCidrIp", "172.16.0.0/12"));
    }

    /// The same for packets from a source, by its parameter and value.
    pub(in crate::tests) fn drop_from(&self, source: (&str, &str)) {
        let params = [
            ("RegionId", FAR),
            ("SecurityGroupId", "sg-2"),
            ("Permissions.1.Policy", "drop"),
            ("Permissions.1.Priority", "1"),
            ("Permissions.1.IpProtocol", "TCP"),
            ("Permissions.1.PortRange", "80/80"),
            source,
        ];
        self.act(Service::Ecs, FAR, "AuthorizeSecurityGroup", &params);
    }

    pub(in crate::tests) fn delete_route(&self, region: &str, table: &str, destination: &str) {
        let query = [("RegionId", region), ("RouteTableId", table), ("DestinationCidrBlock", destination)];
        let found = self.act(Service::Vpc, region, "DescribeRouteEntryList", &query);
        let id = text(&found["RouteEntrys"]["RouteEntry"][0]["RouteEntryId"]);
        self.act(Service::Vpc, region, "DeleteRouteEntry", &[("RegionId", region), ("RouteEntryId", &id)]);
    }

    /// A network ACL on the instance's vSwitch whose only entry in a list drops everything.
    pub(in crate::tests) fn deny(&self, list: &str) {
        let found = self.act(Service::Vpc, FAR, "DescribeNetworkAcls", &[("RegionId", FAR)]);
        if let Some(acl) = found["NetworkAcls"]["NetworkAcl"].as_array().and_then(|acls| acls.first()) {
            return self.entry(&text(&acl["NetworkAclId"]), list, "drop", "-1/-1");
        }
        let made = self.act(Service::Vpc, FAR, "CreateNetworkAcl", &[("RegionId", FAR), ("VpcId", "vpc-2")]);
        let acl = text(&made["NetworkAclId"]);
        self.entry(&acl, list, "drop", "-1/-1");
        let bind = [
            ("NetworkAclId", acl.as_str()),
            ("RegionId", FAR),
            ("Resource.1.ResourceId", "vsw-4"),
            ("Resource.1.ResourceType", "VSwitch"),
        ];
        self.act(Service::Vpc, FAR, "AssociateNetworkAcl", &bind);
    }

    fn entry(&self, acl: &str, list: &str, policy: &str, ports: &str) {
        let (update, prefix) = (format!("Update{list}AclEntries"), format!("{list}AclEntries.1"));
        let cidr = if list == "Ingress" { "SourceCidrIp" } else { "DestinationCidrIp" };
        let fields = ["Policy", "Protocol", "Port", cidr].map(|field| format!("{prefix}.{field}"));
        let params = [
            ("NetworkAclId", acl),
            ("RegionId", FAR),
            (update.as_str(), "true"),
            (fields[0].as_str(), policy),
            (fields[1].as_str(), if ports == "-1/-1" { "all" } else { "tcp" }),
            (fields[2].as_str(), ports),
            (fields[3].as_str(), "0.0.0.0/0"),
        ];
        self.act(Service::Vpc, FAR, "UpdateNetworkAclEntries", &params);
    }

    /// Lets the list of the only network ACL pass everything, as the remedy says.
    pub(in crate::tests) fn pass(&self, list: &str) {
        self.pass_ports(list, "-1/-1");
    }

    /// Lets the list of the only network ACL pass these ports alone.
    pub(in crate::tests) fn pass_ports(&self, list: &str, ports: &str) {
        let found = self.act(Service::Vpc, FAR, "DescribeNetworkAcls", &[("RegionId", FAR)]);
        let acls = found["NetworkAcls"]["NetworkAcl"].as_array().unwrap();
        for acl in acls {
            self.entry(&text(&acl["NetworkAclId"]), list, "accept", ports);
        }
    }

    /// Removes the rules that drop, as the remedy says.
    pub(in crate::tests) fn revoke_drops(&self) {
        self.revoke(|rule| text(&rule["Policy"]).eq_ignore_ascii_case("drop"));
    }

    /// Removes rules of the instance's security group.
    pub(in crate::tests) fn revoke(&self, is_meant: impl Fn(&Value) -> bool) {
        let of = [("RegionId", FAR), ("SecurityGroupId", "sg-2")];
        let found = self.act(Service::Ecs, FAR, "DescribeSecurityGroupAttribute", &of);
        for rule in found["Permissions"]["Permission"].as_array().unwrap() {
            if is_meant(rule) {
                let id = text(&rule["SecurityGroupRuleId"]);
                let params = [of[0], of[1], ("SecurityGroupRuleId.1", id.as_str())];
                self.act(Service::Ecs, FAR, "RevokeSecurityGroup", &params);
            }
        }
    }

    /// Changes the bindings that the commands read.
    pub(in crate::tests) fn rewrite(&self, old: &str, new: &str) {
        let file = self.file("bindings.yml");
        let bindings = std::fs::read_to_string(&file).unwrap();
        assert!(bindings.contains(old), "{old}");
        std::fs::write(file, bindings.replacen(old, new, 1)).unwrap();
    }

    /// The instance's web server listens on this port alone.
    pub(in crate::tests) fn listen(&self, port: u16) {
        let state = emulator::AccountState::WebServer("i-ecs1".to_owned(), [port].into(), None);
        assert!(self.local.cloud().with(|world| world.set_account(state)));
    }

    /// Registers an address at the console.
    pub(in crate::tests) fn register(&self, address: &str) {
        let group = self.group();
        let more = [("Servers.1.Weight", "100"), ("Servers.1.RemoteIpEnabled", "true")];
        let params = [&server(&group, address)[..], &more].concat();
        self.act(Service::Alb, NEAR, "AddServersToServerGroup", &params);
    }

    /// Takes an address out of the group.
    pub(in crate::tests) fn remove_member(&self, address: &str) {
        let group = self.group();
        self.act(Service::Alb, NEAR, "RemoveServersFromServerGroup", &server(&group, address));
    }

    pub(in crate::tests) fn member(&self, weight: &str) {
        let group = self.group();
        let listed = self.act(Service::Alb, NEAR, "ListServerGroupServers", &[("ServerGroupId", &group)]);
        let description = text(&listed["Servers"][0]["Description"]);
        let params = [
            ("ServerGroupId", group.as_str()),
            ("Servers.1.ServerType", "Ip"),
            ("Servers.1.ServerId", "192.168.7.10"),
            ("Servers.1.ServerIp", "192.168.7.10"),
            ("Servers.1.Port", "80"),
            ("Servers.1.Weight", weight),
            ("Servers.1.Description", &description),
        ];
        self.act(Service::Alb, NEAR, "UpdateServerGroupServersAttribute", &params);
    }
}

/// An entry of a server group, as calls name it.
fn server<'a>(group: &'a str, address: &'a str) -> [(&'static str, &'a str); 5] {
    [
        ("ServerGroupId", group),
        ("Servers.1.ServerType", "Ip"),
        ("Servers.1.ServerId", address),
        ("Servers.1.ServerIp", address),
        ("Servers.1.Port", "80"),
    ]
}

pub(in crate::tests) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}
