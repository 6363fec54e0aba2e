"""The requests of the procedure that both scripts send, and how to read what they are answered with."""

from cloud import CHENGDU, HANGZHOU

ALB, CEN = "alb-1", "cen-1"


def group(vpc):
    return {
        "ServerGroupName": "web-remote",
        "ServerGroupType": "Ip",
        "VpcId": vpc,
        "Protocol": "HTTP",
        "Scheduler": "Wrr",
        "HealthCheckConfig": {"HealthCheckEnabled": True, "HealthCheckPath": "/", "HealthCheckProtocol": "HTTP"},
        "StickySessionConfig": {"StickySessionEnabled": False},
    }


def listener(group_id):
    target = {"ServerGroupTuples": [{"ServerGroupId": group_id}]}
    return {
        "LoadBalancerId": ALB,
        "ListenerProtocol": "HTTP",
        "ListenerPort": 80,
        "ListenerDescription": "web",
        "DefaultActions": [{"Type": "ForwardGroup", "ForwardGroupConfig": target}],
    }


def members(group_id, address):
    server = {"ServerType": "Ip", "ServerId": address, "ServerIp": address, "Port": 80, "Weight": 100, "RemoteIpEnabled": True}
    return {"ServerGroupId": group_id, "Servers": [server]}


def attachment(region, router, vpc, vswitches):
    zones = [{"ZoneId": vswitch["ZoneId"], "VSwitchId": vswitch["VSwitchId"]} for vswitch in vswitches]
    return {"CenId": CEN, "RegionId": region, "TransitRouterId": router, "VpcId": vpc, "ZoneMappings": zones}


def connection(near, far):
    return {
        "CenId": CEN,
        "RegionId": CHENGDU,
        "TransitRouterId": near,
        "PeerTransitRouterRegionId": HANGZHOU,
        "PeerTransitRouterId": far,
        "BandwidthType": "BandwidthPackage",
        "CenBandwidthPackageId": "cenbwp-1",
        "Bandwidth": 10,
        "AutoPublishRouteEnabled": True,
    }


def routes(table, prefixes, attachment_id):
    entries = [
        {"RouteTableId": table, "DstCidrBlock": prefix, "NextHop": attachment_id, "NextHopType": "Attachment"} for prefix in prefixes
    ]
    return {"RouteEntries": entries}


def rules(group_id, prefixes):
    permissions = [
        {"IpProtocol": "TCP", "PortRange": "80/80", "SourceCidrIp": prefix, "Policy": "accept", "Priority": "1"} for prefix in prefixes
    ]
    return {"RegionId": HANGZHOU, "SecurityGroupId": group_id, "Permissions": permissions}


def instance_of(answer):
    """The address, vSwitch and security groups of the one instance that was asked for."""
    (row,) = answer["Instances"]["Instance"]
    attributes = row["VpcAttributes"]
    return {
        "vpc": attributes["VpcId"],
        "address": attributes["PrivateIpAddress"]["IpAddress"][0],
        "vswitch": attributes["VSwitchId"],
        "groups": row["SecurityGroupIds"]["SecurityGroupId"],
    }


WANTED = {"RegionId": HANGZHOU, "Tag": [{"Key": "app", "Value": "web"}], "Status": "Running"}


def is_healthy(answer):
    infos = [info for status in answer["ListenerHealthStatus"] for info in status["ServerGroupInfos"]]
    return bool(infos) and all(not info.get("NonNormalServers") for info in infos)
