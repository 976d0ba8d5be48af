"""What never becomes a call is said in the form of all errors: bytes that are no HTTP, and too many connections."""

from __future__ import annotations

import json
import socket

import pytest

from tests.crash.posting import NO_LIMITS
from tests.installations import Installation


def talk(installation: Installation, said: bytes) -> tuple[bytes, dict[bytes, bytes], bytes]:
    """(status line, headers, body) of what a server answers before it closes the connection."""
    with socket.create_connection(("127.0.0.1", installation.port), timeout=60) as client:
        client.sendall(said)
        heard = b""
        while part := client.recv(65_536):
            heard += part
    head, _, body = heard.partition(b"\r\n\r\n")
    status_line, *lines = head.split(b"\r\n")
    return (
        status_line,
        {name.lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines)},
        body,
    )


def assert_is_error(answer: tuple[bytes, dict[bytes, bytes], bytes], *, status: int, code: str) -> None:
    status_line, headers, body = answer
    assert status_line.startswith(b"HTTP/1.1 %d " % status)
    assert headers[b"content-type"] == b"application/json; charset=utf-8"
    assert headers[b"access-control-allow-origin"] == b"*"
    assert headers[b"cache-control"] == b"no-store"
    assert int(headers[b"content-length"]) == len(body)
    error = json.loads(body)
    assert error["errorCode"] == code
    assert headers[b"x-request-id"].decode() == error["requestId"]


class TestWhatIsNoHttp:
    @pytest.mark.parametrize(
        "said",
        [
            b"GARBAGE\r\n\r\n",
            b"GET /v1/users/me HTTP/1.1\r\nHost: x\r\nbad header\r\n\r\n",
            b"GET /v1/us\xc3\xa9rs HTTP/1.1\r\nHost: x\r\n\r\n",
            b"POST /v1/groups HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        ],
    )
    def test_is_a_400_like_any_other(self, sqlite_installation: Installation, said: bytes) -> None:
        sqlite_installation.settings.update(NO_LIMITS)
        sqlite_installation.start()
        assert_is_error(talk(sqlite_installation, said), status=400, code="InvalidParameters")
        assert sqlite_installation.is_ready()


class TestTooManyConnections:
    def test_are_told_so_and_served_again_when_others_have_gone(self, sqlite_installation: Installation) -> None:
        sqlite_installation.settings["CHAUPAL_CONNECTIONS_MAX"] = "5"
        sqlite_installation.start()
        others = [socket.create_connection(("127.0.0.1", sqlite_installation.port), timeout=60) for _ in range(5)]
        said = b"GET /v1/users/me HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        answer = talk(sqlite_installation, said)
        assert_is_error(answer, status=503, code="Unavailable")
        assert int(answer[1][b"retry-after"]) >= 1
        for other in others:
            other.close()
        while (answer := talk(sqlite_installation, said))[0].startswith(b"HTTP/1.1 503"):
            pass
        assert_is_error(answer, status=401, code="InvalidToken")
