"""Receivers of webhooks that prove themselves, and webhooks on them."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from chaupal.serving.house import House
from chaupal.serving.metrics import Metrics
from chaupal.webhooks.delivering.engine import EngineLimits, WebhookEngine
from chaupal.webhooks.delivering.recording import Recorded
from tests.api.worlds import Caller, World
from tests.outbound.receivers import HttpReceiver, Received

SECRET = "whsec_Y2hhdXBhbC1leGFtcGxlLXNlY3JldC0wMDAx"


class HookReceiver(HttpReceiver):
    """Echoes validation tokens and keeps what is delivered. `answer_with` decides the status of each delivery."""

    def __init__(self) -> None:
        super().__init__()
        self.echo: Callable[[str], bytes] = lambda token: token.encode()
        self.proofs: list[Received] = []
        self.deliveries: list[Received] = []
        self.answer_with: Callable[[Received], int] = lambda _: self.status
        self.came = threading.Condition()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        tokens = parse_qs(urlsplit(request.path).query).get("validationToken")
        headers = {name.lower(): value for name, value in request.headers.items()}
        if request.command == "GET" and tokens:
            self.proofs.append(Received("GET", request.path, headers, b""))
            self._send(request, self.status, self.echo(tokens[0]))
            return
        body = request.rfile.read(int(headers.get("content-length", "0")))
        received = Received(request.command, request.path, headers, body)
        status = self.answer_with(received)
        with self.came:
            self.deliveries.append(received)
            self.came.notify_all()
        self._send(request, status, self.body)

    def _send(self, request: BaseHTTPRequestHandler, status: int, body: bytes) -> None:
        request.send_response(status)
        for name, value in {"content-length": str(len(body)), **self.headers}.items():
            request.send_header(name, value)
        request.end_headers()
        try:
            request.wfile.write(body)
        except OSError:
            request.close_connection = True

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """What was delivered, in the order in which it came."""
        return [json.loads(received.body) for received in self.deliveries]


def draft(receiver: HttpReceiver, object_id: str, *event_types: str, **fields: Any) -> dict[str, Any]:
    """The body of POST /webhook."""
    body = {"objectId": object_id, "objectType": "Group", "callBackUrl": receiver.url + "/hook"}
    return body | {"eventTypes": list(event_types or ("TextMessageCreated",))} | fields


def register(caller: Caller, body: dict[str, Any]) -> str:
    """Register a webhook; its id."""
    answer = caller.post("/v1/webhook", body)
    assert answer.status_code == 200, answer.text
    webhook_id: str = answer.json()["webhookId"]
    return webhook_id


def listed(caller: Caller, webhook_id: str, object_id: str, object_type: str = "Group") -> dict[str, Any]:
    """A webhook as GET /webhook shows it."""
    answer = caller.get("/v1/webhook", objectId=object_id, objectType=object_type)
    assert answer.status_code == 200, answer.text
    [found] = [each for each in answer.json()["webhooks"] if each["id"] == webhook_id]
    return dict(found)


async def work_off(house: House, **options: Any) -> list[Recorded]:
    """Run the engine until it has nothing to do at this instant; what it has recorded."""
    rest = asyncio.Event()
    recorded: list[Recorded] = []
    engine = WebhookEngine(
        house, metrics=Metrics(), rested=rest.set, recorded=recorded.append, limits=EngineLimits(pace_s=0, **options)
    )
    engine.start()
    async with asyncio.timeout(120):
        await rest.wait()
    await engine.stop()
    return recorded


def deliver(world: World, **options: Any) -> list[Recorded]:
    """Deliver what is due, to the end."""
    return list(world.client.run(work_off(world.house, **options)))
