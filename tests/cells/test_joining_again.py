"""A cell or a root that was put back from a backup, so that the one does not know the other's keys: it joins again."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaupal.auth.caller import INSTALLATION
from chaupal.auth.signing import TokenSigner, make_signing_key
from chaupal.cells.joining import JoinRefused, invite, join
from chaupal.cells.renewing import shared_keys
from chaupal.cells.rules import CellExists, Health, note_health
from tests.cells.neighbours import Neighbour, join_root, settle
from tests.store.houses import FakeClock
from tests.stores import Database, OpenStore, make_sqlite_database

pytestmark = pytest.mark.anyio


class Place:
    """A root, a cell that has joined, and an installation that wants to be that cell."""

    def __init__(self, root: Neighbour, north: Neighbour, stranger: Neighbour, clock: FakeClock) -> None:
        self.root, self.north, self.stranger, self.clock = root, north, stranger, clock

    async def forget_keys(self) -> None:
        """As though the cell had since gone on with other keys, and was then put back with the old ones."""
        keys = shared_keys(TokenSigner([make_signing_key("of-later")], issuer=""))
        health = Health("north", self.north.url, "1", 0, keys, [])
        await self.root.house.store.write(note_health, INSTALLATION, health)
        await self.root.look()
        self.clock.move_ms(60_000)

    async def code(self) -> str:
        return (await invite(self.root.house, "north", self.north.url))[1]

    async def is_heard(self) -> bool:
        await self.north.look()
        return await self.north.link.is_known()


@pytest.fixture
async def place(database: Database, sqlite_template: Path, tmp_path: Path, store_on: OpenStore) -> Place:
    clock, streets = FakeClock(), dict[str, Neighbour]()
    others = [make_sqlite_database(sqlite_template, tmp_path / name) for name in ("north", "stranger")]
    root, north, stranger = [
        await settle(name, each, store_on(each, clock=clock), streets)
        for name, each in zip(("root", "north", "stranger"), (database, *others), strict=True)
    ]
    await join_root(root, north, "north")
    return Place(root, north, stranger, clock)


async def test_a_cell_whose_keys_the_root_has_forgotten_joins_again(place: Place) -> None:
    assert await place.is_heard()
    await place.forget_keys()
    assert not await place.is_heard()
    assert await join(place.north.house, await place.code()) == "north"
    await place.root.look()
    assert await place.is_heard()
    assert place.root.knows("north") == {place.north.signing_key_id}


async def test_so_does_one_of_a_root_that_has_never_heard_of_it(place: Place) -> None:
    for table in ("cells", "cell_keys"):
        place.root.ask(f"DELETE FROM {table}")  # noqa: S608 - our own names
    await place.root.look()
    assert not await place.is_heard()
    await join(place.north.house, await place.code())
    await place.root.look()
    assert await place.is_heard()


async def test_the_code_is_good_for_one(place: Place) -> None:
    await place.forget_keys()
    code = await place.code()
    await join(place.north.house, code)
    with pytest.raises(JoinRefused, match="wrong, used or too old"):
        await join(place.stranger.house, code)


async def test_the_code_is_void_once_the_cell_is_heard_of(place: Place) -> None:
    place.clock.move_ms(60_000)
    code = await place.code()
    assert await place.is_heard()
    with pytest.raises(JoinRefused, match="wrong, used or too old"):
        await join(place.stranger.house, code)
    assert await join(place.north.house, code) == "north"


async def test_another_address_is_another_cell(place: Place) -> None:
    with pytest.raises(CellExists):
        await invite(place.root.house, "north", "https://elsewhere.example.org/")
