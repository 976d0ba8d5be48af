"""Having the system write to the disk what an unforced commit has left in SQLite's write-ahead log, without a wait.

The next forced commit syncs the whole log. Behind bookkeeping of a hundred kilobytes that took half as long again, in
which the call that was to be answered waited. Nothing rests on it: where the system has no such call nothing is done.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

_WRITE = 2
"""SYNC_FILE_RANGE_WRITE: begin, and do not wait."""


class EarlyWriting:
    """For one writing connection, which is open: `begin` after a commit, `stop` before its end."""

    def __init__(self, path: Path) -> None:
        self._path = path.with_name(path.name + "-wal")
        self._file = -1

    def begin(self) -> None:
        """Have everything written that is in the log; returns at once."""
        write = _writing()
        if write is None:
            return
        if self._file < 0:
            try:
                self._file = os.open(self._path, os.O_RDONLY)
            except OSError:
                return
        write(self._file)

    def stop(self) -> None:
        """Harmless when repeated."""
        file, self._file = self._file, -1
        if file >= 0:
            os.close(file)


@cache
def _writing() -> Callable[[int], object] | None:
    """Begins to write a file; None where the system cannot."""
    if sys.platform != "linux":
        return None
    # Imported here: a server without such bookkeeping, which is one without webhooks, does not need it.
    import ctypes

    call = getattr(ctypes.CDLL(None), "sync_file_range", None)
    if call is None:
        return None
    call.argtypes = (ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint)
    return lambda file: call(file, 0, 0, _WRITE)
