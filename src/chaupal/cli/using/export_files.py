"""Files that an export writes: whole or not at all, one record after another."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import msgspec

from chaupal.control.protocol import OperationFailed


@contextmanager
def new_file(path: Path, *, encoding: str) -> Iterator[TextIO]:
    """A file that gets its name at the end of the block, if that ends well; others cannot read it meanwhile.

    Raises:
        OperationFailed: there is a file of that name already, or it cannot be written.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        if path.exists():
            raise FileExistsError(17, "there is such a file already; choose another name", str(path))
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            with open(descriptor, "w", encoding=encoding, newline="") as file:  # noqa: PTH123 - a file descriptor
                yield file
                file.flush()
                os.fsync(descriptor)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise OperationFailed(
            f"{path}: {error.strerror}.", error_code="Conflict", category="ResourceException"
        ) from error


class RecordWriter:
    """Writes records: rows of CSV below their headers or, without headers, a JSON list."""

    def __init__(self, file: TextIO, headers: Sequence[str] | None) -> None:
        self.count = 0
        self._file = file
        self._rows = csv.writer(file) if headers is not None else None
        if self._rows is not None and headers is not None:
            self._rows.writerow(headers)

    def write(self, record: Any) -> None:
        """One more."""
        if self._rows is not None:
            self._rows.writerow(record)
        else:
            self._file.write("[\n" if self.count == 0 else ",\n")
            self._file.write(msgspec.json.encode(record).decode())
        self.count += 1

    def end(self) -> None:
        """There are no more."""
        if self._rows is None:
            self._file.write("[]\n" if self.count == 0 else "\n]\n")
