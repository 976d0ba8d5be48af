"""The log of a real server, whatever is called and however it goes wrong, tells no secret and no text."""

from __future__ import annotations

import http.client
import json
import re
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import quote

import apsw
import pytest

from tests.crash.posting import NO_LIMITS, Place
from tests.installations import OTHER, Installation

TEXT = "the depot burns at midnight"
NAME = "Ashalata Deshpande"
LOGIN = "/v1/loginWithPinAndApplicationId"
PIN_KEY = {"Idempotency-Key": "key-of-this-sign-in"}


class Session:
    """Calls everything and remembers what must not be told."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        installation.settings.update(NO_LIMITS | {"CHAUPAL_SMS": "outbox", "CHAUPAL_LOG_LEVEL": "debug"})
        installation.start()
        self.secrets: dict[str, str] = {"text": TEXT, "name": NAME, "number": OTHER[1:]}
        self.statuses: set[int] = set()
        self.installed = installation.init()
        self.secrets["application secret"] = self.installed["applicationSecret"]
        self.secrets["refresh token"] = self.installed["refreshToken"]
        self.secrets["access token"] = installation.access_token(self.installed)

    @property
    def log(self) -> str:
        assert self.installation.server is not None
        return self.installation.server.log.read_text()

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        status, answer = self.installation.call(method, path, {"accessToken": self.token, **headers}, body)
        self.statuses.add(status)
        return status, answer

    @property
    def token(self) -> str:
        return self.secrets["access token"]

    def raw(self, method: str, path: str, body: bytes, headers: dict[str, str] | None = None) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.installation.port, timeout=30)
        connection.request(method, path, body, {"accessToken": self.token, **(headers or {})})
        self.statuses.add(connection.getresponse().status)
        connection.close()

    def sign_in(self) -> None:
        """By PIN, wrong and right, with and without a key."""
        self.installation.result("person", "add", OTHER, "--name", NAME)
        asked = {"mobileNumber": OTHER, "applicationId": self.installed["applicationId"]}
        self.call("POST", "/v1/generatePin", asked)
        self.call("POST", "/v1/generatePin", asked | {"mobileNumber": "12 burns"})
        pin = self.installation.result("pin", OTHER)["pin"]
        self.secrets["pin"] = pin
        self.call("POST", LOGIN, asked | {"pin": "1234567"})
        self.call("POST", LOGIN, asked | {"pin": pin, "applicationSecret": "wrong-secret-of-mine"})
        for _ in range(2):
            _, answer = self.call("POST", LOGIN, asked | {"pin": pin}, **PIN_KEY)
        self.secrets["refresh token by PIN"] = answer["refreshToken"]
        self.call("POST", LOGIN, asked | {"pin": pin})
        exchange = {"applicationId": self.installed["applicationId"], "applicationSecret": "wrong-secret-of-mine"}
        self.call("GET", "/v1/accessToken", None, **exchange, refreshToken=answer["refreshToken"])
        self.secrets["wrong secret"] = "wrong-secret-of-mine"

    def use_commands(self) -> None:
        """Those that are given secrets."""
        application_id, given = str(uuid.uuid4()), f"given-{uuid.uuid4().hex}"
        create = ("connector", "create", "Old", "--application-id", application_id)
        self.installation.result(*create, "--application-secret", f"secret-{given}")
        made = ("token", "create", "--connector", application_id, "--user", OTHER, "--refresh-token")
        self.installation.result(*made, f"refresh-{given}")
        self.installation.refusal(*made, "short")
        self.secrets |= {"given secret": f"secret-{given}", "given refresh token": f"refresh-{given}"}

    def use_groups(self) -> None:
        """Everything with texts, in good and in bad order."""
        _, group = self.call("POST", "/v1/groups", {"name": TEXT, "welcomeMessage": TEXT, "members": [OTHER]})
        place = Place(self.installation, self.token, group["groupId"])
        _, sent = self.call("POST", place.path, {"message": TEXT}, **PIN_KEY)
        self.call("POST", place.path, {"message": TEXT + "!"}, **PIN_KEY)
        self.call("POST", place.path, {"message": TEXT * 200})
        self.call("PUT", f"{place.path}/{sent['referenceId']}", {"message": TEXT})
        self.call("GET", place.path + f"?count=10&text={quote(TEXT)}")
        self.call("GET", f"/v1/groups/{quote(TEXT)}/messages?count=1")
        self.call("GET", f"/v1/tenant/findGroupsByQuery?query={quote(TEXT)}")
        self.call("DELETE", f"{place.path}/{sent['referenceId']}")
        self.call("PATCH", place.path, {"message": TEXT})
        self.call("GET", f"/{self.token}")
        self.raw("POST", place.path, b"{message: '" + TEXT.encode())
        self.raw("POST", place.path, b'{"message": "' + TEXT.encode() + b'\\ud800"}')
        self.raw("POST", place.path, TEXT.encode() * 50_000)
        self.raw("GET", "/v1/users/me", b"", {"accessToken": self.token[:-3] + "abc"})
        self.raw("GET", "/v1/users/me", b"", {"Authorization": f"Bearer {self.token}", "X-Request-Id": TEXT})
        self.raw("GET", "/v1/users/me", b"", {"X-Request-Id": f'{TEXT}\t"}}'})


@pytest.fixture
def session(sqlite_installation: Installation) -> Session:
    return Session(sqlite_installation)


class TestLog:
    def test_it_tells_nothing(self, session: Session) -> None:
        session.sign_in()
        session.use_commands()
        session.use_groups()
        session.installation.stop()
        assert {200, 400, 401, 404, 405, 409, 413} <= session.statuses
        lines = [json.loads(line) for line in session.log.splitlines() if line.startswith("{")]
        assert sum(line["event"] == "call" for line in lines) > 20
        for kind, secret in session.secrets.items():
            assert not re.search(rf"(?<![0-9a-zA-Z]){re.escape(secret)}(?![0-9a-zA-Z])", session.log), kind
        assert TEXT.replace(" ", "%20") not in session.log

    def test_a_failing_rule_tells_nothing_either(self, session: Session) -> None:
        """A database that a defect, or a hand, has spoilt."""
        _, group = session.call("POST", "/v1/groups", {"name": "Depot"})
        session.installation.stop()
        spoil(session.installation.data / "chaupal.sqlite3")
        session.installation.start()
        status, answer = session.call("POST", f"/v1/groups/{group['groupId']}/messages", {"message": TEXT})
        assert (status, answer["errorCode"]) == (500, "InternalError")
        session.installation.stop()
        assert answer["requestId"] in session.log
        assert "call failed" in session.log
        assert TEXT not in session.log + json.dumps(answer)
        assert session.token not in session.log


def spoil(path: Path) -> None:
    connection = apsw.Connection(str(path))
    connection.execute(
        "CREATE TRIGGER spoilt BEFORE INSERT ON messages BEGIN SELECT RAISE(ABORT, 'spoilt for this test'); END"
    )
    connection.close()


@pytest.mark.parametrize(("level", "is_written"), [("info", True), ("warning", False), ("error", False)])
def test_lines_of_calls_follow_the_level(sqlite_installation: Installation, level: str, is_written: bool) -> None:
    sqlite_installation.settings["CHAUPAL_LOG_LEVEL"] = level
    sqlite_installation.start()
    assert sqlite_installation.call("GET", "/v1/users/me")[0] == 401
    sqlite_installation.stop()
    assert sqlite_installation.server is not None
    assert ('"event":"call"' in sqlite_installation.server.log.read_text()) == is_written
