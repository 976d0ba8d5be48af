"""What machines that make random calls have in common: people with tokens, and calls whose status a model foretells."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from hypothesis.stateful import RuleBasedStateMachine

from tests.api.worlds import World

Answer = tuple[int, Any]


class ApiMachine(RuleBasedStateMachine):
    """Calls straight into the application, because there are many. People are named by their number."""

    def __init__(self, world: World, people: Iterable[str]) -> None:
        super().__init__()
        self.world = world
        self.tokens = {number: world.sign_in(number).access_token for number in people}

    async def ask(self, method: str, path: str, person: str, body: Any = None) -> Answer:
        """(status, JSON)."""
        raw_path, _, query = path.partition("?")
        content = b"" if body is None else json.dumps(body).encode()
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": content, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": method,
            "path": raw_path,
            "raw_path": raw_path.encode(),
            "query_string": query.encode(),
            "headers": [(b"accesstoken", self.tokens[person].encode())],
            "client": ("203.0.113.7", 40_000),
        }
        await self.world.client.app(scope, receive, send)
        return sent[0]["status"], json.loads(b"".join(message["body"] for message in sent[1:]))

    def change(self, verdict: int, person: str, method: str, path: str, body: Any = None) -> Any:
        """Make a change whose status the model has foretold; the answer."""
        status, answer = self.world.client.run(self.ask(method, path, person, body))
        assert status == verdict, (status, verdict, method, path, answer)
        return answer
