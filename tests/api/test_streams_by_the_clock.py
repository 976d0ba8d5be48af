"""Live streams under a clock that jumps, and cursors of a log that was put back. Pages: docs/api/events.md."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chaupal.auth.tenant_keys import TenantKeys
from chaupal.events.log import Place
from chaupal.streams import live
from chaupal.streams.rules import write_cursor
from tests.api.client import assert_error
from tests.api.listening import Listener
from tests.api.worlds import World

pytestmark = pytest.mark.usefixtures("clock_that_may_go_back")


@pytest.mark.parametrize("hours", [5, -5], ids=["forwards", "back"])
def test_a_jump_of_hours_ends_no_stream_and_costs_no_event(
    world_with: Callable[..., World], monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    monkeypatch.setattr(live, "BEAT_S", 0.01)
    world = world_with(streams_max=10)
    world.send("before")
    listener = Listener(world.member)
    world.send("1")
    listener.wait_for_text("1")
    world.clock.advance(hours=hours)
    signs = listener.body.count(b": alive")
    listener.wait_for(lambda: listener.body.count(b": alive") >= signs + 3)
    world.send("2")
    listener.wait_for_text("2")
    times = [event["eventTime"] for event in listener.events]
    last_id = listener.go_away()
    world.send("3")
    resumed = Listener(world.member, last_id=last_id)
    resumed.wait_for_text("3")
    resumed.go_away()
    assert [*listener.texts, *resumed.texts] == ["1", "2", "3"]
    assert times == sorted(times), "what happens later is never told as earlier"


@pytest.mark.parametrize("mark", [b"", b"8 octets"], ids=["of the first versions", "of now"])
@pytest.mark.parametrize("beyond", [1, 1_000])
def test_a_cursor_from_beyond_the_end_of_the_log_says_so(world: World, beyond: int, mark: bytes) -> None:
    """One that was given before the installation was put back from a backup."""
    world.send("hi")
    assert world.member.get("/v1/sync").status_code == 200  # signs in, which is an event
    [[end]] = world.ask("SELECT last_position FROM tenants WHERE tenant_id = %s")
    for path in ("/v1/events", "/v1/sync"):
        assert_error(world.member.get(path, cursor=cursor_at(world, end + beyond, mark)), code="CursorExpired")


def test_a_cursor_of_another_event_than_the_one_at_its_place_says_so(world: World) -> None:
    """One that was given before the installation was put back, and has gone on beyond it since."""
    world.send("hi")
    assert world.member.get("/v1/sync").status_code == 200
    [[end]] = world.ask("SELECT last_position FROM tenants WHERE tenant_id = %s")
    for path in ("/v1/events", "/v1/sync"):
        cursor = cursor_at(world, end - 1, b"8 octets")
        assert_error(world.member.get(path, cursor=cursor), code="CursorExpired")


def test_a_stream_under_which_the_database_is_put_back_ends_and_tells_so_when_it_is_resumed(world: World) -> None:
    """As where a standby takes over that lacks the last commits, and others have gone on with it."""
    listener = Listener((world.group_id, world.member)[1])
    world.send("lost")
    listener.wait_for_text("lost")
    [[end]] = world.ask("SELECT last_position FROM tenants WHERE tenant_id = %s")
    changed = "UPDATE events SET object_id = 'another' WHERE position = %s AND tenant_id = %s"
    world.database.ask(changed, end, world.tenant_id)
    world.send("there instead")
    listener.wait_until_over()
    assert listener.texts == ["lost"]
    for path in ("/v1/events", "/v1/sync"):
        assert_error(world.member.get(path, cursor=listener.last_id), code="CursorExpired")


def test_a_cursor_of_the_first_versions_which_names_no_event_goes_on(world: World) -> None:
    assert world.member.get("/v1/sync").status_code == 200
    world.send("before")
    [[end]] = world.ask("SELECT last_position FROM tenants WHERE tenant_id = %s")
    cursor = cursor_at(world, end, b"")
    listener = Listener(world.member, last_id=cursor)
    for text in "12":
        world.send(text)
    listener.wait_for_text("2")
    answer = world.member.get("/v1/sync", cursor=cursor).json()
    assert [event["data"]["text"] for event in answer["events"]] == listener.texts == ["1", "2"]
    resumed = Listener(world.member, last_id=listener.go_away())
    world.send("3")
    resumed.wait_for_text("3")
    resumed.go_away()
    assert resumed.texts == ["3"]


def test_a_cursor_of_a_form_that_is_none_yet_is_refused(world: World) -> None:
    for path in ("/v1/events", "/v1/sync"):
        found = world.member.get(path, cursor=cursor_at(world, 1, b"longer than now"))
        assert "cursor" in assert_error(found, code="InvalidParameters")["message"]


def cursor_at(world: World, position: int, mark: bytes) -> str:
    keys: TenantKeys = world.house.tenant_keys
    return write_cursor(keys.of(world.tenant_id), world.tenant_id, Place(position, mark))
