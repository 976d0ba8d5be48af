"""One real server for each worker while it runs tests of this folder, and the client under test in both its forms:
every test that opens a client runs with `Chaupal` and with `AsyncChaupal`. SQLite alone: a client does not see the
database behind the server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.sites import LoopThread, Site, serve_site
from tests.installations import sqlite_installation, warm_commands
from tests.sdk.clients import KINDS, OpenClient, Opener
from tests.sdk.elsewhere import Elsewhere
from tests.stores import make_sqlite_database, sqlite_template

__all__ = ["sqlite_installation", "sqlite_template", "warm_commands"]


@pytest.fixture(scope="package")
def shared_site(sqlite_template: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    database = make_sqlite_database(sqlite_template, tmp_path_factory.mktemp("sdk") / "data")
    with serve_site(
        database,
        connector_calls_per_min=0,
        tenant_calls_per_min=0,
        media_fetch_allow=("127.0.0.1",),
        callback_allow=("127.0.0.1",),
        webhook_proofs_per_min=0,
    ) as site:
        yield site


@pytest.fixture
def site(shared_site: Site) -> Site:
    """The server, with an organization of this test's own in `site.world`."""
    return shared_site.with_new_world()


@pytest.fixture(scope="session")
def client_loop() -> Iterator[LoopThread]:
    """Where the asynchronous clients run."""
    loop = LoopThread()
    yield loop
    loop.end()


@pytest.fixture(params=KINDS)
def open_client(request: pytest.FixtureRequest, site: Site, client_loop: LoopThread) -> Iterator[OpenClient]:
    """Call it for a client: of the site's organization, with the site's clock, and Gita's refresh token by default."""
    opener = Opener(request.param, site, client_loop)
    yield opener.open
    opener.close()


@pytest.fixture
def client(open_client: OpenClient) -> Any:
    """Gita's client; she makes groups and is an admin of them."""
    return open_client()


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    """A server that answers what the test says, in place of ours or in front of it."""
    with Elsewhere.serve() as served:
        yield served
