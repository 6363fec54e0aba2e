"""One step after the other, as the procedure's page has them. Polls as often as the official Terraform provider does: every
5 s what CEN does, every second the rest."""

from cloud import CHENGDU, HANGZHOU, LATENCY, Cloud, Time, get, passes
import steps

cloud, time = Cloud(), Time()


def call(service, action, request, region=CHENGDU, pause=5):
    while True:
        try:
            time.leap(LATENCY)
            return cloud.call(service, action, request, region)
        except Exception as refusal:
            if not passes(refusal):
                raise
            time.leap(pause)


def until(probe, pause):
    while not (found := probe()):
        time.leap(pause)
    return found


def job(answer):
    until(lambda: call("alb", "ListAsynJobs", {"JobIds": [answer["JobId"]]})["Jobs"][0]["Status"] == "Succeeded", 1)
    return answer


def vswitches(region, vpc):
    return call("vpc", "DescribeVSwitches", {"RegionId": region, "VpcId": vpc, "PageSize": 50}, region)["VSwitches"]["VSwitch"]


def table_of_vpc(region, vpc):
    request = {"RegionId": region, "VpcId": vpc, "RouteTableType": "System"}
    (table,) = call("vpc", "DescribeRouteTableList", request, region)["RouterTableList"]["RouterTableListType"]
    return table["RouteTableId"]


def router(region):
    (found,) = call("cbn", "ListTransitRouters", {"CenId": steps.CEN, "RegionId": region})["TransitRouters"]
    return found["TransitRouterId"]


def table_of_router(router_id):
    request = {"TransitRouterId": router_id, "TransitRouterRouteTableType": "System"}
    (table,) = call("cbn", "ListTransitRouterRouteTables", request)["TransitRouterRouteTables"]
    return table["TransitRouterRouteTableId"]


def attached(action, attachment):
    def probe():
        request = {"CenId": steps.CEN, "TransitRouterAttachmentId": attachment}
        (found,) = call("cbn", action, request)["TransitRouterAttachments"]
        return found["Status"] == "Attached"

    until(probe, 5)
    return attachment


def link(attachment, table):
    request = {"TransitRouterAttachmentId": attachment, "TransitRouterRouteTableId": table}
    for write, read, rows in (
        ("AssociateTransitRouterAttachmentWithRouteTable", "ListTransitRouterRouteTableAssociations", "TransitRouterAssociations"),
        ("EnableTransitRouterRouteTablePropagation", "ListTransitRouterRouteTablePropagations", "TransitRouterPropagations"),
    ):
        call("cbn", write, request)
        until(lambda: [row["Status"] for row in call("cbn", read, request)[rows]] == ["Active"], 5)


def route(region, table, prefixes, attachment):
    call("vpc", "CreateRouteEntries", {"RegionId": region, **steps.routes(table, prefixes, attachment)}, region, pause=1)

    def probe():
        request = {"RegionId": region, "RouteTableId": table, "DestCidrBlockList": prefixes}
        rows = call("vpc", "DescribeRouteEntryList", request, region)["RouteEntrys"]["RouteEntry"]
        return len(rows) == len(prefixes) and all(row["Status"] == "Available" for row in rows)

    until(probe, 1)


# What there is.
alb = call("alb", "GetLoadBalancerAttribute", {"LoadBalancerId": steps.ALB})
vpc1 = alb["VpcId"]
instance = steps.instance_of(call("ecs", "DescribeInstances", steps.WANTED, HANGZHOU))
vswitches1, vswitches2 = vswitches(CHENGDU, vpc1), vswitches(HANGZHOU, instance["vpc"])
there = [vswitch["CidrBlock"] for vswitch in vswitches2 if vswitch["VSwitchId"] == instance["vswitch"]]
zones = [zone["VSwitchId"] for zone in alb["ZoneMappings"]]
sources = [vswitch["CidrBlock"] for vswitch in vswitches1 if vswitch["VSwitchId"] in zones]

# Step 1 (the member comes at the end, when its path is open) and step 2.
group = job(call("alb", "CreateServerGroup", steps.group(vpc1)))["ServerGroupId"]
listener = job(call("alb", "CreateListener", steps.listener(group)))["ListenerId"]

# Step 3.
router1, router2 = router(CHENGDU), router(HANGZHOU)
table1, table2 = table_of_router(router1), table_of_router(router2)
attachments = []
for region, router_id, vpc, found, table in (
    (CHENGDU, router1, vpc1, vswitches1, table1),
    (HANGZHOU, router2, instance["vpc"], vswitches2, table2),
):
    answer = call("cbn", "CreateTransitRouterVpcAttachment", steps.attachment(region, router_id, vpc, found))
    attachments.append(attached("ListTransitRouterVpcAttachments", answer["TransitRouterAttachmentId"]))
    link(attachments[-1], table)

# Step 4.
answer = call("cbn", "CreateTransitRouterPeerAttachment", steps.connection(router1, router2))
peer = attached("ListTransitRouterPeerAttachments", answer["TransitRouterAttachmentId"])
link(peer, table1)
link(peer, table2)

# Steps 5 to 7.
route(CHENGDU, table_of_vpc(CHENGDU, vpc1), there, attachments[0])
route(HANGZHOU, table_of_vpc(HANGZHOU, instance["vpc"]), sources, attachments[1])
for security_group in instance["groups"]:
    call("ecs", "AuthorizeSecurityGroup", steps.rules(security_group, sources), HANGZHOU)

# The member, and step 8.
job(call("alb", "AddServersToServerGroup", steps.members(group, instance["address"])))
until(lambda: steps.is_healthy(call("alb", "GetListenerHealthStatus", {"ListenerId": listener})), 1)
status = get()
time.conclude(None if status == 200 else f"the request was answered with {status}")
