"""Starts the product as a server of the benchmark and speaks to it as any client would: `chaupal init`, `chaupal
serve`, a token, a group. It knows the product's commands and its HTTP API, nothing of its insides.
"""

import http.client
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.baseline import MESSAGE_BODY
from bench.load import Target
from bench.processes import Server, build_environment

CHAUPAL = Path(sys.executable).with_name("chaupal")
COMMAND_TIMEOUT_S = 60.0
CALL_TIMEOUT_S = 60.0


def _build_survey() -> str:
    """Twenty questions: every fourth with four options, others for text, numbers and places."""
    options = [{"title": f"Option {letter}"} for letter in "ABCD"]
    forms: list[dict[str, Any]] = [{"type": "SingleOption", "options": options}]
    forms += [{"type": name} for name in ("Text", "Numeric", "Location")]
    questions = [{"title": f"Question {number} of the day?", **forms[number % 4]} for number in range(20)]
    body = {"title": "How was the day at the depot?", "dueDate": 24, "questions": questions}
    return json.dumps({"actionType": "Survey", "actionBody": body})


SURVEY_BODY = _build_survey()


class ProductRefused(Exception):
    """A call that prepares a case was not answered with 200."""


@dataclass(frozen=True)
class Installation:
    """What `chaupal init` printed."""

    tenant_id: str
    admin_id: str
    application_id: str
    application_secret: str
    refresh_token: str


@dataclass
class Product:
    folder: Path
    port: int
    database: str
    settings: dict[str, str] = field(default_factory=dict)
    """Beyond those that every measured server has."""
    server: Server = field(init=False)
    installation: Installation = field(init=False)
    access_token: str = field(default="", init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.server = Server(
            name="chaupal serve",
            command=[str(CHAUPAL), "serve"],
            environment=self.environment,
            port=self.port,
            log_path=self.folder / "serve.log",
            folder=self.folder,
        )

    @property
    def environment(self) -> dict[str, str]:
        """Rate limits are off: a limit that worked would be measured instead of the work."""
        environment = {
            "CHAUPAL_DATA": str(self.folder / "data"),
            "CHAUPAL_LISTEN": f"127.0.0.1:{self.port}",
            "CHAUPAL_CONNECTOR_CALLS_PER_MIN": "0",
            "CHAUPAL_TENANT_CALLS_PER_MIN": "0",
            "CHAUPAL_STREAMS_PER_PERSON": "0",
            "CHAUPAL_CALLBACK_ALLOW": "127.0.0.0/8",
            "CHAUPAL_WEBHOOK_PROOFS_PER_MIN": "0",
        }
        if self.database != "sqlite":
            environment["CHAUPAL_DATABASE"] = self.database
        return environment | self.settings

    @property
    def store_address(self) -> str:
        """Where its rows lie."""
        return f"sqlite:{self.folder / 'data' / 'chaupal.sqlite3'}" if self.database == "sqlite" else self.database

    def delivering_mb(self) -> float:
        """The memory of the process that delivers to webhooks; 0 where there is none."""
        return self.server.memory_of_child_mb("chaupal.webhooks.apart.process")

    def beside(self, port: int, **settings: str) -> "Product":
        """Another node on the same database and data folder, not started, of the same tenant."""
        other = Product(self.folder, port, self.database, settings)
        other.server.name = f"chaupal serve at {port}"
        other.installation, other.access_token = self.installation, self.access_token
        return other

    def prepare(self) -> None:
        """Makes the tenant, its admin and a connector. With the server stopped."""
        printed = self.run_command("init", "--tenant", "Bench", "--admin", "+911234567890", "--connector", "bench")
        self.installation = Installation(
            tenant_id=printed["tenantId"],
            admin_id=printed["adminId"],
            application_id=printed["applicationId"],
            application_secret=printed["applicationSecret"],
            refresh_token=printed["refreshToken"],
        )

    def run_command(self, *arguments: str) -> dict[str, Any]:
        """What the command prints as JSON."""
        finished = subprocess.run(
            [str(CHAUPAL), *arguments, "--json"],
            check=False,
            env=build_environment(self.environment),
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=COMMAND_TIMEOUT_S,
        )
        if finished.returncode != 0:
            ended = f"chaupal {' '.join(arguments[:2])} ended with {finished.returncode}"
            raise ProductRefused(f"{ended}: {finished.stderr[-2000:]}")
        printed: dict[str, Any] = json.loads(finished.stdout)
        return printed

    def sign_in(self) -> None:
        self.access_token = self._access_token(self.installation.refresh_token)

    def access_token_of(self, mobile_number: str) -> str:
        """For someone else of the tenant, by the operator's command. With the server running."""
        command = ["token", "create", "--connector", self.installation.application_id, "--user", mobile_number]
        return self._access_token(str(self.run_command(*command)["refreshToken"]))

    def _access_token(self, refresh_token: str) -> str:
        answer = self.call(
            "GET",
            "/v1/accessToken",
            headers={
                "applicationId": self.installation.application_id,
                "applicationSecret": self.installation.application_secret,
                "refreshToken": refresh_token,
            },
        )
        return str(answer["accessToken"])

    def create_group(self, name: str) -> str:
        answer = self.call("POST", "/v1/groups", json.dumps({"name": name, "welcomeMessage": ""}))
        return str(answer["groupId"])

    def send(self, target: Target) -> str:
        """The id of what a POST to the target has made."""
        return str(self.check_target(target)["referenceId"])

    def post_target(self, group_id: str) -> Target:
        path = f"/v1/groups/{group_id}/messages"
        return Target(port=self.port, path=path, method="POST", body=MESSAGE_BODY, headers=self._headers())

    def survey_target(self, group_id: str) -> Target:
        path = f"/v1/groups/{group_id}/actions"
        return Target(port=self.port, path=path, method="POST", body=SURVEY_BODY, headers=self._headers())

    def history_target(self, group_id: str) -> Target:
        return self.read_target(f"/v1/groups/{group_id}/messages?count=50")

    def read_target(self, path: str, access_token: str = "") -> Target:
        """A GET by the admin, or by whoever has the token."""
        headers = {"accessToken": access_token or self.access_token}
        return Target(port=self.port, path=path, headers=headers)

    def check_target(self, target: Target) -> dict[str, Any]:
        """One request exactly as the load will send it, because a load generator does not look at what comes back."""
        return self.call(target.method, target.path, target.body, target.headers)

    def call(self, method: str, path: str, body: str = "", headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=CALL_TIMEOUT_S)
        try:
            connection.request(method, path, body or None, dict(headers if headers is not None else self._headers()))
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        if answer.status != 200:
            raise ProductRefused(f"{method} {path} was answered {answer.status}: {text[:500]}")
        read: dict[str, Any] = json.loads(text)
        return read

    def _headers(self) -> dict[str, str]:
        return {"Content-Type": "application/json", "accessToken": self.access_token}
