"""Wiping the remains of erased rows out of a SQLite file that is closed.

With `secure_delete` SQLite overwrites what is deleted. But when it splits a page it moves rows to another and leaves
their bytes behind in the room between the page's list of rows and the rows themselves; if a row is erased later, that
copy stays. This fills the room with zeros. SQLite never reads it, so the database is whole at every moment, and a
reader elsewhere sees no difference. The form of a page is the one of https://www.sqlite.org/fileformat2.html, section
1.6.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

_MAGIC = b"SQLite format 3\0"
_HEADER_BYTES = 100
_BUFFER_PAGES = 1_024
_TREE_HEADS = {0x02: 12, 0x05: 12, 0x0A: 8, 0x0D: 8}
"""The first byte of a page that holds rows, and the size of its head."""

_PAGES_MOST = 1 << 25
"""From here on the first byte of a page of another kind, which is the number of the next one, could be such a head."""


def wipe_remains(path: Path, *, limit_s: float) -> bool:
    """Zero the unused room of every page that holds rows; whether the whole file was done.

    No connection of this process may be open, and no other may write: the caller holds the data folder's lock. False
    where a write-ahead log is left, which is then the newer state of the pages, or where the time was up. Harmless when
    repeated or killed.
    """
    if _is_there(path.with_name(path.name + "-wal")) or not path.exists():
        return False
    give_up_at = time.monotonic() + limit_s
    with path.open("r+b", buffering=0) as file:
        header = file.read(_HEADER_BYTES)
        page_bytes = int.from_bytes(header[16:18], "big")
        page_bytes = 65_536 if page_bytes == 1 else page_bytes
        if not header.startswith(_MAGIC) or os.fstat(file.fileno()).st_size // page_bytes >= _PAGES_MOST:
            return False
        start = 0
        is_changed = False
        while chunk := os.pread(file.fileno(), page_bytes * _BUFFER_PAGES, start):
            for offset in range(0, len(chunk), page_bytes):
                head_at = _HEADER_BYTES if start + offset == 0 else 0
                room = _unused_room(chunk, offset, head_at, page_bytes)
                if room is not None:
                    first, end = room
                    os.pwrite(file.fileno(), bytes(end - first), start + first)
                    is_changed = True
            start += len(chunk)
            if time.monotonic() > give_up_at:
                break
        if is_changed:
            os.fsync(file.fileno())
        return not chunk


def _unused_room(chunk: bytes, page_at: int, head_at: int, page_bytes: int) -> tuple[int, int] | None:
    """(first, end) of a page's unused room within the chunk; None where it holds zeros, or there is none."""
    if len(chunk) < page_at + page_bytes:
        return None
    head = page_at + head_at
    head_bytes = _TREE_HEADS.get(chunk[head])
    if head_bytes is None:
        return None
    row_count = int.from_bytes(chunk[head + 3 : head + 5], "big")
    rows_at = int.from_bytes(chunk[head + 5 : head + 7], "big") or 65_536
    first, end = head + head_bytes + 2 * row_count, page_at + rows_at
    if not first < end <= page_at + page_bytes or chunk.count(0, first, end) == end - first:
        return None
    return first, end


def _is_there(wal: Path) -> bool:
    try:
        return wal.stat().st_size > 0
    except FileNotFoundError:
        return False
