"""Lists that are read in pages, as flows of their items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chaupal_client._operations import Operation
from chaupal_client._session import Session
from chaupal_client._steps import Deliver, ItemFlow, ItemT, Place


def iterate_pages(
    session: Session,
    place: Place,
    operation: Operation[Any],
    path: tuple[str, ...],
    query: Mapping[str, Any],
    *,
    items: str,
    item_type: type[ItemT],
    is_backwards: bool = False,
) -> ItemFlow[ItemT]:
    """Each item of a list with cursors; `items` names the answer's field. `place` says where the page began that is
    being read. `is_backwards` where a page has its newest item last, though older pages follow."""
    del item_type
    while True:
        answer = yield from session.call(operation, path, query={**query, "cursor": place.cursor or None})
        found: Sequence[ItemT] = getattr(answer, items)
        for item in reversed(found) if is_backwards else found:
            yield Deliver(item)
        if not answer.cursor:
            return
        place.cursor = answer.cursor


def iterate_offsets(
    session: Session,
    operation: Operation[Any],
    query: Mapping[str, Any],
    *,
    items: str,
    item_type: type[ItemT],
    page_size: int = 100,
) -> ItemFlow[ItemT]:
    """Each item of a list that counts instead."""
    del item_type
    offset = 0
    while True:
        counted = {**query, "resultsOffset": offset, "pageSize": page_size}
        answer = yield from session.call(operation, query=counted)
        found: Sequence[ItemT] = getattr(answer, items)
        for item in found:
            yield Deliver(item)
        if len(found) < page_size:
            return
        offset += page_size
