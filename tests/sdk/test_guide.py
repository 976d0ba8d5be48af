"""docs/sdk.md and sdk/README.md do what they say: every block is run, in order, against a server of its own."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from chaupal_client import Chaupal
from tests.api.visitors import Seen
from tests.docs.pages import Block, page
from tests.docs.test_api_samples import APPLICATION_ID, APPLICATION_SECRET
from tests.installations import ADMIN, Installation

CALLBACK = "https://app.example.org/callback"
REFRESH_TOKEN = "the-refresh-token-that-the-integration-has-configured"
PLACE = "http://127.0.0.1:8080"


@pytest.fixture
def served(sqlite_installation: Installation) -> Installation:
    """A running server with the names and secrets of the pages."""
    sqlite_installation.start()
    own = ("--application-id", APPLICATION_ID, "--application-secret", APPLICATION_SECRET)
    sqlite_installation.result(
        "init", "--tenant", "T", "--admin", ADMIN, "--admin-name", "Asha", "--connector", "C", *own
    )
    sqlite_installation.result("connector", "change", APPLICATION_ID, "--redirect-url", CALLBACK)
    token = ("--connector", APPLICATION_ID, "--user", ADMIN, "--refresh-token", REFRESH_TOKEN)
    sqlite_installation.result("token", "create", *token)
    return sqlite_installation


def allow(served: Installation, url: str) -> str:
    """Where the browser of a person who agrees is led in the end."""
    with httpx.Client() as browser:
        shown = browser.get(url)
        for fields in ({"number": ADMIN}, {"answer": "pin"}, {"answer": "allow"}):
            if fields.get("answer") == "pin":
                fields["pin"] = served.result("pin", ADMIN)["pin"]
            form = {**fields, "progress": Seen(shown.text).fields["progress"]}
            answered = browser.post(shown.url, data=form)
            if answered.status_code == 302:
                return str(answered.headers["location"])
            shown = browser.get(shown.url.join(answered.headers["location"]))
    raise AssertionError(shown.text)


def typed(served: Installation, block: Block, defined: dict[str, Any]) -> Callable[[str], str]:
    """What a person types where a block asks."""
    if "pin-of" in block.options:
        return lambda _asked: str(served.result("pin", block.options["pin-of"])["pin"])
    return lambda _asked: allow(served, defined["begun"].url)


@pytest.mark.parametrize("name", ["sdk/README.md", "docs/sdk.md"])
def test_every_block_does_what_it_says(
    served: Installation, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = [block for block in page(name).blocks if block.language == "python" and "framework" not in block.options]
    assert blocks
    defined: dict[str, Any] = {}
    token = served.access_token(
        {"applicationId": APPLICATION_ID, "applicationSecret": APPLICATION_SECRET, "refreshToken": REFRESH_TOKEN}
    )
    for block in blocks:
        text = block.text.replace(PLACE, f"http://127.0.0.1:{served.port}").replace('"eyJ…"', repr(token))
        with monkeypatch.context() as patched:
            patched.setattr(builtins, "input", typed(served, block, defined))
            exec(compile(text, f"{name}:{block.line}", "exec"), defined)  # noqa: S102
    for client in {id(value): value for value in defined.values() if isinstance(value, Chaupal)}.values():
        client.close()
