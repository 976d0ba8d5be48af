"""A server that was a cell, and that the root has taken out: what it answers, and what it leaves undone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chaupal.app import SERVED_ROUTES
from chaupal.auth.caller import INSTALLATION
from chaupal.cells.removing import note_own_removal
from chaupal.cells.roster import Roster
from chaupal.cells.rules import Belonging, belong
from chaupal.cells.shapes import SharedCell, SharedKey
from chaupal.cells.watching import read_all, take_over, wanted_by
from chaupal.serving.routes import Route
from tests.api.client import assert_api_headers, assert_error
from tests.api.hooks import HookReceiver, deliver, draft, register
from tests.api.worlds import World
from tests.stores import Database

ROOT = "https://root.example.org/"
CALLS = [route for route in SERVED_ROUTES if route.permission is not None]
OTHERS = [route for route in SERVED_ROUTES if route.permission is None and route.method != "HEAD"]


def look(world: World) -> None:
    """As each process does when something has changed."""
    house = world.house
    take_over(house, world.client.run(house.store.read(read_all, INSTALLATION, wanted_by(house))))


def join(world: World) -> None:
    keys = [SharedKey("root-key", bytes(range(32)))]
    root = SharedCell(name="root", endpoint_url=ROOT, is_root=True, state="joined", keys=keys)
    own = SharedCell(name="north", endpoint_url="https://chat.example.org/", state="joined", keys=keys)
    belonging = Belonging("north", own.endpoint_url, [root, own])
    world.client.run(world.house.store.write(belong, INSTALLATION, belonging))
    look(world)


@pytest.fixture
def joined(world: World, database: Database) -> Iterator[World]:
    """A cell, which is alone again afterwards."""
    join(world)
    yield world
    for table in ("cells", "cell_keys"):
        database.ask(f"DELETE FROM {table} RETURNING 1")  # noqa: S608 - our own names
    world.house.roster = Roster()


def take_out(world: World) -> None:
    world.client.run(world.house.store.write(note_own_removal, INSTALLATION, None))
    look(world)


def written(route: Route) -> str:
    return route.path.replace("{", "").replace("}", "-1")


def test_calls_with_a_token_send_clients_to_the_root_for_a_new_one(joined: World) -> None:
    admin = joined.group_admin
    assert admin.get("/v1/users/me").status_code == 200
    take_out(joined)
    for route in CALLS:
        answer = admin.call(route.method, written(route), **({} if route.method == "GET" else {"body": {}}))
        body = assert_error(answer, code="InvalidToken")
        assert answer.status_code == 401, route
        assert "details" in body
        assert body["details"].endswith("Get a new token from the API root.")
        assert_api_headers(answer)


def test_everything_else_says_that_it_is_not_here(joined: World) -> None:
    take_out(joined)
    for route in OTHERS:
        answer = joined.client.call(route.method, written(route), **({} if route.method == "GET" else {"body": {}}))
        assert answer.status_code == 503, route
        assert answer.headers["retry-after"] == "60"
        if not route.is_page:
            assert "not a part of its installation any more" in answer.json()["message"]


def test_it_is_not_ready_and_says_why(joined: World) -> None:
    assert joined.client.call("GET", "/readyz").json() == {"status": "ready"}
    take_out(joined)
    answer = joined.client.call("GET", "/readyz")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    assert answer.json() == {"status": "not ready", "reason": f"taken out by the root {ROOT}"}
    assert joined.client.call("GET", "/healthz").status_code == 200


def test_nothing_is_sent_to_receivers_until_it_has_joined_again(joined: World, hook_receiver: HookReceiver) -> None:
    webhook_id = register(joined.group_admin, draft(hook_receiver, joined.group_id))
    joined.send("while it is out")
    take_out(joined)
    assert deliver(joined) == []
    assert hook_receiver.deliveries == []
    join(joined)
    deliver(joined)
    # Others' webhooks on this database may have been made for a receiver at the same port.
    ours = [body for body in hook_receiver.bodies if body["subscriptionId"] == webhook_id]
    assert [body["data"]["text"] for body in ours] == ["while it is out"]
