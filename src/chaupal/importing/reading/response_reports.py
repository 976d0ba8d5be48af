"""Response reports: the answers to a survey as a table, one of a ZIP file's or by itself. Contract, section 14.

Its columns are who answered and in which group, then the questions, then place and times. It is read twice: when a
survey was first and last answered is known only at the end of the file.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import IO

import msgspec

from chaupal.importing.reading.columns import Columns, Field, find_columns, passed_over
from chaupal.importing.reading.findings import EXCERPT_CHARS, Finding, Found, Problem
from chaupal.importing.reading.known_people import KnownPeople
from chaupal.importing.reading.lines import read_lines
from chaupal.importing.reading.mapping import Mapping
from chaupal.importing.reading.rows import Row, RowForm, Stray, notes_of, read_header, read_rows
from chaupal.importing.reading.texts import Unreadable, storable
from chaupal.importing.records import PersonReference, ResponseRecord, SurveyRecord

SENDER = "Kaizala"
"""Who has sent the survey is in no report."""

_LATITUDE_MAX, _LONGITUDE_MAX = 90.0, 180.0


class _Span(msgspec.Struct):
    """When a group's answers came, from the first to the last, in microseconds."""

    first_us: int
    last_us: int


class ResponseReport:
    """One report. `opened` opens it anew each time; `title` is what the survey is called."""

    def __init__(
        self,
        opened: Callable[[], AbstractContextManager[IO[bytes]]],
        *,
        title: str,
        delimiter: str,
        mapping: Mapping,
        people: KnownPeople,
    ) -> None:
        self._opened = opened
        self._title = title
        self._delimiter = delimiter
        self._mapping = mapping
        self._people = people
        self._columns = Columns((), {}, delimiter)
        self._questions: list[int] = []

    def read(self) -> Iterator[Finding]:
        """The surveys that it holds, one for each group, then their answers and what could not be read."""
        spans: dict[str, _Span] = {}
        for row in self._rows():
            if isinstance(row, Row):
                at_us = self._time_of(row.cells)
                group = self._group_of(row.cells)
                span = spans.setdefault(group, _Span(at_us, at_us))
                span.first_us, span.last_us = min(span.first_us, at_us), max(span.last_us, at_us)
        for group, span in spans.items():
            yield Found(self._survey_of(group, span), 1)
        yield from passed_over(self._columns, sorted({*self._columns.unknown} - {*self._questions}))
        counted: Counter[str] = Counter()
        for row in self._rows():
            if isinstance(row, Stray):
                reason = "no row: its response time is none, and no answer stands above it that it could belong to"
                yield Problem(row.line, reason, row.text[:EXCERPT_CHARS])
                continue
            try:
                yield self._response_of(row, counted)
            except Unreadable as error:
                yield Problem(row.line, str(error), self._delimiter.join(row.cells)[:EXCERPT_CHARS])

    def _rows(self) -> Iterator[Row | Stray]:
        with self._opened() as file:
            lines = read_lines(file)
            headers, line_count = read_header(lines, self._delimiter)
            self._columns = find_columns(headers, self._delimiter, {})
            last = self._columns.places.get(Field.LATITUDE, self._columns.places[Field.RESPONDED_AT])
            self._questions = [place for place in self._columns.unknown if place < last]
            text_column = self._questions[-1] if self._questions else None
            form = RowForm(self._delimiter, self._fit, text_column)
            yield from read_rows(lines, form, first_line=line_count + 1)

    def _fit(self, cells: list[str]) -> list[str] | None:
        width = len(self._columns.headers)
        if len(cells) > width:
            return None
        whole = cells + [""] * (width - len(cells))
        try:
            self._time_of(whole)
        except Unreadable:
            return None
        return whole

    def _time_of(self, cells: list[str]) -> int:
        return self._mapping.times.read(self._columns.cell(cells, Field.RESPONDED_AT))

    def _group_of(self, cells: list[str]) -> str:
        return storable(self._columns.cell(cells, Field.GROUP))

    def _survey_key(self, group: str) -> str:
        said = "\n".join([self._title, group, *(self._columns.headers[place] for place in self._questions)])
        return hashlib.sha256(storable(said).encode()).hexdigest()

    def _survey_of(self, group: str, span: _Span) -> SurveyRecord:
        return SurveyRecord(
            group=self._mapping.group(group),
            sender=PersonReference(name=SENDER),
            sent_at_us=span.first_us,
            closed_at_us=span.last_us,
            derived_from=self._survey_key(group),
            title=storable(self._title),
            questions=tuple(storable(self._columns.headers[place]) for place in self._questions),
        )

    def _response_of(self, row: Row, counted: Counter[str]) -> Found:
        cell = self._columns.cell
        group, responder = self._group_of(row.cells), storable(cell(row.cells, Field.RESPONDER))
        if not group:
            raise Unreadable("the group has no name")
        survey = self._survey_key(group)
        answers = tuple(storable(row.cells[place]) for place in self._questions)
        at_us = self._time_of(row.cells)
        said = hashlib.sha256("\n".join([survey, responder, str(at_us), *answers]).encode()).hexdigest()
        counted[said] += 1
        latitude = _degrees(cell(row.cells, Field.LATITUDE), _LATITUDE_MAX)
        longitude = _degrees(cell(row.cells, Field.LONGITUDE), _LONGITUDE_MAX)
        place = storable(cell(row.cells, Field.PLACE))
        record = ResponseRecord(
            survey=survey,
            responder=self._people.meant_by(responder) if responder else None,
            responded_at_us=at_us,
            derived_from=said if counted[said] == 1 else f"{said}*{counted[said]}",
            answers=answers,
            latitude=latitude,
            longitude=longitude,
            place=place,
        )
        notes = notes_of(row, "response time")
        if place and (latitude is None or longitude is None):
            notes.append(f"its place was left out, for it has no coordinates: {place}")
        return Found(record, row.line, "; ".join(notes))


def _degrees(text: str, most: float) -> float | None:
    try:
        degrees = float(text.replace(",", "."))
    except ValueError:
        return None
    return degrees if -most <= degrees <= most else None
