"""Random and mutated bytes as body, query, headers and path of every route, to a real server on both databases.

No answer is a 5xx, each is one that the document declares, or an error in the contract's form, and the server is well
afterwards. `make fuzz` sends other bytes each time, and more of them.
"""

from __future__ import annotations

import http.client
import random
import socket
import time
from collections.abc import Iterator

import httpx
import pytest

from chaupal.app import SERVED_ROUTES
from chaupal.serving.routes import Route
from chaupal.streams.routes import EVENT_STREAM
from chaupal.wire.paths import PathTable
from tests.api.client import assert_api_headers, assert_error, checked
from tests.api.hooks import HookReceiver
from tests.api.made_up_place import TENANT_ADMIN, Place
from tests.api.random_bytes import Spoiled, Spoiler
from tests.installations import Installation, installation, warm_commands

__all__ = ["installation", "warm_commands"]

REQUESTS_EACH = 12
ANSWER_WITHIN_S = 60
"""A client's own patience (contract, section 1); no answer takes a hundredth of it."""


class Wire:
    """Connections to a server, one for each request, so that no request spoils the next."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._paths: PathTable[Route] = PathTable()
        for route in SERVED_ROUTES:
            self._paths.add(route.method, route.path, route)

    def exchange(self, spoiled: Spoiled) -> httpx.Response:
        """The answer, after everything that is true of all answers has been checked."""
        with socket.create_connection(("127.0.0.1", self._port), timeout=ANSWER_WITHIN_S) as client:
            client.sendall(spoiled.wire())
            heard = http.client.HTTPResponse(client, method=spoiled.method)
            heard.begin()
            matched = self._paths.find(spoiled.method, spoiled.path.decode("latin-1"))
            path = matched.target.path if matched is not None and matched.target is not None else "/"
            request = httpx.Request(spoiled.method, f"http://x{path}")
            is_endless = heard.getheader("content-type") == EVENT_STREAM
            content = b"" if is_endless else heard.read()
            headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in heard.getheaders()]
            answer = httpx.Response(heard.status, headers=headers, content=content, request=request)
        assert answer.status_code < 500, answer.text
        if spoiled.method == "HEAD" and answer.status_code >= 400:
            assert_api_headers(answer)  # such an answer has no body
        elif is_refused_as_no_http(answer):
            assert_error_form(answer)
        else:
            checked(answer, matched)
        return answer

    def talk(self, said: bytes) -> bytes:
        """What comes back for bytes that need not be HTTP, until the server closes the connection or says no more."""
        with socket.create_connection(("127.0.0.1", self._port), timeout=ANSWER_WITHIN_S) as client:
            client.sendall(said)
            client.shutdown(socket.SHUT_WR)
            heard = b""
            while part := client.recv(65_536):
                heard += part
        return heard


def is_refused_as_no_http(answer: httpx.Response) -> bool:
    """Whether the server could not read the request as one, so that no route has seen it."""
    return answer.status_code == 400 and "is not HTTP that can be read" in answer.text


def assert_error_form(answer: httpx.Response) -> None:
    assert_api_headers(answer)
    assert_error(answer)


@pytest.fixture
def receiver() -> Iterator[HookReceiver]:
    with HookReceiver() as started:
        yield started


@pytest.fixture
def place(installation: Installation) -> Place:
    return Place(installation)


def test_no_bytes_bring_a_server_out_of_its_form(
    place: Place, receiver: HookReceiver, pytestconfig: pytest.Config
) -> None:
    fuzz_s: int = pytestconfig.getoption("--fuzz-s")
    over_at_s = time.monotonic() + fuzz_s
    told = place.told(receiver.url, place.settings()["file_name"])["kept"]
    ids = {name: value for name, value in told.items() if isinstance(value, str)}
    wire, seed, is_first = Wire(place.made.port), random.randrange(2**32) if fuzz_s else 1, True
    while is_first or time.monotonic() < over_at_s:
        is_first = False
        statuses = set()
        for route in SERVED_ROUTES:
            spoiler = Spoiler(f"{seed} {route.method} {route.path}", ids, place.tokens[TENANT_ADMIN])
            for spoiled in spoiler.requests_to(route, REQUESTS_EACH):
                try:
                    statuses.add(wire.exchange(spoiled).status_code)
                except (AssertionError, ValueError, OSError, http.client.HTTPException) as error:
                    raise AssertionError(f"seed {seed}: {spoiled.wire()[:4_000]!r}") from error
        assert statuses >= {200, 400, 401, 404}, "what is always refused alike shows nothing"
        seed += 1
    assert place.made.is_ready()
    assert place.made.server is not None
    assert "call failed" not in place.made.server.log.read_text()


def test_no_bytes_that_are_no_http_do_either(place: Place) -> None:
    wire, spoiler = Wire(place.made.port), Spoiler("no HTTP", {}, place.tokens[TENANT_ADMIN])
    for _ in range(200):
        said = spoiler.bytes_of_no_http()
        heard = wire.talk(said)
        assert heard == b"" or heard.startswith(b"HTTP/1.1 "), said
        assert not heard.startswith(b"HTTP/1.1 5"), said
    assert place.made.is_ready()
    assert place.call("GET", "users/me")["name"] == ""
