"""The server is killed while it calls webhooks whose receivers fail one time in five: each event reaches each receiver
that is to hear of it at least once, and no other; and what gets through at its first try is in order."""

from __future__ import annotations

import json
import os
import random
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.api.hooks import HookReceiver
from tests.crash.posting import Place, settle
from tests.installations import Installation
from tests.outbound.receivers import Received

EVENTS = int(os.environ.get("CHAUPAL_TEST_WEBHOOK_EVENTS", "1000"))
RECEIVERS = 3
KILLS = {"sqlite": 5, "postgresql": 3}
PATIENCE_S = 240.0

# The contract's two days would take two days. Python runs this when it starts: in the server, and in the process that
# delivers, whichever records what became of a try.
QUICK_SCHEDULE = """
import sys
if {"serve", "chaupal.webhooks.apart.process"} & set(sys.orig_argv):
    from chaupal.webhooks.delivering import schedule
    schedule.DELAYS_MS = (200, 200, 300, 300, 400, 400)
"""


@dataclass
class Flaky:
    """A receiver that fails one time in five, but never from an event's fifth try on."""

    seed: int
    receiver: HookReceiver = field(default_factory=HookReceiver)
    taken: list[str] = field(default_factory=list)
    """Events in the order in which they were first taken."""
    failed: set[str] = field(default_factory=set)
    """Events whose first try was refused."""

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._lock = threading.Lock()
        self.receiver.answer_with = self.answer

    def answer(self, received: Received) -> int:
        event_id: str = json.loads(received.body)["eventId"]
        with self._lock:
            fails = self._random.random() < 0.2 and int(received.headers["webhook-attempt"]) < 5
            if fails:
                if event_id not in self.taken:
                    self.failed.add(event_id)
                return 500 + self._random.randrange(4)
            if event_id not in self.taken:
                self.taken.append(event_id)
            return 200

    def wait_for(self, count: int) -> None:
        """Return when so many different events were taken."""
        with self.receiver.came:
            is_there = self.receiver.came.wait_for(lambda: len(self.taken) >= count, timeout=PATIENCE_S)
        assert is_there, f"{len(self.taken)} of {count} events after {PATIENCE_S:.0f} s"


def register(place: Place, receiver: HookReceiver, group_id: str) -> str:
    body = {
        "objectId": group_id,
        "objectType": "Group",
        "eventTypes": ["TextMessageCreated"],
        "callBackUrl": receiver.url + "/hook",
    }
    status, answer = place.installation.call("POST", "/v1/webhook", place.headers, body)
    assert status == 200, answer
    return str(answer["webhookId"])


def post_all(place: Place, texts: list[str]) -> list[str]:
    """Post each text; the reference ids."""
    ids = []
    for text in texts:
        headers = place.headers | {"Idempotency-Key": text}
        status, answer = place.installation.call("POST", place.path, headers, {"message": text})
        assert status == 200, answer
        ids.append(str(answer["referenceId"]))
    return ids


class TestKilledServer:
    def test_every_event_arrives_where_it_is_to_and_nowhere_else(
        self, installation: Installation, tmp_path: Path
    ) -> None:
        installation.settings["CHAUPAL_CALLBACK_ALLOW"] = "127.0.0.1"
        installation.settings["CHAUPAL_WEBHOOK_PROOFS_PER_MIN"] = "0"
        (tmp_path / "sitecustomize.py").write_text(QUICK_SCHEDULE)
        installation.settings["PYTHONPATH"] = str(tmp_path)
        place = settle(installation)
        status, other = installation.call("POST", "/v1/groups", place.headers, {"name": "Elsewhere"})
        assert status == 200
        flaky = [Flaky(seed) for seed in range(RECEIVERS)]
        stranger = HookReceiver()
        with flaky[0].receiver, flaky[1].receiver, flaky[2].receiver, stranger:
            webhook_ids = [register(place, each.receiver, place.group_id) for each in flaky]
            register(place, stranger, other["groupId"])
            sent = self._send_and_kill(place, flaky)
            for each in flaky:
                each.wait_for(len(sent))
        for each, webhook_id in zip(flaky, webhook_ids, strict=True):
            assert set(each.taken) == set(sent), "each at least once, none that was not sent"
            assert all(body["subscriptionId"] == webhook_id for body in each.receiver.bodies)
            at_first_try = [event_id for event_id in each.taken if event_id not in each.failed]
            assert len(at_first_try) > len(sent) / 2
            assert at_first_try == [event_id for event_id in sent if event_id not in each.failed], "in order"
            assert len(each.failed) > len(sent) / 20, "it did fail"
        assert stranger.deliveries == []

    def _send_and_kill(self, place: Place, flaky: list[Flaky]) -> list[str]:
        """Send in parts; kill the server in the middle of delivering each but the last."""
        kills = KILLS["postgresql" if place.installation.is_postgres else "sqlite"]
        size = EVENTS // (kills + 1)
        sent: list[str] = []
        for part in range(kills + 1):
            sent += post_all(place, [f"{part}-{number}" for number in range(size)])
            if part < kills:
                flaky[part % RECEIVERS].wait_for(len(sent) - size // 2)
                place.installation.kill()
                place.installation.start()
        return sent


def test_what_was_registered_is_listed_after_a_crash(sqlite_installation: Installation) -> None:
    sqlite_installation.settings["CHAUPAL_CALLBACK_ALLOW"] = "127.0.0.1"
    place = settle(sqlite_installation)
    with HookReceiver() as receiver:
        webhook_id = register(place, receiver, place.group_id)
        sqlite_installation.kill()
        sqlite_installation.start()
    path = f"/v1/webhook?objectId={place.group_id}&objectType=Group"
    status, answer = sqlite_installation.call("GET", path, place.headers)
    assert status == 200
    listed: list[dict[str, Any]] = answer["webhooks"]
    assert [each["id"] for each in listed] == [webhook_id]
