"""What every test may ask for: the real parts, the specification's folder, and how Hypothesis runs.

The servers themselves are in `tests/parts`. A part is started by the first test that asks for it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from tests.parts.nats import NatsServer, start_nats
from tests.parts.postgres import PostgresOfItsOwn, PostgresServer, start_postgres
from tests.parts.run import Run, folder_in_memory
from tests.parts.s3 import S3Server, s3_server_named, start_s3

PROJECT = Path(__file__).parent.parent
RUN = pytest.StashKey[Run]()

# The same examples on every machine and every run, none stored in the checkout; a failure prints how to repeat it.
hypothesis.settings.register_profile("chaupal", derandomize=True, deadline=None, database=None, print_blob=True)
hypothesis.settings.load_profile("chaupal")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--fuzz-s",
        metavar="SECONDS",
        type=int,
        default=0,
        help="let the tests that make calls up choose freely so long",
    )
    parser.addoption("--screenshots", metavar="FOLDER", help="where the browser tests put their pictures")


def pytest_configure(config: pytest.Config) -> None:
    worker: dict[str, Any] | None = getattr(config, "workerinput", None)
    config.stash[RUN] = Run.join(Path(worker["run_folder"])) if worker else Run.begin()
    in_memory = folder_in_memory()
    if in_memory is not None:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(in_memory))  # where pytest makes each test's tmp_path


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tells a worker of pytest-xdist which run it belongs to."""
    node.workerinput["run_folder"] = str(node.config.stash[RUN].folder)


def pytest_unconfigure(config: pytest.Config) -> None:
    run = config.stash.get(RUN, None)
    if run is not None and not hasattr(config, "workerinput"):
        run.end()


@pytest.fixture(scope="session")
def run(request: pytest.FixtureRequest) -> Run:
    """This run of the tests, shared by its workers."""
    return request.config.stash[RUN]


@pytest.fixture(scope="session")
def postgres_server(run: Run) -> Iterator[PostgresServer]:
    """The run's PostgreSQL 18, or the one that CHAUPAL_TEST_POSTGRES names."""
    named = os.environ.get("CHAUPAL_TEST_POSTGRES")
    server = PostgresServer(named or run.once("shared-postgres", lambda: start_postgres(run))["url"])
    yield server
    server.drop_templates()


@pytest.fixture
def new_postgres_database(postgres_server: PostgresServer) -> Iterator[Callable[..., str]]:
    """Call it for the URL of one more new database: `()` for an empty one, `(template=...)` for a copy."""
    urls: list[str] = []

    def create(template: str = "template0") -> str:
        urls.append(postgres_server.create_database(template))
        return urls[-1]

    yield create
    for url in urls:
        postgres_server.drop_database(url)


@pytest.fixture
def fresh_postgres_url(new_postgres_database: Callable[..., str]) -> str:
    """The URL of a new, empty database that is this test's alone."""
    return new_postgres_database()


@pytest.fixture
def postgres_of_its_own(run: Run, tmp_path: Path) -> Iterator[PostgresOfItsOwn]:
    """A running server of this test's own, to stop, kill and start; always from the package, never the named one."""
    server = PostgresOfItsOwn(run, f"postgres-{os.getpid()}-{tmp_path.name}"[:60])
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def nats_server(run: Run) -> NatsServer:
    """The run's NATS server, or the one that CHAUPAL_TEST_NATS names."""
    named = os.environ.get("CHAUPAL_TEST_NATS")
    return NatsServer(named or run.once("shared-nats", lambda: start_nats(run))["url"])


@pytest.fixture(scope="session")
def s3_server(run: Run) -> S3Server:
    """The run's S3 store, or the one that CHAUPAL_TEST_S3 names (http://ACCESS_KEY:SECRET_KEY@host:port)."""
    named = os.environ.get("CHAUPAL_TEST_S3")
    if named:
        return s3_server_named(named)
    return S3Server(**run.once("shared-s3", lambda: start_s3(run)))


@pytest.fixture(scope="session")
def spec_dir() -> Path:
    """The folder of the wire specification: CHAUPAL_SPEC_DIR, or ../shared/spec beside the checkout.

    A checkout without it skips the tests that read it; where CI_REQUIRES_SPEC=1 they fail instead.
    """
    folder = Path(os.environ.get("CHAUPAL_SPEC_DIR") or PROJECT.parent / "shared" / "spec")
    if not folder.is_dir():
        reason = f"the wire specification is not at {folder}"
        if os.environ.get("CI_REQUIRES_SPEC") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return folder


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Asynchronous tests are marked `pytest.mark.anyio` and run on asyncio, as the server does."""
    return "asyncio"
