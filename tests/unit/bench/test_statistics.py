"""The arithmetic behind every benchmark figure: ratios of pairs, the spread of the baseline with itself, verdicts."""

import pytest

from bench.statistics import (
    Comparison,
    Limits,
    Side,
    Verdict,
    compare,
    interleave,
    interval,
    judge_ratio,
    judge_value,
    spread,
)

A, B = Side.BASELINE, Side.SUBJECT
AT_MOST_TWO = Limits(bar=2, goal=1.3)
AT_LEAST_TWENTY = Limits(bar=20, goal=60, is_lower_bound=True)


def compared(*, ratio: float, spread: float) -> Comparison:
    return Comparison(baseline=1, subject=ratio, ratio=ratio, low=ratio, high=ratio, spread=spread)


class TestInterleave:
    def test_every_second_pair_is_turned_round(self) -> None:
        assert interleave(4) == [A, B, B, A, A, B, B, A]

    def test_a_steady_drift_falls_on_both_sides_alike(self) -> None:
        order = interleave(8)
        places = {side: [place for place, at in enumerate(order) if at is side] for side in Side}
        assert sum(places[A]) == sum(places[B])


class TestCompare:
    def test_ratio_is_the_median_of_the_pairs_not_the_ratio_of_medians(self) -> None:
        comparison = compare([1, 2, 4], [2, 6, 8])
        assert comparison.ratio == 2
        assert (comparison.baseline, comparison.subject) == (2, 6)

    def test_a_machine_that_slows_down_does_not_change_the_ratio(self) -> None:
        baseline = [1.0 * 1.1**run for run in range(9)]
        comparison = compare(baseline, [2 * value for value in baseline])
        assert comparison.ratio == pytest.approx(2)
        assert (comparison.low, comparison.high) == pytest.approx((2, 2))

    def test_one_disturbed_pair_of_nine_moves_neither_ratio_nor_interval(self) -> None:
        comparison = compare([1.0] * 9, [1.5] * 4 + [30.0] + [1.5] * 4)
        assert (comparison.ratio, comparison.low, comparison.high) == (1.5, 1.5, 1.5)

    def test_pairs_on_both_sides_of_a_bar_span_it(self) -> None:
        comparison = compare([1, 1, 1], [1.9, 2.1, 2.2])
        assert comparison.spans(2)
        assert not comparison.spans(1.5)

    @pytest.mark.parametrize(
        ("baseline", "subject"), [([], []), ([1], [1]), ([1, 2], [1]), ([0, 1], [1, 1]), ([1, 1], [1, 0])]
    )
    def test_too_few_unequal_or_zero_values_are_refused(self, baseline: list[float], subject: list[float]) -> None:
        with pytest.raises(ValueError, match=r"two or more pairs|zero"):
            compare(baseline, subject)


class TestInterval:
    def test_few_values_are_all_kept(self) -> None:
        assert interval([3, 1, 2]) == (1, 3)

    def test_of_many_the_lowest_and_the_highest_are_left_out(self) -> None:
        assert interval([9, 1, 2, 3, 4, 5, 0]) == (1, 5)


class TestSpread:
    def test_equal_runs_have_none(self) -> None:
        assert spread([5, 5, 5]) == 1

    def test_a_fall_counts_like_the_rise_of_the_same_factor(self) -> None:
        assert spread([1, 2]) == spread([2, 1]) == 2

    def test_one_disturbed_run_of_nine_does_not_widen_it(self) -> None:
        assert spread([1, 1, 1, 1, 7, 1, 1, 1, 1]) == 1

    def test_two_disturbed_runs_of_nine_do(self) -> None:
        assert spread([1, 7, 1, 1, 7, 1, 1, 1, 1]) == 7


class TestJudgeRatio:
    def test_outside_the_spread_the_ratio_itself_is_judged(self) -> None:
        assert judge_ratio(compared(ratio=1.2, spread=1.05), AT_MOST_TWO) is Verdict.GOAL_MET
        assert judge_ratio(compared(ratio=1.9, spread=1.05), AT_MOST_TWO) is Verdict.BAR_MET
        assert judge_ratio(compared(ratio=2.1, spread=1.05), AT_MOST_TWO) is Verdict.BAR_MISSED

    def test_a_difference_inside_the_spread_counts_as_none(self) -> None:
        comparison = compared(ratio=1.03, spread=1.05)
        assert comparison.is_inside_spread
        assert judge_ratio(comparison, Limits(bar=1.2, goal=1.0)) is Verdict.GOAL_MET

    def test_a_spread_wider_than_the_bar_says_nothing(self) -> None:
        assert judge_ratio(compared(ratio=1.1, spread=1.3), Limits(bar=1.2, goal=1.0)) is Verdict.NOT_MEASURABLE

    def test_a_ratio_beyond_a_wide_spread_is_still_judged(self) -> None:
        assert judge_ratio(compared(ratio=3, spread=2.5), AT_MOST_TWO) is Verdict.BAR_MISSED

    def test_no_multiple_is_measurable_inside_the_spread(self) -> None:
        assert judge_ratio(compared(ratio=1.01, spread=1.05), AT_LEAST_TWENTY) is Verdict.NOT_MEASURABLE

    def test_without_limits_it_is_only_reported(self) -> None:
        assert judge_ratio(compared(ratio=1.5, spread=1.05), None) is Verdict.REPORTED


class TestJudgeValue:
    def test_limits_themselves_are_met(self) -> None:
        assert judge_value(1.3, AT_MOST_TWO) is Verdict.GOAL_MET
        assert judge_value(2, AT_MOST_TWO) is Verdict.BAR_MET

    def test_a_lower_bound_turns_both_round(self) -> None:
        assert judge_value(60, AT_LEAST_TWENTY) is Verdict.GOAL_MET
        assert judge_value(59, AT_LEAST_TWENTY) is Verdict.BAR_MET
        assert judge_value(19, AT_LEAST_TWENTY) is Verdict.BAR_MISSED

    def test_what_is_no_number_is_not_measurable(self) -> None:
        assert judge_value(float("nan"), AT_MOST_TWO) is Verdict.NOT_MEASURABLE
