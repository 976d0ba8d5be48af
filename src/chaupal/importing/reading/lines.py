"""The lines of a file as text, in whichever encoding the file is, with memory for one line alone."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from typing import IO

from chaupal.wire.text import decode_text

LINE_MAX_BYTES = 4 * 1024 * 1024
"""Longer than any text that was ever sent; of a file without line feeds so much is in memory at once."""

_HEAD_BYTES = 64 * 1024


def read_lines(file: IO[bytes]) -> Iterator[str]:
    """Each line of a file from its beginning, with its ending. UTF-16 where it is, with or without that mark; else each
    line by itself UTF-8 or Windows-1252, because what was put together of several files is in several encodings. Lines
    end at line feeds alone, and a text holds other ends of lines as they are; where a file has none, at carriage
    returns, as old spreadsheets on Macintoshes wrote them. One that is longer than 4 MiB comes in pieces.
    """
    head = file.read(_HEAD_BYTES)
    encoding = _utf_16_of(head)
    if encoding:
        file.seek(2 if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else 0)
        yield from _read_text(file, codecs.getincrementaldecoder(encoding)(errors="replace"))
        return
    file.seek(len(codecs.BOM_UTF8) if head.startswith(codecs.BOM_UTF8) else 0)
    if b"\r" in head and b"\n" not in head:
        yield from _read_after_returns(file)
        return
    while line := file.readline(LINE_MAX_BYTES):
        yield decode_text(line)


def _utf_16_of(head: bytes) -> str:
    """The kind of UTF-16, "" where it is none. Without a mark it is known by its first two letters, a header's."""
    if head.startswith(codecs.BOM_UTF16_LE) or (head[1:4:2] == b"\0\0" and b"\0" not in head[:4:2]):
        return "utf-16-le"
    if head.startswith(codecs.BOM_UTF16_BE) or (head[:4:2] == b"\0\0" and b"\0" not in head[1:4:2]):
        return "utf-16-be"
    return ""


def _read_after_returns(file: IO[bytes]) -> Iterator[str]:
    pending = b""
    while piece := file.read(_HEAD_BYTES):
        *whole, pending = (pending + piece).split(b"\r")
        for line in whole:
            yield decode_text(line) + "\n"
        if len(pending) > LINE_MAX_BYTES:
            yield decode_text(pending)
            pending = b""
    if pending:
        yield decode_text(pending)


def _read_text(file: IO[bytes], decoder: codecs.IncrementalDecoder) -> Iterator[str]:
    pending = ""
    while piece := file.read(io.DEFAULT_BUFFER_SIZE):
        *whole, pending = (pending + decoder.decode(piece)).split("\n")
        for line in whole:
            yield line + "\n"
        if len(pending) > LINE_MAX_BYTES:
            yield pending
            pending = ""
    pending += decoder.decode(b"", final=True)
    if pending:
        yield pending
