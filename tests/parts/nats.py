"""NATS for tests: one server shared by the run, on a free port of the loopback address."""

from __future__ import annotations

import json
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from tests.parts.kept_server import KeptServer
from tests.parts.run import Run


@dataclass(frozen=True)
class NatsServer:
    """`url` is nats://host:port."""

    url: str


def start_nats(run: Run) -> dict[str, str]:
    """The server picks its port itself and writes it to a file, so nobody can take the port in between."""
    folder = run.folder / "nats"
    folder.mkdir()
    program = Path(sysconfig.get_path("scripts")) / "nats-server"
    command = [str(program), "--addr", "127.0.0.1", "--port", "-1", "--ports_file_dir", str(folder)]
    KeptServer(run, "nats", command, is_ready=lambda: url_in(folder) is not None).start()
    url = url_in(folder)
    assert url is not None
    return {"url": url}


class NatsOfItsOwn:
    """A server of one test's own, always at the same address, to start, kill and start again."""

    def __init__(self, run: Run, name: str, port: int) -> None:
        self.url = f"nats://127.0.0.1:{port}"
        self._folder = run.folder / name
        self._folder.mkdir()
        program = Path(sysconfig.get_path("scripts")) / "nats-server"
        command = [str(program), "--addr", "127.0.0.1", "--port", str(port), "--ports_file_dir", str(self._folder)]
        self._server = KeptServer(run, name, command, is_ready=lambda: url_in(self._folder) is not None)

    def start(self) -> None:
        """Returns once it answers."""
        for ports in self._folder.glob("*.ports"):  # a killed one leaves it
            ports.unlink()
        self._server.start()

    def kill(self) -> None:
        """As a crash would."""
        self._server.kill()

    def hang(self) -> None:
        """It stays connected and says nothing, until `resume`."""
        self._server.hang()

    def resume(self) -> None:
        """It goes on where it was."""
        self._server.resume()

    def stop(self) -> None:
        """Harmless if it is not running."""
        self._server.stop()


def url_in(folder: Path) -> str | None:
    """None until the server has written its ports file whole."""
    for ports in folder.glob("*.ports"):
        try:
            urls: list[str] = json.loads(ports.read_text())["nats"]
        except ValueError:
            return None
        return urls[0]
    return None
