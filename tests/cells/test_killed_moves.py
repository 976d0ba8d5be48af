"""Real servers killed at each phase of one move, at named steps: the old cell's, the new cell's, the root's."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.cells.conftest import MakeCell, join, url_of
from tests.cells.hand_move import ask
from tests.crash.posting import NO_LIMITS, Place, settle
from tests.installations import Installation
from tests.parts.kept_server import ServerNotStarted
from tests.parts.run import is_alive

STOPPING = Path(__file__).with_name("stopping_server.py")
PATIENCE_S = 300.0
POSTS = 30

STOPS = {
    "north": [
        "after begin_try",  # copying
        "after land_deliveries",
        "after hold_writes",
        "after begin_switch",  # switching
        "before note_left",
        "after note_left",  # cleaning
        "after clean_some",
    ],
    "south": [
        "after begin_arrival",  # copying
        "before apply_changes",
        "before finish_arrival",  # switching
        "after finish_arrival",
    ],
    "root": [
        "before note_place",  # after the switch: until then it has no part in it
        "after note_place",
    ],
}


class Stopping:
    """An installation whose server is started again whenever it has killed itself."""

    def __init__(self, installation: Installation, steps: Path) -> None:
        self.installation, self._steps = installation, steps
        steps.write_text("")
        installation.program = (sys.executable, str(STOPPING), str(steps))

    def stop_at(self, steps: list[str]) -> None:
        self._steps.write_text("\n".join(steps))

    @property
    def steps_left(self) -> str:
        return self._steps.read_text()

    def revive(self) -> None:
        server = self.installation.server
        assert server is not None
        if psutil.pid_exists(server.pid) and is_alive(psutil.Process(server.pid)):
            return
        self.installation.stop()
        try:
            self.installation.start()
        except ServerNotStarted:
            return  # it has come to the next stop before it was ready


@pytest.mark.parametrize(("source", "target"), [("sqlite", "postgresql")])
def test_the_tenant_is_whole_and_in_one_cell(make_cell: MakeCell, tmp_path: Path, source: str, target: str) -> None:
    kinds = {"north": source, "south": target, "root": "sqlite"}
    cells = {name: Stopping(make_cell(kind, **NO_LIMITS), tmp_path / f"{name}-steps") for name, kind in kinds.items()}
    root, north, south = (cells[name].installation for name in ("root", "north", "south"))
    root.start()
    south.start()
    place = settle(north)
    join(root, north, "north")
    join(root, south, "south")
    tenant_id = place.installed["tenantId"]
    _until(lambda: root.result("tenant", "list").get("elsewhere", []) != [])
    _until(lambda: "south" in {each["name"] for each in north.result("cell", "list")["cells"]})
    texts = [f"m{number}" for number in range(POSTS)]
    for text in texts:
        assert place.post(text)[0] == 200
    for name, steps in STOPS.items():
        cells[name].stop_at(steps)
    north.result("tenant", "move", tenant_id, "--to", "south")

    def is_over() -> bool:
        for each in cells.values():
            each.revive()
        return not any(each.steps_left for each in cells.values()) and _how_it_stands(north, tenant_id) == ("done", "")

    _until(is_over)
    assert ask(north, "SELECT count(*) FROM messages WHERE tenant_id = %s", tenant_id) == [(0,)]
    assert ask(north, "SELECT gate FROM tenants WHERE tenant_id = %s", tenant_id) == [("left",)]
    [shown] = south.result("tenant", "list")["tenants"]
    assert (shown["tenantId"], shown["cell"]) == (tenant_id, "south")
    there = Place(south, south.access_token(place.installed), place.group_id)
    assert there.post("after")[0] == 200
    assert there.texts() == ["after", *reversed(texts)]
    elsewhere = [{"tenantId": tenant_id, "name": "", "cell": "south", "url": url_of(south)}]
    _until(lambda: root.result("tenant", "list").get("elsewhere") == elsewhere)
    # The root leads programs there.
    assert root.access_token(place.installed)


def _how_it_stands(installation: Installation, tenant_id: str) -> tuple[str, str]:
    [(phase, failure)] = ask(installation, "SELECT phase, failure FROM moves WHERE tenant_id = %s", tenant_id)
    return phase, failure


def _until(holds: Callable[[], bool]) -> None:
    give_up_s = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < give_up_s
        time.sleep(0.02)
