from __future__ import annotations

import pytest

from chaupal.auth import limiter as limiter_module
from chaupal.auth.limiter import Budget, Limiter
from chaupal.errors import TooManyRequests

MINUTE_S = 28_333_333 * 60


def take(limiter: Limiter, key: str = "connector:1", *, limit: int = 3, at_s: float = 0) -> Budget | None:
    return limiter.take(key, limit=limit, what="Calls", now_s=MINUTE_S + at_s)


class TestTake:
    def test_the_budget_shrinks_to_nothing(self) -> None:
        limiter = Limiter()
        assert [take(limiter, at_s=10) for _ in range(3)] == [Budget(3, left, 50) for left in (2, 1, 0)]

    def test_then_it_is_refused_until_the_minute_ends(self) -> None:
        limiter = Limiter()
        for _ in range(3):
            take(limiter)
        for at_s, wait_s in ((0, 60), (0.9, 60), (59, 1), (59.9, 1)):
            with pytest.raises(TooManyRequests, match="at most 3 a minute") as refused:
                take(limiter, at_s=at_s)
            assert refused.value.retry_after_s == wait_s
        assert take(limiter, at_s=60) == Budget(3, 2, 60)

    def test_a_refused_call_costs_nothing(self) -> None:
        limiter = Limiter()
        for _ in range(10):
            with pytest.raises(TooManyRequests):
                [take(limiter) for _ in range(4)]
        assert take(limiter, at_s=60) == Budget(3, 2, 60)

    def test_keys_do_not_meet(self) -> None:
        limiter = Limiter()
        for _ in range(3):
            take(limiter)
        assert take(limiter, "connector:2") == Budget(3, 2, 60)

    def test_zero_is_no_limit(self) -> None:
        limiter = Limiter()
        assert [take(limiter, limit=0) for _ in range(1_000)] == [None] * 1_000
        assert not limiter._windows

    def test_keys_of_earlier_minutes_are_forgotten(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(limiter_module, "_KEYS_KEPT", 10)
        limiter = Limiter()
        for minute in range(5):
            for key in range(10):
                take(limiter, f"key:{key}:{minute}", at_s=60 * minute)
            assert len(limiter._windows) <= 10
        take(limiter, "last", at_s=60 * 5)
        assert list(limiter._windows) == ["last"]
