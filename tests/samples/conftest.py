"""What the tests of the samples share: a server that may call this machine, and what a sample is told of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import (
    browser,
    browser_thread,
    open_window,
    pytest_pyfunc_call,
    server_data,
    shared_site,
    site,
)
from tests.installations import Installation, free_port, installation, sqlite_installation, warm_commands
from tests.stores import sqlite_template

__all__ = [
    "browser",
    "browser_thread",
    "installation",
    "open_window",
    "pytest_pyfunc_call",
    "server_data",
    "shared_site",
    "site",
    "sqlite_installation",
    "sqlite_template",
    "warm_commands",
]

SAMPLES = Path(__file__).parents[2] / "samples"


@dataclass
class Office:
    """A running server with an organization, seen through the API as its admin sees it."""

    installation: Installation
    installed: Any
    token: str
    callback_port: int

    @property
    def environment(self) -> dict[str, str]:
        """What a sample is given."""
        return self.installation.environment | {
            "API_ROOT": f"http://127.0.0.1:{self.installation.port}",
            "APPLICATION_ID": self.installed["applicationId"],
            "APPLICATION_SECRET": self.installed["applicationSecret"],
            "REFRESH_TOKEN": self.installed["refreshToken"],
            "CALLBACK_PORT": str(self.callback_port),
        }

    def get(self, path: str) -> Any:
        return self._call("GET", path)

    def post(self, path: str, body: Any) -> Any:
        return self._call("POST", path, body)

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        status, answer = self.installation.call(method, f"/v1{path}", {"accessToken": self.token}, body)
        assert status == 200, answer
        return answer


def open_office(installation: Installation) -> Office:
    """Start the server."""
    installation.settings["CHAUPAL_CALLBACK_ALLOW"] = "127.0.0.1"
    installation.start()
    installed = installation.init()
    return Office(installation, installed, installation.access_token(installed), free_port())


@pytest.fixture
def office(installation: Installation) -> Office:
    """On each database."""
    return open_office(installation)


@pytest.fixture
def sqlite_office(sqlite_installation: Installation) -> Office:
    """On SQLite."""
    return open_office(sqlite_installation)
