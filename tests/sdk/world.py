"""The world of the procedure, made from nothing by public calls, and taken down again in the order of dependence.

Run by itself it makes one VPC and prints its id: what `node.mjs` needs and the Node SDK of ALB cannot make.
"""

from clients import Emulator, Refusal, until
from record import Recorder

CHENGDU, HANGZHOU = "cn-chengdu", "cn-hangzhou"
HOST = "www.example.com"

# Refusals that mean "later": something that a removal depends on is still going away.
LATER = (
    "DependencyViolation",
    "IncorrectStatus",
    "ResourceInUse",
    "ResourceInConfiguring",
    "IncorrectInstanceStatus",
    "Operation",
    "InvalidOperation",
    "TaskConflict",
    "Forbidden",
    "IncorrectRouteEntryStatus",
    "SystemBusy",
    "InvalidVSwitch",
    "InvalidVpc",
)


class World:
    """Names of what was made."""

    def __init__(self, recorder):
        self.recorder = recorder
        self.call = recorder.call

    def make(self):
        """Networks, instances, CEN with a bandwidth plan and two transit routers, load balancer."""
        self.vpc1 = self.vpc("VPC1", CHENGDU, "172.16.0.0/12")
        self.vpc2 = self.vpc("VPC2", HANGZHOU, "192.168.0.0/16")
        self.vsw1 = self.vswitch("VSW1", CHENGDU, self.vpc1, "cn-chengdu-a", "172.16.0.0/24")
        self.vsw2 = self.vswitch("VSW2", CHENGDU, self.vpc1, "cn-chengdu-b", "172.16.6.0/24")
        self.vsw3 = self.vswitch("VSW3", HANGZHOU, self.vpc2, "cn-hangzhou-h", "192.168.8.0/24")
        self.vsw4 = self.vswitch("VSW4", HANGZHOU, self.vpc2, "cn-hangzhou-i", "192.168.7.0/24")
        self.group = self.call(
            "ecs",
            "CreateSecurityGroup",
            {"RegionId": HANGZHOU, "SecurityGroupName": "servers", "Description": "backends", "VpcId": self.vpc2},
            HANGZHOU,
        )["SecurityGroupId"]
        self.ecs1 = self.instance("ECS1", HANGZHOU, self.vsw4, self.group)
        self.make_cen()
        self.make_alb()
        self.address = self.describe_instance(self.ecs1)["VpcAttributes"]["PrivateIpAddress"]["IpAddress"][0]

    def vpc(self, name, region, cidr):
        request = {"RegionId": region, "VpcName": name, "CidrBlock": cidr, "Description": f"the procedure's {name}"}
        vpc = self.call("vpc", "CreateVpc", request, region)["VpcId"]

        def available():
            found = self.call("vpc", "DescribeVpcs", {"RegionId": region, "VpcId": vpc}, region)["Vpcs"]["Vpc"]
            return found and found[0]["Status"] == "Available"

        until(f"{name} to be available", available)
        return vpc

    def vswitch(self, name, region, vpc, zone, cidr):
        request = {"RegionId": region, "VpcId": vpc, "ZoneId": zone, "CidrBlock": cidr, "VSwitchName": name}
        vswitch = self.call("vpc", "CreateVSwitch", request, region)["VSwitchId"]

        def available():
            request = {"RegionId": region, "VSwitchId": vswitch}
            found = self.call("vpc", "DescribeVSwitches", request, region)["VSwitches"]["VSwitch"]
            return found and found[0]["Status"] == "Available"

        until(f"{name} to be available", available)
        return vswitch

    def instance(self, name, region, vswitch, group):
        request = {
            "RegionId": region,
            "InstanceName": name,
            "InstanceType": "ecs.g7.large",
            "ImageId": "aliyun_3_x64_20G_alibase.vhd",
            "VSwitchId": vswitch,
            "SecurityGroupId": group,
            "Amount": 1,
            "Tag": [{"Key": "app", "Value": "web"}],
        }
        instance = self.call("ecs", "RunInstances", request, region)["InstanceIdSets"]["InstanceIdSet"][0]
        until(f"{name} to run", lambda: self.describe_instance(instance, region)["Status"] == "Running")
        return instance

    def describe_instance(self, instance, region=HANGZHOU):
        request = {"RegionId": region, "InstanceIds": f'["{instance}"]'}
        return self.call("ecs", "DescribeInstances", request, region)["Instances"]["Instance"][0]

    def make_cen(self):
        self.cen = self.call("cbn", "CreateCen", {"Name": "CEN1", "Description": "the procedure's"})["CenId"]

        def active():
            request = {"Filter": [{"Key": "CenId", "Value": [self.cen]}]}
            return self.call("cbn", "DescribeCens", request)["Cens"]["Cen"][0]["Status"] == "Active"

        until("the CEN to be active", active)
        request = {
            "Name": "plan",
            "Bandwidth": 100,
            "GeographicRegionAId": "China",
            "GeographicRegionBId": "China",
            "BandwidthPackageChargeType": "POSTPAY",
        }
        self.package = self.call("cbn", "CreateCenBandwidthPackage", request)["CenBandwidthPackageId"]
        request = {"CenId": self.cen, "CenBandwidthPackageId": self.package}
        self.call("cbn", "AssociateCenBandwidthPackage", request)
        self.tr1 = self.transit_router(CHENGDU)
        self.tr2 = self.transit_router(HANGZHOU)

    def transit_router(self, region):
        request = {"CenId": self.cen, "RegionId": region, "TransitRouterName": f"tr-{region}"}
        router = self.call("cbn", "CreateTransitRouter", request, region)["TransitRouterId"]

        def active():
            request = {"CenId": self.cen, "RegionId": region, "TransitRouterId": router}
            return self.call("cbn", "ListTransitRouters", request)["TransitRouters"][0]["Status"] == "Active"

        until(f"the transit router of {region}", active)
        return router

    def make_alb(self):
        request = {
            "LoadBalancerName": "ALB1",
            "AddressType": "Internet",
            "LoadBalancerEdition": "Standard",
            "LoadBalancerBillingConfig": {"PayType": "PostPay"},
            "VpcId": self.vpc1,
            "ZoneMappings": [
                {"ZoneId": "cn-chengdu-a", "VSwitchId": self.vsw1},
                {"ZoneId": "cn-chengdu-b", "VSwitchId": self.vsw2},
            ],
        }
        self.alb = self.call("alb", "CreateLoadBalancer", request)["LoadBalancerId"]
        until("ALB1 to be active", lambda: self.describe_alb()["LoadBalancerStatus"] == "Active")

    def describe_alb(self):
        return self.call("alb", "GetLoadBalancerAttribute", {"LoadBalancerId": self.alb}).raw

    def job(self, answer):
        """Waits for an asynchronous write of the load balancer's."""

        def done():
            job = self.call("alb", "ListAsynJobs", {"JobIds": [answer["JobId"]]})["Jobs"][0]
            if job["Status"] == "Failed":
                raise AssertionError(f"{answer.action} failed: {job}")
            return job["Status"] == "Succeeded"

        until(answer.action, done)
        return answer

    def gone(self, service, action, request, region=CHENGDU):
        """Removes something as soon as nothing depends on it any more."""

        def removed():
            try:
                return self.call(service, action, request, region)
            except Refusal as refusal:
                if refusal.code.startswith(LATER):
                    return None
                raise

        return until(f"{action} {request}", removed)

    def unmake(self):
        """Everything that `make` made."""
        self.gone("alb", "DeleteLoadBalancer", {"LoadBalancerId": self.alb})
        for router in (self.tr1, self.tr2):
            self.gone("cbn", "DeleteTransitRouter", {"TransitRouterId": router})
        request = {"CenId": self.cen, "CenBandwidthPackageId": self.package}
        self.gone("cbn", "UnassociateCenBandwidthPackage", request)
        self.gone("cbn", "DeleteCenBandwidthPackage", {"CenBandwidthPackageId": self.package})
        self.gone("cbn", "DeleteCen", {"CenId": self.cen})
        self.gone("ecs", "DeleteInstance", {"InstanceId": self.ecs1, "Force": True}, HANGZHOU)
        request = {"RegionId": HANGZHOU, "SecurityGroupId": self.group}
        self.gone("ecs", "DeleteSecurityGroup", request, HANGZHOU)
        for vswitch, region in ((self.vsw1, CHENGDU), (self.vsw2, CHENGDU), (self.vsw3, HANGZHOU), (self.vsw4, HANGZHOU)):
            self.gone("vpc", "DeleteVSwitch", {"RegionId": region, "VSwitchId": vswitch}, region)
        for vpc, region in ((self.vpc1, CHENGDU), (self.vpc2, HANGZHOU)):
            self.gone("vpc", "DeleteVpc", {"RegionId": region, "VpcId": vpc}, region)


if __name__ == "__main__":
    print(World(Recorder(Emulator.from_environment())).vpc("for-node", CHENGDU, "10.0.0.0/16"))
