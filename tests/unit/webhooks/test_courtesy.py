"""Giving way after each try, on a clock that the test moves."""

from __future__ import annotations

import pytest

from chaupal.webhooks.delivering.courtesy import Courtesy


class Machine:
    """Whose processors are wanted by others for so long, each time this process lets them."""

    def __init__(self, wanted_s: float) -> None:
        self.wanted_s = wanted_s
        self.now_s = 1_000.0
        self.times = 0
        self.courtesy = Courtesy(clock_s=lambda: self.now_s, stand_aside=self.stand_aside)

    def stand_aside(self) -> None:
        self.times += 1
        self.now_s += self.wanted_s

    def run(self, for_s: float, *, try_s: float = 0.0001) -> int:
        """How many tries it made."""
        tries, ends_s = 0, self.now_s + for_s
        while self.now_s < ends_s:
            self.now_s += try_s
            tries += 1
            self.courtesy.give_way()
        return tries


def test_where_others_want_little_it_gives_way_each_time() -> None:
    machine = Machine(wanted_s=0.00002)
    assert machine.run(1.0) == machine.times > 8_000


@pytest.mark.parametrize("wanted_s", [0.001, 0.2, 5.0])
def test_where_they_want_all_three_quarters_of_the_time_are_its_own(wanted_s: float) -> None:
    machine = Machine(wanted_s)
    own_s = machine.run(100.0, try_s=0.001) * 0.001
    assert own_s >= 75
    assert machine.times * wanted_s <= 0.25 * own_s + 0.25 + wanted_s


def test_after_a_busy_while_it_gives_way_again() -> None:
    machine = Machine(wanted_s=0.3)
    machine.run(5.0)
    machine.wanted_s, before = 0.0, machine.times
    machine.now_s += 10.0
    tries = machine.run(1.0)
    assert machine.times - before == tries
