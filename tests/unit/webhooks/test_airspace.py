"""How much room there is for whom."""

from __future__ import annotations

from typing import Any
from unittest.mock import Mock

from chaupal.webhooks.delivering.airspace import SLOW_S, Airspace
from chaupal.webhooks.delivering.claiming import DueWanted, Room
from chaupal.webhooks.delivering.due_queries import WebhookPlace


class Air:
    """An airspace with room for eight flights, four to one host, and a clock that a test moves."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.space = Airspace(at_once=8, host_at_once=4, now_s=lambda: self.now_s)

    def begin(self, *webhook_ids: str, host: str = "", failing_since_ms: int | None = None) -> list[Any]:
        """Begin a flight to each webhook, at a host of its own unless one is given; their tasks."""
        tasks: list[Any] = [Mock() for _ in webhook_ids]
        for task, webhook_id in zip(tasks, webhook_ids, strict=True):
            webhook = Mock(webhook_id=webhook_id, host=host or webhook_id, failing_since_ms=failing_since_ms)
            self.space.enter(task, Mock(webhook=webhook))
        return tasks

    def end(self, task: Any, webhook_id: str, *, took_s: float) -> None:
        """End a flight whose one try took so long."""
        self.space.leave(task)
        self.space.note(webhook_id, [Mock(duration_ms=round(took_s * 1000))])


def place(webhook_id: str, host: str = "", failing_since_ms: int | None = None) -> WebhookPlace:
    return WebhookPlace("tenant", webhook_id, "Group", host or webhook_id, failing_since_ms)


class TestFree:
    def test_each_flight_takes_one_place(self) -> None:
        air = Air()
        air.begin("a", "b", "c")
        assert air.space.free == 5
        assert air.space.has_much_room
        air.begin("d", "e")
        assert not air.space.has_much_room

    def test_those_that_wait_long_take_half_of_it_however_many(self) -> None:
        air = Air()
        air.begin(*"abcdefgh")
        assert air.space.free == 0
        air.now_s += SLOW_S
        assert (air.space.free, air.space.lame_free) == (4, 0)
        air.begin(*"ijkl")
        assert air.space.free == 0
        air.now_s += SLOW_S
        assert air.space.free == 4

    def test_in_the_end_there_are_four_times_as_many_and_no_more(self) -> None:
        air = Air()
        for wave in range(12):
            air.begin(*(f"{wave}-{number}" for number in range(air.space.free)))
            air.now_s += SLOW_S
        assert (len(air.space), air.space.free) == (32, 0)


class TestRooms:
    def test_one_that_was_slow_counts_like_one_that_fails_until_it_is_quick_again(self) -> None:
        air = Air()
        [task] = air.begin("slow")
        air.end(task, "slow", took_s=SLOW_S)
        air.begin(*"abcd", failing_since_ms=1)
        assert air.space.lame_free == 0
        assert air.space.put_off(["slow", "quick"]) == ["slow"]
        assert air.space.due_wanted() == DueWanted(300, [], takes_failing=False, but=["slow"])
        due = [place("slow"), place("e", failing_since_ms=1), place("quick")]
        assert air.space.rooms(due) == {"tenant": [Room("quick", 2)]}
        [task] = air.begin("slow")
        air.end(task, "slow", took_s=0.1)
        assert air.space.put_off(["slow"]) == []

    def test_a_host_that_is_called_enough_is_not_asked_for(self) -> None:
        air = Air()
        air.begin(*"abcd", host="one")
        assert air.space.due_wanted() == DueWanted(300, ["one"], takes_failing=True, but=[])
        assert air.space.rooms([place("e", "one"), place("f", "two")]) == {"tenant": [Room("f", 2)]}

    def test_one_that_fails_gets_one_lane(self) -> None:
        air = Air()
        assert air.space.rooms([place("a", failing_since_ms=1)]) == {"tenant": [Room("a", 1)]}
