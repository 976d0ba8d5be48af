"""The control socket: who may speak, what comes back to those who do not know how, and what a killed server leaves."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import stat
from pathlib import Path

import pytest

from chaupal.control.calls import STATUS, Nothing
from chaupal.control.client import ask_server
from chaupal.control.place import (
    SOCKET_PATH_MAX_BYTES,
    Whereabouts,
    bind_socket,
    read_whereabouts,
    remove_traces,
    socket_candidates,
    write_whereabouts,
)
from tests.installations import ADMIN, OTHER, Installation, ended
from tests.parts.run import Run


def connect(installation: Installation) -> socket.socket:
    whereabouts = read_whereabouts(installation.data)
    assert whereabouts is not None
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(30)
    connection.connect(whereabouts.socket)
    return connection


def exchange(installation: Installation, sent: bytes) -> bytes:
    """Everything that comes back until the server closes the connection."""
    with connect(installation) as connection:
        with contextlib.suppress(BrokenPipeError):
            connection.sendall(sent)
        received = bytearray()
        while piece := connection.recv(65_536):
            received += piece
    return bytes(received)


class TestHostileClients:
    @pytest.fixture
    def running(self, sqlite_installation: Installation) -> Installation:
        sqlite_installation.start()
        return sqlite_installation

    @pytest.mark.parametrize(
        ("line", "code"),
        [
            (b"garbage\n", "InvalidParameters"),
            (b"\n", "InvalidParameters"),
            (b"\xff\xfe\x00\n", "InvalidParameters"),
            (b"[" * 100_000 + b"\n", "InvalidParameters"),
            (b'{"operation": 7}\n', "InvalidParameters"),
            (b'{"operation": "no_such"}\n', "NotFound"),
            (b'{"operation": "__class__"}\n', "NotFound"),
            (b'{"operation": "tenant_list", "arguments": {"x": 1}}\n', "InvalidParameters"),
            (b'{"operation": "person_add", "arguments": {}}\n', "InvalidParameters"),
            (b'{"operation": "tenant_list", "version": "0.0.0"}\n', "Conflict"),
            (b"x" * 1_100_000 + b"\n", "PayloadTooLarge"),
            (b"x" * 3_000_000, "PayloadTooLarge"),
        ],
        ids=lambda value: value[:40].decode("latin-1") if isinstance(value, bytes) else value,
    )
    def test_a_wrong_line_gets_an_error_and_hurts_nobody(self, running: Installation, line: bytes, code: str) -> None:
        answer = json.loads(exchange(running, line))
        assert answer.keys() == {"error"}
        assert answer["error"]["errorCode"] == code
        assert running.command("tenant", "list").code == 0

    def test_half_a_line_and_silence(self, running: Installation) -> None:
        for _ in range(5):
            with connect(running) as connection:
                connection.sendall(b'{"operation": "tenant_l')
        silent = [connect(running) for _ in range(5)]
        try:
            installed = running.init()
            assert running.me(running.access_token(installed))[0] == 200
        finally:
            for connection in silent:
                connection.close()
        # The server stops although someone may hold a connection open.
        with connect(running):
            running.stop()

    def test_more_connections_than_it_takes(self, running: Installation) -> None:
        crowd = [connect(running) for _ in range(40)]
        try:
            answer = json.loads(exchange(running, b'{"operation": "tenant_list"}\n'))
            assert answer["error"]["errorCode"] == "Unavailable"
        finally:
            for connection in crowd:
                connection.close()
        assert running.result("tenant", "list") == {"tenants": []}

    def test_a_line_without_a_version_is_answered(self, running: Installation) -> None:
        assert exchange(running, b'{"operation": "tenant_list"}\n') == b'{"result":{"tenants":[]}}\n'

    def test_secrets_are_not_logged(self, running: Installation) -> None:
        installed = running.init()
        assert running.server is not None
        log = running.server.log.read_text()
        assert '"operation":"init"' in log
        assert installed["refreshToken"] not in log
        assert installed["applicationSecret"] not in log

    def test_only_the_owner_may_connect(self, running: Installation) -> None:
        whereabouts = read_whereabouts(running.data)
        assert whereabouts is not None
        assert stat.S_IMODE(Path(whereabouts.socket).stat().st_mode) == 0o600
        assert stat.S_IMODE((running.data / "control.json").stat().st_mode) == 0o600


class TestServerAndCommands:
    def test_nothing_is_left_after_an_orderly_stop(self, sqlite_installation: Installation) -> None:
        sqlite_installation.start()
        whereabouts = read_whereabouts(sqlite_installation.data)
        assert whereabouts is not None
        assert sqlite_installation.server is not None
        assert whereabouts.pid == sqlite_installation.server.pid
        sqlite_installation.stop()
        assert not Path(whereabouts.socket).exists()
        assert read_whereabouts(sqlite_installation.data) is None

    def test_commands_work_after_a_kill_and_so_does_the_next_server(self, sqlite_installation: Installation) -> None:
        sqlite_installation.start()
        installed = sqlite_installation.init()
        sqlite_installation.kill()
        assert read_whereabouts(sqlite_installation.data) is not None
        assert sqlite_installation.result("person", "add", OTHER)["mobileNumber"] == OTHER
        sqlite_installation.start()
        assert len(sqlite_installation.result("person", "list")["people"]) == 2
        assert sqlite_installation.me(sqlite_installation.access_token(installed))[0] == 200

    def test_a_second_server_on_the_folder_is_refused(self, sqlite_installation: Installation) -> None:
        sqlite_installation.start()
        message = sqlite_installation.refusal("serve")
        assert str(sqlite_installation.data) in message
        assert sqlite_installation.command("tenant", "list").code == 0

    @pytest.mark.parametrize("with_server", [False, True])
    def test_commands_at_once_all_succeed(self, sqlite_installation: Installation, with_server: bool) -> None:
        sqlite_installation.init()
        if with_server:
            sqlite_installation.start()
        numbers = [f"+1415555010{digit}" for digit in range(4)]
        running = [sqlite_installation.begin("person", "add", number, "--json") for number in numbers]
        done = [ended(process) for process in running]
        assert [one.code for one in done] == [0] * 4, done
        listed = sqlite_installation.result("person", "list")["people"]
        assert sorted(person["mobileNumber"] for person in listed) == sorted([ADMIN, *numbers])

    def test_a_command_waits_for_a_server_that_is_starting(self, sqlite_installation: Installation) -> None:
        sqlite_installation.init()
        server = sqlite_installation.begin("serve")
        try:
            done = [sqlite_installation.command("tenant", "list") for _ in range(3)]
            assert [one.code for one in done] == [0] * 3, done
        finally:
            server.send_signal(signal.SIGTERM)
            ended(server)

    def test_a_path_too_long_for_a_socket(self, sqlite_installation: Installation) -> None:
        sqlite_installation.data = sqlite_installation.cwd / ("long" * 30) / ("folder" * 20)
        sqlite_installation.start()
        whereabouts = read_whereabouts(sqlite_installation.data)
        assert whereabouts is not None
        place = Path(whereabouts.socket)
        assert len(os.fsencode(place)) <= SOCKET_PATH_MAX_BYTES
        assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700
        assert not (sqlite_installation.data / "chaupal.sqlite3").samefile(place.parent)
        sqlite_installation.init()
        sqlite_installation.kill()
        assert place.exists()
        assert sqlite_installation.command("tenant", "list").code == 0
        sqlite_installation.start()
        assert not place.parent.exists(), "what the killed server left is removed"
        assert sqlite_installation.command("tenant", "list").code == 0
        sqlite_installation.stop()
        assert sqlite_installation.command("tenant", "list").code == 0

    def test_a_moved_folder_is_found(self, sqlite_installation: Installation) -> None:
        """As when the folder is mounted under another path than the server's."""
        short = sqlite_installation.run.folder / f"d{sqlite_installation.port}"
        sqlite_installation.data = short
        sqlite_installation.start()
        moved = short.with_name(f"m{sqlite_installation.port}")
        short.rename(moved)
        try:
            assert sqlite_installation.server is not None
            assert ask_server(moved, STATUS, Nothing()).pid == sqlite_installation.server.pid
        finally:
            moved.rename(short)
            sqlite_installation.stop()


class TestPlace:
    def test_a_folder_that_is_not_private_is_not_trusted(self, run: Run) -> None:
        """Whoever takes the name that a killed server's folder had must not be told secrets."""
        data = run.folder / f"place-data-{os.getpid()}"
        data.mkdir()
        foreign = run.folder / f"chaupal-control-{os.getpid()}"
        foreign.mkdir(mode=0o755)
        write_whereabouts(data, Whereabouts(1, str(foreign / "control.sock")))
        assert foreign / "control.sock" not in socket_candidates(data)
        foreign.chmod(0o700)
        assert foreign / "control.sock" in socket_candidates(data)

    def test_an_unreadable_file_is_none(self, tmp_path: Path) -> None:
        (tmp_path / "control.json").write_bytes(b"\xff{half")
        assert read_whereabouts(tmp_path) is None
        remove_traces(tmp_path)
        assert list(tmp_path.iterdir()) == []

    def test_what_lies_in_the_way_is_replaced(self, run: Run) -> None:
        short = run.folder / f"place-{os.getpid()}"
        short.mkdir(mode=0o700)
        try:
            for _ in range(2):
                bound, place = bind_socket(short)
                bound.close()
                assert place == short / "control.sock"
        finally:
            shutil.rmtree(short)
