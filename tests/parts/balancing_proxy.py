"""A TCP proxy before several servers, as simple as one can be that lets them be restarted one by one.

A connection goes to a server whose `/readyz` answered 200 when it was last asked; one that refuses the connection is
passed over. What has been sent to a server is never sent to another.
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from http.client import HTTPConnection

_LOOK_S = 0.05


class BalancingProxy:
    """Listens on `port` of 127.0.0.1, for the servers on `server_ports`. As a context manager it is closed on exit."""

    def __init__(self, server_ports: list[int]) -> None:
        self._server_ports = server_ports
        self._ready = list(server_ports)
        self._turn = 0
        self._looked = threading.Condition()
        self._is_over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = int(self._listener.getsockname()[1])

    def __enter__(self) -> BalancingProxy:
        for work in (self._accept, self._look):
            threading.Thread(target=work, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._listener.close()

    def wait_until_ready(self, port: int, *, is_ready: bool = True) -> None:
        """Return when the server has been seen to be, or not to be, ready."""
        with self._looked:
            assert self._looked.wait_for(lambda: (port in self._ready) is is_ready, timeout=60)

    def _look(self) -> None:
        while not self._is_over.wait(_LOOK_S):
            ready = [port for port in self._server_ports if _is_ready(port)]
            with self._looked:
                self._ready = ready
                self._looked.notify_all()

    def _accept(self) -> None:
        while not self._is_over.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        server = self._connect()
        if server is None:
            client.close()
            return
        with client, server:
            answering = threading.Thread(target=_pump, args=(server, client), daemon=True)
            answering.start()
            _pump(client, server)
            answering.join()

    def _connect(self) -> socket.socket | None:
        ready = list(self._ready) or self._server_ports
        self._turn += 1
        for distance in range(len(ready)):
            with suppress(OSError):
                return socket.create_connection(("127.0.0.1", ready[(self._turn + distance) % len(ready)]), timeout=60)
        return None


def _is_ready(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while said := source.recv(65_536):
            target.sendall(said)
    for each in (source, target):
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
