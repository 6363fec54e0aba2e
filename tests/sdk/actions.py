"""Every action that the emulator implements, called through the official SDK of its service.

The procedure is carried out first: it makes what most of the other actions look at. Then each service's remaining
actions are called, everything is undone, and the table is compared with what was called: an action without a call
fails, so an action that is added to the emulator must be added here.

`--update` rewrites `absent.txt` instead of judging it.
"""

import sys

from clients import Emulator, Refusal, refused, until
from platform_actions import FC_ACTIONS, RAM_ACTIONS, REFUSED, PlatformTour
from procedure import Procedure
from record import Recorder, documented_services
from world import CHENGDU, HANGZHOU, World


class Tour:
    """The actions that the procedure has no use for."""

    def __init__(self, world, procedure):
        self.world = world
        self.procedure = procedure
        self.recorder = world.recorder
        self.call = world.call
        self.expect = world.recorder.expect

    def alb(self):
        world, group, listener = self.world, self.procedure.group, self.procedure.listener_id
        self.call("alb", "DescribeRegions")
        self.call("alb", "DescribeZones")
        listed = self.call("alb", "ListLoadBalancers", {"LoadBalancerIds": [world.alb]}).typed
        self.expect("load balancers by id", [row.load_balancer_name for row in listed.load_balancers], ["ALB1"])
        tags = {"ResourceType": "servergroup", "ResourceId": [group]}
        self.call("alb", "TagResources", tags | {"Tag": [{"Key": "team", "Value": "a b*~/é"}]})
        found = self.call("alb", "ListTagResources", tags).typed.tag_resources
        self.expect("the group's tags", [(tag.tag_key, tag.tag_value) for tag in found], [("team", "a b*~/é")])
        listed = self.call("alb", "ListServerGroups", {"ServerGroupIds": [group], "MaxResults": 20}).typed
        (row,) = listed.server_groups
        self.expect("the group's members", row.server_count, 1)
        self.expect("the group's VPC", row.vpc_id, world.vpc1)
        self.expect("the group's load balancers", row.related_load_balancer_ids, [world.alb])
        self.expect("the group's health check", row.health_check_config.health_check_enabled, True)
        listed = self.call("alb", "ListListeners", {"LoadBalancerIds": [world.alb]}).typed
        self.expect("listeners", [row.listener_id for row in listed.listeners], [listener])
        self.call("alb", "UnTagResources", tags | {"TagKey": ["team"]})
        request = {"ServerGroupId": group, "ServerGroupName": "web-renamed", "Scheduler": "Wlc"}
        world.job(self.call("alb", "UpdateServerGroupAttribute", request))
        server = {"ServerType": "Ip", "ServerId": world.address, "ServerIp": world.address, "Port": 80}
        request = {"ServerGroupId": group, "Servers": [server | {"Weight": 50}]}
        world.job(self.call("alb", "UpdateServerGroupServersAttribute", request))
        other = {"ServerType": "Ip", "ServerId": "172.16.0.99", "ServerIp": "172.16.0.99", "Port": 80}
        request = {"ServerGroupId": group, "AddedServers": [other | {"Weight": 1}], "RemovedServers": [server]}
        world.job(self.call("alb", "ReplaceServersInServerGroup", request))

        def unhealthy():
            status = self.call("alb", "GetListenerHealthStatus", {"ListenerId": listener, "IncludeRule": True})
            (shown,) = status.raw["ListenerHealthStatus"]
            servers = [server for info in shown["ServerGroupInfos"] for server in info.get("NonNormalServers", [])]
            return any(server["ServerIp"] == "172.16.0.99" and server["Status"] == "Unhealthy" for server in servers)

        until("the server that nobody is to be unhealthy", unhealthy)
        back = {"ServerGroupId": group, "Servers": [other]}
        world.job(self.call("alb", "RemoveServersFromServerGroup", back))
        again = {"ServerGroupId": group, "Servers": [server | {"RemoteIpEnabled": True}]}
        world.job(self.call("alb", "AddServersToServerGroup", again))
        request = {"ListenerId": listener, "ListenerDescription": "renamed", "IdleTimeout": 20}
        world.job(self.call("alb", "UpdateListenerAttribute", request))
        world.job(self.call("alb", "StopListener", {"ListenerId": listener}))
        world.job(self.call("alb", "StartListener", {"ListenerId": listener}))
        forward = {"ServerGroupTuples": [{"ServerGroupId": group}]}
        mirror = {"TargetType": "ForwardGroupMirror", "MirrorGroupConfig": forward}
        request = {
            "ListenerId": listener,
            "Priority": 10,
            "RuleName": "api-rule",
            "RuleActions": [
                {"Type": "TrafficMirror", "Order": 1, "TrafficMirrorConfig": mirror},
                {"Type": "ForwardGroup", "Order": 2, "ForwardGroupConfig": forward},
            ],
            "RuleConditions": [{"Type": "Path", "PathConfig": {"Values": ["/api/*"]}}],
        }
        rule = world.job(self.call("alb", "CreateRule", request))["RuleId"]
        (row,) = self.call("alb", "ListRules", {"RuleIds": [rule]}).typed.rules
        self.expect("the rule's listener", row.listener_id, listener)
        mirrored = row.rule_actions[0].traffic_mirror_config.mirror_group_config.server_group_tuples
        self.expect("the rule's copies", [tuple.server_group_id for tuple in mirrored], [group])
        self.expect("the rule's paths", row.rule_conditions[0].path_config.values, ["/api/*"])
        world.job(self.call("alb", "DeleteRule", {"RuleId": rule}))
        self.expect("DryRun", refused("DryRunOperation", lambda: self.dry_run()).status_code, 400)

    def dry_run(self):
        request = {"ServerGroupName": "never", "VpcId": self.world.vpc1, "ServerGroupType": "Ip", "DryRun": True}
        request["HealthCheckConfig"] = {"HealthCheckEnabled": False}
        self.world.recorder.emulator.call("alb", "CreateServerGroup", request)

    def cbn(self):
        world, procedure = self.world, self.procedure
        self.call("cbn", "CheckTransitRouterService")
        self.call("cbn", "ListTransitRouterAvailableResource", {"RegionId": CHENGDU})
        packages = self.call("cbn", "DescribeCenBandwidthPackages").typed
        (package,) = packages.cen_bandwidth_packages.cen_bandwidth_package
        self.expect("the plan's bandwidth", package.bandwidth, 100)
        request = {"TransitRouterAttachmentId": procedure.attachment1, "TransitRouterAttachmentName": "renamed"}
        self.call("cbn", "UpdateTransitRouterVpcAttachmentAttribute", request)
        self.settled("ListTransitRouterVpcAttachments", procedure.attachment1)
        request = {
            "TransitRouterAttachmentId": procedure.attachment1,
            "RemoveZoneMappings": [{"ZoneId": "cn-chengdu-b", "VSwitchId": world.vsw2}],
        }
        self.call("cbn", "UpdateTransitRouterVpcAttachmentZones", request)
        self.settled("ListTransitRouterVpcAttachments", procedure.attachment1)
        request = {
            "TransitRouterAttachmentId": procedure.attachment1,
            "AddZoneMappings": [{"ZoneId": "cn-chengdu-b", "VSwitchId": world.vsw2}],
        }
        self.call("cbn", "UpdateTransitRouterVpcAttachmentZones", request)
        self.settled("ListTransitRouterVpcAttachments", procedure.attachment1)
        request = {"TransitRouterAttachmentId": procedure.peer, "Bandwidth": 20}
        self.call("cbn", "UpdateTransitRouterPeerAttachmentAttribute", request)
        found = self.settled("ListTransitRouterPeerAttachments", procedure.peer)
        self.expect("the connection's new bandwidth", found["Bandwidth"], 20)
        request = {"TransitRouterId": world.tr1, "TransitRouterRouteTableName": "second"}
        table = self.call("cbn", "CreateTransitRouterRouteTable", request)["TransitRouterRouteTableId"]

        def active():
            request = {"TransitRouterId": world.tr1, "TransitRouterRouteTableIds": [table]}
            (row,) = self.call("cbn", "ListTransitRouterRouteTables", request)["TransitRouterRouteTables"]
            return row["TransitRouterRouteTableStatus"] == "Active"

        until("the second table", active)
        procedure.table1, first = table, procedure.table1
        entry = procedure.static_route("10.9.0.0/16")
        procedure.table1 = first
        world.gone("cbn", "DeleteTransitRouterRouteEntry", {"TransitRouterRouteEntryId": entry})
        world.gone("cbn", "DeleteTransitRouterRouteTable", {"TransitRouterRouteTableId": table})
        grant = {
            "CenId": world.cen,
            "CenOwnerId": 1234567890123456,
            "InstanceId": world.vpc1,
            "InstanceType": "VPC",
            "RegionId": CHENGDU,
        }
        self.call("cbn", "GrantInstanceToTransitRouter", grant)
        self.call("cbn", "DescribeGrantRulesToCen", {"CenId": world.cen, "ProductType": "VPC"})
        refused("", lambda: self.world.recorder.emulator.call("cbn", "RevokeInstanceFromTransitRouter", grant))
        tags = {"ResourceType": "cen", "ResourceId": [world.cen]}
        self.call("cbn", "TagResources", tags | {"Tag": [{"Key": "team", "Value": "net"}]})
        found = self.call("cbn", "ListTagResources", tags)
        self.expect("the CEN's tags", found["TagResources"]["TagResource"][0]["TagKey"], "team")
        self.call("cbn", "DescribeCens")
        self.call("cbn", "UntagResources", tags | {"TagKey": ["team"]})

    def cbn_after(self):
        """What is possible only once the attachments are gone."""
        world = self.world
        request = {"CenId": world.cen, "CenOwnerId": 1234567890123456, "InstanceId": world.vpc1, "InstanceType": "VPC"}
        world.gone("cbn", "RevokeInstanceFromTransitRouter", request | {"RegionId": CHENGDU})

    def settled(self, read, attachment):
        """Waits until an attachment is `Attached` again."""

        def attached():
            request = {"CenId": self.world.cen, "TransitRouterAttachmentId": attachment}
            (row,) = self.call("cbn", read, request)["TransitRouterAttachments"]
            return row["Status"] == "Attached" and row

        return until(f"{attachment} to settle", attached)

    def vpc(self):
        world = self.world
        here = {"RegionId": CHENGDU}
        self.call("vpc", "DescribeRegions")
        request = here | {"VpcId": world.vpc1, "SecondaryCidrBlock": "10.8.0.0/16"}
        self.call("vpc", "AssociateVpcCidrBlock", request)
        attribute = self.call("vpc", "DescribeVpcAttribute", here | {"VpcId": world.vpc1}).typed
        self.expect("VPC1's CIDR block", attribute.cidr_block, "172.16.0.0/12")
        attribute = self.call("vpc", "DescribeVSwitchAttributes", here | {"VSwitchId": world.vsw1}).typed
        self.expect("VSW1's zone", attribute.zone_id, "cn-chengdu-a")
        tags = here | {"ResourceType": "VPC", "ResourceId": [world.vpc1]}
        self.call("vpc", "TagResources", tags | {"Tag": [{"Key": "team", "Value": "net"}]})
        listed = self.call("vpc", "DescribeVpcs", here | {"VpcId": world.vpc1, "PageSize": 50}).typed
        (tag,) = listed.vpcs.vpc[0].tags.tag
        self.expect("VPC1's tag", (tag.key, tag.value), ("team", "net"))
        self.call("vpc", "UnTagResources", tags | {"TagKey": ["team"]})
        self.route_tables(here)
        self.network_acl(here)

    def route_tables(self, here):
        world = self.world
        request = here | {"VpcId": world.vpc1, "RouteTableName": "second", "Description": "of VSW2"}
        table = self.call("vpc", "CreateRouteTable", request)["RouteTableId"]

        def available():
            found = self.call("vpc", "DescribeRouteTableList", here | {"RouteTableId": table})
            rows = found["RouterTableList"]["RouterTableListType"]
            return rows and rows[0]["Status"] == "Available"

        until("the second route table", available)
        bind = here | {"RouteTableId": table, "VSwitchId": world.vsw2}
        self.call("vpc", "AssociateRouteTable", bind)
        until("the second route table", available)
        routes = [
            {
                "RouteTableId": table,
                "DstCidrBlock": prefix,
                "NextHop": self.procedure.attachment1,
                "NextHopType": "Attachment",
                "Name": "batch",
            }
            for prefix in ("10.64.0.0/16", "10.65.0.0/16")
        ]
        entries = self.call("vpc", "CreateRouteEntries", here | {"RouteEntries": routes})["RouteEntryIds"]

        def listed():
            rows = self.call("vpc", "DescribeRouteEntryList", here | {"RouteTableId": table}).typed
            return all(row.status == "Available" for row in rows.route_entrys.route_entry)

        until("the routes made together", listed)
        for entry in entries:
            world.gone("vpc", "DeleteRouteEntry", here | {"RouteEntryId": entry})
        world.gone("vpc", "UnassociateRouteTable", bind)
        world.gone("vpc", "DeleteRouteTable", here | {"RouteTableId": table})

    def network_acl(self, here):
        world = self.world
        request = here | {"VpcId": world.vpc1, "NetworkAclName": "acl", "Description": "of VSW1"}
        acl = here | {"NetworkAclId": self.call("vpc", "CreateNetworkAcl", request)["NetworkAclId"]}
        bind = acl | {"Resource": [{"ResourceId": world.vsw1, "ResourceType": "VSwitch"}]}
        self.call("vpc", "AssociateNetworkAcl", bind)
        entry = {"Policy": "accept", "Protocol": "all", "Port": "-1/-1", "NetworkAclEntryName": "all", "EntryType": "custom"}
        request = acl | {
            "UpdateIngressAclEntries": True,
            "UpdateEgressAclEntries": True,
            "IngressAclEntries": [entry | {"SourceCidrIp": "0.0.0.0/0", "Description": "in"}],
            "EgressAclEntries": [entry | {"DestinationCidrIp": "0.0.0.0/0", "Description": "out"}],
        }
        self.call("vpc", "UpdateNetworkAclEntries", request)
        self.call("vpc", "DescribeNetworkAcls", here | {"VpcId": world.vpc1})
        found = self.call("vpc", "DescribeNetworkAclAttributes", acl).typed.network_acl_attribute
        self.expect("the ACL's entries", [row.policy for row in found.ingress_acl_entries.ingress_acl_entry], ["accept"])
        self.call("vpc", "UnassociateNetworkAcl", bind)
        world.gone("vpc", "DeleteNetworkAcl", acl)

    def ecs(self):
        world, there = self.world, {"RegionId": HANGZHOU}

        def call(action, request):
            return self.call("ecs", action, request, HANGZHOU)

        call("DescribeRegions", {})
        second = world.instance("ECS2", HANGZHOU, world.vsw4, world.group)
        listed = call("DescribeInstances", there | {"VpcId": world.vpc2, "MaxResults": 10}).typed
        names = sorted(row.instance_name for row in listed.instances.instance)
        self.expect("instances of VPC2", names, ["ECS1", "ECS2"])
        tags = there | {"ResourceType": "instance", "ResourceId": [second]}
        call("TagResources", tags | {"Tag": [{"Key": "team", "Value": "web"}]})
        found = call("DescribeInstances", there | {"Tag": [{"Key": "team", "Value": "web"}]}).typed
        self.expect("instances by tag", [row.instance_id for row in found.instances.instance], [second])
        call("UntagResources", tags | {"TagKey": ["team"]})
        request = there | {"SecurityGroupName": "more", "VpcId": world.vpc2, "Tag": [{"Key": "a", "Value": "b"}]}
        group = call("CreateSecurityGroup", request)["SecurityGroupId"]
        call("JoinSecurityGroup", there | {"SecurityGroupId": group, "InstanceId": second})
        call("DescribeSecurityGroups", there | {"VpcId": world.vpc2})
        rule = {"IpProtocol": "TCP", "PortRange": "22/22", "Policy": "Accept", "Priority": "9", "Description": "in"}
        request = there | {"SecurityGroupId": group, "Permissions": [rule | {"SourceCidrIp": "10.0.0.0/8"}]}
        call("AuthorizeSecurityGroup", request)
        shown = call("DescribeSecurityGroupAttribute", there | {"SecurityGroupId": group}).typed
        (rule_id,) = (row.security_group_rule_id for row in shown.permissions.permission)
        change = {"SecurityGroupRuleId": rule_id, "Description": "changed", "Priority": "10"}
        call("ModifySecurityGroupRule", there | {"SecurityGroupId": group} | change)
        call("RevokeSecurityGroup", there | {"SecurityGroupId": group, "SecurityGroupRuleId": [rule_id]})
        call("LeaveSecurityGroup", there | {"SecurityGroupId": group, "InstanceId": second})
        world.gone("ecs", "DeleteSecurityGroup", there | {"SecurityGroupId": group}, HANGZHOU)
        self.interfaces(call, there, second)
        self.prefix_list(call, there)
        self.lifecycle(call, there, second)

    def interfaces(self, call, there, instance):
        listed = call("DescribeNetworkInterfaces", there | {"InstanceId": instance, "MaxResults": 100}).typed
        (interface,) = listed.network_interface_sets.network_interface_set
        self.expect("the interface's instance", interface.instance_id, instance)
        request = there | {"NetworkInterfaceId": interface.network_interface_id}
        answer = call("AssignPrivateIpAddresses", request | {"SecondaryPrivateIpAddressCount": 1}).typed
        added = answer.assigned_private_ip_addresses_set.private_ip_set.private_ip_address
        call("UnassignPrivateIpAddresses", request | {"PrivateIpAddress": added})

    def prefix_list(self, call, there):
        request = {
            "PrefixListName": "sources",
            "AddressFamily": "IPv4",
            "MaxEntries": 5,
            "Description": "load balancer",
            "Entry": [{"Cidr": "172.16.0.0/24", "Description": "VSW1"}],
        }
        chosen = there | {"PrefixListId": call("CreatePrefixList", there | request)["PrefixListId"]}
        call("ModifyPrefixList", chosen | {"AddEntry": [{"Cidr": "172.16.6.0/24"}], "PrefixListName": "renamed"})
        found = call("DescribePrefixListAttributes", chosen).typed
        self.expect("the list's name", found.prefix_list_name, "renamed")
        self.expect("the list's entries", sorted(row.cidr for row in found.entries.entry), ["172.16.0.0/24", "172.16.6.0/24"])
        call("DeletePrefixList", chosen)

    def lifecycle(self, call, there, instance):
        def state(wanted):
            def seen():
                found = call("DescribeInstanceStatus", there | {"InstanceId": [instance]}).typed
                return found.instance_statuses.instance_status[0].status == wanted

            until(f"{instance} to be {wanted}", seen)

        call("RebootInstance", {"InstanceId": instance})
        state("Running")
        call("StopInstance", {"InstanceId": instance, "ForceStop": True})
        state("Stopped")
        world = self.world
        near = world.vswitch("VSW5", HANGZHOU, world.vpc2, "cn-hangzhou-i", "192.168.9.0/24")
        call("ModifyInstanceVpcAttribute", {"InstanceId": instance, "VSwitchId": near})
        call("StartInstance", {"InstanceId": instance})
        state("Running")
        world.gone("ecs", "DeleteInstance", {"InstanceId": instance, "Force": True}, HANGZHOU)
        world.gone("vpc", "DeleteVSwitch", there | {"VSwitchId": near}, HANGZHOU)

    def signatures(self):
        """The older signature, on one read of each service."""
        for service, action, request, region in (
            ("alb", "ListLoadBalancers", {}, CHENGDU),
            ("cbn", "DescribeCens", {}, CHENGDU),
            ("vpc", "DescribeVpcs", {"RegionId": HANGZHOU}, HANGZHOU),
            ("ecs", "DescribeInstances", {"RegionId": HANGZHOU}, HANGZHOU),
            ("ecs", "DescribeSecurityGroupAttribute", {"RegionId": HANGZHOU, "SecurityGroupId": self.world.group}, HANGZHOU),
            ("fnf", "ListFlows", {}, HANGZHOU),
            ("sts", "GetCallerIdentity", {}, CHENGDU),
            ("ram", "ListRoles", {}, CHENGDU),
            ("ros", "ListStacks", {"RegionId": HANGZHOU}, HANGZHOU),
            ("eventbridge", "ListRules", {"EventBusName": "default"}, HANGZHOU),
        ):
            self.call(service, action, request, region, algorithm="v2")
        # One with a form body, which the older signature covers parameter by parameter.
        server = {"ServerType": "Ip", "ServerId": "172.16.0.98", "ServerIp": "172.16.0.98", "Port": 80, "Weight": 0}
        request = {"ServerGroupId": self.procedure.group, "Servers": [server | {"Description": "a b*~/é"}]}
        self.world.job(self.call("alb", "AddServersToServerGroup", request, algorithm="v2"))
        request = {"ServerGroupId": self.procedure.group, "Servers": [without(server, "Weight")]}
        self.world.job(self.call("alb", "RemoveServersFromServerGroup", request, algorithm="v2"))


def without(fields, name):
    """The fields but for one."""
    return {key: value for key, value in fields.items() if key != name}


def table(recorder):
    """Every action with its verdict; those without a call are complaints."""
    actions = {f"{service}.{action}" for service, entry in documented_services().items() for action in entry["actions"]}
    actions |= {f"ram.{action}" for action in RAM_ACTIONS} | {f"fc.{action}" for action in FC_ACTIONS}
    for action in sorted(actions):
        complaints = [complaint for complaint in recorder.complaints if complaint.startswith(f"{action}: ")]
        if action in REFUSED:
            verdict = "refused: {} ({})".format(*REFUSED[action])
        elif action not in recorder.seen:
            verdict = "never called"
            recorder.complaints.append(f"{action}: never called")
        else:
            verdict = f"{len(complaints)} complaints" if complaints else "ok"
        print(f"  {action:<62} {verdict}", file=sys.stderr)


def main():
    recorder = Recorder(Emulator.from_environment())
    world = World(recorder)
    world.make()
    procedure = Procedure(world)
    procedure.carry_out()
    tour = Tour(world, procedure)
    platform = PlatformTour(recorder)
    parts = (
        tour.alb,
        tour.cbn,
        tour.vpc,
        tour.ecs,
        platform.identity,
        platform.fnf,
        platform.stacks,
        tour.signatures,
        procedure.undo,
        tour.cbn_after,
        world.unmake,
    )
    for part in parts:
        try:
            part()
        except (AssertionError, Refusal) as problem:
            # What the other actions say is worth knowing all the same.
            recorder.complaints.append(f"{part.__name__} stopped: {problem}")
    table(recorder)
    recorder.ratchet("--update" in sys.argv)
    return recorder.finish("actions")


if __name__ == "__main__":
    sys.exit(main())
