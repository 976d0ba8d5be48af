"""The report of an import: every row that was skipped or mended, by file and line, and why. Written as it goes, so that
it is there however the import ends, and takes no memory."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import msgspec

SKIPPED, MENDED = "skipped", "mended"
_HEADERS = ("file", "line", "outcome", "kind", "id", "reason", "text")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Line(msgspec.Struct, frozen=True):
    """One row of a source that was not simply taken."""

    file: str
    line: int
    outcome: str
    kind: str
    id: str
    reason: str
    text: str


class Report:
    """The file is made with its first line, readable by its owner alone: it holds what people wrote."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.skipped = 0
        self.mended = 0
        self._file: IO[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    @property
    def is_written(self) -> bool:
        """Whether there was anything to report."""
        return self._file is not None

    def add(self, line: Line) -> None:
        """Note one row.

        Raises:
            OSError.
        """
        if line.outcome == SKIPPED:
            self.skipped += 1
        else:
            self.mended += 1
        file = self._opened()
        if self._is_table:
            csv.writer(file).writerow([_harmless(str(value)) for value in msgspec.structs.astuple(line)])
        else:
            file.write(msgspec.json.encode(line).decode() + "\n")

    def flush(self) -> None:
        """What was noted so far is in the file.

        Raises:
            OSError.
        """
        if self._file is not None:
            self._file.flush()

    @property
    def _is_table(self) -> bool:
        return self.path.suffix.lower() not in (".json", ".jsonl", ".ndjson")

    def _opened(self) -> IO[str]:
        if self._file is None:
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
            self._file = os.fdopen(os.open(self.path, flags, 0o600), "w", encoding="utf-8", newline="")
            if self._is_table:
                csv.writer(self._file).writerow(_HEADERS)
        return self._file


def _harmless(value: str) -> str:
    """A cell that a spreadsheet takes for text: what people wrote must not be run as a formula."""
    return f"'{value}" if value.startswith(_FORMULA) else value
