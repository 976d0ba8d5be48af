"""Writes a tree as nested JSON lists, one group after another, holding no more than the way down to the present one."""

from __future__ import annotations


class TreeWriter:
    """Groups come in the order of a walk that shows each before those below it. The caller writes the brackets around
    the whole list. `is_nested`: each group has a list `subGroups`; else there is only one level."""

    def __init__(self, *, is_nested: bool) -> None:
        self._is_nested = is_nested
        self._open: list[bytes] = []
        """What closes the group on each level of the way down, from the first."""
        self._has_items = [False]
        """For the list on each level, whether something stands in it."""
        self._skipped_level = 0

    def write(self, group_json: bytes, level: int, *, is_leaf: bool) -> bytes:
        """A group, whose object is JSON already; a leaf has no list even where lists are nested."""
        if self._is_below_skipped(level):
            return b""
        closing = self._close_to(level)
        comma = b"," if self._has_items[-1] else b""
        self._has_items[-1] = True
        has_list = self._is_nested and not is_leaf
        self._open.append(b"]}" if has_list else b"}")
        self._has_items.append(False)
        return closing + comma + group_json[:-1] + (b',"subGroups":[' if has_list else b"")

    def skip(self, level: int) -> bytes:
        """Leave out a group and everything below it."""
        if not self._is_below_skipped(level):
            self._skipped_level = level
        return b""

    def end(self) -> bytes:
        """What closes the last groups."""
        return self._close_to(1)

    def _is_below_skipped(self, level: int) -> bool:
        if self._skipped_level and level > self._skipped_level:
            return True
        self._skipped_level = 0
        return False

    def _close_to(self, level: int) -> bytes:
        closed = b"".join(reversed(self._open[level - 1 :]))
        del self._open[level - 1 :]
        del self._has_items[level:]
        return closed
