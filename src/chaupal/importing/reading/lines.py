"""The lines of a file as text, in whichever encoding the file is, with memory for one line alone."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from typing import IO

from chaupal.wire.text import decode_text

LINE_MAX_BYTES = 4 * 1024 * 1024
"""Longer than any text that was ever sent; of a file without line feeds so much is in memory at once."""


def read_lines(file: IO[bytes]) -> Iterator[str]:
    """Each line with its ending. UTF-16 where it begins with that mark; else each line by itself UTF-8 or Windows-1252,
    because what was put together of several files is in several encodings. Lines end at line feeds alone: a text holds
    other ends of lines as they are. One that is longer than 4 MiB comes in pieces.
    """
    head = file.read(len(codecs.BOM_UTF8))
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        yield from _read_utf_16(head, file)
        return
    begun = b"" if head == codecs.BOM_UTF8 else head
    while line := begun + (b"" if begun.endswith(b"\n") else file.readline(LINE_MAX_BYTES)):
        first, feed, rest = line.partition(b"\n") if begun else (line, b"", b"")
        yield decode_text(first + feed)
        begun = rest


def _read_utf_16(head: bytes, file: IO[bytes]) -> Iterator[str]:
    encoding = "utf-16-le" if head.startswith(codecs.BOM_UTF16_LE) else "utf-16-be"
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    pending = decoder.decode(head[2:])
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
