"""Several servers on one PostgreSQL: who does what, and restarting one after another while calls go on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.api.hooks import HookReceiver
from tests.crash.posting import NO_LIMITS, Place
from tests.crash.rolling import DRAIN_S, going_on
from tests.crash.test_streams_killed import Reader, cursor_of
from tests.installations import Installation, free_port
from tests.parts.run import Run
from tests.parts.warm_commands import WarmCommands

Begin = Callable[..., Installation]


@pytest.fixture
def begin(
    run: Run, warm_commands: WarmCommands, tmp_path: Path, new_postgres_database: Callable[[], str]
) -> Iterator[Begin]:
    """Starts servers on one database and one data folder, each with settings of its own."""
    first = Installation(run, warm_commands, tmp_path / "data", tmp_path, free_port(), new_postgres_database())
    made: list[Installation] = []

    def make(**settings: str) -> Installation:
        public_url = f"http://127.0.0.1:{made[0].port if made else first.port}"
        wanted = NO_LIMITS | {"CHAUPAL_PUBLIC_URL": public_url} | settings
        one = replace(first, port=first.port if not made else free_port(), settings=wanted, server=None)
        made.append(one)
        one.start()
        return one

    yield make
    for each in made:
        each.stop()


def place_on(server: Installation) -> Place:
    token = server.access_token(server.init())
    status, group = server.call("POST", "/v1/groups", {"accessToken": token}, {"name": "Field staff"})
    assert status == 200, group
    return Place(server, token, group["groupId"])


class TestRoles:
    def test_a_worker_sends_what_was_ordered_from_another_server_and_answers_no_calls(self, begin: Begin) -> None:
        api = begin(CHAUPAL_ROLE="api", CHAUPAL_SMS="outbox", CHAUPAL_CALLBACK_ALLOW="127.0.0.1")
        place = place_on(api)
        with HookReceiver() as receiver:
            webhook = {
                "objectId": place.group_id,
                "objectType": "Group",
                "eventTypes": ["TextMessageCreated"],
                "callBackUrl": receiver.url + "/hook",
            }
            assert api.call("POST", "/v1/webhook", place.headers, webhook)[0] == 200
            assert place.post("before there is a worker")[0] == 200
            worker = begin(CHAUPAL_ROLE="worker", CHAUPAL_SMS="outbox", CHAUPAL_CALLBACK_ALLOW="127.0.0.1")
            assert place.post("with a worker")[0] == 200
            with receiver.came:
                assert receiver.came.wait_for(lambda: len(receiver.deliveries) >= 2, timeout=60)
            texts = {each["data"]["text"] for each in receiver.bodies}
        assert texts == {"before there is a worker", "with a worker"}

        assert worker.call("GET", "/readyz")[0] == 200
        status, answer = worker.call("GET", "/v1/users/me", place.headers)
        assert (status, answer["errorCode"]) == (404, "NotFound")
        assert api.call("GET", "/v1/users/me", place.headers)[0] == 200

    def test_sqlite_has_one_process_for_all(self, sqlite_installation: Installation) -> None:
        sqlite_installation.settings["CHAUPAL_ROLE"] = "worker"
        assert "needs PostgreSQL" in sqlite_installation.refusal("migrate")

    def test_the_role_may_be_an_option(self, sqlite_installation: Installation) -> None:
        done = sqlite_installation.command("serve", "--role=api")
        assert (done.code, "needs PostgreSQL" in done.err) == (1, True)
        done = sqlite_installation.command("serve", "--role", "cook")
        assert (done.code, "must be one of all, api, worker" in done.err) == (1, True)


class TestRollingRestart:
    def test_each_server_is_restarted_under_load_and_no_call_fails(self, begin: Begin) -> None:
        roles = ("api", "worker", "api")
        servers = [
            begin(CHAUPAL_ROLE=role, CHAUPAL_STOP_DRAIN_S=str(DRAIN_S), CHAUPAL_CALLBACK_ALLOW="127.0.0.1")
            for role in roles
        ]
        with going_on(servers, place_on(servers[0])) as life:
            life.replace_each(servers, Installation.start)


class TestStreamsOfSeveralServers:
    def test_readers_go_from_one_to_the_other_and_miss_and_repeat_nothing(self, begin: Begin) -> None:
        servers = [begin() for _ in range(2)]
        place = place_on(servers[0])
        places = [replace(place, installation=server) for server in servers]
        ports = tuple(server.port for server in servers)
        cursor = cursor_of(servers[1], place.token)
        readers = [Reader(place, place.token, cursor, seed, ports) for seed in range(4)]
        for reader in readers:
            reader.start()
        texts: list[str] = []

        def post(count: int, *where: Place) -> None:
            for number in range(count):
                texts.append(f"message {len(texts)}")
                assert where[number % len(where)].post(texts[-1])[0] == 200

        for _ in range(3):
            post(40, *places)
            servers[1].kill()
            post(20, places[0])
            servers[1].start()
        for reader in readers:
            reader.wait_for(texts[-1])
            reader.stop()
            assert reader.texts == texts
