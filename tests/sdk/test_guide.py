"""The client's guide, reference and README do what they say: every block is run, in order, against a real server."""

from __future__ import annotations

import builtins
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from chaupal_client import Chaupal
from chaupal_client.events import EVENTS
from tests.api.files import PDF, picture
from tests.api.hooks import HookReceiver
from tests.api.visitors import Seen
from tests.docs.pages import Block, page
from tests.docs.test_api_samples import APPLICATION_ID, APPLICATION_SECRET
from tests.installations import ADMIN, Installation
from tests.outbound.receivers import HttpReceiver
from tools.sdk.reference import UnknownName, answered_types, event_types, methods, names_in, public_names, write_page

PAGES = ("sdk/README.md", "docs/sdk.md", "docs/sdk-reference.md")
CALLBACK = "https://app.example.org/callback"
ASKING = {"pin-of", "sign-in-of"}
"""What stands behind blocks in which a person types something."""
REFERENCE, TYPES = page("docs/sdk-reference.md"), page("docs/sdk-types.md")
REFRESH_TOKEN = "the-refresh-token-that-the-integration-has-configured"
PLACE = "http://127.0.0.1:8080"


@pytest.fixture
def served(sqlite_installation: Installation) -> Installation:
    """A running server with the names and secrets of the pages, which may call this machine."""
    sqlite_installation.settings |= {"CHAUPAL_CALLBACK_ALLOW": "127.0.0.1", "CHAUPAL_MEDIA_FETCH_ALLOW": "127.0.0.1"}
    sqlite_installation.start()
    own = ("--application-id", APPLICATION_ID, "--application-secret", APPLICATION_SECRET)
    sqlite_installation.result(
        "init", "--tenant", "T", "--admin", ADMIN, "--admin-name", "Asha", "--connector", "C", *own
    )
    sqlite_installation.result("connector", "change", APPLICATION_ID, "--redirect-url", CALLBACK)
    token = ("--connector", APPLICATION_ID, "--user", ADMIN, "--refresh-token", REFRESH_TOKEN)
    sqlite_installation.result("token", "create", *token)
    return sqlite_installation


@pytest.fixture
def places(served: Installation) -> Iterator[dict[str, str]]:
    """Where the addresses that the pages name lead here."""
    with HookReceiver() as receiver, HttpReceiver() as files:
        files.body, files.headers = PDF, {"content-type": "application/pdf"}
        yield {
            PLACE: f"http://127.0.0.1:{served.port}",
            "https://hooks.example.org/chaupal": receiver.url,
            "https://files.example.org": files.url,
        }


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


def run_page(name: str, served: Installation, places: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Run its blocks one after another, as one program."""
    blocks = [block for block in page(name).blocks if block.language == "python" and block.options.keys() <= ASKING]
    assert blocks
    defined: dict[str, Any] = {}
    token = served.access_token(
        {"applicationId": APPLICATION_ID, "applicationSecret": APPLICATION_SECRET, "refreshToken": REFRESH_TOKEN}
    )
    try:
        for block in blocks:
            text = block.text.replace('"eyJ…"', repr(token))
            for shown, real in places.items():
                text = text.replace(shown, real)
            with monkeypatch.context() as patched:
                patched.setattr(builtins, "input", typed(served, block, defined))
                exec(compile(text, f"{name}:{block.line}", "exec"), defined)  # noqa: S102
    finally:
        for client in {id(value): value for value in defined.values() if isinstance(value, Chaupal)}.values():
            client.close()


def test_every_block_does_what_it_says(
    served: Installation, places: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "files").mkdir()
    monkeypatch.chdir(tmp_path / "files")
    for picture_name in ("front.jpg", "back.jpg"):
        Path(picture_name).write_bytes(picture())
    for name in PAGES:
        run_page(name, served, places, monkeypatch)


def test_the_statement_notes_an_event_once() -> None:
    [statement] = [block.text for block in page("docs/sdk.md").blocks if block.language == "sql"]
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE TABLE seen_event (event_id TEXT PRIMARY KEY)")
        noted = [database.execute(statement, {"event_id": "a"}).rowcount for _ in range(2)]
    assert noted == [1, 0]


class TestReference:
    def test_it_has_everything_once(self) -> None:
        assert sorted(names_in(REFERENCE.text)) == sorted([*public_names(), "ApiError"])

    @pytest.mark.parametrize("name", sorted(methods()))
    def test_each_method_is_called_by_the_example_below_it(self, name: str) -> None:
        _, _, below = REFERENCE.text.partition(f"<!-- client: {name} -->\n")
        example = below.split("<!-- end -->")[1].split("\n##")[0]
        assert re.search(rf"```python.*\.{re.escape(name)}\(", example, re.DOTALL)

    def test_its_types_are_all_that_answers_and_events_hold(self) -> None:
        shown = set(TYPES.sections(3))
        assert shown == answered_types().keys() | event_types().keys()
        assert [name for name in (*EVENTS, "OtherEvent") if f"| `{name}` |" not in TYPES.text] == []

    def test_what_is_not_there_is_refused(self) -> None:
        with pytest.raises(UnknownName):
            write_page("<!-- client: groups.destroy -->\n<!-- end -->")
