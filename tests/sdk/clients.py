"""The official SDKs, pointed at an emulator: one client per service, region, key and signature algorithm.

Every answer is seen twice: as the JSON that arrived and as the SDK's typed model of it (`Answer`), so that `shape`
can compare the two.
"""

import importlib
import json
import os
import time
import urllib.request

from alibabacloud_tea_openapi.exceptions import AlibabaCloudException
from alibabacloud_tea_openapi.utils_models import Config

SDKS = {
    "alb": "alibabacloud_alb20200616",
    "cbn": "alibabacloud_cbn20170912",
    "vpc": "alibabacloud_vpc20160428",
    "ecs": "alibabacloud_ecs20140526",
    "fnf": "alibabacloud_fnf20190315",
    "sts": "alibabacloud_sts20150401",
    "ram": "alibabacloud_ram20150501",
    "ros": "alibabacloud_ros20190910",
    "eventbridge": "alibabacloud_eventbridge20200401",
    "fc": "alibabacloud_fc20230330",
}

# How long a poll may go on, in real seconds, and how often it looks. The emulator runs at many times the cloud's speed.
PATIENCE = 30.0
PAUSE = 0.05

Refusal = AlibabaCloudException


class Answer:
    """What one call was answered with."""

    def __init__(self, action, raw, typed):
        self.action = action
        self.raw = raw
        self.typed = typed

    def __getitem__(self, name):
        return self.raw[name]


class Emulator:
    """The emulator whose ready line `albridge emulate` printed."""

    def __init__(self, line):
        self.endpoints = line["endpoints"]
        self.key = (line["accessKeyId"], line["accessKeySecret"], None)
        self._clients = {}

    @classmethod
    def from_environment(cls):
        """Reads the line from the file that `run` names."""
        with open(os.environ["EMULATOR_READY_LINE"], encoding="utf-8") as file:
            return cls(json.load(file))

    def client(self, service, region, key=None, algorithm=None):
        """A client of the official SDK; it notes the JSON of its last answer in `last_body`."""
        chosen = (service, region, key or self.key, algorithm)
        if chosen not in self._clients:
            key_id, secret, token = chosen[2]
            config = Config(
                access_key_id=key_id,
                access_key_secret=secret,
                security_token=token,
                region_id=region,
                endpoint=self.endpoints[region].removeprefix("http://"),
                protocol="http",
                signature_algorithm=algorithm,
                read_timeout=20_000,
                connect_timeout=5_000,
            )
            client = importlib.import_module(f"{SDKS[service]}.client").Client(config)
            transmit = client.call_api

            def noting(params, request, runtime):
                answer = transmit(params, request, runtime)
                client.last_body = answer.get("body")
                return answer

            client.call_api = noting
            self._clients[chosen] = client
        return self._clients[chosen]

    def call(self, service, action, request=None, region="cn-chengdu", key=None, algorithm=None):
        """Calls an action with a request in the API's own names, as the SDK's request model reads them."""
        client = self.client(service, region, key, algorithm)
        method = named(client, action)
        model = named(models(service), f"{action}Request", default=None)
        if model is None:
            typed = method()
        else:
            wanted = model().from_map(request or {})
            lost = missing(request or {}, wanted.to_map())
            if lost:
                raise AssertionError(f"{service}.{action}: the SDK's request has no field for {lost}")
            typed = method(wanted)
        return Answer(f"{service}.{action}", client.last_body, typed.body)

    def data_plane(self, load_balancer, port):
        """The loopback URL that stands for a listener; the emulator's own list, which no cloud has."""
        with urllib.request.urlopen(f"{next(iter(self.endpoints.values()))}/-/endpoints", timeout=5) as reply:
            return json.load(reply)["dataPlane"].get(f"{load_balancer}:{port}")


def models(service):
    """The SDK's request and answer models."""
    return importlib.import_module(f"{SDKS[service]}.models")


def named(owner, name, default=...):
    """The attribute that is `name` up to case and underscores: `DescribeVSwitches` is `describe_vswitches` there."""
    folded = name.replace("_", "").lower()
    for candidate in dir(owner):
        if candidate.replace("_", "").lower() == folded:
            return getattr(owner, candidate)
    if default is ...:
        raise AttributeError(f"{owner} has no {name}")
    return default


def missing(sent, kept, path=""):
    """The fields of `sent` that are not in `kept`."""
    if isinstance(sent, dict) and isinstance(kept, dict):
        lost = []
        for name, value in sent.items():
            where = f"{path}.{name}" if path else name
            lost += [where] if name not in kept else missing(value, kept[name], where)
        return lost
    if isinstance(sent, list) and isinstance(kept, list):
        return [field for one, other in zip(sent, kept) for field in missing(one, other, f"{path}[]")]
    return []


def until(what, probe, patience=PATIENCE):
    """Polls until `probe` gives something true; never longer than `patience` seconds."""
    deadline = time.monotonic() + patience
    while True:
        found = probe()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {patience:g} s in vain for {what}; last seen: {found!r}")
        time.sleep(PAUSE)


def refused(code, work):
    """The refusal that `work` must meet with, of a code that is `code` or begins with it."""
    try:
        work()
    except Refusal as refusal:
        if not (refusal.code or "").startswith(code):
            raise AssertionError(f"expected {code}, got {refusal.code}: {refusal.message}") from refusal
        return refusal
    raise AssertionError(f"expected the refusal {code}, got an answer")
