"""The process that delivers, beside a real server: killed, orphaned, and ended with its server."""

from __future__ import annotations

import os
import threading
import time
import urllib.request
from collections.abc import Callable

import psutil
import psycopg
import pytest

from tests.api.hooks import HookReceiver
from tests.crash.posting import Place, settle
from tests.crash.test_webhooks_killed import post_all, register
from tests.installations import Installation
from tests.outbound.receivers import Received
from tests.parts.run import is_alive, wait_until_gone
from tests.stores import ask_postgres

PATIENCE_S = 60.0
DELIVERED = 'chaupal_webhook_tries_total{outcome="delivered"}'


def prepare(installation: Installation) -> Place:
    installation.settings["CHAUPAL_CALLBACK_ALLOW"] = "127.0.0.1"
    return settle(installation)


def processes_of(installation: Installation) -> list[psutil.Process]:
    """Those that deliver for this installation."""
    assert installation.server is not None
    server = psutil.Process(installation.server.pid)
    return [child for child in server.children() if "chaupal.webhooks.apart.process" in child.cmdline()]


def wait_for(receiver: HookReceiver, is_there: Callable[[], bool]) -> None:
    with receiver.came:
        assert receiver.came.wait_for(is_there, timeout=PATIENCE_S), f"{len(receiver.deliveries)} deliveries"


def states_of(installation: Installation) -> list[str]:
    """The states of all deliveries, as PostgreSQL has them."""
    return [state for (state,) in ask_postgres(installation.database, "SELECT state FROM webhook_deliveries")]


def metrics_of(installation: Installation) -> dict[str, float]:
    with urllib.request.urlopen(f"http://127.0.0.1:{installation.port}/metrics", timeout=30) as answer:
        lines = answer.read().decode().splitlines()
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")}


def taken(receiver: HookReceiver) -> list[str]:
    return list(dict.fromkeys(str(body["eventId"]) for body in receiver.bodies))


class TestDeliveryProcess:
    def test_there_is_none_before_the_first_webhook_and_one_after(self, sqlite_installation: Installation) -> None:
        place = prepare(sqlite_installation)
        post_all(place, ["nobody hears of it"])
        assert processes_of(sqlite_installation) == []
        with HookReceiver() as receiver:
            register(place, receiver, place.group_id)
            sent = post_all(place, ["first", "second"])
            wait_for(receiver, lambda: len(receiver.deliveries) == 2)
            [process] = processes_of(sqlite_installation)
            assert process.nice() == 19, "calls go before"
            assert os.sched_getscheduler(process.pid) == os.SCHED_BATCH, "and are not interrupted"
            assert taken(receiver) == sent

    def test_killed_in_the_middle_everything_arrives_and_calls_are_answered(self, installation: Installation) -> None:
        place = prepare(installation)
        with HookReceiver() as receiver:
            register(place, receiver, place.group_id)
            sent = post_all(place, [f"{number}" for number in range(100)])
            wait_for(receiver, lambda: len(receiver.deliveries) >= 50)
            [process] = processes_of(installation)
            process.kill()
            sent += post_all(place, [f"{number}" for number in range(100, 150)])
            wait_for(receiver, lambda: len(taken(receiver)) == 150)
            assert taken(receiver) == sent, "in order"
            assert [each.pid for each in processes_of(installation)] != [process.pid]
            assert metrics_of(installation)['chaupal_background_errors_total{loop="webhooks"}'] == 1

    @pytest.mark.parametrize("installation", ["postgresql"], indirect=True)
    def test_on_postgresql_it_waits_for_no_call_of_the_organization(self, installation: Installation) -> None:
        place = prepare(installation)
        may_answer = threading.Event()

        def answer(_received: Received) -> int:
            assert may_answer.wait(PATIENCE_S)
            return 200

        with HookReceiver() as receiver, psycopg.connect(installation.database) as call:
            receiver.answer_with = answer
            register(place, receiver, place.group_id)
            post_all(place, ["first"])
            give_up_s = time.monotonic() + PATIENCE_S
            while states_of(installation) != ["sending"] and time.monotonic() < give_up_s:
                time.sleep(0.01)
            call.execute("SELECT tenant_id FROM tenants FOR UPDATE")  # as a call does while it is written
            may_answer.set()
            while states_of(installation) != ["delivered"] and time.monotonic() < give_up_s:
                time.sleep(0.01)
            assert states_of(installation) == ["delivered"]

    def test_it_ends_when_its_server_is_killed(self, installation: Installation) -> None:
        place = prepare(installation)
        with HookReceiver() as receiver:
            register(place, receiver, place.group_id)
            sent = post_all(place, ["first"])
            wait_for(receiver, lambda: len(receiver.deliveries) == 1)
            [process] = processes_of(installation)
            installation.kill()
            wait_until_gone([process], timeout_s=PATIENCE_S)
            assert not is_alive(process)
            installation.start()
            sent += post_all(place, ["second"])
            wait_for(receiver, lambda: taken(receiver) == sent)

    def test_a_clean_stop_lets_what_is_on_its_way_arrive(self, installation: Installation) -> None:
        place = prepare(installation)
        with HookReceiver() as receiver:
            register(place, receiver, place.group_id)
            sent = post_all(place, [f"{number}" for number in range(20)])
            wait_for(receiver, lambda: len(receiver.deliveries) >= 5)
            [process] = processes_of(installation)
            installation.stop()
            wait_until_gone([process], timeout_s=PATIENCE_S)
            arrived = len(receiver.deliveries)
            installation.start()
            wait_for(receiver, lambda: len(taken(receiver)) == 20)
            assert taken(receiver) == sent
            assert len(receiver.deliveries) == 20, f"each once: {arrived} before the stop, and none again"

    def test_what_it_has_done_is_among_the_servers_metrics(self, sqlite_installation: Installation) -> None:
        place = prepare(sqlite_installation)
        with HookReceiver() as receiver:
            register(place, receiver, place.group_id)
            post_all(place, ["first", "second", "third"])
            wait_for(receiver, lambda: len(receiver.deliveries) == 3)
            seen = metrics_of(sqlite_installation)
            give_up_s = time.monotonic() + PATIENCE_S
            while seen.get(DELIVERED, 0) < 3 and time.monotonic() < give_up_s:
                seen = metrics_of(sqlite_installation)
        assert seen["chaupal_webhook_deliveries_queued_total"] == 3
        assert seen[DELIVERED] == 3
        assert seen["chaupal_webhook_delay_seconds_count"] == 3
