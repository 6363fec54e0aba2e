"""As parallel as its author can make it: what does not depend on one another runs side by side, and everything is looked at
every second. CEN takes one write at a time, so these form one queue; routes and rules are written beside it."""

import asyncio
import selectors
from concurrent.futures import ThreadPoolExecutor

from cloud import CHENGDU, HANGZHOU, LATENCY, Cloud, Time, get, passes
import steps

PAUSE = 1


class Loop(asyncio.SelectorEventLoop):
    """An event loop on the cloud's time: where it would wait for a timer, and no call is under way, that time passes at once."""

    def __init__(self, time):
        self.cloud_time = time
        self.under_way = 0
        loop = self

        class Selector(selectors.DefaultSelector):
            def select(self, timeout=None):
                if loop.under_way:
                    return super().select(0 if timeout == 0 else None)
                events = super().select(0)
                if events or timeout == 0:
                    return events
                if timeout is None:
                    return super().select(None)
                loop.cloud_time.leap(timeout)
                return []

        super().__init__(Selector())

    def time(self):
        return self.cloud_time.now


cloud, time = Cloud(), Time()
loop = Loop(time)
pool = ThreadPoolExecutor(16)


async def once(service, action, request, region):
    if LATENCY:
        await asyncio.sleep(LATENCY)
    loop.under_way += 1
    try:
        return await loop.run_in_executor(pool, cloud.call, service, action, request, region)
    finally:
        loop.under_way -= 1


async def call(service, action, request, region=CHENGDU):
    while True:
        try:
            return await once(service, action, request, region)
        except Exception as refusal:
            if not passes(refusal):
                raise
            await asyncio.sleep(PAUSE)


async def until(probe):
    while not (found := await probe()):
        await asyncio.sleep(PAUSE)
    return found


async def job(answer):
    async def probe():
        return (await call("alb", "ListAsynJobs", {"JobIds": [answer["JobId"]]}))["Jobs"][0]["Status"] == "Succeeded"

    await until(probe)
    return answer


async def vswitches(region, vpc):
    request = {"RegionId": region, "VpcId": vpc, "PageSize": 50}
    return (await call("vpc", "DescribeVSwitches", request, region))["VSwitches"]["VSwitch"]


async def table_of_vpc(region, vpc):
    request = {"RegionId": region, "VpcId": vpc, "RouteTableType": "System"}
    (table,) = (await call("vpc", "DescribeRouteTableList", request, region))["RouterTableList"]["RouterTableListType"]
    return table["RouteTableId"]


async def router(region):
    (found,) = (await call("cbn", "ListTransitRouters", {"CenId": steps.CEN, "RegionId": region}))["TransitRouters"]
    router_id = found["TransitRouterId"]
    request = {"TransitRouterId": router_id, "TransitRouterRouteTableType": "System"}
    (table,) = (await call("cbn", "ListTransitRouterRouteTables", request))["TransitRouterRouteTables"]
    return router_id, table["TransitRouterRouteTableId"]


async def attached(action, attachment):
    async def probe():
        request = {"CenId": steps.CEN, "TransitRouterAttachmentId": attachment}
        (found,) = (await call("cbn", action, request))["TransitRouterAttachments"]
        return found["Status"] == "Attached"

    await until(probe)
    return attachment


async def link(attachment, table, write, read, rows):
    request = {"TransitRouterAttachmentId": attachment, "TransitRouterRouteTableId": table}
    await call("cbn", write, request)

    async def probe():
        return [row["Status"] for row in (await call("cbn", read, request))[rows]] == ["Active"]

    await until(probe)


async def associate(attachment, table):
    names = "AssociateTransitRouterAttachmentWithRouteTable", "ListTransitRouterRouteTableAssociations", "TransitRouterAssociations"
    await link(attachment, table, *names)


async def propagate(attachment, table):
    names = "EnableTransitRouterRouteTablePropagation", "ListTransitRouterRouteTablePropagations", "TransitRouterPropagations"
    await link(attachment, table, *names)


async def route(region, table, prefixes, attachment):
    await call("vpc", "CreateRouteEntries", {"RegionId": region, **steps.routes(table, prefixes, attachment)}, region)

    async def probe():
        request = {"RegionId": region, "RouteTableId": table, "DestCidrBlockList": prefixes}
        rows = (await call("vpc", "DescribeRouteEntryList", request, region))["RouteEntrys"]["RouteEntry"]
        return len(rows) == len(prefixes) and all(row["Status"] == "Available" for row in rows)

    await until(probe)


async def front(vpc):
    """Steps 1 and 2."""
    group = (await job(await call("alb", "CreateServerGroup", steps.group(vpc))))["ServerGroupId"]
    listener = (await job(await call("alb", "CreateListener", steps.listener(group))))["ListenerId"]
    return group, listener


async def network(vpc1, vpc2, found1, found2, there, sources):
    """Steps 3 to 6."""
    (router1, table1), (router2, table2), own1, own2 = await asyncio.gather(
        router(CHENGDU), router(HANGZHOU), table_of_vpc(CHENGDU, vpc1), table_of_vpc(HANGZHOU, vpc2)
    )
    beside = []
    answer = await call("cbn", "CreateTransitRouterVpcAttachment", steps.attachment(CHENGDU, router1, vpc1, found1))
    attachment1 = await attached("ListTransitRouterVpcAttachments", answer["TransitRouterAttachmentId"])
    beside.append(asyncio.ensure_future(route(CHENGDU, own1, there, attachment1)))
    answer = await call("cbn", "CreateTransitRouterVpcAttachment", steps.attachment(HANGZHOU, router2, vpc2, found2))
    attachment2 = await attached("ListTransitRouterVpcAttachments", answer["TransitRouterAttachmentId"])
    beside.append(asyncio.ensure_future(route(HANGZHOU, own2, sources, attachment2)))
    answer = await call("cbn", "CreateTransitRouterPeerAttachment", steps.connection(router1, router2))
    peer = await attached("ListTransitRouterPeerAttachments", answer["TransitRouterAttachmentId"])
    # What others learn from first, so that they have learned it when the rest is done.
    for attachment, table in ((attachment1, table1), (attachment2, table2)):
        await propagate(attachment, table)
    for table in (table1, table2):
        await associate(peer, table)
    for table in (table1, table2):
        await propagate(peer, table)
    for attachment, table in ((attachment1, table1), (attachment2, table2)):
        await associate(attachment, table)
    await asyncio.gather(*beside)


async def onboard():
    alb, answer = await asyncio.gather(
        call("alb", "GetLoadBalancerAttribute", {"LoadBalancerId": steps.ALB}),
        call("ecs", "DescribeInstances", steps.WANTED, HANGZHOU),
    )
    instance, vpc1 = steps.instance_of(answer), alb["VpcId"]
    found1, found2 = await asyncio.gather(vswitches(CHENGDU, vpc1), vswitches(HANGZHOU, instance["vpc"]))
    there = [vswitch["CidrBlock"] for vswitch in found2 if vswitch["VSwitchId"] == instance["vswitch"]]
    zones = [zone["VSwitchId"] for zone in alb["ZoneMappings"]]
    sources = [vswitch["CidrBlock"] for vswitch in found1 if vswitch["VSwitchId"] in zones]
    (group, listener), *_ = await asyncio.gather(
        front(vpc1),
        network(vpc1, instance["vpc"], found1, found2, there, sources),
        *(call("ecs", "AuthorizeSecurityGroup", steps.rules(one, sources), HANGZHOU) for one in instance["groups"]),
    )
    await job(await call("alb", "AddServersToServerGroup", steps.members(group, instance["address"])))

    async def healthy():
        return steps.is_healthy(await call("alb", "GetListenerHealthStatus", {"ListenerId": listener}))

    await until(healthy)


asyncio.set_event_loop(loop)
loop.run_until_complete(onboard())
status = get()
time.conclude(None if status == 200 else f"the request was answered with {status}")
