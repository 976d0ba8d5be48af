"""A renewed key signs once every other cell has confirmed that it knows it, and nobody is signed out meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chaupal.auth.keys import CLOCKS_BEHIND_MS, PROCESSES_LEARN_MS, RenewalWaits
from chaupal.auth.permissions import TokenKind
from chaupal.auth.signing import GRACE_S, AccessToken
from chaupal.cells.passes import Pass, read_pass, write_pass
from chaupal.cells.renewing import CONFIRM_LIMIT_MS, shared_keys
from chaupal.cells.routes import HEALTH_PATH
from chaupal.cells.shapes import HealthReport, Roster
from tests.cells.conftest import MakeCell, join
from tests.cells.hand_move import ask
from tests.cells.neighbours import LIFE_S, Neighbour, join_root, settle
from tests.crash.test_bad_ends import wait_until
from tests.installations import Installation
from tests.store.houses import FakeClock
from tests.stores import Database, OpenStore, make_sqlite_database

pytestmark = pytest.mark.anyio

Three = tuple[Neighbour, Neighbour, Neighbour]
MakeThree = Callable[[Database], Coroutine[Any, Any, Three]]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def three(sqlite_template: Path, tmp_path: Path, store_on: OpenStore, clock: FakeClock) -> MakeThree:
    """Call it with the root's database, for the root and two cells, north and south."""

    async def make(database: Database) -> Three:
        streets: dict[str, Neighbour] = {}
        others = [make_sqlite_database(sqlite_template, tmp_path / name) for name in ("north", "south")]
        root, north, south = [
            await settle(name, each, store_on(each, clock=clock), streets)
            for name, each in zip(("root", "north", "south"), (database, *others), strict=True)
        ]
        await join_root(root, north, "north")
        await join_root(root, south, "south")
        await north.beat()
        return root, north, south

    return make


def signed(cell: Neighbour) -> str:
    now_s = cell.house.now_s
    token = AccessToken("tenant", "grant", "user", "connector", TokenKind.USER, "", now_s + LIFE_S)
    return cell.house.signer.sign(token, issued_at_s=now_s, mobile_number="", application_id="", scope="")


class TestConfirmed:
    async def test_a_cells_key_signs_a_minute_after_the_last_other_cell_knows_it(
        self, database: Database, three: MakeThree, clock: FakeClock
    ) -> None:
        root, north, south = await three(database)
        old, token = north.signing_key_id, signed(north)
        new, waits_for = await north.renew()
        assert (waits_for, new.signs_from_ms) == (["root", "south"], clock.now_ms + CONFIRM_LIMIT_MS)
        await north.beat()
        assert root.knows("north") == {old, new.key_id}
        assert north.house.signer.keys[-1].signs_from_ms == new.signs_from_ms
        await south.beat()
        assert south.knows("north") == {old, new.key_id}
        clock.move_ms(10_000)
        await north.beat()
        kept, newest = north.house.signer.keys
        assert newest.signs_from_ms == clock.now_ms + PROCESSES_LEARN_MS
        ends_ms = newest.signs_from_ms + (LIFE_S + GRACE_S) * 1000 + CLOCKS_BEHIND_MS
        assert (kept.key_id, kept.valid_until_ms) == (old, ends_ms)
        clock.move_ms(PROCESSES_LEARN_MS - 1)
        assert north.signing_key_id == old
        clock.move_ms(1)
        assert north.signing_key_id == new.key_id
        await north.beat()
        assert north.house.signer.check(token, now_s=north.house.now_s).tenant_id == "tenant"
        assert north.refusals == 0

    async def test_the_roots_key_does_so_too(self, database: Database, three: MakeThree, clock: FakeClock) -> None:
        root, north, south = await three(database)
        new, waits_for = await root.renew()
        assert waits_for == ["north", "south"]
        await north.beat()
        await root.beat()
        assert root.house.signer.keys[-1].signs_from_ms == new.signs_from_ms
        await south.beat()
        assert root.house.signer.keys[-1].signs_from_ms == clock.now_ms + PROCESSES_LEARN_MS
        signs_from_ms = root.house.signer.keys[-1].signs_from_ms
        clock.move_ms(10_000)
        await north.beat()
        assert root.house.signer.keys[-1].signs_from_ms == signs_from_ms

    async def test_two_cells_renew_at_once_and_each_only_once(
        self, sqlite_database: Database, three: MakeThree, clock: FakeClock
    ) -> None:
        root, north, south = await three(sqlite_database)
        results = await asyncio.gather(north.renew(), north.renew(), root.renew(), root.renew(), return_exceptions=True)
        assert [isinstance(each, RenewalWaits) for each in results].count(True) == 2
        for cell in (north, south, north, root):
            await cell.beat()
        for cell in (north, root):
            assert len(cell.house.signer.keys) == 2
            assert cell.house.signer.keys[-1].signs_from_ms == clock.now_ms + PROCESSES_LEARN_MS
        clock.move_ms(PROCESSES_LEARN_MS)
        for cell in (north, south):
            await cell.beat()
        assert north.refusals == south.refusals == 0

    async def test_a_root_of_an_older_version_confirms_nothing(
        self, sqlite_database: Database, three: MakeThree, clock: FakeClock
    ) -> None:
        root, north, south = await three(sqlite_database)
        new, _ = await north.renew()
        root.is_of_older_version = True
        for cell in (north, south, north):
            await cell.beat()
        assert south.knows("north") >= {new.key_id}
        assert north.house.signer.keys[-1].signs_from_ms == new.signs_from_ms == clock.now_ms + CONFIRM_LIMIT_MS

    async def test_a_report_without_a_newest_key_is_answered(
        self, sqlite_database: Database, three: MakeThree, clock: FakeClock
    ) -> None:
        _, north, _ = await three(sqlite_database)
        keys = [
            msgspec.structs.replace(key, valid_until_ms=clock.now_ms + 1) for key in shared_keys(north.house.signer)
        ]
        report = HealthReport(endpoint_url=north.url, version="1", tenant_count=0, keys=keys)
        answer = await north.house.cell_calls.call("root", "POST", HEALTH_PATH, msgspec.json.encode(report))
        assert msgspec.json.decode(answer.body, type=Roster).unaware == ["south"]


class TestUnreachable:
    async def test_a_cell_that_is_away_for_longer_than_the_limit_does_not_hold_the_key_up(
        self, sqlite_database: Database, three: MakeThree, clock: FakeClock
    ) -> None:
        _, north, south = await three(sqlite_database)
        old = north.signing_key_id
        new, _ = await north.renew()
        south.is_reachable = False
        clock.move_ms(CONFIRM_LIMIT_MS - 1)
        await south.beat()
        await north.beat()
        assert north.signing_key_id == old
        clock.move_ms(1)
        assert north.signing_key_id == new.key_id
        passed = write_pass(north.house, "south", Pass("192.0.2.1", 1))
        assert read_pass(passed, south.house) is None
        south.is_reachable = True
        await south.beat()
        assert read_pass(passed, south.house) == Pass("192.0.2.1", 1)

    async def test_a_root_that_knows_only_keys_that_are_over_is_told_by_an_older_one(
        self, sqlite_database: Database, three: MakeThree, clock: FakeClock
    ) -> None:
        root, north, south = await three(sqlite_database)
        root.is_reachable = False
        for _ in range(2):
            new, _ = await north.renew()
            clock.move_ms(LIFE_S * 2_000)
            await north.beat()
        assert [key.key_id for key in north.house.signer.keys] == [new.key_id]
        root.is_reachable = True
        await north.beat()
        assert north.refusals == 2  # the newest, and the one before
        assert root.knows("north") == {new.key_id}
        await north.beat()
        await south.beat()
        assert north.refusals == 2
        assert south.knows("north") == {new.key_id}

    async def test_a_key_that_is_over_is_forgotten_also_while_its_cell_is_away(
        self, sqlite_database: Database, three: MakeThree, clock: FakeClock
    ) -> None:
        root, north, _ = await three(sqlite_database)
        new, _ = await north.renew()
        await north.beat()
        ends_ms = north.house.signer.keys[0].valid_until_ms
        assert ends_ms is not None
        clock.move_ms(ends_ms - clock.now_ms)
        await root.look()
        assert root.knows("north") == {new.key_id}


class TestKilled:
    def test_both_sides_of_two_renewals_at_once_may_be_killed(self, make_cell: MakeCell) -> None:
        root, north = make_cell(), make_cell("postgresql")
        root.start()
        north.start()
        join(root, north, "north")
        token = root.access_token(root.init())
        north.kill()
        renewed = {"root": root.result("cell", "rotate-key"), "north": north.result("cell", "rotate-key")}
        assert (renewed["root"]["waitsFor"], renewed["north"]["waitsFor"]) == (["north"], ["root"])
        root.kill()
        assert "can be renewed then" in root.refusal("cell", "rotate-key")
        root.start()
        north.start()
        wait_until(lambda: _waits_ms(root, renewed["root"]["keyId"]) < CONFIRM_LIMIT_MS)
        wait_until(lambda: _waits_ms(north, renewed["north"]["keyId"]) < CONFIRM_LIMIT_MS)
        assert root.me(token)[0] == 200


def _waits_ms(installation: Installation, key_id: str) -> int:
    [(waits_ms,)] = ask(
        installation, "SELECT signs_from_ms - created_at_ms FROM signing_keys WHERE key_id = %s", key_id
    )
    return int(waits_ms)
