"""A server that was put back to an earlier time: the receivers of its webhooks are sent what waited then, and what
happens from now on."""

from __future__ import annotations

from pathlib import Path

from tests.api.hooks import HookReceiver
from tests.crash.posting import settle
from tests.crash.test_backups import beside
from tests.crash.test_delivering_in_bad_times import Holding
from tests.crash.test_delivery_process import taken
from tests.crash.test_media_uploads import wait_until
from tests.crash.test_webhooks_killed import post_all, register
from tests.installations import Installation


def test_what_waited_at_the_backup_is_sent_again_and_what_happens_now_once(
    sqlite_installation: Installation, tmp_path: Path
) -> None:
    sqlite_installation.settings["CHAUPAL_CALLBACK_ALLOW"] = "127.0.0.1"
    place = settle(sqlite_installation)
    file = tmp_path / "all.zip"
    with HookReceiver() as receiver:
        register(place, receiver, place.group_id)
        before = post_all(place, ["before"])
        wait_until(lambda: taken(receiver) == before)
        holding = Holding(receiver)
        waiting = post_all(place, ["on its way", "waits"])
        holding.wait()
        sqlite_installation.result("backup", str(file))
        holding.may_go.set()
        lost = post_all(place, ["lost"])
        wait_until(lambda: taken(receiver) == [*before, *waiting, *lost])
        sqlite_installation.stop()
        receiver.deliveries.clear()

        there = beside(sqlite_installation, "there")
        there.settings["CHAUPAL_CALLBACK_ALLOW"] = "127.0.0.1"
        there.result("restore", str(file))
        there.start()
        status, answer = there.call("POST", place.path, place.headers, {"message": "now"})
        assert status == 200, answer
        wait_until(lambda: len(taken(receiver)) >= 3)
        there.stop()
        assert [body["eventId"] for body in receiver.bodies] == [*waiting, answer["referenceId"]]
