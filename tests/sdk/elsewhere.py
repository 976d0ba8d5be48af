"""A server that answers what a test says, one answer after another, and keeps what it was asked; or passes on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx


@dataclass(frozen=True)
class Asked:
    """One request. Names of headers in small letters."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """One answer; `cut_bytes` less than it says are sent, `None` for no answer at all."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    cut_bytes: int = 0
    is_none: bool = False


NO_ANSWER = Answer(is_none=True)


class Elsewhere:
    """`answers` are given in turn; after the last, or for None, `then` decides."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.asked: list[Asked] = []
        self.answers: list[Answer | None] = []
        self.then: Callable[[Asked], Answer] = lambda _asked: Answer()

    @classmethod
    @contextmanager
    def serve(cls) -> Iterator[Elsewhere]:
        with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
            served = cls(server.server_port)
            server.served = served  # type: ignore[attr-defined]
            server.daemon_threads = True
            thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
            thread.start()
            yield served
            server.shutdown()
            thread.join()

    def pass_on_to(self, url: str) -> None:
        """Answer as the server there does, whatever is not answered by `answers`."""

        def pass_on(asked: Asked) -> Answer:
            kept = {name: value for name, value in asked.headers.items() if name not in ("host", "connection")}
            answer = httpx.request(asked.method, url.rstrip("/") + asked.target, headers=kept, content=asked.body)
            told = {name: value for name, value in answer.headers.items() if name not in _OF_THE_CONNECTION}
            return Answer(answer.status_code, answer.content, told)

        self.then = pass_on

    def answer(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        given = self.answers.pop(0) if self.answers else None
        return given if given is not None else self.then(asked)


_OF_THE_CONNECTION = ("content-length", "connection", "date", "server", "transfer-encoding")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _serve(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", 0)))
        served: Any = self.server.served  # type: ignore[attr-defined]
        answer = served.answer(Asked(self.command, self.path, headers, body))
        self.close_connection = answer.is_none or answer.cut_bytes > 0
        if answer.is_none:
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body[: len(answer.body) - answer.cut_bytes])

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _serve  # noqa: N815

    def log_message(self, *_told: Any) -> None:
        """Tests print nothing."""
