"""Who takes next to nothing is cut off."""

from __future__ import annotations

from typing import Any

import pytest

from chaupal.serving.stalling import LEAST_TAKEN_BYTES, StallWatch


class Connection:
    """A transport and a loop in one: what waits, the timer that runs, and whether it was cut."""

    def __init__(self, waiting_bytes: int) -> None:
        self.waiting_bytes = waiting_bytes
        self.is_cut = False
        self.timer: Any = None

    def get_write_buffer_size(self) -> int:
        return self.waiting_bytes

    def get_extra_info(self, _name: str) -> None:
        """No socket."""

    def abort(self) -> None:
        self.is_cut = True

    def call_later(self, timeout_s: float, call: Any) -> Connection:
        assert timeout_s == 60
        self.timer = call
        return self

    def cancel(self) -> None:
        self.timer = None

    def let_time_pass(self) -> None:
        timer, self.timer = self.timer, None
        timer()


def watched(waiting_bytes: int) -> tuple[Connection, StallWatch]:
    connection = Connection(waiting_bytes)
    found: Any = connection
    watch = StallWatch(found, found, 60)
    watch.begin()
    return connection, watch


class TestStallWatch:
    @pytest.mark.parametrize("taken_bytes", [0, 1, LEAST_TAKEN_BYTES - 1])
    def test_cuts_off_who_takes_too_little(self, taken_bytes: int) -> None:
        connection, _ = watched(1_000_000)
        connection.waiting_bytes -= taken_bytes
        connection.let_time_pass()
        assert connection.is_cut

    def test_waits_for_who_takes_enough_and_looks_again(self) -> None:
        connection, _ = watched(1_000_000)
        for _ in range(3):
            connection.waiting_bytes -= LEAST_TAKEN_BYTES
            connection.let_time_pass()
        assert not connection.is_cut
        connection.let_time_pass()
        assert connection.is_cut

    def test_is_over_once_all_is_sent(self) -> None:
        connection, _ = watched(5)
        connection.waiting_bytes = 0
        connection.let_time_pass()
        assert (connection.is_cut, connection.timer) == (False, None)

    def test_looks_no_more_once_it_is_ended(self) -> None:
        connection, watch = watched(5)
        watch.begin()
        watch.end()
        watch.end()
        assert connection.timer is None
