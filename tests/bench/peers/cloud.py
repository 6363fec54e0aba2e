"""The official SDK's clients on the emulator, and its time, which passes only while a script waits.

A script is given the file with the emulator's line, and how many seconds each call takes. It ends with one line of JSON: how long it took on the cloud's clock,
and what was wrong, if anything.
"""

import importlib
import json
import re
import socket
import sys
import urllib.error
import urllib.request

from alibabacloud_tea_openapi.exceptions import AlibabaCloudException
from alibabacloud_tea_openapi.utils_models import Config

SDKS = {
    "alb": "alibabacloud_alb20200616",
    "cbn": "alibabacloud_cbn20170912",
    "vpc": "alibabacloud_vpc20160428",
    "ecs": "alibabacloud_ecs20140526",
}
CHENGDU, HANGZHOU = "cn-chengdu", "cn-hangzhou"

# Refusals that pass: somebody else's change is under way, or ours is not over.
LATER = ("Operation.Blocking", "IncorrectStatus", "TaskConflict", "IncorrectRouteEntryStatus", "IncorrectVpcStatus", "Throttling")

with open(sys.argv[1], encoding="utf-8") as file:
    LINE = json.load(file)
LATENCY = float(sys.argv[2])


class Time:
    """The cloud's time: it passes when it is told to."""

    def __init__(self):
        host, port = LINE["control"].split(":")
        self._stream = socket.create_connection((host, int(port))).makefile("rw", encoding="utf-8")
        self.now = self.leap(0)
        self.begun = self.now

    def leap(self, seconds):
        """Lets so many seconds pass."""
        self._stream.write(f"leap {seconds:.3f}\n")
        self._stream.flush()
        self.now = json.loads(self._stream.readline())["now"]
        return self.now

    def conclude(self, wrong=None):
        """Says how long it took."""
        print(json.dumps({"seconds": self.now - self.begun, "wrong": wrong}))


class Cloud:
    """One client for each service and region."""

    def __init__(self):
        self._clients = {}
        for service in SDKS:
            for region in (CHENGDU, HANGZHOU):
                config = Config(
                    access_key_id=LINE["accessKeyId"],
                    access_key_secret=LINE["accessKeySecret"],
                    region_id=region,
                    endpoint=LINE["endpoints"][region].removeprefix("http://"),
                    protocol="http",
                    read_timeout=20_000,
                    connect_timeout=5_000,
                )
                self._clients[service, region] = importlib.import_module(f"{SDKS[service]}.client").Client(config)

    def call(self, service, action, request, region=CHENGDU):
        """Calls an action with a request in the API's own names. Gives the answer in the API's own names."""
        client = self._clients[service, region]
        models = importlib.import_module(f"{SDKS[service]}.models")
        method = getattr(client, snake(client, action))
        answer = method(getattr(models, f"{action}Request")().from_map(request))
        return answer.body.to_map()


def snake(client, action):
    """`DescribeVSwitches` is `describe_vswitches` there."""
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", action).lower()
    if hasattr(client, name):
        return name
    folded = name.replace("_", "")
    return next(other for other in dir(client) if other.replace("_", "").lower() == folded)


def passes(refusal):
    """Whether to try again after a wait."""
    return isinstance(refusal, AlibabaCloudException) and (refusal.code or "").startswith(LATER)


def get():
    """Step 8: the status that a request through the load balancer is answered with; None where nobody listens."""
    base = next(iter(LINE["endpoints"].values()))
    with urllib.request.urlopen(f"{base}/-/endpoints", timeout=5) as reply:
        url = json.load(reply)["dataPlane"].get("alb-1:80")
    if url is None:
        return None
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers={"Host": "www.example.com"}), timeout=5) as reply:
            return reply.status
    except urllib.error.HTTPError as error:
        return error.code
