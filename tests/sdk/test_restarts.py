"""A real server is killed and started again under a client: what was answered is there once, and events go on."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from chaupal_client import Chaupal, Retrying
from chaupal_client.events import TextMessageCreated
from tests.installations import Installation
from tests.sdk.clients import Counting

PATIENT = Retrying(retries=200, first_wait_s=0.05, longest_wait_s=0.2)
PATIENCE_S = 60.0


@pytest.fixture
def client(sqlite_installation: Installation) -> Iterator[Chaupal]:
    installed = sqlite_installation.init()
    sqlite_installation.start()
    token = sqlite_installation.access_token(installed)
    with Chaupal(f"http://127.0.0.1:{sqlite_installation.port}", access_token=token, retrying=PATIENT) as made:
        yield made


class TestKilledServer:
    def test_every_message_is_there_once_and_every_event_comes_once(
        self, sqlite_installation: Installation, client: Chaupal
    ) -> None:
        group_id = client.groups.create("Depot").group_id
        wanted = [f"number {number}" for number in range(60)]
        begin, heard, is_half_done = client.events.page().cursor, [], threading.Event()

        def follow() -> None:
            with client.events.follow(cursor=begin, group_id=[group_id]) as events:
                for event in events:
                    if isinstance(event, TextMessageCreated):
                        heard.append(event.data.text)
                    if len(heard) >= len(wanted):
                        return

        def send() -> None:
            for number, text in enumerate(wanted):
                client.messages.post(group_id, text)
                if number == len(wanted) // 3:
                    is_half_done.set()

        threads = [threading.Thread(target=target, daemon=True) for target in (follow, send)]
        for thread in threads:
            thread.start()
        assert is_half_done.wait(PATIENCE_S)
        sqlite_installation.kill()
        sqlite_installation.start()
        for thread in threads:
            thread.join(PATIENCE_S)
            assert not thread.is_alive()
        stored = [message.message for message in client.messages.iterate(group_id)]
        assert stored[::-1] == wanted
        assert heard == wanted


class TestThreads:
    def test_many_threads_renew_a_token_once(self, sqlite_installation: Installation) -> None:
        installed = sqlite_installation.init()
        sqlite_installation.start()
        begin, kept = threading.Barrier(8), Counting()
        with Chaupal(
            f"http://127.0.0.1:{sqlite_installation.port}",
            application_id=installed["applicationId"],
            application_secret=installed["applicationSecret"],
            refresh_token=installed["refreshToken"],
            retrying=PATIENT,
            tokens=kept,
        ) as client:

            def call() -> None:
                begin.wait()
                client.users.me()

            threads = [threading.Thread(target=call) for _ in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(PATIENCE_S)
        assert len(kept.saved) == 1
