"""Looking names up, with a system that a test holds up."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections import Counter

import pytest

from chaupal.outbound.names import LOOKUPS_MAX, SystemNames

pytestmark = pytest.mark.anyio


class System:
    """Answers at once, but for names that begin with `slow`: those wait until they are let go."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.let_go = threading.Event()

    def __call__(self, host: str, _port: int) -> list[str]:
        self.asked[host] += 1
        if host.startswith("slow"):
            self.let_go.wait(60)
        if host.startswith("none"):
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return ["127.0.0.1"]


async def test_names_that_nobody_answers_for_delay_no_other() -> None:
    system = System()
    names = SystemNames(system)
    waiting = [asyncio.create_task(names(f"slow{number}", 443)) for number in range(100)]
    await asyncio.sleep(0)
    assert await names("quick", 443) == ["127.0.0.1"]
    assert not any(task.done() for task in waiting)
    system.let_go.set()
    assert await asyncio.gather(*waiting) == [["127.0.0.1"]] * 100


async def test_a_name_is_looked_up_once_for_all_who_wait_and_anew_for_those_who_come_later() -> None:
    system = System()
    names = SystemNames(system)
    waiting = [asyncio.create_task(names("slow", 443)) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    system.let_go.set()
    assert await asyncio.gather(*waiting[1:]) == [["127.0.0.1"]] * 2
    assert system.asked["slow"] == 1
    await names("slow", 443)
    assert system.asked["slow"] == 2


async def test_a_name_without_an_address_says_so_to_all() -> None:
    names = SystemNames(System())
    found = await asyncio.gather(*(names("none", 443) for _ in range(2)), return_exceptions=True)
    assert [type(each) for each in found] == [socket.gaierror] * 2


async def test_there_are_only_so_many_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert LOOKUPS_MAX > 400, "all deliveries on their way"
    monkeypatch.setattr("chaupal.outbound.names.LOOKUPS_MAX", 1)
    system = System()
    names = SystemNames(system)
    waiting = asyncio.create_task(names("slow", 443))
    await asyncio.sleep(0)
    with pytest.raises(OSError, match="too many names"):
        await names("quick", 443)
    system.let_go.set()
    await waiting
    assert await names("quick", 443) == ["127.0.0.1"]


async def test_the_system_knows_this_machine() -> None:
    assert "127.0.0.1" in await SystemNames()("localhost", 80)
