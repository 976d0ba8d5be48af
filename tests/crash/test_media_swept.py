"""The sweep of media in a running server: what was never used goes after seven days, its bytes an hour later."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.files import PDF, WAV, picture
from tests.crash.posting import Place
from tests.crash.test_media_uploads import wait_until
from tests.installations import Installation

LATER = Path(__file__).with_name("later_server.py")


@dataclass
class Calendar:
    """An installation whose server is started on later and later days; its sweep comes all the time."""

    installation: Installation
    day_file: Path

    def start_on_day(self, day: int) -> None:
        """Stop the server, and start it so many days after today."""
        self.installation.stop()
        self.day_file.write_text(str(day))
        self.installation.start()

    def count_files(self) -> int:
        """How many objects lie on disk."""
        return sum(path.is_file() for path in (self.installation.data / "media" / "objects").rglob("*"))


@pytest.fixture
def calendar(installation: Installation, tmp_path: Path) -> Calendar:
    made = Calendar(installation, tmp_path / "day")
    made.day_file.write_text("0")
    installation.program = (sys.executable, str(LATER), str(made.day_file))
    return made


def call(place: Place, method: str, path: str, **options: Any) -> Any:
    """A call that succeeds; its answer."""
    url = f"http://127.0.0.1:{place.installation.port}/v1{path}"
    answer = httpx.request(method, url, headers={"accessToken": place.token}, timeout=30, **options)
    assert answer.status_code == 200, answer.text
    return answer.json()


def upload(place: Place, content: bytes) -> tuple[str, str]:
    """(mediaResource, link)."""
    resource: str = call(place, "POST", "/media", content=content)["mediaResource"]
    return resource, call(place, "GET", f"/media/{resource}")["mediaUrl"]


def status_of(link: str) -> int:
    return httpx.get(link, timeout=30).status_code


class TestSweepInARunningServer:
    def test_what_was_never_used_goes_and_what_is_used_or_younger_stays(self, calendar: Calendar) -> None:
        installation = calendar.installation
        installation.start()
        installed = installation.init()
        place = Place(installation, installation.access_token(installed), "")
        group_id = call(place, "POST", "/groups", json={"name": "Field staff"})["groupId"]
        _, unused_link = upload(place, PDF)
        used, used_link = upload(place, picture())
        card = {"actionType": "Image", "actionBody": {"mediaResource": used}}
        call(place, "POST", f"/groups/{group_id}/actions", json=card)

        calendar.start_on_day(3)
        place.token = installation.access_token(installed)
        _, younger_link = upload(place, WAV)
        assert calendar.count_files() == 4, "a document, a picture and its small one, a sound"

        calendar.start_on_day(8)
        wait_until(lambda: status_of(unused_link) == 404)
        assert (status_of(younger_link), status_of(used_link)) == (200, 200)
        assert calendar.count_files() == 4, "whoever uploads the same just now counts on the bytes for an hour"

        calendar.start_on_day(9)
        wait_until(lambda: calendar.count_files() == 3)
        assert (status_of(younger_link), status_of(used_link)) == (200, 200)
        assert status_of(f"{used_link}?size=thumbnail") == 200
