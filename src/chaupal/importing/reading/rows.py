"""Rows of comma- or tab-separated text, also of broken ones. Source: contract, section 14.

What is well-formed is read as such, whatever its cells hold. Of the rest nothing is dropped: a line that begins no row
belongs to the text before it, a quotation mark that is never closed ends where the next row begins, and what belongs
nowhere comes as it is (`Stray`). Knows no column by name.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import Enum

import msgspec

RECORD_MAX_LINES = 5_000
"""A quotation mark that is still open after so many lines was never meant to be one."""

_UNSURE_MAX_LINES = 20
"""Where it is not yet known whether a row begins at all: a name may hold a line feed, and hardly more than a few."""

_HEADER_MAX_LINES = 200

CELL_MAX_CHARS = 1_000_000
"""No text was ever as long; what follows it is reported by itself, so that memory stays small."""


class Row(msgspec.Struct):
    """A row: its first line in the file, its cells in the header's order, and how many loose lines were added."""

    line: int
    cells: list[str]
    joined_lines: int = 0
    is_mended: bool = False
    """A quotation mark was missing or not doubled, or there was none around a cell that needed it."""


class Stray(msgspec.Struct, frozen=True):
    """Lines that belong to no row."""

    line: int
    text: str


class RowForm(msgspec.Struct, frozen=True):
    """What rows of a file look like. `fit` gives a row's cells, as many as there are columns, or None where they are no
    row; `text_column` is the one that takes loose lines, None where they belong nowhere."""

    delimiter: str
    fit: Callable[[list[str]], list[str] | None]
    text_column: int | None


class _State(Enum):
    CLOSED = 0
    OPEN = 1


class _Scan:
    """The cells of one row, fed line by line.

    `is_broken`: inside quotation marks there was one that a program which doubles them would not have written.
    """

    def __init__(self, delimiter: str) -> None:
        self.cells: list[str] = []
        self.state = _State.CLOSED
        self.is_broken = False
        self._delimiter = delimiter
        self._parts: list[str] = []

    def feed(self, line: str) -> _State:
        """Go on with a line, which has its ending."""
        body = line.rstrip("\n").removesuffix("\r")
        at = 0
        if self.state is not _State.CLOSED:
            at = self._quoted(line, len(body), 0)
            if at < 0 or at > len(body):
                return self.state
        self._plain(line, body, at)
        return self.state

    def _plain(self, line: str, body: str, at: int) -> None:
        """Cells from a place where one begins."""
        while True:
            if body.startswith('"', at):
                self.state = _State.OPEN
                at = self._quoted(line, len(body), at + 1)
                if at < 0 or at > len(body):
                    return
                continue
            end = body.find(self._delimiter, at)
            if end < 0:
                self.cells.append(body[at:])
                return
            self.cells.append(body[at:end])
            at = end + 1

    def _quoted(self, line: str, end: int, at: int) -> int:
        """Read inside quotation marks; where the next cell begins, beyond the end where none does, -1 while open."""
        begin = at
        while True:
            mark = line.find('"', begin)
            if mark < 0:
                self._parts.append(line[at:])
                return -1
            if line.startswith('""', mark):
                self._parts.append(line[at : mark + 1])
                at = begin = mark + 2
                continue
            if mark + 1 == end or line.startswith(self._delimiter, mark + 1):
                self._parts.append(line[at:mark])
                self.cells.append("".join(self._parts))
                self._parts = []
                self.state = _State.CLOSED
                return mark + 2
            self.is_broken = True
            begin = mark + 1

    def torn(self) -> list[str]:
        """The cells where the last one was never closed: its quotation mark is text."""
        text = '"' + "".join(self._parts)
        return [*self.cells, text.rstrip("\r\n")]


def notes_of(row: Row, without: str) -> list[str]:
    """What had to be mended of a row, in words; a loose line is one `without` this."""
    notes = []
    if row.joined_lines:
        notes.append(f"{row.joined_lines} lines without a {without} below it were taken as part of its text")
    if row.is_mended:
        notes.append("quotation marks were missing in it")
    return notes


def read_header(lines: Iterable[str], delimiter: str) -> tuple[list[str], int]:
    """The cells of the first row, which may hold line feeds, and how many lines it has; at most 200."""
    scan = _Scan(delimiter)
    count = 0
    for line in lines:
        count += 1
        if scan.feed(line) is _State.CLOSED or count >= _HEADER_MAX_LINES:
            break
    return (scan.cells if scan.state is _State.CLOSED else scan.torn()), count


def read_rows(lines: Iterable[str], form: RowForm, *, first_line: int = 1) -> Iterator[Row | Stray]:
    """The rows of a file below its header, in order."""
    reader, text_column = _Reader(lines, form, first_line), form.text_column
    last: Row | None = None
    blank = 0
    while (line := reader.next()) is not None:
        number = reader.number
        row = reader.row_from(line)
        if row is not None:
            if last is not None:
                yield last
            last, blank = row, 0
        elif not line.strip():
            blank += 1
        elif last is None or text_column is None or len(last.cells[text_column]) > CELL_MAX_CHARS:
            yield Stray(number, line.rstrip("\r\n"))
        else:
            # Blank lines are part of a text only where it goes on below them.
            last.cells[text_column] += "\n" * (blank + 1) + line.rstrip("\r\n")
            last.joined_lines += 1 + blank
            blank = 0
    if last is not None:
        yield last


class _Reader:
    """Lines that can be put back, and rows that are tried on them."""

    def __init__(self, lines: Iterable[str], form: RowForm, first_line: int) -> None:
        self._lines = iter(lines)
        self._put_back: deque[str] = deque()
        self._form = form
        self._next_number = first_line
        self.number = first_line

    def next(self) -> str | None:
        """The next line; its number is in `number`."""
        line = self._put_back.popleft() if self._put_back else next(self._lines, None)
        if line is not None:
            self.number = self._next_number
            self._next_number += 1
        return line

    def _return(self, lines: Sequence[str]) -> None:
        self._put_back.extendleft(reversed(lines))
        self._next_number -= len(lines)

    def row_from(self, line: str) -> Row | None:
        """The row that begins with this line, with as many further lines as belong to it; None where none begins."""
        number = self.number
        scan = _Scan(self._form.delimiter)
        if scan.feed(line) is _State.CLOSED:
            cells = self._form.fit(scan.cells)
            return None if cells is None else Row(number, cells, is_mended=len(cells) < len(scan.cells))
        return self._row_of_lines(number, line, scan)

    def _row_of_lines(self, number: int, line: str, scan: _Scan) -> Row | None:
        is_sure = self._form.fit(scan.torn()) is not None
        most_lines = RECORD_MAX_LINES if is_sure else _UNSURE_MAX_LINES
        taken = [line]
        next_start = 0
        chars = len(line)
        while scan.state is _State.OPEN and not (next_start and scan.is_broken):
            further = self.next() if len(taken) < most_lines and chars < CELL_MAX_CHARS else None
            if further is None:
                break
            if not next_start and self._begins_row(further):
                next_start = len(taken)
            taken.append(further)
            chars += len(further)
            scan.feed(further)
        is_whole = scan.state is _State.CLOSED and not (next_start and scan.is_broken)
        cells = self._form.fit(scan.cells) if is_whole else None
        if cells is None:
            return self._torn_row(number, taken, next_start)
        return Row(number, cells, is_mended=scan.is_broken or len(cells) < len(scan.cells))

    def _torn_row(self, number: int, taken: list[str], next_start: int) -> Row | None:
        """The row of a quotation mark that was never closed: up to where the next row begins; the rest is put back."""
        kept = taken[:next_start] if next_start else taken
        scan = _Scan(self._form.delimiter)
        for each in kept:
            scan.feed(each)
        cells = self._form.fit(scan.cells if scan.state is _State.CLOSED else scan.torn())
        if cells is None:
            self._return(taken[1:])
            return None
        self._return(taken[len(kept) :])
        return Row(number, cells, is_mended=True)

    def _begins_row(self, line: str) -> bool:
        scan = _Scan(self._form.delimiter)
        cells = scan.cells if scan.feed(line) is _State.CLOSED else scan.torn()
        return self._form.fit(cells) is not None
