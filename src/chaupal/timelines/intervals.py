"""Stretches of time as sorted lists of (from, until) in microseconds, until exclusive; none meets another."""

from __future__ import annotations

from collections.abc import Iterable

Interval = tuple[int, int]

FOREVER_US = 2**62
ALL_TIME: list[Interval] = [(0, FOREVER_US)]


def united(intervals: Iterable[Interval]) -> list[Interval]:
    """The times that lie in any of the intervals, which may be in any order and overlap."""
    result: list[Interval] = []
    for start, end in sorted(interval for interval in intervals if interval[0] < interval[1]):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(result[-1][1], end))
        else:
            result.append((start, end))
    return result


def common(some: list[Interval], others: list[Interval]) -> list[Interval]:
    """The times that lie in both."""
    result: list[Interval] = []
    i = j = 0
    while i < len(some) and j < len(others):
        start = max(some[i][0], others[j][0])
        end = min(some[i][1], others[j][1])
        if start < end:
            result.append((start, end))
        if some[i][1] < others[j][1]:
            i += 1
        else:
            j += 1
    return result
