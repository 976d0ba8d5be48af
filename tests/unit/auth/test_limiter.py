from __future__ import annotations

import pytest

from chaupal.auth import limiter as limiter_module
from chaupal.auth.limiter import Budget, Claim, Limiter, MinuteSpent

MINUTE_S = 28_333_333 * 60


def take(limiter: Limiter, key: str = "connector:1", *, limit: int = 3, at_s: float = 0) -> Budget | None:
    return limiter.take(Claim(key, limit, "Calls"), now_s=MINUTE_S + at_s)


class TestTake:
    def test_the_budget_shrinks_to_nothing(self) -> None:
        limiter = Limiter()
        assert [take(limiter, at_s=10) for _ in range(3)] == [Budget(3, left, 50) for left in (2, 1, 0)]

    def test_then_it_is_refused_until_the_minute_ends(self) -> None:
        limiter = Limiter()
        for _ in range(3):
            take(limiter)
        for at_s, wait_s in ((0, 60), (0.9, 60), (59, 1), (59.9, 1)):
            with pytest.raises(MinuteSpent, match="at most 3 a minute") as refused:
                take(limiter, at_s=at_s)
            assert refused.value.retry_after_s == wait_s
            assert refused.value.budget == Budget(3, 0, wait_s)
        assert take(limiter, at_s=60) == Budget(3, 2, 60)

    def test_a_refused_call_costs_nothing(self) -> None:
        limiter = Limiter()
        for _ in range(10):
            with pytest.raises(MinuteSpent):
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

    def test_many_keys_in_one_minute_are_looked_through_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(limiter_module, "_KEYS_KEPT", 10)
        limiter = Limiter()
        for key in range(10):
            take(limiter, f"old:{key}")
        take(limiter, "first", at_s=60)
        kept = limiter._windows
        for key in range(50):
            take(limiter, f"key:{key}", at_s=60)
        assert limiter._windows is kept
        assert len(kept) == 51


class TestSeveralClaims:
    def test_the_tightest_budget_is_told(self) -> None:
        limiter = Limiter()
        wide, narrow = Claim("tenant:1", 10, "Tenant"), Claim("connector:1", 4, "Connector")
        assert limiter.take(wide, narrow, now_s=MINUTE_S) == Budget(4, 3, 60)
        for _ in range(8):
            limiter.take(wide, now_s=MINUTE_S)
        assert limiter.take(narrow, wide, now_s=MINUTE_S) == Budget(10, 0, 60)

    def test_of_equals_the_first_is_told(self) -> None:
        limiter = Limiter()
        wide, narrow = Claim("tenant:1", 10, "Tenant"), Claim("connector:1", 4, "Connector")
        for _ in range(6):
            limiter.take(wide, now_s=MINUTE_S)
        assert limiter.take(narrow, wide, now_s=MINUTE_S) == Budget(4, 3, 60)
        assert limiter.take(wide, narrow, now_s=MINUTE_S) == Budget(10, 2, 60)

    @pytest.mark.parametrize("is_spent_first", [True, False])
    def test_a_spent_one_costs_the_others_nothing(self, is_spent_first: bool) -> None:
        limiter = Limiter()
        spent, other = Claim("tenant:1", 1, "Tenant"), Claim("connector:1", 5, "Connector")
        limiter.take(spent, now_s=MINUTE_S)
        claims = (spent, other) if is_spent_first else (other, spent)
        for _ in range(3):
            with pytest.raises(MinuteSpent, match="Tenant: at most 1 a minute") as refused:
                limiter.take(*claims, now_s=MINUTE_S)
            assert refused.value.budget == Budget(1, 0, 60)
        assert limiter.take(other, now_s=MINUTE_S) == Budget(5, 4, 60)

    def test_one_without_a_limit_is_not_told(self) -> None:
        assert Limiter().take(Claim("a", 0, "A"), Claim("b", 9, "B"), now_s=MINUTE_S) == Budget(9, 8, 60)


class TestAmounts:
    CLAIM = Claim("address:1", 100, "Bytes")

    def test_one_thing_may_go_beyond_the_limit_and_the_next_is_refused(self) -> None:
        limiter = Limiter()
        limiter.check_amount(self.CLAIM, now_s=MINUTE_S)
        limiter.add_amount(self.CLAIM, 99, now_s=MINUTE_S)
        limiter.check_amount(self.CLAIM, now_s=MINUTE_S)
        limiter.add_amount(self.CLAIM, 5_000, now_s=MINUTE_S)
        with pytest.raises(MinuteSpent, match="Bytes: at most 100 a minute") as refused:
            limiter.check_amount(self.CLAIM, now_s=MINUTE_S + 18)
        assert refused.value.retry_after_s == 42
        limiter.check_amount(self.CLAIM, now_s=MINUTE_S + 60)

    def test_without_a_limit_nothing_is_kept(self) -> None:
        limiter = Limiter()
        limiter.add_amount(self.CLAIM._replace(limit=0), 5_000, now_s=MINUTE_S)
        assert limiter.used(self.CLAIM.key, now_s=MINUTE_S) == 0
        assert not limiter._windows
