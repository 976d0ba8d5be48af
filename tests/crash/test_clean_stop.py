"""A server that is asked to stop: what has begun is finished, and the data folder is left tidy."""

from __future__ import annotations

import json
import signal
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw
import pytest

from tests.crash.posting import NO_LIMITS, Place, settle
from tests.crash.test_bad_ends import read_answer, server_process, wait_until
from tests.installations import ADMIN, OTHER, Installation
from tests.stores import ask_sqlite


@contextmanager
def client_of(installation: Installation) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", installation.port), timeout=60) as client:
        yield client


def listens(installation: Installation) -> bool:
    try:
        with client_of(installation):
            return True
    except ConnectionRefusedError:
        return False


def remains_in(data: Path, words: list[str]) -> list[str]:
    """Which of the words stand in any file of the data folder."""
    content = b"\n".join(path.read_bytes() for path in sorted(data.rglob("*")) if path.is_file())
    return [word for word in words if word.encode() in content]


class TestStop:
    def test_what_has_begun_is_finished_and_readyz_says_that_it_stops(self, installation: Installation) -> None:
        place = settle(installation)
        process = server_process(installation)
        body = json.dumps({"message": "sent while stopping"}).encode()
        head = f"POST {place.path} HTTP/1.1\r\nHost: x\r\naccessToken: {place.token}\r\n"
        head += f"Content-Length: {len(body)}\r\n\r\n"
        with client_of(installation) as posting, client_of(installation) as asking, client_of(installation) as idle:
            posting.sendall(head.encode() + body[:5])
            asking.sendall(b"GET /readyz HTTP/1.1\r\nHo")
            for number in range(3):  # the loop has taken turns since, so the server has seen the above
                assert place.post(f"before {number}")[0] == 200
            process.send_signal(signal.SIGTERM)
            wait_until(lambda: not listens(installation))
            assert idle.recv(1) == b""
            asking.sendall(b"st: x\r\n\r\n")
            status, answer = read_answer(asking.makefile("rb"))
            assert (status, json.loads(answer)) == (503, {"status": "stopping"})
            assert asking.recv(1) == b"", "no further request is taken"
            posting.sendall(body[5:])
            status, answer = read_answer(posting.makefile("rb"))
            assert status == 200, answer
        process.wait(60)
        installation.stop()
        installation.start()
        assert place.texts()[0] == "sent while stopping"

    @pytest.mark.parametrize("stop_signal", [signal.SIGTERM, signal.SIGINT])
    def test_it_ends_well_by_either_signal(
        self, sqlite_installation: Installation, stop_signal: signal.Signals
    ) -> None:
        process = sqlite_installation.begin("serve")
        try:
            wait_until(sqlite_installation.is_ready)
            process.send_signal(stop_signal)
            _, errors = process.communicate(timeout=60)
        finally:
            process.kill()
        assert process.returncode == 0
        assert "Traceback" not in errors


class TestDataFolder:
    def files_of(self, installation: Installation) -> set[str]:
        return {path.name for path in installation.data.glob("chaupal.sqlite3*")}

    def test_no_write_ahead_log_is_left(self, sqlite_installation: Installation, tmp_path: Path) -> None:
        place = settle(sqlite_installation)
        assert place.post("first")[0] == 200
        assert "chaupal.sqlite3-wal" in self.files_of(sqlite_installation)
        sqlite_installation.stop()
        assert self.files_of(sqlite_installation) == {"chaupal.sqlite3"}
        copy = tmp_path / "copy.sqlite3"
        copy.write_bytes((sqlite_installation.data / "chaupal.sqlite3").read_bytes())
        assert ask_sqlite(copy, "SELECT text FROM messages") == [("first",)]

    def test_a_command_leaves_none_either(self, sqlite_installation: Installation) -> None:
        sqlite_installation.init()
        assert self.files_of(sqlite_installation) == {"chaupal.sqlite3"}

    def test_it_is_empty_where_another_program_reads(self, sqlite_installation: Installation) -> None:
        place = settle(sqlite_installation)
        path = sqlite_installation.data / "chaupal.sqlite3"
        reader = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        assert reader.execute("SELECT count(*) FROM messages").fetchall() == [(0,)]
        assert place.post("first")[0] == 200
        sqlite_installation.stop()
        assert path.with_name(path.name + "-wal").stat().st_size == 0
        assert reader.execute("SELECT text FROM messages").fetchall() == [("first",)]
        reader.close()

    def test_a_killed_servers_log_is_gone_after_the_next_clean_stop(self, sqlite_installation: Installation) -> None:
        place = settle(sqlite_installation)
        assert place.post("first")[0] == 200
        sqlite_installation.kill()
        assert "chaupal.sqlite3-wal" in self.files_of(sqlite_installation)
        sqlite_installation.start()
        sqlite_installation.stop()
        assert self.files_of(sqlite_installation) == {"chaupal.sqlite3"}


class TestErased:
    SIZES_CHARS = (40, 400, 3_900)
    ROUNDS = 60

    def post_all(self, place: Place) -> dict[str, str]:
        """Messages of all sizes, each beginning with a word of its own; that word by the message's id."""
        words: dict[str, str] = {}
        for number in range(self.ROUNDS):
            for size_chars in self.SIZES_CHARS:
                word = f"word{uuid.uuid4().hex}"
                status, answer = place.post((word + f" {number} ") * (size_chars // 40))
                assert status == 200, answer
                words[answer["referenceId"]] = word
        return words

    def test_erased_texts_and_names_leave_no_trace(self, sqlite_installation: Installation) -> None:
        place = settle(sqlite_installation)
        call = sqlite_installation.call
        words = self.post_all(place)
        kept: list[str] = []
        erased: list[str] = []
        for index, (message_id, word) in enumerate(words.items()):
            path = f"{place.path}/{message_id}"
            if index % 3 == 0:
                assert call("DELETE", path, place.headers)[0] == 200
            elif index % 3 == 1:
                assert call("PUT", path, place.headers, {"message": "changed"})[0] == 200
            (kept if index % 3 == 2 else erased).append(word)
        first_name, second_name = (f"Name {uuid.uuid4().hex}" for _ in range(2))
        sqlite_installation.result("person", "add", OTHER, "--name", first_name)
        sqlite_installation.result("person", "change", OTHER, "--name", second_name)
        sqlite_installation.stop()
        assert remains_in(sqlite_installation.data, [*erased, first_name]) == []
        assert remains_in(sqlite_installation.data, [*kept, second_name]) == [*kept, second_name]
        assert remains_in(sqlite_installation.data, [ADMIN]) == [ADMIN]

    def test_a_retracted_action_and_its_answers_leave_no_trace(self, sqlite_installation: Installation) -> None:
        place = settle(sqlite_installation)
        call, path = sqlite_installation.call, place.path.removesuffix("/messages") + "/actions"
        words: dict[str, list[str]] = {}
        for is_anonymous in (False, True, False):
            title = f"word{uuid.uuid4().hex}"
            body = {"title": title, "isAnonymous": is_anonymous, "acceptMultipleResponses": True}
            body["questions"] = [{"title": "Why?", "type": "Text"}]
            status, posted = call("POST", path, place.headers, {"actionType": "Survey", "actionBody": body})
            assert status == 200, posted
            words[posted["actionId"]] = [title]
            for number in range(self.ROUNDS):
                word = f"word{uuid.uuid4().hex}"
                text = (word + f" {number} ") * (self.SIZES_CHARS[number % 3] // 40)
                sent = {"actionBody": {"answers": [text]}}
                status, given = call("POST", f"{path}/{posted['actionId']}/responses", place.headers, sent)
                assert status == 200, given
                words[posted["actionId"]].append(word)
        *erased, kept = words
        for action_id in erased:
            assert call("DELETE", f"{path}/{action_id}", place.headers)[0] == 200
        sqlite_installation.stop()
        for action_id in erased:
            assert remains_in(sqlite_installation.data, words[action_id]) == []
        assert remains_in(sqlite_installation.data, words[kept]) == words[kept]


class TestStopWithUnfinishedRequests:
    def test_a_client_that_never_ends_its_request_is_not_waited_for(self, sqlite_installation: Installation) -> None:
        sqlite_installation.settings.update(NO_LIMITS | {"CHAUPAL_STOP_GRACE_S": "1"})
        sqlite_installation.start()
        process = server_process(sqlite_installation)
        with client_of(sqlite_installation) as half_a_head, client_of(sqlite_installation) as half_a_body:
            half_a_head.sendall(b"GET /readyz HTTP/1.1\r\nHo")
            half_a_body.sendall(b"POST /v1/generatePin HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")
            assert sqlite_installation.is_ready()
            process.send_signal(signal.SIGTERM)
            process.wait(30)
        assert {path.name for path in sqlite_installation.data.glob("chaupal.sqlite3*")} == {"chaupal.sqlite3"}


def test_the_remains_are_looked_for_everywhere(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").write_bytes(b"..word..")
    assert remains_in(tmp_path, ["word", "other"]) == ["word"]
