"""The client under test, synchronous or asynchronous, behind one face: `client.groups.create("Depot")` waits."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterator
from typing import Any, Protocol

from chaupal_client import AsyncChaupal, AsyncItems, Chaupal, MemoryTokens, Retrying, Tokens
from tests.api.worlds import GITA
from tests.browser.sites import LoopThread, Site

KINDS = ("sync", "async")
QUICK = Retrying(retries=3, first_wait_s=0.001, longest_wait_s=0.002)
"""As patient as usual, but in a hurry."""


class Counting(MemoryTokens):
    """Counts what is kept."""

    def __init__(self, tokens: Tokens | None = None) -> None:
        super().__init__(tokens)
        self.saved: list[Tokens] = []

    def save(self, tokens: Tokens) -> None:
        super().save(tokens)
        self.saved.append(tokens)


class OpenClient(Protocol):
    """Opens a client; options are those of `Chaupal`, `number` is whose refresh token it has."""

    def __call__(self, *, url: str = "", number: str = GITA, **options: Any) -> Any: ...


class Opener:
    """Opens clients of one kind and closes them in the end."""

    def __init__(self, kind: str, site: Site, loop: LoopThread) -> None:
        self._kind = kind
        self._site = site
        self._loop = loop
        self._opened: list[Any] = []

    def open(self, *, url: str = "", number: str = GITA, **options: Any) -> Any:
        world = self._site.world
        options.setdefault("application_id", world.connector.connector.shown_id)
        options.setdefault("application_secret", world.connector.application_secret)
        if number and not {"refresh_token", "access_token", "tokens"} & set(options):
            options["refresh_token"] = world.grant(number).refresh_token
        options.setdefault("retrying", QUICK)
        options.setdefault("now_s", lambda: self._site.clock.now_ms / 1000)
        address = url or self._site.url
        if self._kind == "sync":
            self._opened.append(Chaupal(address, **options))
        else:
            self._opened.append(Waiting(self._on_the_loop(address, options), self._loop))
        return self._opened[-1]

    def _on_the_loop(self, address: str, options: dict[str, Any]) -> AsyncChaupal:
        async def make() -> AsyncChaupal:
            return AsyncChaupal(address, **options)

        return self._loop.run(make())

    def close(self) -> None:
        for client in self._opened:
            client.close() if self._kind == "sync" else client.aclose()


class Waiting:
    """Something asynchronous whose calls are waited for."""

    def __init__(self, real: Any, loop: LoopThread) -> None:
        self._real = real
        self._loop = loop

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._real, name)
        if callable(found):
            return lambda *arguments, **options: self._waited(found(*arguments, **options))
        return Waiting(found, self._loop) if type(found).__module__.startswith("chaupal_client.resources") else found

    def _waited(self, given: Any) -> Any:
        if inspect.iscoroutine(given):
            return self._loop.run(given)
        return WaitingItems(given, self._loop) if isinstance(given, AsyncItems) else given


class WaitingItems:
    """Items of an asynchronous client, one after another."""

    def __init__(self, real: AsyncItems[Any], loop: LoopThread) -> None:
        self._real = real
        self._loop = loop

    @property
    def cursor(self) -> str:
        return self._real.cursor

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        async def take() -> Any:
            return await anext(self._real)

        try:
            return self._loop.run(take())
        except StopAsyncIteration:
            raise StopIteration from None

    def close(self) -> None:
        self._loop.run(self._real.aclose())

    def __enter__(self) -> WaitingItems:
        self._loop.run(self._real.__aenter__())
        return self

    def __exit__(self, *raised: object) -> None:
        async def leave() -> None:
            await self._real.__aexit__(None, None, None)

        self._loop.run(leave())


def at_once(loop: LoopThread, *coroutines: Any) -> list[Any]:
    """Several calls of an asynchronous client, all begun before the first is answered."""

    async def gather() -> list[Any]:
        return list(await asyncio.gather(*coroutines))

    return loop.run(gather())
