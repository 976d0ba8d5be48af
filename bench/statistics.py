"""What a series of paired runs says: the ratio of subject to baseline, how sure that is, how far the baseline differs
from itself, and the verdict against a bar and a goal. Pure arithmetic: no clock, no process, no printing. Described
in bench/README.md, "The statistics".
"""

import itertools
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

# From this many values on, the lowest and the highest are left out of an interval: one disturbed run then cannot widen
# it. Of 9 pairs the second lowest to the second highest ratio hold the true median with 96 % confidence.
TRIMMED_FROM_COUNT = 7


class Side(StrEnum):
    BASELINE = "baseline"
    SUBJECT = "subject"


class Verdict(StrEnum):
    GOAL_MET = "goal met"
    BAR_MET = "bar met"
    BAR_MISSED = "bar missed"
    NOT_MEASURABLE = "not measurable"
    REPORTED = "reported"


@dataclass(frozen=True)
class Limits:
    """`is_lower_bound` turns both round: the figure must be at least the bar, not at most."""

    bar: float
    goal: float
    is_lower_bound: bool = False


@dataclass(frozen=True)
class Comparison:
    """`low` to `high` is where the ratio lies; `spread` is the factor (>= 1) by which the baseline differs from
    itself, run to run."""

    baseline: float
    subject: float
    ratio: float
    low: float
    high: float
    spread: float

    @property
    def is_inside_spread(self) -> bool:
        """The difference of the two sides is no larger than that of the baseline with itself."""
        return 1 / self.spread <= self.ratio <= self.spread

    def spans(self, value: float) -> bool:
        """The runs disagree about which side of the value the ratio is on."""
        return self.low < value < self.high


def interleave(pair_count: int) -> list[Side]:
    """The order of the runs, A B B A A B B A ...: a slow drift of the machine falls on both sides alike."""
    order: list[Side] = []
    for index in range(pair_count):
        pair = [Side.BASELINE, Side.SUBJECT]
        order.extend(pair if index % 2 == 0 else reversed(pair))
    return order


def compare(baseline: Sequence[float], subject: Sequence[float]) -> Comparison:
    """Both in the order of the runs, at least two pairs, all values above zero."""
    if len(baseline) != len(subject) or len(baseline) < 2:
        raise ValueError(f"needs two or more pairs, got {len(baseline)} and {len(subject)} values")
    if min(*baseline, *subject) <= 0:
        raise ValueError("a value of zero has no ratio; make the runs longer")
    ratios = [right / left for left, right in zip(baseline, subject, strict=True)]
    low, high = interval(ratios)
    return Comparison(
        baseline=statistics.median(baseline),
        subject=statistics.median(subject),
        ratio=statistics.median(ratios),
        low=low,
        high=high,
        spread=spread(baseline),
    )


def interval(values: Sequence[float]) -> tuple[float, float]:
    ordered = sorted(values)
    if len(ordered) >= TRIMMED_FROM_COUNT:
        ordered = ordered[1:-1]
    return ordered[0], ordered[-1]


def spread(values: Sequence[float]) -> float:
    """The factor between neighbouring runs of one side, either way round: 1.04 says that equal things differed by 4
    %."""
    low, high = interval([after / before for before, after in itertools.pairwise(values)])
    return max(high, 1 / low, 1.0)


def judge_ratio(comparison: Comparison, limits: Limits | None) -> Verdict:
    """A ratio inside the spread counts as 1.0; if the spread itself is wider than the bar, nothing can be said."""
    if limits is None:
        return Verdict.REPORTED
    if not comparison.is_inside_spread:
        return judge_value(comparison.ratio, limits)
    if limits.is_lower_bound or comparison.spread > limits.bar:
        return Verdict.NOT_MEASURABLE
    return judge_value(1.0, limits)


def judge_value(value: float, limits: Limits) -> Verdict:
    if math.isnan(value):
        return Verdict.NOT_MEASURABLE
    sign = -1 if limits.is_lower_bound else 1
    if sign * value <= sign * limits.goal:
        return Verdict.GOAL_MET
    if sign * value <= sign * limits.bar:
        return Verdict.BAR_MET
    return Verdict.BAR_MISSED
