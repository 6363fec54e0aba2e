"""The manual procedure (eight steps, `reference/procedure.md`) by public calls alone, from nothing and back to nothing.

Steps 5 to 7 differ by the load balancer's generation, which is read as an operator would read it: an upgraded one
shows the addresses that its packets come from.
"""

import sys
import urllib.request

from clients import Emulator, until
from record import Recorder
from world import CHENGDU, HANGZHOU, HOST, World

# Chengdu's back-to-origin prefixes, which no API tells (reference/cloud-apis.md section 0.2).
BACK_TO_ORIGIN = [
    "100.117.130.0/25",
    "100.117.130.128/25",
    "100.117.131.0/25",
    "100.117.131.128/25",
    "100.122.175.64/26",
    "100.122.175.128/26",
    "100.122.175.192/26",
    "100.122.176.0/26",
]


class Procedure:
    """The steps, in the procedure's order, and the names of what they make."""

    def __init__(self, world):
        self.world = world
        self.call = world.call
        self.recorder = world.recorder

    def carry_out(self):
        """Steps 1 to 8."""
        self.server_group()
        self.listener()
        self.vpc_attachments()
        self.peer_attachment()
        self.routes()
        self.security_rules()
        return self.request()

    def server_group(self):
        """Step 1."""
        world = self.world
        request = {
            "ServerGroupName": "web-remote",
            "ServerGroupType": "Ip",
            "VpcId": world.vpc1,
            "Protocol": "HTTP",
            "Scheduler": "Wrr",
            "HealthCheckConfig": {"HealthCheckEnabled": True, "HealthCheckPath": "/", "HealthCheckProtocol": "HTTP"},
            "StickySessionConfig": {"StickySessionEnabled": False},
            "ClientToken": f"step-1-{world.vpc1}",
        }
        self.group = world.job(self.call("alb", "CreateServerGroup", request))["ServerGroupId"]
        again = self.call("alb", "CreateServerGroup", request)["ServerGroupId"]
        self.recorder.expect("the group of the same ClientToken", again, self.group)
        server = {
            "ServerType": "Ip",
            "ServerId": world.address,
            "ServerIp": world.address,
            "Port": 80,
            "Weight": 100,
            "RemoteIpEnabled": True,
            "Description": "ECS1",
        }
        request = {"ServerGroupId": self.group, "Servers": [server]}
        world.job(self.call("alb", "AddServersToServerGroup", request))
        listed = self.call("alb", "ListServerGroupServers", {"ServerGroupId": self.group})
        (found,) = listed.typed.servers
        for field, wanted in server.items():
            self.recorder.expect(f"the server's {field}", found.to_map().get(field), wanted)
        self.recorder.expect("the server's status", found.status, "Available")

    def listener(self):
        """Step 2."""
        world = self.world
        request = {
            "LoadBalancerId": world.alb,
            "ListenerProtocol": "HTTP",
            "ListenerPort": 80,
            "ListenerDescription": "web",
            "DefaultActions": [
                {
                    "Type": "ForwardGroup",
                    "ForwardGroupConfig": {"ServerGroupTuples": [{"ServerGroupId": self.group}]},
                }
            ],
        }
        self.listener_id = world.job(self.call("alb", "CreateListener", request))["ListenerId"]
        found = self.call("alb", "GetListenerAttribute", {"ListenerId": self.listener_id}).typed
        self.recorder.expect("the listener's port", found.listener_port, 80)
        self.recorder.expect("the listener's status", found.listener_status, "Running")
        (action,) = found.default_actions
        (target,) = action.forward_group_config.server_group_tuples
        self.recorder.expect("the listener's server group", target.server_group_id, self.group)

    def vpc_attachments(self):
        """Step 3. The console's advanced settings, which the API does not make by itself."""
        world = self.world
        self.attachment1 = self.attach(CHENGDU, world.tr1, world.vpc1, {"a": world.vsw1, "b": world.vsw2})
        self.attachment2 = self.attach(HANGZHOU, world.tr2, world.vpc2, {"h": world.vsw3, "i": world.vsw4})
        self.table1 = self.system_table(world.tr1)
        self.table2 = self.system_table(world.tr2)
        self.link(self.attachment1, self.table1)
        self.link(self.attachment2, self.table2)

    def attach(self, region, router, vpc, vswitches):
        request = {
            "CenId": self.world.cen,
            "RegionId": region,
            "TransitRouterId": router,
            "VpcId": vpc,
            "TransitRouterAttachmentName": f"attachment-{region}",
            "ZoneMappings": [{"ZoneId": f"{region}-{zone}", "VSwitchId": vswitch} for zone, vswitch in vswitches.items()],
        }
        answer = self.call("cbn", "CreateTransitRouterVpcAttachment", request)
        attachment = answer["TransitRouterAttachmentId"]

        def attached():
            request = {"CenId": self.world.cen, "TransitRouterAttachmentId": attachment}
            (found,) = self.call("cbn", "ListTransitRouterVpcAttachments", request).typed.transit_router_attachments
            return found.status == "Attached" and found

        found = until(f"{vpc} to be attached", attached)
        self.recorder.expect("the attachment's VPC", found.vpc_id, vpc)
        self.recorder.expect("the attachment's zones", len(found.zone_mappings), 2)
        return attachment

    def system_table(self, router):
        listed = self.call("cbn", "ListTransitRouterRouteTables", {"TransitRouterId": router})
        tables = listed.typed.transit_router_route_tables
        return next(table.transit_router_route_table_id for table in tables if table.transit_router_route_table_type == "System")

    def link(self, attachment, table):
        """Associates an attachment with a table and lets the table learn from it."""
        request = {"TransitRouterAttachmentId": attachment, "TransitRouterRouteTableId": table}
        for write, read, rows in (
            (
                "AssociateTransitRouterAttachmentWithRouteTable",
                "ListTransitRouterRouteTableAssociations",
                "TransitRouterAssociations",
            ),
            (
                "EnableTransitRouterRouteTablePropagation",
                "ListTransitRouterRouteTablePropagations",
                "TransitRouterPropagations",
            ),
        ):
            self.call("cbn", write, request)
            until(write, lambda: [row["Status"] for row in self.call("cbn", read, request)[rows]] == ["Active"])

    def peer_attachment(self):
        """Step 4."""
        world = self.world
        request = {
            "CenId": world.cen,
            "RegionId": CHENGDU,
            "TransitRouterId": world.tr1,
            "PeerTransitRouterRegionId": HANGZHOU,
            "PeerTransitRouterId": world.tr2,
            "BandwidthType": "BandwidthPackage",
            "CenBandwidthPackageId": world.package,
            "Bandwidth": 10,
            "AutoPublishRouteEnabled": True,
            "TransitRouterAttachmentName": "chengdu-hangzhou",
        }
        self.peer = self.call("cbn", "CreateTransitRouterPeerAttachment", request)["TransitRouterAttachmentId"]

        def attached():
            request = {"CenId": world.cen, "TransitRouterAttachmentId": self.peer}
            (found,) = self.call("cbn", "ListTransitRouterPeerAttachments", request).typed.transit_router_attachments
            return found.status == "Attached" and found

        found = until("the connection", attached)
        self.recorder.expect("the connection's bandwidth", found.bandwidth, 10)
        self.recorder.expect("the connection's far router", found.peer_transit_router_id, world.tr2)
        self.link(self.peer, self.table1)
        self.link(self.peer, self.table2)

    def sources(self):
        """Where the load balancer's packets come from, and whether it is upgraded."""
        attribute = self.call("alb", "GetLoadBalancerAttribute", {"LoadBalancerId": self.world.alb}).typed
        addresses = [address for zone in attribute.zone_mappings for address in zone.load_balancer_addresses]
        upgraded = any(address.ipv_4local_addresses for address in addresses)
        return (["172.16.0.0/24", "172.16.6.0/24"], True) if upgraded else (BACK_TO_ORIGIN, False)

    def routes(self):
        """Steps 5 and 6: the way there, and the way back."""
        world = self.world
        self.there = self.route(CHENGDU, world.vpc1, "192.168.7.0/24", self.attachment1)
        prefixes, upgraded = self.sources()
        self.back = [self.route(HANGZHOU, world.vpc2, prefix, self.attachment2) for prefix in prefixes]
        self.static = [] if upgraded else [self.static_route(prefix) for prefix in prefixes]

    def route(self, region, vpc, prefix, attachment):
        """A route of a VPC's system table; one write of a VPC's routes at a time."""
        request = {"RegionId": region, "VpcId": vpc, "RouteTableType": "System"}
        listed = self.call("vpc", "DescribeRouteTableList", request, region)
        (table,) = listed.typed.router_table_list.router_table_list_type
        request = {
            "RegionId": region,
            "RouteTableId": table.route_table_id,
            "DestinationCidrBlock": prefix,
            "NextHopType": "Attachment",
            "NextHopId": attachment,
            "RouteEntryName": "albridge-sdk",
        }
        entry = self.call("vpc", "CreateRouteEntry", request, region)["RouteEntryId"]

        def available():
            request = {"RegionId": region, "RouteTableId": table.route_table_id, "DestinationCidrBlock": prefix}
            rows = self.call("vpc", "DescribeRouteEntryList", request, region).typed.route_entrys.route_entry
            return [row.status for row in rows] == ["Available"] and rows[0]

        row = until(f"the route to {prefix}", available)
        (hop,) = row.next_hops.next_hop
        self.recorder.expect("the route's next hop", (hop.next_hop_type, hop.next_hop_id), ("Attachment", attachment))
        return region, entry

    def static_route(self, prefix):
        """The transit router's own route back to the load balancer's VPC."""
        request = {
            "TransitRouterRouteTableId": self.table1,
            "TransitRouterRouteEntryDestinationCidrBlock": prefix,
            "TransitRouterRouteEntryNextHopType": "Attachment",
            "TransitRouterRouteEntryNextHopId": self.attachment1,
        }
        entry = self.call("cbn", "CreateTransitRouterRouteEntry", request)["TransitRouterRouteEntryId"]

        def active():
            request = {
                "TransitRouterRouteTableId": self.table1,
                "TransitRouterRouteEntryDestinationCidrBlock": prefix,
                "TransitRouterRouteEntryType": "Static",
            }
            rows = self.call("cbn", "ListTransitRouterRouteEntries", request).typed.transit_router_route_entries
            return [row.transit_router_route_entry_status for row in rows] == ["Active"]

        until(f"the static route to {prefix}", active)
        return entry

    def security_rules(self):
        """Step 7."""
        world = self.world
        prefixes, _ = self.sources()
        request = {
            "RegionId": HANGZHOU,
            "SecurityGroupId": world.group,
            "Permissions": [
                {
                    "IpProtocol": "TCP",
                    "PortRange": "80/80",
                    "SourceCidrIp": prefix,
                    "Policy": "Accept",
                    "Priority": "50",
                    "Description": "load balancer",
                }
                for prefix in prefixes
            ],
        }
        self.call("ecs", "AuthorizeSecurityGroup", request, HANGZHOU)
        request = {"RegionId": HANGZHOU, "SecurityGroupId": world.group, "Direction": "ingress"}
        found = self.call("ecs", "DescribeSecurityGroupAttribute", request, HANGZHOU).typed.permissions.permission
        self.rules = [rule.security_group_rule_id for rule in found]
        self.recorder.expect("the rules' sources", sorted(rule.source_cidr_ip for rule in found), sorted(prefixes))

    def request(self):
        """Step 8: the server is healthy, and a real request is answered by it."""
        world = self.world

        def healthy():
            status = self.call("alb", "GetListenerHealthStatus", {"ListenerId": self.listener_id})
            (listener,) = status.raw["ListenerHealthStatus"]
            return all(not info.get("NonNormalServers") for info in listener["ServerGroupInfos"])

        until("ECS1 to be healthy", healthy)
        base = until("the listener's port", lambda: self.recorder.emulator.data_plane(world.alb, 80))
        with urllib.request.urlopen(urllib.request.Request(base, headers={"Host": HOST}), timeout=10) as reply:
            self.recorder.expect("the answer's status", reply.status, 200)
            self.recorder.expect("who served it", reply.headers["x-served-by"], world.ecs1)
            self.recorder.expect("the answer", reply.read().decode().strip(), f"Hello from {world.ecs1}")
        return base

    def undo(self):
        """Takes the steps back, last first."""
        world, gone = self.world, self.world.gone
        request = {"RegionId": HANGZHOU, "SecurityGroupId": world.group, "SecurityGroupRuleId": self.rules}
        self.call("ecs", "RevokeSecurityGroup", request, HANGZHOU)
        for entry in self.static:
            gone("cbn", "DeleteTransitRouterRouteEntry", {"TransitRouterRouteEntryId": entry})
        for region, entry in [*self.back, self.there]:
            gone("vpc", "DeleteRouteEntry", {"RegionId": region, "RouteEntryId": entry}, region)
        for attachment, table in (
            (self.peer, self.table2),
            (self.peer, self.table1),
            (self.attachment2, self.table2),
            (self.attachment1, self.table1),
        ):
            request = {"TransitRouterAttachmentId": attachment, "TransitRouterRouteTableId": table}
            gone("cbn", "DisableTransitRouterRouteTablePropagation", request)
            gone("cbn", "DissociateTransitRouterAttachmentFromRouteTable", request)
        gone("cbn", "DeleteTransitRouterPeerAttachment", {"TransitRouterAttachmentId": self.peer})
        for attachment in (self.attachment2, self.attachment1):
            gone("cbn", "DeleteTransitRouterVpcAttachment", {"TransitRouterAttachmentId": attachment})
        world.job(gone("alb", "DeleteListener", {"ListenerId": self.listener_id}))
        server = {"ServerType": "Ip", "ServerId": world.address, "ServerIp": world.address, "Port": 80}
        request = {"ServerGroupId": self.group, "Servers": [server]}
        world.job(gone("alb", "RemoveServersFromServerGroup", request))
        world.job(gone("alb", "DeleteServerGroup", {"ServerGroupId": self.group}))


def main():
    recorder = Recorder(Emulator.from_environment())
    world = World(recorder)
    world.make()
    procedure = Procedure(world)
    procedure.carry_out()
    procedure.undo()
    world.unmake()
    for region in (CHENGDU, HANGZHOU):
        left = recorder.call("vpc", "DescribeVpcs", {"RegionId": region}, region).typed
        recorder.expect(f"VPCs left in {region}", left.total_count, 0)
    return recorder.finish("procedure")


if __name__ == "__main__":
    sys.exit(main())
