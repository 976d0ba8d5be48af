"""A TCP proxy before a PostgreSQL server, which cuts a connection in the middle of its COMMIT."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import Any, Literal

Cut = Literal["", "before", "after"]


class CuttingProxy:
    """Forwards what clients say to the server. Set `cut` and the next COMMIT is cut.

    "before": the server does not hear of it. "after": it does, and its answer is lost.
    """

    def __init__(self, parts: dict[str, Any]) -> None:
        """`parts` of a connection, as psycopg names them; `host` may be the folder of a socket."""
        self.cut: Cut = ""
        self.cut_count = 0
        self._parts = parts
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        """Where it listens, on 127.0.0.1."""
        port: int = self._listener.getsockname()[1]
        return port

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = self._connect()
            threading.Thread(target=self._forward, args=(client, server), daemon=True).start()
            threading.Thread(target=_pump, args=(server, client), daemon=True).start()

    def _connect(self) -> socket.socket:
        host, port = str(self._parts["host"]), int(self._parts.get("port") or 5432)
        if not host.startswith("/"):
            return socket.create_connection((host, port))
        server = socket.socket(socket.AF_UNIX)
        server.connect(f"{host}/.s.PGSQL.{port}")
        return server

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while said := client.recv(65_536):
                cut = self._cut_of(said)
                if cut:
                    client.shutdown(socket.SHUT_RDWR)
                if cut != "before":
                    server.sendall(said)
                if cut:
                    break
        with suppress(OSError):
            server.shutdown(socket.SHUT_WR)

    def _cut_of(self, said: bytes) -> Cut:
        with self._lock:
            if not self.cut or b"COMMIT\0" not in said:
                return ""
            cut, self.cut = self.cut, ""
            self.cut_count += 1
            return cut


def _pump(server: socket.socket, client: socket.socket) -> None:
    with server, client:
        with suppress(OSError):
            while said := server.recv(65_536):
                client.sendall(said)
        with suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)
