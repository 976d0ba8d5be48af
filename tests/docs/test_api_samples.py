"""Every request in docs/api is sent, in the order of its page, and answered as the page shows."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from chaupal.control.calls import (
    CONNECTOR_CHANGE,
    INIT,
    PERSON_ADD,
    PIN_SHOW,
    TOKEN_CREATE,
    ConnectorChange,
    Init,
    PersonAdd,
    PinShow,
    TokenCreate,
)
from chaupal.control.operations import perform
from chaupal.serving.house import House
from tests.api.client import Client
from tests.api.hooks import HookReceiver
from tests.api.visitors import CALLBACK, Seen, Visitor
from tests.docs.pages import API, Block, Page
from tests.docs.samples import Bindings, Differs

ADMIN = "+919876543210"
MEMBER = "+919876500001"
APPLICATION_ID = "3f2b6a58-4d0e-4c9b-9a51-7c1e08d2f6b4"
APPLICATION_SECRET = "OLDSECRET1"
REFRESH_TOKEN = "the-refresh-token-that-the-integration-has-configured"
HOOK_URL = "https://hooks.example.org/chaupal"
SHOWN_PIN = "428617"
SHOWN_CODE = "SplxlOBeZQQYbYS6WxSbIA"


@dataclass
class Reader:
    """Someone who tries a page, with an organization of the names and secrets that the pages use."""

    client: Client
    house: House
    bindings: Bindings

    def sign_in(self, number: str, refresh_token: str | None = None) -> str:
        """An access token of a person."""
        asked = TokenCreate(application_id=APPLICATION_ID, user=number, refresh_token=refresh_token)
        created = self.client.run(perform(self.house, TOKEN_CREATE, asked))
        headers = {
            "applicationId": APPLICATION_ID,
            "applicationSecret": APPLICATION_SECRET,
            "refreshToken": created.refresh_token,
        }
        return str(self.client.call("GET", "/accessToken", headers=headers).json()["accessToken"])

    def pin_of(self, number: str) -> str:
        """The PIN that waits for a number."""
        return self.client.run(perform(self.house, PIN_SHOW, PinShow(mobile_number=number))).pin

    def code_of(self, number: str) -> str:
        """A code that a person has allowed on the sign-in pages."""
        visitor = Visitor(self)
        visitor.sign_in({"client_id": APPLICATION_ID, "redirect_uri": CALLBACK}, number)
        visitor.send(answer="allow")
        return visitor.led_to[1]["code"]

    def send(self, block: Block, access_token: str) -> httpx.Response:
        """The request that a block shows; one without headers carries the access token."""
        if number := block.options.get("code-of"):
            self.bindings.bind(SHOWN_CODE, self.code_of(number))
        if number := block.options.get("pin-of"):
            self.bindings.bind(SHOWN_PIN, self.pin_of(number))
        head, headers, body = read_request(self.bindings.fill(block.text))
        method, path = head.split(" ")
        if number := block.options.get("as"):
            access_token = self.sign_in(number)
        if not headers.keys() & {"accessToken", "applicationId"}:
            headers["accessToken"] = access_token
        return self.client.call(method, path, headers=headers, content=body)


def read_request(text: str) -> tuple[str, dict[str, str], str]:
    """(request line, headers, body): headers end at an empty line or where the body's brace begins."""
    head, *lines = text.splitlines()
    headers: dict[str, str] = {}
    while lines and not lines[0].startswith("{"):
        line = lines.pop(0)
        if not line:
            break
        name, value = line.split(": ", 1)
        headers[name] = value
    return head, headers, "\n".join(lines)


def samples_of(page: Page) -> list[tuple[Block, Block]]:
    """(request, answer), in order."""
    blocks = [block for block in page.blocks if block.language in ("http", "json", "text")]
    assert len(blocks) % 2 == 0, f"{page.name}: every request has an answer"
    pairs = list(zip(blocks[::2], blocks[1::2], strict=True))
    for request, answer in pairs:
        assert request.language == "http", f"{page.name}, line {request.line}"
        assert answer.language in ("json", "text"), f"{page.name}, line {answer.line}"
    return pairs


@pytest.fixture
def reader(house: House, runner: asyncio.Runner) -> Iterator[Reader]:
    client = Client(house, runner)
    wanted = Init(
        tenant="Asha Traders",
        admin=ADMIN,
        admin_name="Asha",
        connector="First steps",
        application_id=APPLICATION_ID,
        application_secret=APPLICATION_SECRET,
    )
    client.run(perform(house, INIT, wanted))
    client.run(perform(house, PERSON_ADD, PersonAdd(mobile_number=MEMBER)))
    client.run(
        perform(house, CONNECTOR_CHANGE, ConnectorChange(application_id=APPLICATION_ID, redirect_urls=[CALLBACK]))
    )
    with HookReceiver() as receiver:
        yield Reader(client, house, Bindings({APPLICATION_ID: APPLICATION_ID, HOOK_URL: receiver.url + "/chaupal"}))
    client.close()
    runner.run(house.callbacks.close())


class TestApiSamples:
    @pytest.mark.parametrize("page", API, ids=lambda page: page.name)
    def test_each_is_answered_as_shown(self, page: Page, reader: Reader) -> None:
        samples = samples_of(page)
        assert samples, "a page of the API shows at least one call"
        access_token = reader.sign_in(ADMIN, REFRESH_TOKEN)
        for request, answer in samples:
            got = reader.send(request, access_token)
            where = f"{page.name}, line {request.line}: {request.text.splitlines()[0]}"
            assert got.status_code == int(answer.options.get("status", "200")), f"{where}: {got.text}"
            if answer.language == "text":  # what a person sees on a page
                seen = Seen(got.text).texts
                assert [line for line in answer.text.splitlines() if line not in seen] == [], where
                continue
            try:
                reader.bindings.compare(json.loads(answer.text), got.json())
            except Differs as error:
                pytest.fail(f"{where}: {error}")
