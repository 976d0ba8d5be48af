"""When a delivery is tried again."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaupal.webhooks.delivering.schedule import (
    DELAYS_MS,
    TRIES_MAX,
    WITHIN_MS,
    believed_due_ms,
    delay_ms,
    is_gone,
    is_success,
    read_retry_after,
)

_HOUR_MS = 3_600_000
ids = st.uuids().map(str)


class TestSchedule:
    def test_is_the_contracts(self) -> None:
        minutes = [delay // 60_000 for delay in DELAYS_MS]
        assert minutes == [5, 30, 120, 360, 900, 1_200]
        assert TRIES_MAX == 7
        assert sum(DELAYS_MS) < WITHIN_MS == 48 * _HOUR_MS

    @given(ids, st.integers(1, 6))
    def test_comes_up_to_a_tenth_sooner_and_never_later(self, delivery_id: str, tries: int) -> None:
        planned = DELAYS_MS[tries - 1]
        waited = delay_ms(delivery_id, tries, retry_after_s=None, spent_ms=sum(DELAYS_MS[: tries - 1]))
        assert 0.9 * planned <= waited <= planned
        assert waited == delay_ms(delivery_id, tries, retry_after_s=None, spent_ms=sum(DELAYS_MS[: tries - 1]))

    def test_spreads_what_failed_together(self) -> None:
        waits = {delay_ms(f"delivery {number}", 1, retry_after_s=None, spent_ms=0) for number in range(1_000)}
        assert len(waits) > 900
        assert max(waits) - min(waits) > 0.09 * DELAYS_MS[0]

    @given(ids, st.lists(st.integers(0, 10**9), min_size=6, max_size=6))
    def test_whatever_a_receiver_asks_for_the_last_try_is_within_two_days(
        self, delivery_id: str, asked: list[int]
    ) -> None:
        spent_ms = 0
        for tries in range(1, TRIES_MAX):
            planned = DELAYS_MS[tries - 1]
            waited = delay_ms(delivery_id, tries, retry_after_s=asked[tries - 1], spent_ms=spent_ms)
            assert 0.9 * planned <= waited <= 2 * planned
            spent_ms += waited
        assert spent_ms <= WITHIN_MS


NOW_MS = round(datetime(2026, 10, 21, 7, 26, 30, tzinfo=UTC).timestamp() * 1000)


class TestAnswers:
    def test_only_two_hundred_to_299_take_a_delivery(self) -> None:
        taken = [status for status in range(100, 600) if is_success(status)]
        assert taken == list(range(200, 300))
        assert not is_success(None)

    def test_what_is_due_later_than_anything_is_planned_is_due_now(self) -> None:
        assert believed_due_ms(WITHIN_MS + 1_000, now_ms=1_000) == WITHIN_MS + 1_000
        assert believed_due_ms(WITHIN_MS + 1_001, now_ms=1_000) == 1_000
        assert believed_due_ms(0, now_ms=1_000) == 0

    def test_gone_is_410(self) -> None:
        assert [status for status in range(100, 600) if is_gone(status)] == [410]
        assert not is_gone(None)

    @pytest.mark.parametrize(
        ("header", "seconds"),
        [
            (" 120 ", 120),
            ("0", 0),
            ("Wed, 21 Oct 2026 07:28:00 GMT", 90),
            ("Wed, 21 Oct 2026 12:58:00 +0530", 90),
            ("Wednesday, 21-Oct-26 07:28:00 GMT", 90),
            ("Wed Oct 21 07:28:00 2026", 90),
            ("Wed, 21 Oct 2026 07:26:29 GMT", 0),
            ("Wed, 21 Oct 1926 07:28:00 GMT", 0),
        ],
    )
    def test_retry_after_is_seconds_or_a_date(self, header: str, seconds: int) -> None:
        assert read_retry_after(header, now_ms=NOW_MS) == seconds

    @pytest.mark.parametrize(
        "header", ["", "soon", "-5", "1.5", "9" * 10, "Wed, 99 Oct 2026 07:28:00 GMT", "Wed,", "x" * 10_000, ":", ",,,"]
    )
    def test_anything_else_is_as_if_it_were_not_there(self, header: str) -> None:
        assert read_retry_after(header, now_ms=NOW_MS) is None
