"""Answers too long to be built whole: lists that are read, encoded and sent a page at a time.

Each page is a short read of its own, so that neither memory nor a snapshot is held for the length of a download. What
is added or taken away meanwhile may or may not be in the list; what stays is in it once, because pages go by id. An
answer that cannot be finished is cut off, so that it never looks complete.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import NamedTuple

import msgspec

from chaupal.serving.replies import StreamedReply, encode_json, stream_json


class Page(NamedTuple):
    """A part of a list, and the id to go on after (None at the end)."""

    items: Sequence[msgspec.Struct]
    next_after_id: str | None


ReadPage = Callable[[str], Awaitable[Page]]


async def answer_in_pages(
    name: str, read_page: ReadPage, build_whole: Callable[..., msgspec.Struct]
) -> msgspec.Struct | StreamedReply:
    """A list under `name`. What fits into one page is an ordinary answer, `build_whole(name=items)`."""
    first = await read_page("")
    if first.next_after_id is None:
        return build_whole(**{name: first.items})
    return stream_json(_write_pages(name, first, read_page))


async def _write_pages(name: str, first: Page, read_page: ReadPage) -> AsyncGenerator[bytes, None]:
    page = first
    yield b'{"%s":[%s' % (name.encode(), encode_json(page.items)[1:-1])
    has_items = bool(page.items)
    while page.next_after_id is not None:
        page = await read_page(page.next_after_id)
        if page.items:
            yield (b"," if has_items else b"") + encode_json(page.items)[1:-1]
            has_items = True
    yield b"]}"
