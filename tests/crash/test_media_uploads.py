"""Uploads and downloads that end badly, are enormous, or mean harm, done to the real process."""

from __future__ import annotations

import json
import os
import random
import resource
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.api.files import BOUNDARY, PDF, SAMPLES, WAV, Part, multipart, picture
from tests.crash.posting import NO_LIMITS
from tests.crash.test_bad_ends import read_answer, server_process
from tests.installations import Installation

MIB = 1_048_576
FORM = f"multipart/form-data; boundary={BOUNDARY}"
CHUNK = random.Random(7).randbytes(MIB)


@dataclass
class Place:
    """A running server, and a token for it."""

    installation: Installation
    token: str

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.installation.port), timeout=120)

    def head(self, size_bytes: int, content_type: str = FORM) -> bytes:
        lines = (
            "POST /v1/media HTTP/1.1",
            "Host: x",
            f"accessToken: {self.token}",
            f"Content-Type: {content_type}",
            f"Content-Length: {size_bytes}",
        )
        return "\r\n".join(lines).encode() + b"\r\n\r\n"

    def post(self, body: bytes, content_type: str = FORM) -> tuple[int, Any]:
        """An upload whose body may be refused before it is sent whole."""
        with self.connect() as client:
            client.sendall(self.head(len(body), content_type))
            with suppress(OSError):
                client.sendall(body)
            status, answer = read_answer(client.makefile("rb"))
            return status, json.loads(answer)

    def works(self) -> bool:
        """Whether an ordinary upload is taken, and given back."""
        status, answer = self.post(multipart(Part(PDF, "a.pdf"))[0])
        assert status == 200, answer
        return self.content_of(answer["mediaResource"]) == PDF

    def content_of(self, media_resource: str) -> bytes:
        found = self.file_of(media_resource)
        path = found["mediaUrl"].partition("/media/")[2]
        with self.connect() as client:
            client.sendall(f"GET /media/{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            status, content = read_answer(client.makefile("rb"))
        assert status == 200
        return content

    def file_of(self, media_resource: str) -> Any:
        status, found = self.installation.call("GET", f"/v1/media/{media_resource}", {"accessToken": self.token})
        assert status == 200, found
        return found

    @property
    def incoming(self) -> list[Path]:
        return list((self.installation.data / "media" / "incoming").glob("*"))

    @property
    def objects(self) -> list[Path]:
        return [path for path in (self.installation.data / "media" / "objects").rglob("*") if path.is_file()]


def settle(installation: Installation, **settings: str) -> Place:
    installation.settings.update(NO_LIMITS | settings)
    installation.start()
    return Place(installation, installation.access_token(installation.init()))


def wait_until(holds: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline_s
        time.sleep(0.02)


def large_form(size_bytes: int) -> tuple[bytes, Iterator[bytes], bytes, int]:
    """(beginning, pieces, end, size of it all) of a form with one sound of so many bytes and more."""
    empty = multipart(Part(WAV, "large.wav", "audio/wav"))[0]
    begin, end = empty[: -len(f"\r\n--{BOUNDARY}--\r\n")], f"\r\n--{BOUNDARY}--\r\n".encode()
    count = size_bytes // MIB
    return begin, (CHUNK for _ in range(count)), end, len(begin) + count * MIB + len(end)


class Peak:
    """The most memory that the server took since the first look."""

    def __init__(self, installation: Installation) -> None:
        self._process = server_process(installation)
        self._first = self._most = self._process.memory_info().rss

    def look(self) -> None:
        self._most = max(self._most, self._process.memory_info().rss)

    @property
    def grown_bytes(self) -> int:
        return self._most - self._first


class TestMemory:
    def test_a_file_of_a_gigabyte_goes_in_and_out_through_little(self, sqlite_installation: Installation) -> None:
        place = settle(sqlite_installation, CHAUPAL_MEDIA_MAX_MB="1100")
        assert place.works(), "what is loaded once is loaded"
        begin, pieces, end, size_bytes = large_form(1024 * MIB)
        peak = Peak(sqlite_installation)
        with place.connect() as client:
            client.sendall(place.head(size_bytes) + begin)
            for piece in pieces:
                client.sendall(piece)
                peak.look()
            client.sendall(end)
            status, answer = read_answer(client.makefile("rb"))
        peak.look()
        assert status == 200, answer
        found = place.file_of(json.loads(answer)["mediaResource"])
        assert found["sizeBytes"] == len(WAV) + 1024 * MIB
        with place.connect() as client:
            path = found["mediaUrl"].partition("/media/")[2]
            client.sendall(f"GET /media/{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            reader = client.makefile("rb")
            while reader.readline() != b"\r\n":
                pass
            received_bytes = 0
            while piece := reader.read(MIB):
                received_bytes += len(piece)
                peak.look()
        assert received_bytes == found["sizeBytes"]
        assert peak.grown_bytes < 30 * MIB, peak.grown_bytes

    def test_many_at_once_take_little_each(self, sqlite_installation: Installation) -> None:
        place = settle(sqlite_installation)
        assert place.works()
        peak = Peak(sqlite_installation)
        clients = [place.connect() for _ in range(20)]
        begin, _, _, size_bytes = large_form(20 * MIB)
        for client in clients:
            client.sendall(place.head(size_bytes) + begin)
        for _ in range(10):
            for client in clients:
                client.sendall(CHUNK)
            peak.look()
        for client in clients:
            client.close()
        assert peak.grown_bytes < 20 * 4 * MIB, peak.grown_bytes
        wait_until(lambda: not place.incoming)
        assert place.works()


class TestBadEnds:
    def test_a_client_that_goes_away_leaves_nothing(self, sqlite_installation: Installation) -> None:
        place = settle(sqlite_installation)
        begin, _, _, size_bytes = large_form(20 * MIB)
        with place.connect() as client:
            client.sendall(place.head(size_bytes) + begin + CHUNK * 3)
            wait_until(lambda: bool(place.incoming))
        wait_until(lambda: not place.incoming)
        assert place.objects == []
        assert place.works()

    def test_a_killed_server_leaves_a_temporary_file_that_is_swept(self, sqlite_installation: Installation) -> None:
        place = settle(sqlite_installation)
        begin, _, _, size_bytes = large_form(20 * MIB)
        with place.connect() as client:
            client.sendall(place.head(size_bytes) + begin + CHUNK * 5)
            wait_until(lambda: sum(path.stat().st_size for path in place.incoming) >= 2 * MIB)
            sqlite_installation.kill()
        [left] = place.incoming
        assert place.objects == []
        os.utime(left, (1, 1))
        sqlite_installation.start()
        assert place.works()
        from chaupal.media.incoming import IncomingFolder

        assert IncomingFolder(left.parent).remove_stale() == 1
        assert place.incoming == []

    def test_what_was_answered_is_there_after_a_kill(self, installation: Installation) -> None:
        place = settle(installation)
        sent = multipart(Part(picture(), "a.jpg"))[0]
        answers = [
            place.post(sent)[1]["mediaResource"],
            place.post(multipart(Part(PDF, "a.pdf"))[0])[1]["mediaResource"],
        ]
        installation.kill()
        installation.start()
        assert place.content_of(answers[1]) == PDF
        assert len(place.content_of(answers[0])) == place.file_of(answers[0])["sizeBytes"]

    def test_a_full_disk_is_a_503_and_leaves_nothing(self, sqlite_installation: Installation) -> None:
        place = settle(sqlite_installation)
        process = server_process(sqlite_installation)
        database_bytes = max(path.stat().st_size for path in sqlite_installation.data.glob("chaupal.sqlite3*"))
        limit_bytes = max(3 * MIB, database_bytes + MIB)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (limit_bytes, resource.RLIM_INFINITY))
        begin, pieces, end, _ = large_form(2 * limit_bytes)
        status, answer = place.post(begin + b"".join(pieces) + end)
        assert (status, answer["errorCode"]) == (503, "Unavailable")
        assert place.incoming == []
        assert place.works(), "what fits is still taken"
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        begin, pieces, end, _ = large_form(2 * limit_bytes)
        assert place.post(begin + b"".join(pieces) + end)[0] == 200

    def test_a_body_that_stops_is_given_up(self, sqlite_installation: Installation) -> None:
        place = settle(sqlite_installation, CHAUPAL_REQUEST_BODY_TIMEOUT_S="1")
        begin, _, _, size_bytes = large_form(20 * MIB)
        with place.connect() as client:
            client.sendall(place.head(size_bytes) + begin + CHUNK)
            status, answer = read_answer(client.makefile("rb"))
        assert (status, json.loads(answer)["errorCode"]) == (408, "RequestTimeout")
        wait_until(lambda: not place.incoming)
        assert place.works()


class TestHostileBodies:
    def test_too_much_is_refused_before_it_is_sent(self, sqlite_installation: Installation) -> None:
        place = settle(sqlite_installation)
        with place.connect() as client:
            client.sendall(place.head(101 * MIB))
            status, answer = read_answer(client.makefile("rb"))
        assert (status, json.loads(answer)["errorCode"]) == (413, "PayloadTooLarge")
        assert "at most 100 MB" in json.loads(answer)["message"]

    def test_a_client_that_sends_it_all_the_same_reads_its_answer(self, sqlite_installation: Installation) -> None:
        """Without a break: many clients read nothing before they have sent everything."""
        place = settle(sqlite_installation, CHAUPAL_MEDIA_MAX_MB="1")
        with place.connect() as client:
            client.sendall(place.head(20 * MIB))
            for _ in range(20):
                client.sendall(CHUNK)
            status, answer = read_answer(client.makefile("rb"))
        assert (status, json.loads(answer)["errorCode"]) == (413, "PayloadTooLarge")

    def test_too_much_without_a_declared_length(self, sqlite_installation: Installation) -> None:
        place = settle(sqlite_installation, CHAUPAL_MEDIA_MAX_MB="1")
        head = place.head(0).replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
        with place.connect() as client:
            client.sendall(head)
            with suppress(OSError):
                for _ in range(3):
                    client.sendall(f"{MIB:x}\r\n".encode() + CHUNK + b"\r\n")
                client.sendall(b"0\r\n\r\n")
            status, _ = read_answer(client.makefile("rb"))
        assert status in (400, 413)
        wait_until(lambda: not place.incoming)

    def test_bodies_that_are_no_forms(self, sqlite_installation: Installation) -> None:
        place = settle(sqlite_installation)
        whole = multipart(Part(PDF, "a.pdf"))[0]
        head_without_end = f"--{BOUNDARY}\r\nContent-Disposition: form-data; name=".encode() + b"x" * 2 * MIB
        many_lines = f"--{BOUNDARY}\r\n".encode() + b"X-Line: y\r\n" * 100_000
        for body in (
            whole[:-30],
            b"",
            CHUNK,
            head_without_end,
            many_lines,
            whole.replace(b"the-", b"not-"),
            b"\0" * MIB,
        ):
            status, answer = place.post(body)
            assert (status, answer["errorCode"]) == (400, "InvalidParameters"), answer
        assert place.incoming == []
        assert place.works()

    def test_ten_thousand_parts(self, sqlite_installation: Installation) -> None:
        place = settle(sqlite_installation)
        peak = Peak(sqlite_installation)
        for part in (Part(b"x", "a.pdf"), Part(b"x", None)):
            status, answer = place.post(multipart(*[part] * 10_000)[0])
            assert (status, answer["errorCode"]) == (413, "PayloadTooLarge"), answer
        peak.look()
        assert peak.grown_bytes < 30 * MIB
        assert place.incoming == []

    def test_random_bytes_as_files_never_break_it(self, sqlite_installation: Installation) -> None:
        place = settle(sqlite_installation)
        chance = random.Random(11)
        contents = [content for content, _, _ in SAMPLES.values()]
        for turn in range(150):
            content = bytearray(chance.choice(contents))
            for _ in range(chance.randrange(1, 30)):
                content[chance.randrange(8, len(content))] = chance.randrange(256)
            if turn % 3 == 0:
                del content[chance.randrange(8, len(content)) :]
            status, answer = place.post(multipart(Part(bytes(content), "a"))[0])
            assert status in (200, 400, 413, 415), answer
        assert place.incoming == []
        assert place.works()

    def test_a_reader_that_goes_away_stops_the_sending(self, sqlite_installation: Installation) -> None:
        place = settle(sqlite_installation)
        begin, pieces, end, _ = large_form(60 * MIB)
        status, answer = place.post(begin + b"".join(pieces) + end)
        assert status == 200, answer
        path = place.file_of(answer["mediaResource"])["mediaUrl"].partition("/media/")[2]
        process = server_process(sqlite_installation)
        before = process.io_counters().read_chars
        for _ in range(5):
            with place.connect() as client:
                client.sendall(f"GET /media/{path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                assert client.recv(1000)
        assert place.works()
        assert process.io_counters().read_chars - before < 5 * 30 * MIB
