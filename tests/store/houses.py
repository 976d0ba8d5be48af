"""What background work needs of a server, around a store of the test's own, with a clock that the test moves."""

from __future__ import annotations

import asyncio
import threading

from chaupal.auth.sealing import SecretKey
from chaupal.auth.signing import TokenSigner, make_signing_key
from chaupal.auth.tenant_keys import TenantKeys
from chaupal.jobs.runner import Recorded
from chaupal.serving.house import House
from chaupal.store.opening import DataFolder
from chaupal.store.store import Store
from tests.store.rules import WAIT_S
from tests.stores import Database

SECRET_KEY = SecretKey(bytes(range(32)))


def key_of(tenant_id: str) -> SecretKey:
    """The key that such a house gives a tenant."""
    return TenantKeys(SECRET_KEY).born(tenant_id)


START_MS = 1_700_000_000_000
DAY_MS = 86_400_000


class FakeClock:
    """Stands still until it is moved; or moves on a little each time that it is read."""

    def __init__(self, *, step_ms: int = 0) -> None:
        self._now_us = START_MS * 1000
        self._step_us = step_ms * 1000
        self._lock = threading.Lock()

    def __call__(self) -> int:
        with self._lock:
            self._now_us += self._step_us
            return self._now_us

    @property
    def now_ms(self) -> int:
        return self._now_us // 1000

    def move_ms(self, by_ms: int) -> None:
        with self._lock:
            self._now_us += by_ms * 1000


def make_house(database: Database, store: Store, secret_key: SecretKey = SECRET_KEY) -> House:
    """A house around an open store. Nothing here signs tokens."""
    return House(
        settings=database.settings,
        store=store,
        secret_key=secret_key,
        signer=TokenSigner([make_signing_key("test")], issuer="http://localhost/"),
        folder=DataFolder(database.settings.data),
    )


class Ledger:
    """Takes what a runner has recorded, for a test that waits for it."""

    def __init__(self) -> None:
        self._tries: asyncio.Queue[Recorded] = asyncio.Queue()

    def __call__(self, recorded: Recorded) -> None:
        self._tries.put_nowait(recorded)

    async def next(self) -> Recorded:
        async with asyncio.timeout(WAIT_S):
            return await self._tries.get()
