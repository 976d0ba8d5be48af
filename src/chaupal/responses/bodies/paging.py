"""Which page of answers a query asks for."""

from __future__ import annotations

from chaupal.errors import InvalidParameters
from chaupal.responses.queries import FIRST_PLACE, ResponsePlace
from chaupal.responses.reading import PAGE_MAX
from chaupal.wire.cursors import read_cursor


def read_place(cursor: str | None) -> ResponsePlace:
    """The place where the page before has ended.

    Raises:
        InvalidParameters: it is no cursor of ours.
    """
    return FIRST_PLACE if cursor is None else ResponsePlace(*read_cursor(cursor, tuple[int, str]))


def read_count(count: int | None) -> int:
    """How many answers a page holds.

    Raises:
        InvalidParameters.
    """
    if count is None:
        return PAGE_MAX
    if not 1 <= count <= PAGE_MAX:
        raise InvalidParameters(field="count", value=count, rule=f"must be 1 to {PAGE_MAX}")
    return count
