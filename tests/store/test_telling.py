"""When other processes are told: at once, and together what comes while the word is on its way."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Sequence

import pytest

from chaupal.store.telling import Teller

PATIENCE_S = 60


class SlowWay:
    """A way of telling that takes as long as the test lets it."""

    def __init__(self) -> None:
        self.begun: queue.Queue[Sequence[str]] = queue.Queue()
        self.may_go_on = threading.Semaphore(0)

    def send(self, tenant_ids: Sequence[str]) -> None:
        self.begun.put(tenant_ids)
        assert self.may_go_on.acquire(timeout=PATIENCE_S)


@pytest.fixture
def way() -> SlowWay:
    return SlowWay()


@pytest.fixture
def teller(way: SlowWay) -> Iterator[Teller]:
    made = Teller(way.send, apart_s=0)
    made.start()
    yield made
    way.may_go_on.release(100)
    made.stop(timeout_s=PATIENCE_S)


class TestTeller:
    def test_the_first_word_goes_at_once_and_what_comes_meanwhile_goes_together(
        self, teller: Teller, way: SlowWay
    ) -> None:
        teller.tell({"a"})
        assert way.begun.get(timeout=PATIENCE_S) == ["a"]
        for tenant_ids in ({"c"}, {"b", "c"}, {"a"}):
            teller.tell(tenant_ids)
        assert way.begun.empty(), "one word at a time"
        way.may_go_on.release()
        assert way.begun.get(timeout=PATIENCE_S) == ["a", "b", "c"]

    def test_what_waits_when_it_ends_is_told(self, teller: Teller, way: SlowWay) -> None:
        teller.tell({"a"})
        assert way.begun.get(timeout=PATIENCE_S) == ["a"]
        teller.tell({"b"})
        way.may_go_on.release(2)
        teller.stop(timeout_s=PATIENCE_S)
        assert way.begun.get_nowait() == ["b"]

    def test_who_ends_does_not_wait_longer_than_they_say(self, teller: Teller, way: SlowWay) -> None:
        teller.tell({"a"})
        assert way.begun.get(timeout=PATIENCE_S) == ["a"]
        teller.stop(timeout_s=0)
        assert teller._thread.is_alive()

    def test_it_need_not_have_begun(self, way: SlowWay) -> None:
        Teller(way.send).stop(timeout_s=PATIENCE_S)
        assert way.begun.empty()
