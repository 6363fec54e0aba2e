"""What the emulator refuses before an action is reached: each refusal has the documented code and a request id.

The SDKs sign, number and date their requests themselves, so a used nonce and a late date are sent by hand, with a
signature made here from `reference/cloud-apis.md` section 2.1 and nothing else.
"""

import base64
import datetime
import hashlib
import hmac
import json
import sys
import urllib.error
import urllib.parse
import urllib.request
import uuid

from clients import Emulator, refused
from record import Recorder

CHENGDU = "cn-chengdu"
NO_GROUP = {"ServerGroupId": "sgp-none"}


def encoded(text):
    """RFC 3986, as the signatures want it."""
    return urllib.parse.quote(text, safe="-_.~")


def signed(secret, method, params):
    """The query of an RPC request with its HMAC-SHA1 signature."""
    canonical = "&".join(f"{encoded(name)}={encoded(value)}" for name, value in sorted(params.items()))
    text = f"{method}&%2F&{encoded(canonical)}"
    digest = hmac.new(f"{secret}&".encode(), text.encode(), hashlib.sha1).digest()
    return f"{canonical}&Signature={encoded(base64.b64encode(digest).decode())}"


class Door:
    """Requests that are signed by hand."""

    def __init__(self, emulator):
        self.emulator = emulator

    def send(self, at=None, nonce=None, without=(), **params):
        """Gives status, headers and decoded body."""
        now = at or datetime.datetime.now(datetime.timezone.utc)
        key, secret, _ = self.emulator.key
        whole = {
            "Action": "GetCallerIdentity",
            "Version": "2015-04-01",
            "Format": "JSON",
            "AccessKeyId": key,
            "SignatureMethod": "HMAC-SHA1",
            "SignatureVersion": "1.0",
            "SignatureNonce": nonce or uuid.uuid4().hex,
            "Timestamp": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        } | params
        whole = {name: value for name, value in whole.items() if name not in without}
        url = f"{self.emulator.endpoints[CHENGDU]}/?{signed(secret, 'GET', whole)}"
        try:
            with urllib.request.urlopen(url, timeout=10) as reply:
                return reply.status, reply.headers, json.load(reply)
        except urllib.error.HTTPError as error:
            return error.code, error.headers, json.load(error)


class Refusals:
    """Each method is one kind of mistake."""

    def __init__(self, recorder):
        self.recorder = recorder
        self.emulator = recorder.emulator
        self.door = Door(recorder.emulator)

    def by_sdk(self):
        """Mistakes that a client of the official SDK can make, with both signatures."""
        key, secret, _ = self.emulator.key
        call = self.emulator.call
        for algorithm in (None, "v2"):
            how = {"algorithm": algorithm}
            cases = (
                ("SignatureDoesNotMatch", 400, lambda: call("alb", "DescribeRegions", key=(key, "wrong", None), **how)),
                ("InvalidAccessKeyId.NotFound", 404, lambda: call("ecs", "DescribeRegions", key=("nobody", secret, None), **how)),
                ("InvalidSecurityToken", 400, lambda: call("vpc", "DescribeRegions", key=(key, secret, "forged"), **how)),
                ("MissingParam", 400, lambda: call("alb", "GetListenerAttribute", **how)),
                ("MissingParameter", 400, lambda: call("sts", "AssumeRole", {"RoleSessionName": "session"}, **how)),
                ("MissingParam", 400, lambda: call("cbn", "CreateTransitRouter", {"RegionId": CHENGDU}, **how)),
                ("IllegalParam", 400, lambda: call("alb", "DeleteServerGroup", NO_GROUP | {"DryRun": "maybe"}, **how)),
                ("ResourceNotFound.ServerGroup", 404, lambda: call("alb", "DeleteServerGroup", NO_GROUP, **how)),
                ("InvalidVpcID.NotFound", 404, lambda: call("vpc", "CreateVSwitch", self.nowhere(), **how)),
            )
            for code, status, work in cases:
                self.judge(f"{code} ({algorithm or 'v3'})", refused(code, work), status)

    def nowhere(self):
        return {"RegionId": CHENGDU, "VpcId": "vpc-none", "ZoneId": "cn-chengdu-a", "CidrBlock": "172.16.0.0/24"}

    def judge(self, what, refusal, status):
        """A typed refusal has everything that a handler looks at."""
        data = refusal.data or {}
        self.recorder.expect(f"{what}: status", refusal.status_code, status)
        for field in ("Code", "Message", "RequestId", "HostId", "Recommend"):
            self.recorder.expect(f"{what}: has {field}", bool(data.get(field)), True)
        self.recorder.expect(f"{what}: code", data.get("Code"), refusal.code)

    def by_hand(self):
        """Mistakes that no SDK makes."""
        now = datetime.datetime.now(datetime.timezone.utc)
        late = now - datetime.timedelta(minutes=16)
        early = now + datetime.timedelta(minutes=16)
        nonce = uuid.uuid4().hex
        self.expect_answer("a well-made request", self.door.send(nonce=nonce), 200, None)
        cases = (
            ("a nonce again", {"nonce": nonce}, 400, "SignatureNonceUsed"),
            ("a late date", {"at": late}, 400, "InvalidTimeStamp.Expired"),
            ("an early date", {"at": early}, 400, "InvalidTimeStamp.Expired"),
            ("no date", {"without": ("Timestamp",)}, 400, "MissingTimestamp"),
            ("a malformed date", {"Timestamp": "yesterday"}, 400, "InvalidTimeStamp.Format"),
            ("no nonce", {"without": ("SignatureNonce",)}, 400, "MissingSignatureNonce"),
            ("no key", {"without": ("AccessKeyId",)}, 400, "MissingAccessKeyId"),
            ("no action", {"without": ("Action",)}, 400, "MissingAction"),
            ("an unknown action", {"Action": "DropEverything"}, 404, "InvalidAction.NotFound"),
            ("an unknown version", {"Version": "1999-01-01"}, 400, "InvalidVersion"),
            ("an unknown parameter", {"Colour": "red"}, 400, "InvalidParameter"),
        )
        for what, request, status, code in cases:
            self.expect_answer(what, self.door.send(**request), status, code)
        with urllib.request.urlopen(f"{self.emulator.endpoints[CHENGDU]}/-/endpoints", timeout=5) as reply:
            listed = json.load(reply)
        # The emulator's own list needs no signature, so it must not hold what makes one.
        self.recorder.expect("the list of addresses", sorted(listed), ["dataPlane", "endpoints"])

    def expect_answer(self, what, answer, status, code):
        got, headers, body = answer
        self.recorder.expect(f"{what}: status and code", (got, body.get("Code")), (status, code))
        self.recorder.expect(f"{what}: request id", bool(body.get("RequestId")), True)
        self.recorder.expect(f"{what}: request id in the header", headers.get("x-acs-request-id"), body.get("RequestId"))
        self.recorder.expect(f"{what}: date", bool(headers.get("date")), True)


def main():
    recorder = Recorder(Emulator.from_environment())
    refusals = Refusals(recorder)
    refusals.by_sdk()
    refusals.by_hand()
    return recorder.finish("refusals")


if __name__ == "__main__":
    sys.exit(main())
