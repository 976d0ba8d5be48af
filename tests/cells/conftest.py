"""Several installations on this machine, each a real server with a database of its own."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.docs.pages import page
from tests.installations import Installation, free_port, sqlite_installation, warm_commands
from tests.parts.postgres import PostgresServer
from tests.parts.run import Run
from tests.parts.warm_commands import WarmCommands
from tests.stores import database, sqlite_database, sqlite_template, store_on

__all__ = ["database", "sqlite_database", "sqlite_installation", "sqlite_template", "store_on", "warm_commands"]

MakeCell = Callable[..., Installation]


@contextmanager
def making_cells(
    run: Run, warm_commands: WarmCommands, folder: Path, create_database: Callable[[], str]
) -> Iterator[MakeCell]:
    """All that were made are stopped at the end."""
    made: list[Installation] = []

    def make(kind: str = "sqlite", **settings: str) -> Installation:
        url = create_database() if kind == "postgresql" else ""
        data = folder / f"cell-{len(made)}"
        made.append(Installation(run, warm_commands, data, folder, free_port(), url, settings=dict(settings)))
        return made[-1]

    yield make
    for each in made:
        each.stop()


@pytest.fixture
def make_cell(
    request: pytest.FixtureRequest, run: Run, warm_commands: WarmCommands, tmp_path: Path
) -> Iterator[MakeCell]:
    """Call it for one more empty installation that is not running: `make_cell("postgresql", CHAUPAL_…="…")`."""

    def create_database() -> str:
        return str(request.getfixturevalue("new_postgres_database")())

    with making_cells(run, warm_commands, tmp_path, create_database) as make:
        yield make


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def joined(
    request: pytest.FixtureRequest,
    run: Run,
    warm_commands: WarmCommands,
    postgres_server: PostgresServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Installation, Installation]]:
    """(the root, on SQLite, and a cell that has joined it, on each database), both running.

    For all tests of a file, which leave them so.
    """
    url = postgres_server.create_database()
    with making_cells(run, warm_commands, tmp_path_factory.mktemp("joined"), lambda: url) as make:
        root, cell = make(), make(request.param)
        root.start()
        cell.start()
        join(root, cell, "north")
        yield root, cell
    postgres_server.drop_database(url)


def url_of(installation: Installation) -> str:
    return f"http://127.0.0.1:{installation.port}/"


COMMANDS = [
    shlex.split(block.text)[1:] for block in page("docs/operate/cells.md").blocks if block.text.startswith("chaupal ")
]
"""What the page of cells says to type: adding a cell, joining, emptying one, moving an organization."""


def filled_in(command: list[str], **instead: str) -> list[str]:
    """A command of the page, with other words for those that it has as examples."""
    assert instead.keys() <= set(command)
    return [instead.get(word, word) for word in command]


def join(root: Installation, cell: Installation, name: str) -> None:
    add, join_it, _drain, _move = COMMANDS
    added = root.result(*filled_in(add, **{"north": name, "https://north.example.org": url_of(cell)}))
    cell.result(*filled_in(join_it, CODE=added["joinCode"]))
