"""What albridge's functions build, read back through the official SDKs, field by field.

Expects `albridge emulate --scenario procedure --alb upgraded` with the template deployed. Starting ECS1 is all that
is done here; the event, the workflow and the stages do the rest.
"""

import ipaddress
import json
import os
import sys
import time
import urllib.error
import urllib.request

from clients import Emulator, until
from record import Recorder
from world import CHENGDU, HANGZHOU, HOST

# Everything passes on the emulator's clock, the workflow's collecting window included; a slow machine needs its real time.
PATIENCE = 150.0
ADDRESS = "192.168.7.10"
MARK = "albridge/albridge/web"


class Built:
    """Reads each step's work."""

    def __init__(self, recorder):
        self.recorder = recorder
        self.call = recorder.call
        self.expect = recorder.expect

    def start(self, base):
        """Starts ECS1 and waits for its answer."""
        self.call("ecs", "StartInstance", {"InstanceId": "i-ecs1"}, HANGZHOU)

        def answered():
            try:
                request = urllib.request.Request(base, headers={"Host": HOST})
                with urllib.request.urlopen(request, timeout=5) as reply:
                    return reply.headers["x-served-by"]
            except (urllib.error.URLError, ConnectionError):
                return None

        self.expect("who serves the request", until("an answer through the load balancer", answered, PATIENCE), "i-ecs1")

    def execution(self):
        """The workflow's run comes to a good end."""

        def ended():
            flows = self.call("fnf", "ListFlows", {"Limit": 10}, HANGZHOU).typed.flows
            runs = self.call("fnf", "ListExecutions", {"FlowName": flows[0].name, "Limit": 10}, HANGZHOU).typed.executions
            return all(run.status not in ("Running", "Starting") for run in runs) and runs

        # ListExecutions and the like: two a second, with bursts of ten (workflow-events-template.md section 1.5).
        runs = until("the executions to end", lambda: paced(ended), PATIENCE)
        self.expect("how the executions ended", {run.status for run in runs}, {"Succeeded"})

    def server_group(self):
        (group,) = self.call("alb", "ListServerGroups").typed.server_groups
        self.expect("the group's type", group.server_group_type, "Ip")
        self.expect("the group's VPC", group.vpc_id, "vpc-1")
        self.expect("the group's protocol", group.protocol, "HTTP")
        self.expect("the group's scheduler", group.scheduler, "Wrr")
        self.expect("the group's status", group.server_group_status, "Available")
        self.expect("the group's health check", group.health_check_config.health_check_enabled, True)
        self.expect("the group's session stickiness", group.sticky_session_config.sticky_session_enabled, False)
        self.expect("the group's load balancers", group.related_load_balancer_ids, ["alb-1"])
        (server,) = self.call("alb", "ListServerGroupServers", {"ServerGroupId": group.server_group_id}).typed.servers
        self.expect("the server", (server.server_id, server.server_ip, server.port), (ADDRESS, ADDRESS, 80))
        self.expect("the server's weight", server.weight, 100)
        self.expect("the server's Remote IP", server.remote_ip_enabled, True)
        self.expect("the server's status", server.status, "Available")
        self.expect("the server's mark", server.description, f"{MARK}/i-ecs1")
        return group.server_group_id

    def listener(self, group):
        (listener,) = self.call("alb", "ListListeners", {"LoadBalancerIds": ["alb-1"]}).typed.listeners
        self.expect("the listener", (listener.listener_protocol, listener.listener_port), ("HTTP", 80))
        self.expect("the listener's status", listener.listener_status, "Running")
        (action,) = listener.default_actions
        self.expect("the listener's action", action.type, "ForwardGroup")
        targets = [target.server_group_id for target in action.forward_group_config.server_group_tuples]
        self.expect("the listener's groups", targets, [group])
        status = self.call("alb", "GetListenerHealthStatus", {"ListenerId": listener.listener_id}).typed
        (infos,) = (row.server_group_infos for row in status.listener_health_status)
        self.expect("the unhealthy servers", [info.non_normal_servers or [] for info in infos], [[]])

    def attachments(self):
        """Gives the VPC attachments by VPC, all associated and learned from."""
        listed = self.call("cbn", "ListTransitRouterVpcAttachments", {"CenId": "cen-1"}).typed
        attachments = {row.vpc_id: row for row in listed.transit_router_attachments}
        self.expect("the attached VPCs", sorted(attachments), ["vpc-1", "vpc-2"])
        for vpc, router, switches in (("vpc-1", "tr-chengdu", ["vsw-1", "vsw-2"]), ("vpc-2", "tr-hangzhou", ["vsw-3", "vsw-4"])):
            row = attachments[vpc]
            self.expect(f"{vpc}: status", row.status, "Attached")
            self.expect(f"{vpc}: transit router", row.transit_router_id, router)
            self.expect(f"{vpc}: vSwitches", sorted(zone.v_switch_id for zone in row.zone_mappings), switches)
        (peer,) = self.call("cbn", "ListTransitRouterPeerAttachments", {"CenId": "cen-1"}).typed.transit_router_attachments
        self.expect("the connection's status", peer.status, "Attached")
        ends = {peer.transit_router_id, peer.peer_transit_router_id}
        self.expect("the connection's ends", ends, {"tr-chengdu", "tr-hangzhou"})
        self.expect("the connection's bandwidth", (peer.cen_bandwidth_package_id, peer.bandwidth), ("cenbwp-1", 10))
        self.expect("the connection publishes", peer.auto_publish_route_enabled, True)
        self.tables(attachments, peer)
        return {vpc: row.transit_router_attachment_id for vpc, row in attachments.items()}

    def tables(self, attachments, peer):
        """Each router's system table knows its VPC's attachment and the connection, both ways."""
        for router, vpc in (("tr-chengdu", "vpc-1"), ("tr-hangzhou", "vpc-2")):
            listed = self.call("cbn", "ListTransitRouterRouteTables", {"TransitRouterId": router}).typed
            (table,) = (
                row.transit_router_route_table_id
                for row in listed.transit_router_route_tables
                if row.transit_router_route_table_type == "System"
            )
            wanted = sorted([attachments[vpc].transit_router_attachment_id, peer.transit_router_attachment_id])
            request = {"TransitRouterRouteTableId": table}
            rows = self.call("cbn", "ListTransitRouterRouteTableAssociations", request).typed.transit_router_associations
            found = sorted(row.transit_router_attachment_id for row in rows if row.status == "Active")
            self.expect(f"{router}: associations", found, wanted)
            rows = self.call("cbn", "ListTransitRouterRouteTablePropagations", request).typed.transit_router_propagations
            found = sorted(row.transit_router_attachment_id for row in rows if row.status == "Active")
            self.expect(f"{router}: propagations", found, wanted)

    def routes(self, attachments):
        """The way there is the backends' prefix; the way back is the load balancer's vSwitches."""
        there = self.custom_routes(CHENGDU, "vpc-1")
        self.expect("the way there", there, {prefix: attachments["vpc-1"] for prefix in there})
        reached = [prefix for prefix in there if ipaddress.ip_address(ADDRESS) in ipaddress.ip_network(prefix)]
        self.expect("the way to ECS1", len(reached), 1)
        back = self.custom_routes(HANGZHOU, "vpc-2")
        wanted = {prefix: attachments["vpc-2"] for prefix in ("172.16.0.0/24", "172.16.6.0/24")}
        self.expect("the way back", back, wanted)

    def custom_routes(self, region, vpc):
        """Prefix and next hop of every available route that somebody made."""
        request = {"RegionId": region, "VpcId": vpc}
        tables = self.call("vpc", "DescribeRouteTableList", request, region).typed.router_table_list.router_table_list_type
        (table,) = (row.route_table_id for row in tables if row.route_table_type == "System")
        request = {"RegionId": region, "RouteTableId": table, "RouteEntryType": "Custom", "MaxResult": 100}
        rows = self.call("vpc", "DescribeRouteEntryList", request, region).typed.route_entrys.route_entry
        self.expect(f"{vpc}: the routes' states", {row.status for row in rows}, {"Available"})
        self.expect(f"{vpc}: the routes' marks", all(row.description.startswith(MARK) for row in rows), True)
        return {row.destination_cidr_block: row.next_hops.next_hop[0].next_hop_id for row in rows}

    def security_rules(self):
        request = {"RegionId": HANGZHOU, "SecurityGroupId": "sg-2", "Direction": "ingress"}
        rules = self.call("ecs", "DescribeSecurityGroupAttribute", request, HANGZHOU).typed.permissions.permission
        sources = sorted(rule.source_cidr_ip for rule in rules)
        self.expect("the rules' sources", sources, ["172.16.0.0/24", "172.16.6.0/24"])
        for rule in rules:
            self.expect("a rule", (rule.ip_protocol.upper(), rule.port_range, rule.policy), ("TCP", "80/80", "Accept"))
            self.expect("a rule's mark", rule.description.startswith(MARK), True)


def paced(look):
    """Stays under two calls a second."""
    time.sleep(1.1)
    return look()


def main():
    with open(os.environ["EMULATOR_READY_LINE"], encoding="utf-8") as file:
        line = json.load(file)
    recorder = Recorder(Emulator(line))
    built = Built(recorder)
    built.start(line["dataPlane"]["alb-1:80"])
    built.execution()
    group = built.server_group()
    built.listener(group)
    attachments = built.attachments()
    built.routes(attachments)
    built.security_rules()
    return recorder.finish("what the functions build")


if __name__ == "__main__":
    sys.exit(main())
