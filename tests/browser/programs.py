"""A program that signs people in by OAuth, as a browser sees it: addresses to come back to, on two hosts of its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Program:
    """`came_back` are the paths with queries that browsers have come back to, oldest first."""

    port: int
    came_back: list[str] = field(default_factory=list)

    @property
    def callback(self) -> str:
        """Shows a page at once."""
        return f"http://127.0.0.1:{self.port}/callback"

    @property
    def callback_of_two_hosts(self) -> str:
        """Sends the browser on to another host of the program."""
        return f"http://127.0.0.1:{self.port}/onward"

    @classmethod
    @contextmanager
    def serve(cls) -> Iterator[Program]:
        """On a free port of this machine."""
        with ThreadingHTTPServer(("127.0.0.1", 0), _Answers) as server:
            program = cls(server.server_port)
            server.program = program  # type: ignore[attr-defined]
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
            yield program
            server.shutdown()


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        program: Program = self.server.program  # type: ignore[attr-defined]
        if self.path.startswith("/onward"):
            self.send_response(302)
            self.send_header("Location", f"http://localhost:{program.port}/callback{self.path.removeprefix('/onward')}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        program.came_back.append(self.path)
        page = b"<!doctype html><title>Rota</title><link rel=icon href=data:,><h1>Back in Rota</h1>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_: object) -> None:
        """Says nothing."""
