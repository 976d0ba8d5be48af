"""No answer and no line of the log holds a token, a PIN, a secret or a text that is not its to tell."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx
import pytest
import structlog

from chaupal import app
from chaupal.store.store import Store
from tests.api.client import Client
from tests.api.test_pins import generate, log_in
from tests.api.worlds import GITA, MOHAN, World

TEXT = "the depot burns at midnight"


@dataclass
class Told:
    """Everything that a server has said: its log, and each answer by the call it was given to."""

    log: io.BytesIO = field(default_factory=io.BytesIO)
    lines: list[object] = field(default_factory=list)
    answers: list[tuple[str, httpx.Response]] = field(default_factory=list)

    @property
    def logged(self) -> str:
        return self.log.getvalue().decode() + repr(self.lines)


@pytest.fixture
def told(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Told]:
    """The world's server, with whatever it says kept."""
    told = Told()
    monkeypatch.setattr(app, "log_stream", lambda _settings: told.log)
    listening = Client(world.house, world.client._runner)
    send = listening._http.send

    async def send_and_keep(request: httpx.Request) -> httpx.Response:
        answer = await send(request)
        told.answers.append((f"{request.method} {request.url.path}", answer))
        return answer

    monkeypatch.setattr(listening._http, "send", send_and_keep)
    world.client = listening
    with structlog.testing.capture_logs() as lines:
        told.lines = lines  # type: ignore[assignment]
        yield told
    listening.close()


def use_everything(world: World, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Sign in, send and fail in every way; the secrets that took part, by kind."""
    generate(world)
    pin = world.pin_of(MOHAN)
    log_in(world, "1234567")
    refresh_token = log_in(world, pin).json()["refreshToken"]
    access_token = world.exchange(refresh_token).json()["accessToken"]
    member = world.member
    path = f"/v1/groups/{world.group_id}/messages"
    member.post(path, {"message": TEXT}, headers={"Idempotency-Key": "key-of-this-call"})
    member.post(path, {"message": TEXT}, headers={"Idempotency-Key": "key-of-this-call"})
    member.post(path, {"message": TEXT + "x" * 4_000})
    member.call("POST", path, content=b"{message: '" + TEXT.encode())
    member.get(path, count=5)
    world.outsider.post(path, {"message": TEXT})
    world.exchange(refresh_token + "x")
    world.client.call("GET", "/users/me", token=access_token[:-2])
    with monkeypatch.context() as broken:

        async def fail(*_: object) -> None:
            raise RuntimeError("broken for this test")

        broken.setattr(Store, "write", fail)
        member.post(path, {"message": TEXT})
    return {
        "pin": [pin],
        "secret": [world.connector.application_secret],
        "refresh": [refresh_token],
        "access": [access_token, member.access_token, world.outsider.access_token],
        "text": [TEXT],
        "number": [GITA, MOHAN],
    }


class TestSecrecy:
    def test_the_log_holds_no_secret(self, world: World, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
        secrets = use_everything(world, monkeypatch)
        for _, answer in told.answers:
            assert f'"request_id":"{answer.headers["x-request-id"]}"' in self.flushed(world, told)
        assert "call failed" in told.logged
        for kind, values in secrets.items():
            for value in values:
                assert not holds(told.logged, value), kind

    def flushed(self, world: World, told: Told) -> str:
        world.client.app._call_log.flush()
        return told.logged

    def test_answers_tell_secrets_where_they_are_given_and_nowhere_else(
        self, world: World, told: Told, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        secrets = use_everything(world, monkeypatch)
        given = {
            "pin": set(),
            "secret": set(),
            "refresh": {"POST /v1/loginWithPinAndApplicationId"},
            "access": {"GET /v1/accessToken"},
            # Whoever sent a text that is refused is shown how it began.
            "text": {"GET", "POST"},
            "number": {"GET"},
        }
        for kind, values in secrets.items():
            for call, answer in told.answers:
                if call not in given[kind] and call.split()[0] not in given[kind]:
                    assert not any(holds(answer.text, value) for value in values), (kind, call)

    def test_the_database_holds_no_secret_as_it_is(
        self, world: World, told: Told, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert told.log is not None
        secrets = use_everything(world, monkeypatch)
        for table in ("grants", "connectors", "pins", "jobs", "stored_answers", "events", "pin_tries", "signing_keys"):
            question = f"SELECT * FROM {table} WHERE tenant_id IN (%s, '')"  # noqa: S608 - a name of this test's own
            cells = [cell for row in world.ask(question) for cell in row]
            for kind in ("pin", "secret", "refresh", "access", "text"):
                for value in secrets[kind]:
                    assert not any(holds(cell, value) for cell in cells if isinstance(cell, str)), (table, kind)
                    assert not any(value.encode() in bytes(cell) for cell in cells if is_bytes(cell)), (table, kind)


def holds(text: str, secret: str) -> bool:
    """Whether the secret stands in the text; not by chance, as six digits may inside an id."""
    return re.search(rf"(?<![0-9a-zA-Z]){re.escape(secret)}(?![0-9a-zA-Z])", text) is not None


def is_bytes(cell: object) -> bool:
    return isinstance(cell, bytes | memoryview | bytearray)


@pytest.mark.parametrize("log_format", ["pretty", "json"])
def test_a_logged_failure_shows_no_local_variables(log_format: str) -> None:
    program = f"""
import structlog
from chaupal.logs import set_up_logs
from chaupal.settings import Settings

def fail(token):
    raise RuntimeError("the cause")

set_up_logs(Settings(log_format={log_format!r}))
try:
    fail("hush" + "hush")
except RuntimeError:
    structlog.get_logger("test").exception("call failed")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert "the cause" in done.stderr
    assert "hushhush" not in done.stderr
