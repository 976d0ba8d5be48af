"""A soak that cannot find a fault proves nothing."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench.product import Product
from bench.soak_command import Sample, check_growth
from bench.soak_load import Client, Sent, check_history

GROUP = "group"
History = list[dict[str, Any]]


class PagedProduct(Product):
    """Answers with a history, newest first, two messages a page."""

    def __init__(self, history: History) -> None:
        self.folder, self.port, self.database = Path("nowhere"), 0, "sqlite"
        self.newest_first = history[::-1]

    def call(self, method: str, path: str, body: str = "", headers: Any = None) -> dict[str, Any]:
        cursor = int(path.partition("cursor=")[2].partition("&")[0] or 0)
        page: dict[str, Any] = {"messages": self.newest_first[cursor : cursor + 2]}
        return page | ({"cursor": str(cursor + 2)} if cursor + 2 < len(self.newest_first) else {})


def message(number: int, text: str = "", **fields: Any) -> dict[str, Any]:
    return {"referenceId": str(number), "message": text or f"text {number}", **fields}


def faults_in(history: History) -> list[str]:
    """What is found where one client has sent 0, 2, 4 and another 1, 3; 4 was retracted."""
    product = PagedProduct(history)
    clients = [Client(product, name, [GROUP], 1.0, random.Random(1)) for name in ("even", "odd")]
    for number in range(5):
        sent = Sent(f"text {number}", is_retracted=number == 4)
        clients[number % 2].sent.setdefault(GROUP, {})[str(number)] = sent
    return check_history(product, GROUP, clients)


GOOD: History = [message(0), message(1), message(2), message(3), message(4, " ", isRetracted=True)]


class TestCheckHistory:
    def test_a_good_one_has_no_faults(self) -> None:
        assert faults_in(GOOD) == []

    def test_clients_may_overtake_each_other(self) -> None:
        assert faults_in([GOOD[1], GOOD[0], *GOOD[2:]]) == []

    @pytest.mark.parametrize(
        ("spoil", "fault"),
        [
            (lambda good: good[:1] + good[2:], "lost: 1"),
            (lambda good: [*good, good[3]], "twice: 3"),
            (lambda good: [*good, message(9)], "6 messages are there, 5 were acknowledged"),
            (lambda good: [good[2], good[1], good[0], *good[3:]], "out of order: 2"),
            (lambda good: [message(0, "other"), *good[1:]], "another text: 0"),
            (lambda good: [*good[:4], message(4)], "retraction lost or made up: 4"),
            (lambda good: [message(0, " ", isRetracted=True), *good[1:]], "retraction lost or made up: 0"),
        ],
    )
    def test_each_fault_is_named(self, spoil: Callable[[History], History], fault: str) -> None:
        assert fault in faults_in(spoil(GOOD))


def sample(
    at_s: float, *, rss_mb: float = 80, delivering_mb: float = 40, file_mb: float = 1, wal_mb: float = 4
) -> Sample:
    return Sample(at_s, rss_mb, delivering_mb, file_mb, wal_mb)


class TestCheckGrowth:
    def test_what_fills_at_first_is_no_growth(self) -> None:
        samples = [sample(0, rss_mb=40), *(sample(second) for second in range(1, 10)), sample(10, rss_mb=105)]
        assert check_growth(samples, 100) == []

    @pytest.mark.parametrize(
        ("last", "fault"),
        [
            (sample(10, rss_mb=111), "memory grew by 31.0 MB"),
            (sample(10, delivering_mb=56), "the process that delivers grew by 16.0 MB"),
            (sample(10, file_mb=20), "the file grew by 19.0 MB, at most 18.4 MB"),
            (sample(10, wal_mb=65), "the write-ahead log had 65.0 MB"),
        ],
    )
    def test_each_growth_is_named(self, last: Sample, fault: str) -> None:
        found = check_growth([*(sample(second) for second in range(10)), last], 1_000)
        assert [entry for entry in found if entry.startswith(fault)] == found != []

    def test_nothing_sent_is_a_fault(self) -> None:
        assert check_growth([sample(0), sample(1)], 0) == ["no message was acknowledged"]
