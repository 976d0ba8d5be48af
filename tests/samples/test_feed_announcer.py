"""The feed announcer as a process: each entry is announced once, whatever ends in between."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.samples.conftest import Office
from tests.samples.programs import Page, begin, finish, read_until

HEAD = '<?xml version="1.0"?><rss version="2.0"><channel><title>Mandi prices</title>'


def rss(*titles: str) -> bytes:
    """A feed, newest first."""
    items = "".join(
        f"<item><title>{title}</title><guid isPermaLink='false'>{title}</guid><link>https://example.org/{number}</link></item>"
        for number, title in enumerate(titles)
    )
    return f"{HEAD}{items}</channel></rss>".encode()


class Announcer:
    """The program with one feed, one group and one state file."""

    def __init__(self, office: Office, page: Page, folder: Path) -> None:
        self.office, self.page = office, page
        self.group_id = office.post("/groups", {"name": "Farmers"})["groupId"]
        self.state = folder / "feeds.json"

    def begin(self, *options: str) -> subprocess.Popen[str]:
        return begin(
            self.office,
            "feed_announcer",
            *("--group", self.group_id, "--state", str(self.state), f"{self.page.url}/feed.xml", *options),
        )

    def look(self, *options: str) -> tuple[int, str]:
        """Once, as cron does."""
        return finish(self.begin(*options))

    @property
    def announced(self) -> list[str]:
        """The first lines in the group, oldest first."""
        messages = self.office.get(f"/groups/{self.group_id}/messages?count=100")["messages"]
        return [message["message"].splitlines()[0] for message in reversed(messages)]


@pytest.fixture
def page() -> Iterator[Page]:
    with Page() as page:
        page.body = rss("Onions 24", "Onions 22")
        yield page


@pytest.fixture
def announcer(sqlite_office: Office, page: Page, tmp_path: Path) -> Announcer:
    return Announcer(sqlite_office, page, tmp_path)


class TestAnnouncing:
    def test_what_is_new_is_announced_once_and_oldest_first(self, office: Office, page: Page, tmp_path: Path) -> None:
        announcer = Announcer(office, page, tmp_path)
        assert announcer.look("--first", "1") == (0, f"{page.url}/feed.xml: 1 announced\n")
        assert announcer.announced == ["Mandi prices: Onions 24"]
        page.body = rss("प्याज ₹30", "Rice &amp;amp; &lt;i&gt;dal&lt;/i&gt;", "Onions 24", "Onions 22")
        assert announcer.look()[0] == 0
        assert announcer.look()[0] == 0
        assert announcer.announced == [
            "Mandi prices: Onions 24",
            "Mandi prices: Rice & dal",
            "Mandi prices: प्याज ₹30",
        ]

    def test_the_past_of_a_new_feed_is_not_announced(self, announcer: Announcer) -> None:
        assert announcer.look()[0] == 0
        assert announcer.announced == []

    def test_what_was_sent_but_not_noted_is_not_sent_again(self, announcer: Announcer, page: Page) -> None:
        announcer.look()
        before = announcer.state.read_bytes()
        page.body = rss("Onions 30", "Onions 24")
        announcer.look()
        announcer.state.write_bytes(before)  # as if it had been killed between sending and noting
        announcer.look()
        assert announcer.announced == ["Mandi prices: Onions 30"]

    def test_a_server_that_is_away_is_waited_for(self, announcer: Announcer, page: Page) -> None:
        announcer.look()
        page.body = rss("Onions 30", "Onions 24")
        announcer.office.installation.kill()
        process = announcer.begin()
        read_until(process, "again in")
        announcer.office.installation.start()
        assert finish(process)[0] == 0
        assert announcer.announced == ["Mandi prices: Onions 30"]


class TestFeeds:
    def test_one_that_has_not_changed_is_not_sent_again(self, announcer: Announcer, page: Page) -> None:
        page.etag = '"1"'
        announcer.look("--first", "2")
        page.body = b"not read, because the ETag says that nothing has changed"
        assert announcer.look() == (0, f"{page.url}/feed.xml: 0 announced\n")
        assert len(announcer.announced) == 2

    def test_a_broken_one_is_told_of_and_does_not_keep_the_others(self, announcer: Announcer, page: Page) -> None:
        with Page() as broken:
            broken.body = b"<html>moved</html>"
            code, printed = announcer.look(f"{broken.url}/other.xml", "--first", "1")
            broken.status = 500
            assert announcer.look(f"{broken.url}/other.xml")[0] == 1
        assert code == 1
        assert f"{broken.url}/other.xml" in printed
        assert announcer.announced == ["Mandi prices: Onions 24"]

    def test_many_entries_at_once_come_with_several_looks(self, announcer: Announcer, page: Page) -> None:
        announcer.look()
        page.etag = '"2"'
        page.body = rss(*(f"Price {number}" for number in range(25, 0, -1)))
        for _ in range(3):
            announcer.look()
        assert announcer.announced == [f"Mandi prices: Price {number}" for number in range(1, 26)]

    def test_the_state_is_one_document(self, announcer: Announcer, page: Page) -> None:
        announcer.look()
        assert json.loads(announcer.state.read_text())[f"{page.url}/feed.xml"]["seen"] == ["Onions 22", "Onions 24"]


class TestSettings:
    def test_what_is_missing_is_named(self, announcer: Announcer) -> None:
        announcer.office.installed["refreshToken"] = ""
        code, printed = announcer.look()
        assert code == 1
        assert printed.startswith("Set REFRESH_TOKEN: ")

    def test_a_refusal_is_told_and_nothing_is_noted(self, announcer: Announcer, page: Page) -> None:
        announcer.look()
        page.body = rss("Onions 30", "Onions 24")
        good, announcer.group_id = announcer.group_id, "01a20bfa-3592-7172-b065-c79602501c2d"
        code, printed = announcer.look()
        assert (code, "NotFound" in printed) == (1, True)
        announcer.group_id = good
        announcer.look()
        assert announcer.announced == ["Mandi prices: Onions 30"]
