"""The sample client of docs/api/events.md, as it stands there, follows a real server through a restart."""

from __future__ import annotations

import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from tests.crash.posting import settle
from tests.docs.pages import page
from tests.installations import ADMIN, Installation

PATIENCE_S = 60.0
PAUSE_S = 0.05


@pytest.fixture
def sample(sqlite_installation: Installation, tmp_path: Path) -> dict[str, Any]:
    """What the sample defines; it keeps its place in a folder of the test's own, and comes back sooner."""
    [block] = [block for block in page("docs/api/events.md").blocks if block.language == "python"]
    defined: dict[str, Any] = {}
    text = block.text.replace("http://127.0.0.1:8080", f"http://127.0.0.1:{sqlite_installation.port}")
    exec(text, defined)  # noqa: S102
    defined["PLACE"] = tmp_path / "last-event-id"
    defined["time"] = SimpleNamespace(sleep=lambda _pause_s: threading.Event().wait(PAUSE_S))
    return defined


class TestSampleClient:
    def test_it_hands_on_each_event_once_until_its_token_stops(
        self, sqlite_installation: Installation, sample: dict[str, Any]
    ) -> None:
        place = settle(sqlite_installation)
        texts: list[str] = []
        heard = threading.Condition()
        ended: list[httpx.HTTPStatusError] = []

        def handle(event: dict[str, Any]) -> None:
            with heard:
                texts.append(event["data"].get("text", event["eventType"]))
                heard.notify_all()

        def run() -> None:
            try:
                sample["follow"](place.token, handle)
            except httpx.HTTPStatusError as error:
                ended.append(error)

        def wait_for(text: str) -> None:
            with heard:
                assert heard.wait_for(lambda: text in texts, PATIENCE_S)

        cursor = sqlite_installation.call("GET", "/v1/sync", place.headers)[1]["cursor"]
        sample["PLACE"].write_text(cursor)
        client = threading.Thread(target=run, daemon=True)
        client.start()
        place.post("before")
        wait_for("before")
        sqlite_installation.kill()
        sqlite_installation.start()
        place.post("after")
        wait_for("after")
        renewed = ("token", "create", "--connector", place.installed["applicationId"], "--user", ADMIN)
        sqlite_installation.result(*renewed)  # ends the earlier one
        client.join(PATIENCE_S)
        assert [error.response.status_code for error in ended] == [401]
        assert texts == ["before", "after"]
