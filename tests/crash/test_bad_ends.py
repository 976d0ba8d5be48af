"""A full disk, a database that is gone, and clients that mean harm, done to the real process."""

from __future__ import annotations

import resource
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

from tests.crash.posting import NO_LIMITS, settle
from tests.installations import Installation, free_port
from tests.parts.postgres import PostgresOfItsOwn
from tests.parts.run import Run
from tests.parts.warm_commands import WarmCommands

MIB = 1024 * 1024


def server_process(installation: Installation) -> psutil.Process:
    """The process that listens on the installation's port."""
    for connection in psutil.net_connections("tcp"):
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port == installation.port and connection.pid:
            return psutil.Process(connection.pid)
    raise AssertionError("nobody listens")


def wait_until(holds: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline_s, "the server did not find its database again"
        time.sleep(0.05)


class TestFullDisk:
    def test_answers_503_keeps_reading_and_works_again_when_there_is_room(
        self, sqlite_installation: Installation
    ) -> None:
        place = settle(sqlite_installation)
        status, _ = place.post("before")
        assert status == 200
        process = server_process(sqlite_installation)
        sizes = [path.stat().st_size for path in sqlite_installation.data.glob("chaupal.sqlite3*")]
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (max(sizes) + 64 * 1024, resource.RLIM_INFINITY))
        text = "x" * 4_000
        kept = ["before"]
        for _ in range(200):
            status, answer = place.post(text)
            if status != 200:
                break
            kept.append(text)
        assert status == 503
        assert answer["errorCode"] == "Unavailable"
        assert answer["errorCategoryKey"] == "ServiceException"
        assert sorted(place.texts()) == sorted(kept)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        status, _ = place.post("after")
        assert status == 200
        assert sorted(place.texts()) == sorted([*kept, "after"])


class TestDatabaseGone:
    def test_answers_503_and_recovers_by_itself(
        self, postgres_of_its_own: PostgresOfItsOwn, run: Run, warm_commands: WarmCommands, tmp_path: Path
    ) -> None:
        database = postgres_of_its_own.create_database()
        made = Installation(run, warm_commands, tmp_path / "data", tmp_path, free_port(), database)
        try:
            place = settle(made)
            assert place.post("before")[0] == 200
            postgres_of_its_own.stop()
            for status, answer in (place.post("lost"), made.call("GET", place.path + "?count=1", place.headers)):
                assert status == 503
                assert answer["errorCode"] == "Unavailable"
            assert made.call("GET", "/readyz")[0] == 503
            assert made.call("GET", "/healthz")[0] == 200
            postgres_of_its_own.start()
            wait_until(made.is_ready)
            wait_until(lambda: place.post("after")[0] == 200)
            page = place.path + "?count=1"
            wait_until(lambda: all(made.call("GET", page, place.headers)[0] == 200 for _ in range(8)))
            assert place.texts() == ["after", "before"]
        finally:
            made.stop()


class TestHostileClients:
    def test_a_large_body_and_deep_nesting_are_refused(self, sqlite_installation: Installation) -> None:
        place = settle(sqlite_installation)
        before = server_process(sqlite_installation).memory_info().rss
        for _ in range(5):
            status, answer = send_raw(sqlite_installation.port, place.path, place.token, b"x" * (10 * MIB))
            assert status == 413, answer
        for opening in (b"[", b'{"a":', b"{a:["):
            status, answer = send_raw(sqlite_installation.port, place.path, place.token, opening * 1_000)
            assert status == 400, answer
        assert server_process(sqlite_installation).memory_info().rss - before < 40 * MIB
        assert place.post("still here")[0] == 200

    def test_ten_thousand_wrong_tokens_cost_others_nothing(self, sqlite_installation: Installation) -> None:
        place = settle(sqlite_installation)
        before = server_process(sqlite_installation).memory_info().rss
        head, body, tail = place.token.split(".")
        with socket.create_connection(("127.0.0.1", sqlite_installation.port), timeout=30) as client:
            answers = client.makefile("rb")
            for number in range(10_000):
                token = f"{head}.{body}{number}.{tail}" if number % 2 else f"wrong{number}"
                request = f"GET /v1/users/me HTTP/1.1\r\nHost: x\r\naccessToken: {token}\r\n\r\n"
                client.sendall(request.encode())
                assert read_answer(answers)[0] == 401
                if number % 1_000 == 0:
                    assert place.post(f"message {number}")[0] == 200
        assert server_process(sqlite_installation).memory_info().rss - before < 30 * MIB
        assert len(place.texts()) == 10

    def test_half_sent_heads_are_cut_off_and_hold_nobody_up(self, sqlite_installation: Installation) -> None:
        sqlite_installation.settings["CHAUPAL_REQUEST_HEAD_TIMEOUT_S"] = "2"
        place = settle(sqlite_installation)
        clients = [socket.create_connection(("127.0.0.1", sqlite_installation.port), timeout=60) for _ in range(300)]
        for client in clients:
            client.sendall(b"POST /v1/groups HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        assert place.post("others are served")[0] == 200
        for client in clients:
            with client:
                assert client.recv(1) == b""

    def test_an_endless_head_is_cut_off(self, sqlite_installation: Installation) -> None:
        sqlite_installation.settings.update(NO_LIMITS)
        sqlite_installation.start()
        with socket.create_connection(("127.0.0.1", sqlite_installation.port), timeout=60) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
            try:
                for _ in range(20_000):
                    client.sendall(b"X-Filler: " + b"x" * 1_000 + b"\r\n")
                assert client.recv(1) == b""
            except OSError:
                return


def send_raw(port: int, path: str, token: str, body: bytes) -> tuple[int, bytes]:
    """A POST whose body may be refused before it is sent whole."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\naccessToken: {token}\r\nContent-Length: {len(body)}\r\n\r\n"
        client.sendall(head.encode())
        with suppress(OSError):
            client.sendall(body)
        return read_answer(client.makefile("rb"))


def read_answer(answers: object) -> tuple[int, bytes]:
    """(status, body) of the next answer on a connection."""
    readline, read = answers.readline, answers.read  # type: ignore[attr-defined]
    status = int(readline().split()[1])
    size = 0
    while (line := readline()) not in (b"\r\n", b""):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            size = int(value)
    return status, read(size)
