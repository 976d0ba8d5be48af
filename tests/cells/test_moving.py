"""A tenant moves from one cell to another while it is in use: two real servers, on every pair of databases."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from tests.cells.conftest import COMMANDS, MakeCell, filled_in, join
from tests.cli.lives import Lived
from tests.crash.posting import NO_LIMITS, Place
from tests.crash.test_media_uploads import wait_until
from tests.installations import Installation

PAIRS = [("sqlite", "postgresql"), ("postgresql", "sqlite"), ("sqlite", "sqlite")]


class Poster:
    """Posts one message after another, and remembers which were acknowledged. Until it is refused for good."""

    def __init__(self, lived: Lived) -> None:
        self._path = lived.paths[3].partition("?")[0]
        self._lived = lived
        self.acknowledged: list[str] = []
        self.longest_s = 0.0
        self.refused: list[int] = []
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._is_over.set()
        self._thread.join()

    def _run(self) -> None:
        number = 0
        while not self._is_over.is_set():
            number += 1
            began = time.monotonic()
            status, answer = self._lived.installation.call(
                "POST", self._path, {"accessToken": self._lived.token}, {"message": f"m{number}"}
            )
            if status != 200:
                self.refused.append(status)
                return
            self.longest_s = max(self.longest_s, time.monotonic() - began)
            assert answer["referenceId"]
            self.acknowledged.append(f"m{number}")


def texts_at(lived: Lived, there: Installation, token: str) -> list[str]:
    """Every message, newest first."""
    return Place(there, token, lived.paths[3].split("/")[3]).texts()


def moved(here: Installation, tenant: str, to: str) -> Any:
    return here.result(*filled_in(COMMANDS[-1], **{"Acme Ltd.": tenant, "north": to}))


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_a_tenant_moves_while_it_is_in_use(make_cell: MakeCell, source: str, target: str) -> None:
    here, there = make_cell(source, **NO_LIMITS), make_cell(target, **NO_LIMITS)
    lived = Lived(here)
    there.start()
    join(here, there, "north")
    before, picture = lived.answers(here), lived.picture(here)
    poster = Poster(lived)
    poster.start()
    tenant_id = lived.installed["tenantId"]
    shown = moved(here, tenant_id, "north")
    poster.stop()
    assert shown["phase"] == "done"
    assert shown["rows"] > 30, "those that were copied at first"
    assert poster.acknowledged
    token = there.access_token(lived.installed)
    lived.token = token
    after = lived.answers(there)
    for place in (0, 1, 2, 4, 5, 6):
        assert after[place] == before[place], lived.paths[place]
    assert lived.picture(there) == picture
    texts = texts_at(lived, there, token)[::-1][1:]  # but for the one that was there before
    # The last one may have been saved, and its answer be lost with the old server's patience.
    assert texts[: len(poster.acknowledged)] == poster.acknowledged
    assert len(texts) - len(poster.acknowledged) in (0, 1)
    assert len(set(texts)) == len(texts)
    assert poster.longest_s < 2.5
    assert [each["tenantId"] for each in there.result("tenant", "list")["tenants"]] == [tenant_id]
    assert here.result("tenant", "list")["tenants"] == []


@pytest.mark.parametrize(("source", "target"), PAIRS[:2])
def test_servers_that_are_killed_over_and_over_go_on_with_it(make_cell: MakeCell, source: str, target: str) -> None:
    here, there = make_cell(source, **NO_LIMITS), make_cell(target, **NO_LIMITS)
    lived = Lived(here)
    path = lived.paths[3].partition("?")[0]
    for number in range(300):
        assert here.call("POST", path, {"accessToken": lived.token}, {"message": f"n{number}"})[0] == 200
    there.start()
    join(here, there, "north")
    before = lived.answers(here)
    tenant_id = lived.installed["tenantId"]
    here.result("tenant", "move", tenant_id, "--to", "north")
    for _ in range(4):
        for each in (here, there):
            each.kill()
            each.start()
    wait_until(lambda: here.result("tenant", "moved", tenant_id)["isOver"])
    shown = here.result("tenant", "moved", tenant_id)
    assert (shown["phase"], shown["failure"]) == ("done", "")
    lived.token = there.access_token(lived.installed)
    assert lived.answers(there) == before
    texts = texts_at(lived, there, lived.token)
    assert texts[:300] == [f"n{number}" for number in reversed(range(300))]
