"""Stretches of time against sets of single instants."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from chaupal.timelines.intervals import Interval, common, united

INSTANTS = range(20)
intervals = st.lists(st.tuples(st.integers(0, 19), st.integers(0, 19)), max_size=8)


def instants(stretches: list[Interval]) -> set[int]:
    return {at for at in INSTANTS for start, end in stretches if start <= at < end}


@given(intervals)
def test_a_union_holds_the_same_instants_sorted_and_apart(stretches: list[Interval]) -> None:
    result = united(stretches)
    assert instants(result) == instants(stretches)
    assert all(start < end for start, end in result)
    assert all(before[1] < after[0] for before, after in pairwise(result))


@given(intervals, intervals)
def test_what_is_common_lies_in_both(some: list[Interval], others: list[Interval]) -> None:
    result = common(united(some), united(others))
    assert instants(result) == instants(some) & instants(others)
    assert all(start < end for start, end in result)
