"""The alert bot as a process: what Alertmanager tells it, and what it sees itself."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.installations import free_port
from tests.samples.conftest import Office
from tests.samples.programs import Page, begin, finish, read_until, running

PATIENCE_S = 60

FIRING = {
    "status": "firing",
    "labels": {"alertname": "DiskFull", "severity": "critical", "instance": "db-1"},
    "annotations": {"summary": "डिस्क 98 % भरी", "description": "Only 2 GB are left."},
    "startsAt": "2026-11-28T01:00:00Z",
    "endsAt": "0001-01-01T00:00:00Z",
    "generatorURL": "http://prometheus.example.org/graph",
    "fingerprint": "c6b1a1f2d0e4",
}
RESOLVED = FIRING | {"status": "resolved", "endsAt": "2026-11-28T02:00:00Z"}
TOLD = "🔴 Critical: DiskFull (db-1)\nडिस्क 98 % भरी\nOnly 2 GB are left.\nhttp://prometheus.example.org/graph"
TOLD_OVER = "✅ Over: DiskFull (db-1)\nडिस्क 98 % भरी\nOnly 2 GB are left."


class Watchers:
    """A group that is told."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.group_id: str = office.post("/groups", {"name": "On call"})["groupId"]

    @property
    def texts(self) -> list[str]:
        """All messages, oldest first."""
        messages = self.office.get(f"/groups/{self.group_id}/messages?count=100")["messages"]
        return [message["message"] for message in reversed(messages)]


@pytest.fixture
def watchers(sqlite_office: Office) -> Watchers:
    return Watchers(sqlite_office)


def tell(port: int, body: Any, token: str = "") -> int:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/alerts", data=content, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:  # noqa: S310 - our own http://
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


class TestAlertmanager:
    def test_each_state_of_an_alert_is_told_once_also_by_two_bots(self, watchers: Watchers) -> None:
        for _ in range(2):
            port = free_port()
            arguments = ("--group", watchers.group_id, "--listen", f"127.0.0.1:{port}")
            with running(watchers.office, "alert_bot", *arguments) as bot:
                read_until(bot, "listening")
                assert tell(port, {"version": "4", "alerts": [FIRING]}) == 200
                assert tell(port, {"version": "4", "alerts": [FIRING, RESOLVED]}) == 200
        assert watchers.texts == [TOLD, TOLD_OVER]

    @pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"alerts": [{}]}', b'{"alerts": 7}', b"\xff\xfe"])
    def test_what_is_no_message_of_alertmanager_is_a_400(self, watchers: Watchers, body: bytes) -> None:
        port = free_port()
        arguments = ("--group", watchers.group_id, "--listen", f"127.0.0.1:{port}")
        with running(watchers.office, "alert_bot", *arguments) as bot:
            read_until(bot, "listening")
            assert tell(port, body) == 400
            assert tell(port, {"alerts": [FIRING]}) == 200  # and it goes on
        assert watchers.texts == [TOLD]

    def test_who_does_not_know_the_token_is_refused(self, watchers: Watchers) -> None:
        port = free_port()
        arguments = ("--group", watchers.group_id, "--listen", f"127.0.0.1:{port}")
        with running(watchers.office, "alert_bot", *arguments, ALERT_TOKEN="sésame") as bot:
            read_until(bot, "listening")
            assert tell(port, {"alerts": [FIRING]}) == 401
            assert tell(port, {"alerts": [FIRING]}, "wrong") == 401
        assert watchers.texts == []

    def test_alertmanager_is_to_come_again_where_the_group_cannot_be_told(self, watchers: Watchers) -> None:
        port = free_port()
        arguments = ("--group", "01a20bfa-3592-7172-b065-c79602501c2d", "--listen", f"127.0.0.1:{port}")
        with running(watchers.office, "alert_bot", *arguments) as bot:
            read_until(bot, "listening")
            assert tell(port, {"alerts": [FIRING]}) == 503


class TestWatching:
    def test_down_and_up_are_told_once_also_after_a_kill(self, watchers: Watchers, tmp_path: Path) -> None:
        state = tmp_path / "alerts.json"
        with Page() as page:
            address = f"{page.url}/health"
            arguments = ("--group", watchers.group_id, "--watch", address, "--every", "0.02", "--state", str(state))
            page.status = 503
            with running(watchers.office, "alert_bot", *arguments) as bot:
                read_until(bot, "is down")
                assert watchers.texts == [f"🔴 Down: {address}\nstatus 503"]
            with running(watchers.office, "alert_bot", *arguments) as bot:
                page.wait_until_asked(4)  # it sees that the address is still down, and says nothing
                page.status = 200
                read_until(bot, "is up again")
            assert watchers.texts[1:] == [f"✅ Up again: {address}, after 1 min"]

    def test_one_failure_alone_is_none(self, watchers: Watchers, tmp_path: Path) -> None:
        with Page() as page:
            page.statuses = [503, 200, 503, 200]
            address = f"{page.url}/health"
            state = str(tmp_path / "alerts.json")
            arguments = ("--group", watchers.group_id, "--watch", address, "--every", "0.02", "--state", state)
            with running(watchers.office, "alert_bot", *arguments):
                page.wait_until_asked(6)
        assert watchers.texts == []

    def test_without_anything_to_do_it_says_so(self, watchers: Watchers) -> None:
        code, printed = finish(begin(watchers.office, "alert_bot", "--group", watchers.group_id))
        assert code == 2
        assert "give --listen, --watch or both" in printed
