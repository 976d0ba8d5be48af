"""Clients that post to a real server until it dies, and remember what was answered."""

from __future__ import annotations

import http.client
import json
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.installations import Installation

NO_LIMITS = {"CHAUPAL_CONNECTOR_CALLS_PER_MIN": "0", "CHAUPAL_TENANT_CALLS_PER_MIN": "0"}


@dataclass
class Place:
    """A group to post to, and the token to do it with."""

    installation: Installation
    token: str
    group_id: str
    installed: Any = None
    """What `init` printed."""

    @property
    def headers(self) -> dict[str, str]:
        return {"accessToken": self.token, "Content-Type": "application/json"}

    @property
    def path(self) -> str:
        return f"/v1/groups/{self.group_id}/messages"

    def post(self, text: str) -> tuple[int, Any]:
        return self.installation.call("POST", self.path, self.headers, {"message": text})

    def texts(self) -> list[str]:
        """Every message, newest first, page by page."""
        texts: list[str] = []
        query = "?count=100"
        while query:
            status, page = self.installation.call("GET", self.path + query, self.headers)
            assert status == 200, page
            texts.extend(message["message"] for message in page["messages"])
            query = f"?cursor={page['cursor']}&count=100" if "cursor" in page else ""
        return texts


def settle(installation: Installation) -> Place:
    """A running server with a tenant, a token and a group."""
    installation.settings.update(NO_LIMITS)
    installation.start()
    installed = installation.init()
    token = installation.access_token(installed)
    status, group = installation.call("POST", "/v1/groups", {"accessToken": token}, {"name": "Field staff"})
    assert status == 200, group
    return Place(installation, token, group["groupId"], installed)


@dataclass
class Poster:
    """One client on one connection; each message once, with a key that makes trying again harmless. Or something else
    than messages: `path` is where to, `build` makes the body of a text, `receipt` names the id in the answer."""

    place: Place
    path: str = ""
    build: Callable[[str], Any] = lambda text: {"message": text}
    receipt: str = "referenceId"
    answered: dict[str, str] = field(default_factory=dict)
    unanswered: list[tuple[str, str]] = field(default_factory=list)

    def run(self, is_over: threading.Event, first: threading.Event) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.place.installation.port, timeout=30)
        while not is_over.is_set():
            text, key = f"message {uuid.uuid4()}", str(uuid.uuid4())
            try:
                headers = self.place.headers | {"Idempotency-Key": key}
                connection.request("POST", self.path or self.place.path, json.dumps(self.build(text)), headers)
                answer = connection.getresponse()
                body = json.loads(answer.read())
            except (OSError, http.client.HTTPException, ValueError):
                self.unanswered.append((text, key))
                break
            if answer.status == 200:
                self.answered[body[self.receipt]] = text
                if len(self.answered) > 3:
                    first.set()
        connection.close()
