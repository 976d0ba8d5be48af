"""Servers that wake each other through NATS, while it dies, comes back and hangs: no call fails, no event is lost."""

from __future__ import annotations

import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.crash.test_several_servers import Begin, begin, place_on
from tests.crash.test_streams_killed import Reader, cursor_of
from tests.installations import Installation, free_port
from tests.parts.nats import NatsOfItsOwn
from tests.parts.run import Run

__all__ = ["begin"]


@pytest.fixture
def own_nats(run: Run) -> Iterator[NatsOfItsOwn]:
    """Not started yet."""
    server = NatsOfItsOwn(run, f"nats-{uuid.uuid4().hex[:12]}", free_port())
    yield server
    server.stop()


def metric(server: Installation, name: str) -> float:
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/metrics", timeout=30) as answer:
        lines = answer.read().decode().splitlines()
    [value] = [line.split()[1] for line in lines if line.startswith(f"{name} ")]
    return float(value)


def test_nats_may_be_missing_die_return_and_hang(begin: Begin, own_nats: NatsOfItsOwn) -> None:
    servers = [begin(CHAUPAL_NATS=own_nats.url) for _ in range(2)]
    place = place_on(servers[0])
    assert metric(servers[0], "chaupal_signals_connected") == 0
    ports = (servers[1].port,)
    reader = Reader(replace(place, installation=servers[1]), place.token, cursor_of(servers[1], place.token), 1, ports)
    reader.start()
    texts: list[str] = []

    def post(count: int) -> None:
        for _ in range(count):
            texts.append(f"message {len(texts)}")
            assert place.post(texts[-1])[0] == 200
        reader.wait_for(texts[-1])

    post(3)
    own_nats.start()
    while metric(servers[1], "chaupal_signals_connected") == 0:
        post(1)
    post(3)
    own_nats.kill()
    post(5)
    own_nats.start()
    while metric(servers[1], "chaupal_signals_connected") == 0:
        post(1)
    post(3)
    own_nats.hang()
    post(5)
    own_nats.resume()
    post(3)
    reader.stop()
    assert reader.texts == texts
