"""Clients that ask for something large and do not read it: the server's memory does not grow with what they left."""

from __future__ import annotations

import select
import socket
import urllib.request
from contextlib import ExitStack

import psutil
import pytest

from tests.installations import Installation

CLIENTS = 100
GROWTH_MOST_BYTES = 60_000_000
"""A whole copy for each would be 490 MB, of which the system's own buffers take less than half."""


class TestViewer:
    def test_it_is_not_copied_for_each_client_that_does_not_read(self, sqlite_installation: Installation) -> None:
        server = sqlite_installation
        server.start()
        url = f"http://127.0.0.1:{server.port}/docs/scalar.js"
        with urllib.request.urlopen(url, timeout=60) as answer:
            assert len(answer.read()) > 4_000_000
        assert server.server is not None
        process = psutil.Process(server.server.pid)
        before = process.memory_info().rss
        with ExitStack() as open_ones:
            clients = [open_ones.enter_context(self.asking_client(server.port)) for _ in range(CLIENTS)]
            for client in clients:  # whoever has the head: what is sent without a pause has been written by then
                assert client.recv(12) == b"HTTP/1.1 200"
            assert server.call("GET", "/healthz")[0] == 200
            assert process.memory_info().rss - before < GROWTH_MOST_BYTES

    @pytest.mark.parametrize("further", ["", "Connection: close\r\n"])
    def test_who_reads_nothing_is_cut_off(self, sqlite_installation: Installation, further: str) -> None:
        """Else a few thousand such clients were all that the server ever answered."""
        server = sqlite_installation
        server.settings["CHAUPAL_ANSWER_TIMEOUT_S"] = "1"
        server.start()
        with self.asking_client(server.port, further) as client:
            gone = select.poll()
            gone.register(client, 0)  # whoever is cut off need not read to learn of it
            assert gone.poll(60_000)

    def asking_client(self, port: int, further: str = "") -> socket.socket:
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        client.settimeout(60)
        client.connect(("127.0.0.1", port))
        client.sendall(f"GET /docs/scalar.js HTTP/1.1\r\nHost: chaupal\r\n{further}\r\n".encode())
        return client
