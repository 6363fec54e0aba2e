"""Makes calls and judges every answer: the SDK's model of it, and the fields that the API documents.

The documentation is `shared/emulator/data/api-parameters.json`. What an answer of the emulator knowingly lacks is listed
in `absent.txt`, one `service.Action path` a line. The list may only shrink: a field that is missing and not listed is
a failure, and so is a listed field that came.
"""

import json
import pathlib
import sys

import shape

HERE = pathlib.Path(__file__).parent
DOCUMENTED = HERE / "../../shared/emulator/data/api-parameters.json"
ABSENT = HERE / "absent.txt"

# These answers document no request id of their own in the model: GetCallerIdentity and the like all do, EventBridge
# included, so the set is empty today; an entry needs its reason beside it.
WITHOUT_REQUEST_ID = frozenset()


def documented_services():
    """The services of the table: their actions, and what each one's answer holds."""
    with open(DOCUMENTED, encoding="utf-8") as file:
        return json.load(file)


class Recorder:
    """Calls through the SDKs and keeps the verdicts."""

    def __init__(self, emulator):
        self.emulator = emulator
        self.checks = 0
        self.complaints = []
        self.seen = {}
        self._spec = documented_services()

    def call(self, service, action, request=None, region="cn-chengdu", **how):
        """Makes a call that must be answered, and judges the answer."""
        answer = self.emulator.call(service, action, request, region, **how)
        self.judge(service, action, answer)
        return answer

    def judge(self, service, action, answer):
        """Compares one answer with the SDK's model and with the documentation."""
        name = f"{service}.{action}"
        raw = answer.raw
        found = [*shape.lost(raw, answer.typed.to_map()), *shape.mistyped(answer.typed)]
        spec = self._spec.get(service, {}).get("actions", {}).get(action)
        if spec:
            found += shape.wrong_leaves(raw, spec["response"])
        if not raw.get("RequestId") and name not in WITHOUT_REQUEST_ID:
            found.append("there is no RequestId")
        self.complaints += [f"{name}: {complaint}" for complaint in found]
        self.seen.setdefault(name, set()).update(shape.paths(raw))
        self.checks += 1

    def expect(self, what, actual, wanted):
        """One field has one value."""
        self.checks += 1
        if actual != wanted:
            self.complaints.append(f"{what}: expected {wanted!r}, got {actual!r}")

    def fields(self):
        """Compares everything seen so far with what is documented; gives the absent fields."""
        absent = set()
        for service, entry in self._spec.items():
            for action, spec in entry["actions"].items():
                name = f"{service}.{action}"
                if name not in self.seen:
                    continue
                missing = set(shape.documented(spec["response"])) - self.seen[name] - {""}
                # A branch that is absent says it all; its leaves need no lines of their own.
                absent |= {f"{name} {path}" for path in missing if not inside(path, missing)}
                self.checks += 1
        return absent

    def ratchet(self, update):
        """Fields that are absent without being listed, or listed without being absent, are complaints."""
        absent = self.fields()
        if update:
            head = [line for line in ABSENT.read_text().splitlines() if line.startswith("#")] if ABSENT.exists() else []
            ABSENT.write_text("\n".join([*head, *sorted(absent)]) + "\n")
            return
        listed = {line for line in ABSENT.read_text().splitlines() if line and not line.startswith("#")}
        self.complaints += [f"{line} is documented and did not come" for line in sorted(absent - listed)]
        self.complaints += [f"{line} came: take it off {ABSENT.name}" for line in sorted(listed - absent)]

    def finish(self, title):
        """Prints the verdict and gives the process's exit code."""
        for complaint in self.complaints:
            print(f"  {complaint}", file=sys.stderr)
        verdict = f"{len(self.complaints)} complaints" if self.complaints else "all well"
        print(f"{title}: {self.checks} checks, {verdict}", file=sys.stderr)
        # The last line on stdout is for `run`, which adds the numbers up.
        print(self.checks)
        return 1 if self.complaints else 0


def inside(path, others):
    """Whether a branch that holds `path` is among `others`."""
    while "." in path or path.endswith("[]"):
        path = path[:-2] if path.endswith("[]") else path.rpartition(".")[0]
        if path in others:
            return True
    return False
