"""The requests of the official Swagger file, its own bytes, in the order in which a newcomer runs them.

The file stands beside the checkout, not in it; fixtures of our own with the same odd forms are in `test_odd_bodies`.
Source: contract, section 13 (up to messages).
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from chaupal.wire.tolerant import read_tolerant_json
from tests.api.client import Client
from tests.api.scenarios import GUID
from tests.api.worlds import MOHAN, NOBODY, OMAR, World

_PLACEHOLDER = re.compile(r"\{\{?([a-z0-9-]+)\}?\}")

Swagger = dict[str, Any]


@pytest.fixture(scope="module")
def swagger(spec_dir: Path) -> Swagger:
    """The file has raw line breaks in its texts, so no strict reader takes it; ours does."""
    text = (spec_dir / "kaizala-swagger.json").read_text()
    read = read_tolerant_json(text)
    assert read == json.loads(text, strict=False)
    assert isinstance(read, dict)
    return read


class Newcomer:
    """Runs the collection's requests with an environment that is filled as it goes."""

    def __init__(self, client: Client, environment: dict[str, str]) -> None:
        self._client = client
        self.environment = environment

    def fill_in(self, text: str) -> str:
        return _PLACEHOLDER.sub(lambda found: self.environment[found[1]], text)

    def replay(self, sample: dict[str, Any]) -> httpx.Response:
        """Send a request of the file as it stands, and compare the answer with the one that the file expects."""
        asked, expected = sample["request"], sample["expectedResponse"]
        body = self.fill_in(asked["body"]) if "body" in asked else None
        answer = self._client.call(
            asked["method"],
            "/v1" + asked["uri"],
            content=body,
            headers={name: self.fill_in(value) for name, value in asked["headers"].items()},
        )
        assert answer.status_code == 200, answer.text
        if "access-control-allow-origin" in expected["headers"]:
            assert answer.headers["access-control-allow-origin"] == expected["headers"]["access-control-allow-origin"]
        if "content-type" in expected["headers"]:
            assert answer.headers["content-type"] == expected["headers"]["content-type"]
        if "body" in expected:
            assert_like(answer.json(), json.loads(expected["body"]))
        return answer

    def send_example(self, method: str, path: str, example: Any = None) -> httpx.Response:
        """Send a definition's example with the headers that the file declares for it."""
        answer = self._client.call(
            method,
            "/v1" + self.fill_in(path),
            content=None if example is None else self.fill_in(json.dumps(example)),
            headers={"accessToken": self.environment["access-token"], "Content-Type": "application/json"},
        )
        assert answer.status_code == 200, answer.text
        return answer


def assert_like(found: Any, sample: Any) -> None:
    """Every key of the sample is there, with a value of the same type."""
    assert type(found) is type(sample)
    if isinstance(sample, dict):
        assert set(found) >= set(sample)
        for name, value in sample.items():
            assert_like(found[name], value)


def requests_of(swagger: Any) -> Iterator[dict[str, Any]]:
    """Every request with its expected answer, at any depth of the file."""
    if isinstance(swagger, dict):
        if "request" in swagger and "expectedResponse" in swagger:
            yield swagger
        for value in swagger.values():
            yield from requests_of(value)
    elif isinstance(swagger, list):
        for value in swagger:
            yield from requests_of(value)


def named(swagger: Swagger, name: str) -> dict[str, Any]:
    [found] = [sample for sample in requests_of(swagger) if sample["x-testName"].startswith(name)]
    return found


@pytest.fixture
def newcomer(world: World) -> Newcomer:
    """Someone who has set what the collection's user has to set."""
    environment = {
        "mobile-number": MOHAN,
        "mobile-number-2": OMAR,
        "mobile-number-3": NOBODY,
        "application-id": world.application_id,
        "application-secret": world.connector.application_secret,
    }
    return Newcomer(world.client, environment)


def test_the_collection_runs_in_its_order(
    world: World, newcomer: Newcomer, swagger: Swagger, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The official request has its PIN in it, as a number without the leading zeros that it lost.
    monkeypatch.setattr(secrets, "randbelow", lambda _: 8876)
    environment, paths, definitions = newcomer.environment, swagger["paths"], swagger["definitions"]

    assert newcomer.replay(named(swagger, "Step1 - Generate Pin")).content == b"{}"

    signed_in = newcomer.replay(named(swagger, "Step2 - Login with pin")).json()
    expected = json.loads(named(swagger, "Step2 - Login with pin")["expectedResponse"]["body"])
    assert signed_in["grantedScope"] == expected["grantedScope"]
    environment["refresh-token"] = signed_in["refreshToken"]

    granted = newcomer.replay(named(swagger, "Step3 - Retrieve the access token")).json()
    environment["access-token"] = granted["accessToken"]
    environment["endpoint-url"] = granted["endpointUrl"]

    created = newcomer.replay(named(swagger, "Step1 - Create a group")).json()
    assert created["groupName"] == "Kaizala Test group"
    assert created["membersAdded"] is True
    assert GUID.fullmatch(created["groupId"])
    environment["test-group-id"] = created["groupId"]

    groups = newcomer.replay(named(swagger, "Step3 - Fetch groups")).json()["groups"]
    assert [group["groupId"] for group in groups] == [created["groupId"]]
    assert groups[0]["callerRole"] == "Admin"

    assert "get" in paths["/groups/{test-group-id}"]
    group = newcomer.send_example("GET", "/groups/{test-group-id}").json()
    assert group["groupName"] == group["groups"][0]["groupName"] == "Kaizala Test group"
    assert group["welcomeMessage"] == "Welcome to group created programmatically via Postman"

    members = "/groups/{test-group-id}/members"
    assert {"put", "get"} <= paths[members].keys()
    example = definitions["Request - Add members to a group"]["x-ms-example"]
    environment["mobile-number-2"] = NOBODY
    assert newcomer.send_example("PUT", members, example).json() == {"result": "true"}
    found = newcomer.send_example("GET", members).json()["members"]
    assert {member["mobileNumber"] for member in found} == {MOHAN, OMAR, NOBODY}
    [added] = [member["id"] for member in found if member["mobileNumber"] == NOBODY]
    assert newcomer.send_example("DELETE", f"{members}/{added}").json() == {"result": "true"}

    messages = "/groups/{test-group-id}/messages"
    assert "post" in paths[messages]
    example = definitions["Request - SendMessageOnAGroup"]["x-ms-example"]
    sent = newcomer.send_example("POST", messages, example).json()
    assert GUID.fullmatch(sent["referenceId"])
    outsider = world.outsider
    assert world.texts(outsider, group_id=created["groupId"]) == [
        "Test message via API",
        "Welcome to group created programmatically via Postman",
    ]


def test_answers_have_the_keys_of_every_documented_example(world: World, newcomer: Newcomer, swagger: Swagger) -> None:
    definitions = swagger["definitions"]
    assert_like(
        world.exchange(world.grant(MOHAN).refresh_token).json(),
        definitions["Response - Access Token"]["x-ms-example"],
    )
    created = world.member.post("/v1/groups", {"name": "Test group", "members": [OMAR]}).json()
    assert_like(created, definitions["Response - Create a group"]["x-ms-example"])
    # The parent of a list of subgroups has the fields that every group has.
    parent = dict(definitions["Response - Fetch subGroup of a group"]["x-ms-example"])
    newcomer.environment["access-token"] = world.member.access_token
    assert_like(newcomer.send_example("GET", f"/groups/{created['groupId']}").json() | {"subGroups": []},
                parent | {"subGroups": []})  # fmt: skip


def test_every_body_in_the_file_can_be_read(swagger: Swagger, newcomer: Newcomer) -> None:
    newcomer.environment |= dict.fromkeys(("test-action-id", "test-group-id", "test-survey-id", "access-token"), "x")
    bodies = [sample["request"]["body"] for sample in requests_of(swagger) if "body" in sample["request"]]
    assert len(bodies) >= 4
    odd = 0
    for body in bodies:
        text = newcomer.fill_in(body)
        assert isinstance(read_tolerant_json(text), dict)
        try:
            json.loads(text)
        except json.JSONDecodeError:
            odd += 1
    assert odd >= 2, "some are no JSON, which is why the tolerant reader exists"
