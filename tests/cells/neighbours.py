"""Cells in this process: each with a store and keys of its own, calling each other's doors without a network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import httpx
import msgspec

from chaupal.auth.caller import INSTALLATION
from chaupal.auth.keys import Renewal, ensure_signing_keys
from chaupal.auth.signing import SigningKey, TokenSigner
from chaupal.cells.door import CellDoor
from chaupal.cells.joining import invite, join
from chaupal.cells.renewing import renew_key
from chaupal.cells.root_link import RootLink
from chaupal.cells.routes import CELL_ROUTES
from chaupal.cells.watching import read_all, take_over, wanted_by
from chaupal.outbound.client import OutboundAnswer, OutboundFailed
from chaupal.serving.house import House
from chaupal.store.store import Store
from tests.store.houses import SECRET_KEY, make_house
from tests.stores import Database

LIFE_S = 86_400


class Neighbour:
    """One cell, whose processes have all heard of each change."""

    def __init__(self, url: str, database: Database, house: House, streets: dict[str, Neighbour]) -> None:
        self.url, self.house = url, house
        self.link = RootLink(house)
        self.is_reachable = True
        self.refusals = 0
        self.is_of_older_version = False
        self._door = httpx.ASGITransport(CellDoor(house, CELL_ROUTES, behind=_nobody))
        self._streets = streets
        self._database = database
        streets[url] = self
        house.cell_calls.client.send = self._send  # type: ignore[method-assign,assignment]

    async def _send(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes, **_limits: Any
    ) -> OutboundAnswer:
        there = next(each for base, each in self._streets.items() if url.startswith(base))
        if not there.is_reachable or not self.is_reachable:
            raise OutboundFailed("nobody answers")
        async with httpx.AsyncClient(transport=there._door) as client:
            answer = await client.request(method, url, headers=dict(headers), content=body)
        await there.look()
        self.refusals += answer.status_code == 401
        said = answer.json()
        if there.is_of_older_version:
            said.pop("unaware", None)
        return OutboundAnswer(answer.status_code, msgspec.json.encode(said))

    def ask(self, question: str) -> None:
        """Change the database past the store."""
        self._database.ask(question)

    async def look(self) -> None:
        """Every process sees what the database has."""
        take_over(self.house, await self.house.store.read(read_all, INSTALLATION, wanted_by(self.house)))

    async def beat(self) -> None:
        await self.look()
        await self.link.beat()
        await self.look()

    async def renew(self) -> tuple[SigningKey, list[str]]:
        renewal = Renewal(self.house.secret_key, LIFE_S)
        renewed = (await self.house.store.write(renew_key, INSTALLATION, renewal)).result
        await self.look()
        return renewed

    @property
    def signing_key_id(self) -> str:
        return self.house.signer.signing_key(self.house.now_s * 1000).key_id

    def knows(self, name: str) -> set[str]:
        """The ids of another cell's keys."""
        return set(self.house.roster.peers[name].keys)


async def _nobody(*_: object) -> None:
    raise AssertionError("no call of a cell")


async def settle(name: str, database: Database, store: Store, streets: dict[str, Neighbour]) -> Neighbour:
    """An installation that is alone; its address is made of its name."""
    house = make_house(database, store)
    keys = (await store.write(ensure_signing_keys, INSTALLATION, SECRET_KEY)).result
    house.signer = TokenSigner(keys, issuer="http://localhost/")
    url = f"https://{name}.example.org/"
    house.settings = replace(house.settings, public_url=url)
    made = Neighbour(url, database, house, streets)
    await made.look()
    return made


async def join_root(root: Neighbour, cell: Neighbour, name: str) -> None:
    _, code = await invite(root.house, name, cell.url)
    await root.look()
    await join(cell.house, code)
    await cell.beat()
