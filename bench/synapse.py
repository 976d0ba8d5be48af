"""Sets up a Synapse (Matrix) in an environment of its own, as its own documentation says, and starts it on 127.0.0.1
with its rate limits off and its federation closed. It makes one user and one room, and says how a message is sent
there.
"""

import http.client
import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.baseline import MESSAGE_BODY
from bench.load import Target
from bench.load.generator import UNIQUE
from bench.processes import Server

VERSION = "1.163.2"
INSTALL_TIMEOUT_S = 600.0
CALL_TIMEOUT_S = 60.0

_UNLIMITED = {"per_second": 1_000_000, "burst_count": 1_000_000}

_LOGGING = {
    "version": 1,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    # Its default is a line per request; ours has no access log either.
    "root": {"level": "WARNING", "handlers": ["console"]},
}


class PeerRefused(Exception):
    """The peer could not be set up, or did not answer as its API says."""


@dataclass
class Synapse:
    """`environment` is the folder of its virtual environment; `folder` is for its configuration and database."""

    environment: Path
    folder: Path
    port: int
    server: Server = field(init=False)
    access_token: str = field(default="", init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.server = Server(
            name="synapse",
            command=[
                str(self.environment / "bin/python"),
                "-m",
                "synapse.app.homeserver",
                "--config-path",
                str(self._config),
            ],
            environment={},
            port=self.port,
            log_path=self.folder / "synapse.log",
            ready_path="/health",
            folder=self.folder,
        )

    @property
    def _config(self) -> Path:
        return self.folder / "homeserver.yaml"

    def prepare(self) -> None:
        """Installs it if it is not there yet, and writes its configuration (YAML takes JSON). With the server
        stopped."""
        install_synapse(self.environment)
        logging = self.folder / "logging.yaml"
        logging.write_text(json.dumps(_LOGGING))
        self._config.write_text(json.dumps(self._settings(logging), indent=1))
        command = [*self.server.command, "--generate-keys"]
        subprocess.run(command, cwd=self.folder, check=True, capture_output=True, timeout=CALL_TIMEOUT_S)

    def _settings(self, logging: Path) -> dict[str, Any]:
        resources = [{"names": ["client"], "compress": False}]
        listener = {
            "port": self.port,
            "type": "http",
            "tls": False,
            "bind_addresses": ["127.0.0.1"],
            "resources": resources,
        }
        limits = ("rc_message", "rc_registration", "rc_joins_per_room", "rc_room_creation")
        return {
            "server_name": "bench.invalid",
            "listeners": [listener],
            "database": {"name": "sqlite3", "args": {"database": str(self.folder / "homeserver.db")}},
            "log_config": str(logging),
            "media_store_path": str(self.folder / "media"),
            "signing_key_path": str(self.folder / "signing.key"),
            "macaroon_secret_key": "of this run alone",
            "form_secret": "of this run alone",
            "report_stats": False,
            # Nothing leaves the machine.
            "trusted_key_servers": [],
            "federation_domain_whitelist": [],
            "enable_registration": True,
            "enable_registration_without_verification": True,
            **dict.fromkeys(limits, _UNLIMITED),
        }

    def message_target(self) -> Target:
        """A message into a new room of a new user, who is its one member. With the server running."""
        account = {"username": "bench", "password": "of this run alone", "auth": {"type": "m.login.dummy"}}
        self.access_token = str(self._call("POST", "register", account)["access_token"])
        room_id = self._call("POST", "createRoom", {"preset": "private_chat"})["room_id"]
        text = json.loads(MESSAGE_BODY)["message"]
        target = Target(
            port=self.port,
            path=f"/_matrix/client/v3/rooms/{room_id}/send/m.room.message/{UNIQUE}",
            method="PUT",
            body=json.dumps({"msgtype": "m.text", "body": text}),
            headers=self._headers(),
        )
        self._call("PUT", target.path.removeprefix("/_matrix/client/v3/"), json.loads(target.body))
        return target

    def _call(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=CALL_TIMEOUT_S)
        try:
            connection.request(method, f"/_matrix/client/v3/{path}", json.dumps(body), self._headers())
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        if answer.status != 200:
            raise PeerRefused(f"{method} {path} was answered {answer.status}: {text[:500]}")
        read: dict[str, Any] = json.loads(text)
        return read

    def _headers(self) -> dict[str, str]:
        headers = {"Content-Type": "application/json"}
        if self.access_token:
            headers["Authorization"] = f"Bearer {self.access_token}"
        return headers


def install_synapse(environment: Path) -> None:
    """Does nothing if this version is there. What is half installed by an earlier, broken attempt is replaced."""
    mark = environment / f"installed-{VERSION}"
    if mark.exists():
        return
    commands = (
        [sys.executable, "-m", "venv", "--clear", str(environment)],
        [str(environment / "bin/python"), "-m", "pip", "install", "--quiet", f"matrix-synapse=={VERSION}"],
    )
    for command in commands:
        finished = subprocess.run(command, check=False, capture_output=True, text=True, timeout=INSTALL_TIMEOUT_S)
        if finished.returncode != 0:
            raise PeerRefused(f"{' '.join(command)} ended with {finished.returncode}: {finished.stderr[-2000:]}")
    mark.touch()
