"""Files as bodies: read piece by piece while they are sent, never as a whole; from the beginning again on a retry."""

from __future__ import annotations

import mimetypes
import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, TypeAlias
from urllib.parse import quote

PIECE_BYTES = 256 * 1024

Source: TypeAlias = str | os.PathLike[str] | bytes | BinaryIO
"""A path, the bytes themselves, or a file that is open for reading and can be read again from where it stands."""
Progress: TypeAlias = Callable[[int, int], object]
"""Called with how many bytes have been sent (or have come), and of how many."""


class FileToSend:
    """One file with its name and type.

    Raises:
        OSError: the path cannot be read.
        ValueError: bytes or an open file without a name.
    """

    def __init__(self, source: Source, file_name: str | None = None, content_type: str | None = None) -> None:
        self._source = source
        self._begins_at = 0
        named = ""
        if isinstance(source, bytes):
            self.size_bytes = len(source)
        elif isinstance(source, str | os.PathLike):
            named = Path(source).name
            self.size_bytes = Path(source).stat().st_size
        else:
            named = Path(str(getattr(source, "name", ""))).name
            self._begins_at = source.tell()
            self.size_bytes = source.seek(0, os.SEEK_END) - self._begins_at
        self.file_name = file_name or named
        if not self.file_name:
            raise ValueError("file_name is needed: what is sent has no name of its own")
        self.content_type = content_type or mimetypes.guess_type(self.file_name)[0] or "application/octet-stream"

    @property
    def disposition(self) -> str:
        """The value of a Content-Disposition that any name can stand in, but for its kind."""
        return f"filename*=UTF-8''{quote(self.file_name, safe='')}"

    def pieces(self) -> Iterator[bytes]:
        """From the beginning."""
        if isinstance(self._source, bytes):
            for begin in range(0, len(self._source), PIECE_BYTES):
                yield self._source[begin : begin + PIECE_BYTES]
        elif isinstance(self._source, str | os.PathLike):
            with Path(self._source).open("rb") as file:
                yield from _read(file)
        else:
            self._source.seek(self._begins_at)
            yield from _read(self._source)


def _read(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(PIECE_BYTES):
        yield piece


class OneFile:
    """A body that is one file, under its own type."""

    def __init__(self, file: FileToSend, progress: Progress | None) -> None:
        self._file = file
        self._progress = progress
        self.size_bytes = file.size_bytes
        self.headers = {"content-type": file.content_type, "content-disposition": f"attachment; {file.disposition}"}

    def pieces(self) -> Iterator[bytes]:
        """The body from its beginning."""
        return _told(self._file.pieces(), self.size_bytes, self._progress)


class Form:
    """A body that is a form of several files."""

    def __init__(self, files: Sequence[FileToSend], progress: Progress | None) -> None:
        self._progress = progress
        boundary = secrets.token_hex(16)
        self.headers = {"content-type": f"multipart/form-data; boundary={boundary}"}
        self._parts = [(self._head(boundary, file), file) for file in files]
        self._end = f"--{boundary}--\r\n".encode()
        self.size_bytes = sum(len(head) + file.size_bytes + 2 for head, file in self._parts) + len(self._end)

    @staticmethod
    def _head(boundary: str, file: FileToSend) -> bytes:
        disposition = f'form-data; name="file"; {file.disposition}'
        lines = (f"--{boundary}", f"Content-Disposition: {disposition}", f"Content-Type: {file.content_type}", "", "")
        return "\r\n".join(lines).encode()

    def pieces(self) -> Iterator[bytes]:
        """The body from its beginning."""
        return _told(self._all(), self.size_bytes, self._progress)

    def _all(self) -> Iterator[bytes]:
        for head, file in self._parts:
            yield head
            yield from file.pieces()
            yield b"\r\n"
        yield self._end


def _told(pieces: Iterator[bytes], size_bytes: int, progress: Progress | None) -> Iterator[bytes]:
    """The pieces, and `progress` told when each has been handed on."""
    sent = 0
    for piece in pieces:
        yield piece
        sent += len(piece)
        if progress is not None:
            progress(sent, size_bytes)
