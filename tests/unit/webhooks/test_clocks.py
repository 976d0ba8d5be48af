"""Who is missed, whatever the clocks say."""

from __future__ import annotations

from chaupal.webhooks.delivering.clocks import LEASE_MARGIN_MS, LEASE_MS, LeaseWatch

LONG_S = (LEASE_MS + LEASE_MARGIN_MS) / 1000 + 1


class TestLeaseWatch:
    def test_one_that_is_renewed_is_not_silent_however_far_ahead_or_behind(self) -> None:
        now_s = 0.0
        watch = LeaseWatch(lambda: now_s)
        for until_ms in (10**15, 5, 10**15 + 1):
            watch.note({"worker": until_ms})
            now_s += LONG_S - 2
        assert watch.silent == {}

    def test_one_that_is_not_renewed_is_silent_after_the_time_of_a_lease(self) -> None:
        now_s = 0.0
        watch = LeaseWatch(lambda: now_s)
        watch.note({"worker": 7, "other": 7})
        now_s += LONG_S - 2
        watch.note({"worker": 7, "other": 8})
        assert watch.silent == {}
        now_s += 2
        watch.note({"worker": 7, "other": 8})
        assert watch.silent == {"worker": 7}

    def test_one_that_is_gone_is_forgotten(self) -> None:
        now_s = 0.0
        watch = LeaseWatch(lambda: now_s)
        watch.note({"worker": 7})
        now_s += LONG_S
        watch.note({})
        assert watch.silent == {}
