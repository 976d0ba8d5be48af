"""What webhooks hear keeps its order while their tenant moves: two real servers, and a receiver that is slow."""

from __future__ import annotations

import json
import sys
import threading
from collections import defaultdict
from pathlib import Path

from tests.api.hooks import HookReceiver
from tests.cells.conftest import MakeCell, join
from tests.cells.hand_move import ask
from tests.crash.posting import NO_LIMITS, Place, settle
from tests.crash.test_delivery_process import wait_for
from tests.crash.test_media_uploads import wait_until
from tests.crash.test_webhooks_killed import register
from tests.installations import Installation
from tests.outbound.receivers import Received

LANDING = Path(__file__).with_name("landing_server.py")
FIRST_POSTS = 10


class SlowReceiver(HookReceiver):
    """Answers nothing from the first delivery on, until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.is_reached, self.is_let_go = threading.Event(), threading.Event()
        self.begun: list[Received] = []
        self.answer_with = self._answer_late

    def _answer_late(self, received: Received) -> int:
        self.begun.append(received)
        self.is_reached.set()
        self.is_let_go.wait(60)
        return 200

    def lanes(self) -> dict[tuple[str, str], list[int]]:
        """By webhook and group: the numbers of the messages, as they came."""
        lanes: dict[tuple[str, str], list[int]] = defaultdict(list)
        for received in list(self.begun):
            data = json.loads(received.body)["data"]
            lanes[received.path, data["groupId"]].append(int(data["text"]))
        return dict(lanes)


class Posting:
    """Posts numbers to a group until it is stopped, at first to where its tenant was."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.count = 0
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def post(self) -> bool:
        status, _ = self.place.post(str(self.count))
        self.count += status == 200
        return status == 200

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._is_over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._is_over.is_set() and self.post():
            continue


def test_each_lane_hears_things_in_their_order(make_cell: MakeCell, tmp_path: Path) -> None:
    kinds = ("postgresql", "sqlite")
    here, there = (make_cell(kind, CHAUPAL_CALLBACK_ALLOW="127.0.0.1", **NO_LIMITS) for kind in kinds)
    looks = tmp_path / "looks"
    looks.write_text("")
    here.program = (sys.executable, str(LANDING), str(looks))
    first = settle(here)
    there.start()
    join(here, there, "north")
    second = Place(here, first.token, _new_group(first), first.installed)
    tenant_id = first.installed["tenantId"]
    with SlowReceiver() as receiver:
        for place in (first, second):
            register(place, receiver, place.group_id)
        postings = [Posting(place) for place in (first, second)]
        for posting in postings:
            assert all(posting.post() for _ in range(FIRST_POSTS))
        assert receiver.is_reached.wait(60)
        here.result("tenant", "move", tenant_id, "--to", "north")
        # Flights are on their way, and the move waits for them instead of leaving them behind.
        wait_until(lambda: looks.read_text().count("\n") >= 3 or _has_gone(here, tenant_id))
        assert ask(here, "SELECT gate FROM tenants WHERE tenant_id = %s", tenant_id) == [("landing",)]
        for posting in postings:
            posting.start()
        receiver.is_let_go.set()
        wait_until(lambda: _has_gone(here, tenant_id))
        for posting in postings:
            posting.stop()
        token = there.access_token(first.installed)
        for posting in postings:
            posting.place = Place(there, token, posting.place.group_id)
            # The last one before may have been saved, and its answer be lost with the old server's patience.
            posting.count = _newest(posting.place) + 1
            assert all(posting.post() for _ in range(FIRST_POSTS))
        wait_for(receiver, lambda: all(_is_whole(lane, postings) for lane in receiver.lanes().items()))
        lanes = receiver.lanes()
    assert len(lanes) == len(postings)
    for (_, group_id), numbers in lanes.items():
        assert numbers == list(range(len(numbers))), group_id


def _new_group(place: Place) -> str:
    status, group = place.installation.call("POST", "/v1/groups", {"accessToken": place.token}, {"name": "Sales"})
    assert status == 200, group
    return str(group["groupId"])


def _has_gone(here: Installation, tenant_id: str) -> bool:
    [(phase,)] = ask(here, "SELECT phase FROM moves WHERE tenant_id = %s", tenant_id)
    return phase in ("cleaning", "done")


def _newest(place: Place) -> int:
    status, page = place.installation.call("GET", f"{place.path}?count=1", place.headers)
    assert status == 200, page
    return int(page["messages"][0]["message"])


def _is_whole(lane: tuple[tuple[str, str], list[int]], postings: list[Posting]) -> bool:
    (_, group_id), numbers = lane
    [count] = [posting.count for posting in postings if posting.place.group_id == group_id]
    return set(numbers) == set(range(count))
