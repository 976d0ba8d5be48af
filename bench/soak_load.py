"""The clients of a soak: each posts, reads, edits, retracts and errs in turn, at a steady pace, and keeps the account
of what the server has acknowledged, which is held against the whole history at the end.
"""

import http.client
import json
import random
import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from bench.product import Product

CALL_TIMEOUT_S = 60.0
PAGE = 100


@dataclass
class Sent:
    """One acknowledged message, as it has to be in the history."""

    text: str
    is_retracted: bool = False
    edit_count: int = 0


@dataclass
class Client:
    """One client on one connection, with groups that all clients share. `sent` is by group, in the order of answers."""

    product: Product
    name: str
    group_ids: list[str]
    interval_s: float
    chance: random.Random
    sent: dict[str, dict[str, Sent]] = field(default_factory=dict)
    call_count: int = 0
    faults: list[str] = field(default_factory=list)
    _connection: http.client.HTTPConnection | None = None

    def run(self, is_over: threading.Event) -> None:
        """One call each interval, late ones at once, until it is over or something is wrong."""
        next_at_s = time.monotonic() + self.interval_s * self.chance.random()
        try:
            while not is_over.wait(max(0.0, next_at_s - time.monotonic())):
                next_at_s += self.interval_s
                self.call_count += 1
                self._step()
        except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
            self.faults.append(f"{self.name}: {type(error).__name__}: {error}")
        if self._connection is not None:
            self._connection.close()
        if self.faults:
            is_over.set()

    def _step(self) -> None:
        group_id = self.chance.choice(self.group_ids)
        self.chance.choices(
            [self._post, self._repeat, self._read, self._edit, self._retract, self._look, self._err],
            weights=[50, 5, 20, 8, 4, 8, 5],
        )[0](group_id)

    def _post(self, group_id: str) -> None:
        self._send(group_id, self._new_text(), str(uuid.uuid4()))

    def _repeat(self, group_id: str) -> None:
        text, key = self._new_text(), str(uuid.uuid4())
        ids = {self._send(group_id, text, key) for _ in range(2)}
        if len(ids) != 1:
            self.faults.append(f"{self.name}: a repeated message was sent twice: {ids}")

    def _send(self, group_id: str, text: str, key: str) -> str:
        answer = self._call("POST", _messages_of(group_id), {"message": text}, key=key)
        message_id = str(answer["referenceId"])
        self.sent.setdefault(group_id, {}).setdefault(message_id, Sent(text))
        return message_id

    def _read(self, group_id: str) -> None:
        answer = self._call("GET", _messages_of(group_id) + "?count=50")
        times = [message["sentAt"] for message in answer["messages"]]
        if times != sorted(times, reverse=True):
            self.faults.append(f"{self.name}: a page is out of order")

    def _edit(self, group_id: str) -> None:
        message_id = self._own(group_id)
        if message_id:
            text = self._new_text()
            self._call("PUT", f"{_messages_of(group_id)}/{message_id}", {"message": text})
            self.sent[group_id][message_id].text = text
            self.sent[group_id][message_id].edit_count += 1

    def _retract(self, group_id: str) -> None:
        message_id = self._own(group_id)
        if message_id:
            self._call("DELETE", f"{_messages_of(group_id)}/{message_id}")
            self.sent[group_id][message_id].is_retracted = True

    def _look(self, group_id: str) -> None:
        path = self.chance.choice(
            [f"/v1/groups/{group_id}", "/v1/groups", "/v1/users/me", f"/v1/groups/{group_id}/members"]
        )
        self._call("GET", path)

    def _err(self, group_id: str) -> None:
        method, path, status = self.chance.choice(
            [
                ("POST", _messages_of(group_id), 400),
                ("POST", _messages_of(str(uuid.uuid4())), 404),
                ("PATCH", _messages_of(group_id), 405),
            ]
        )
        self._call(method, path, {"message": "x" * (4_001 if status == 400 else 1)}, status=status)

    def _own(self, group_id: str) -> str:
        """One of the newest messages that this client sent there and has not retracted; "" where there is none."""
        newest = list(self.sent.get(group_id, {}).items())[-20:]
        ids = [message_id for message_id, message in newest if not message.is_retracted]
        return self.chance.choice(ids) if ids else ""

    def _new_text(self) -> str:
        return f"{self.name} {uuid.uuid4()} " + "text " * self.chance.choice([1, 5, 20, 100])

    def _call(self, method: str, path: str, body: Any = None, *, key: str = "", status: int = 200) -> dict[str, Any]:
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.product.port, timeout=CALL_TIMEOUT_S)
        headers = {"accessToken": self.product.access_token} | ({"Idempotency-Key": key} if key else {})
        self._connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status != status:
            shown = text[:300].decode(errors="replace")
            raise ValueError(f"{method} {path} was answered {answer.status}, not {status}: {shown}")
        read: dict[str, Any] = json.loads(text)
        return read


def check_history(product: Product, group_id: str, clients: list[Client]) -> list[str]:
    """What is wrong with a group's history: lost, doubled, changed, foreign or out of order. Empty if all is well."""
    found = _history_of(product, group_id)
    faults: list[str] = []
    by_id: dict[str, dict[str, Any]] = {}
    for message in found:
        if message["referenceId"] in by_id:
            faults.append(f"twice: {message['referenceId']}")
        by_id[message["referenceId"]] = message
    place = {message_id: index for index, message_id in enumerate(by_id)}
    acknowledged = 0
    for client in clients:
        last = -1
        for message_id, sent in client.sent.get(group_id, {}).items():
            acknowledged += 1
            there = by_id.get(message_id)
            if there is None:
                faults.append(f"lost: {message_id}")
                continue
            if place[message_id] < last:
                faults.append(f"out of order: {message_id}")
            last = place[message_id]
            if bool(there.get("isRetracted")) != sent.is_retracted:
                faults.append(f"retraction lost or made up: {message_id}")
            elif not sent.is_retracted and there["message"].strip() != sent.text.strip():
                faults.append(f"another text: {message_id}")
    if len(by_id) != acknowledged:
        faults.append(f"{len(by_id)} messages are there, {acknowledged} were acknowledged")
    return faults


def _history_of(product: Product, group_id: str) -> list[dict[str, Any]]:
    """Every message, oldest first."""
    messages: list[dict[str, Any]] = []
    query = f"?count={PAGE}"
    while query:
        page = product.call("GET", _messages_of(group_id) + query)
        messages.extend(page["messages"])
        query = f"?cursor={page['cursor']}&count={PAGE}" if "cursor" in page else ""
    return messages[::-1]


def _messages_of(group_id: str) -> str:
    return f"/v1/groups/{group_id}/messages"
