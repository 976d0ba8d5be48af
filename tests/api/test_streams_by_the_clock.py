"""Live streams under a clock that jumps, and cursors of a log that was put back. Pages: docs/api/events.md."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chaupal.auth.tenant_keys import TenantKeys
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


@pytest.mark.parametrize("beyond", [1, 1_000])
def test_a_cursor_from_beyond_the_end_of_the_log_says_so(world: World, beyond: int) -> None:
    """One that was given before the installation was put back from a backup."""
    world.send("hi")
    assert world.member.get("/v1/sync").status_code == 200  # signs in, which is an event
    keys: TenantKeys = world.house.tenant_keys
    [[end]] = world.ask("SELECT last_position FROM tenants WHERE tenant_id = %s")
    cursor = write_cursor(keys.of(world.tenant_id), world.tenant_id, end + beyond)
    for path in ("/v1/events", "/v1/sync"):
        assert_error(world.member.get(path, cursor=cursor), code="CursorExpired")
