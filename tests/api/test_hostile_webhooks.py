"""One webhook among others whose receiver means harm. What the client makes of each answer: tests/outbound."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

import pytest

from chaupal.webhooks.delivering import deliverer
from tests.api.hooks import HookReceiver, deliver, draft, register
from tests.api.test_delivery_workers import STATES, make_dead
from tests.api.worlds import World
from tests.outbound.receivers import HttpReceiver


class Harmful(HttpReceiver):
    """Does something else than to answer."""

    def __init__(self, act: Callable[[BaseHTTPRequestHandler], None]) -> None:
        super().__init__()
        self._act = act

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        request.rfile.read(int(request.headers.get("content-length", "0")))
        request.close_connection = True
        try:
            self._act(request)
        except OSError:
            return


def reset(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nten bytes.")
    request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def drip(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    while True:
        request.wfile.write(b"1\r\nx\r\n")
        request.connection.settimeout(0.02)
        try:
            if not request.connection.recv(1):
                return
        except TimeoutError:
            continue


def garble(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nnot a number\r\n")


def flood(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"HTTP/1.1 500 Oh\r\ncontent-length: 104857600\r\n\r\n")
    for _ in range(1_600):
        request.wfile.write(b"\x00\xff" * 32_768)


def test_a_harmful_receiver_gets_its_tries_and_costs_nobody_else_anything(
    world_with: Callable[..., World], hook_receiver: HookReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = world_with(webhook_timeout_s=1)
    defects: list[str] = []
    monkeypatch.setattr(deliverer, "log_failure", lambda _log, what, _error, **_: defects.append(what))
    with Harmful(reset) as a, Harmful(drip) as b, Harmful(garble) as c, Harmful(flood) as d:
        for harmful in (a, b, c, d):
            make_dead(world, register(world.group_admin, draft(hook_receiver, world.group_id)), harmful)
        healthy = register(world.group_admin, draft(hook_receiver, world.group_id))
        for text in ("first", "second"):
            world.send(text)
        deliver(world)
    assert [body["data"]["text"] for body in hook_receiver.bodies] == ["first", "second"]
    assert {body["subscriptionId"] for body in hook_receiver.bodies} == {healthy}
    assert sorted(world.ask(STATES)) == [("delivered", 1)] * 2 + [("retrying", 1)] * 8
    tries = world.ask("SELECT status, error FROM webhook_tries WHERE tenant_id = %s AND error <> ''")
    assert {error for _, error in tries} >= {"no answer within 1 s"}
    assert all(status is None for status, _ in tries)
    [[count]] = world.ask("SELECT count(*) FROM webhook_tries WHERE tenant_id = %s AND status = 500")
    assert count == 2
    assert defects == []
