"""The fixtures of the tests that send: real receivers on this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chaupal.outbound.client import OutboundClient
from tests.outbound.receivers import HttpReceiver, MailReceiver, make_certificate


@pytest.fixture
def receiver() -> Iterator[HttpReceiver]:
    """An HTTP server that keeps what it gets and answers what the test wants."""
    with HttpReceiver() as started:
        yield started


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A PEM file with a certificate that nobody signed, and its key."""
    return make_certificate(tmp_path_factory.mktemp("certificate") / "server.pem")


@pytest.fixture
def mail_receiver() -> Iterator[Callable[..., MailReceiver]]:
    """Call it for an SMTP server that keeps the mails it gets."""
    started: list[MailReceiver] = []

    def start(**options: Any) -> MailReceiver:
        started.append(MailReceiver(**options))
        return started[-1]

    yield start
    for server in started:
        server.stop()


@pytest.fixture
async def outbound() -> AsyncIterator[OutboundClient]:
    """A client that is closed when the test ends."""
    client = OutboundClient()
    yield client
    await client.close()
