"""What lies at a path: which files are of which form, and in which order they are to be read.

Groups come before who is in them, and people before what was said, so that a sender's name is known when a message says
it. Nothing is read twice but the first lines of each file.
"""

from __future__ import annotations

import itertools
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import IO

import msgspec

from chaupal.importing.headers import MESSAGE_HEADERS
from chaupal.importing.reading.columns import DELIMITERS, Columns, find_columns
from chaupal.importing.reading.findings import Finding
from chaupal.importing.reading.json_lines import JsonLines
from chaupal.importing.reading.known_people import KnownPeople
from chaupal.importing.reading.lines import read_lines
from chaupal.importing.reading.mapping import Mapping
from chaupal.importing.reading.people_lists import (
    PeopleList,
    is_group_list,
    is_parent_list,
    is_people_list,
    numbers_alone,
)
from chaupal.importing.reading.response_reports import ResponseReport
from chaupal.importing.reading.saved_files import SavedFiles, read_saved_name
from chaupal.importing.reading.tenant_export import TenantExport, is_tenant_export

ZIP = ".zip"
JSON_LINES = (".jsonl", ".ndjson")
TABLES = (".csv", ".tsv", ".txt")
_HEADER_LINES_MAX = 20
_SPREADSHEET_HINT = re.compile(r'"?sep=.?"?', re.IGNORECASE)
"""What tells Excel which delimiter follows. Evidence: files that were made for it by hand."""


class Form(IntEnum):
    """What a file holds, in the order of reading."""

    GROUPS = 0
    PEOPLE = 1
    PARENTS = 2
    JSON = 3
    MESSAGES = 4
    FILES = 5
    REPORT = 6


class Source(msgspec.Struct, frozen=True):
    """A file of a form, or a folder of saved files. `columns` only of tables; `header_lines` are above their rows."""

    path: Path
    form: Form
    columns: Columns | None
    header_lines: int
    size_bytes: int
    member: str = ""
    """The name of a table in a ZIP file."""
    delimiter: str = ""
    """Of a report, whose header may have several lines."""

    @property
    def shown(self) -> str:
        """As a report of the import names it."""
        return f"{self.path}/{self.member}" if self.member else str(self.path)


class Unrecognised(msgspec.Struct, frozen=True):
    """A file of which it is not known what it holds."""

    path: Path
    reason: str


class Sources(msgspec.Struct, frozen=True):
    """Everything at a path, in the order of reading."""

    files: list[Source]
    unrecognised: list[Unrecognised]
    folders: list[Path]
    """Those that hold saved attachments."""

    @property
    def size_bytes(self) -> int:
        """Of all files that will be read."""
        return sum(source.size_bytes for source in self.files)


class PathRefused(ValueError):
    """There is nothing at the path that could be read; the message says why."""


def find_sources(path: Path, mapping: Mapping) -> Sources:
    """The files at a path, which is a file or a folder with everything in it.

    Raises:
        PathRefused: there is no file that could be read.
    """
    if not path.exists():
        raise PathRefused(f"There is nothing at {path}")
    files = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
    found: list[Source | Unrecognised] = []
    folders: dict[Path, int] = {}
    for file in files:
        if path.is_dir() and read_saved_name(file.name) is not None:
            folders[file.parent] = folders.get(file.parent, 0) + file.stat().st_size
            continue
        suffix = file.suffix.lower()
        if suffix == ZIP:
            found += _sources_in(file)
        elif suffix in (*JSON_LINES, *TABLES) and not file.name.startswith("."):
            found.append(_source_of(file, mapping))
        elif file == path:
            known_forms = ", ".join((*TABLES, *JSON_LINES, ZIP))
            raise PathRefused(f"{path} is no file of a form that is known: {known_forms}")
    found += [Source(folder, Form.FILES, None, 0, size_bytes) for folder, size_bytes in folders.items()]
    if not found:
        raise PathRefused(f"There is no file in {path} that could be read")
    known = [each for each in found if isinstance(each, Source)]
    unknown = [each for each in found if isinstance(each, Unrecognised)]
    return Sources(sorted(known, key=lambda source: (source.form, str(source.path))), unknown, sorted(folders))


def _source_of(file: Path, mapping: Mapping) -> Source | Unrecognised:
    size_bytes = file.stat().st_size
    if file.suffix.lower() in JSON_LINES:
        return Source(file, Form.JSON, None, 0, size_bytes)
    with file.open("rb") as opened:
        head = list(itertools.islice(read_lines(opened), _HEADER_LINES_MAX))
    if not head:
        return Unrecognised(file, "the file is empty")
    delimiter = _delimiter_of_report(head[0])
    if delimiter:
        return Source(file, Form.REPORT, None, 0, size_bytes, delimiter=delimiter)
    above = 1 if len(head) > 1 and _SPREADSHEET_HINT.fullmatch(head[0].strip()) else 0
    found = (_columns_of(head[above], delimiter, mapping) for delimiter in DELIMITERS)
    best = max(found, key=lambda columns: (len(columns.places), len(columns.headers)))
    form = _form_of(best)
    if form is not None:
        return Source(file, form, best, above + 1, size_bytes)
    headless = _without_header(head[above], mapping)
    if headless is not None:
        return Source(file, headless[0], headless[1], above, size_bytes)
    shown = ", ".join(f"'{header}'" for header in best.headers[:10])
    return Unrecognised(file, f"its columns are not recognised; name them in the map file, under [columns]: {shown}")


def _sources_in(file: Path) -> list[Source | Unrecognised]:
    """The reports in a ZIP file."""
    found: list[Source | Unrecognised] = []
    try:
        with zipfile.ZipFile(file) as archive:
            for entry in archive.infolist():
                if not entry.filename.lower().endswith(TABLES):
                    continue
                with archive.open(entry) as opened:
                    head = next(read_lines(opened), "")
                delimiter = _delimiter_of_report(head)
                if delimiter:
                    size_bytes = entry.compress_size
                    made = Source(file, Form.REPORT, None, 0, size_bytes, member=entry.filename, delimiter=delimiter)
                    found.append(made)
                else:
                    found.append(Unrecognised(file, f"{entry.filename} in it is no response report"))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, zlib.error) as error:
        found.append(Unrecognised(file, f"it cannot be read as a ZIP file: {error}"))
    return found or [Unrecognised(file, "it holds no response report")]


def _delimiter_of_report(first_line: str) -> str:
    """The delimiter of a response report; "" where a file with this first line is none."""
    match = _REPORT.match(first_line)
    return match["delimiter"] if match is not None else ""


_REPORT = re.compile(
    r"""[\s"]*responder\s*name[ "]*(?P<delimiter>[,\t;|])[\s"]*group\s*name[ "]*(?P=delimiter)""", re.IGNORECASE
)


def _columns_of(first_line: str, delimiter: str, mapping: Mapping) -> Columns:
    """Columns of a header of one line; quotation marks around the names are none of theirs."""
    cells = [cell.strip().strip('"').strip() for cell in first_line.strip("\r\n").split(delimiter)]
    return find_columns(cells, delimiter, mapping.columns)


def _form_of(columns: Columns) -> Form | None:
    if is_tenant_export(columns):
        return Form.MESSAGES
    if is_parent_list(columns):
        return Form.PARENTS
    if is_group_list(columns):
        return Form.GROUPS
    return Form.PEOPLE if is_people_list(columns) else None


def _without_header(first_line: str, mapping: Mapping) -> tuple[Form, Columns] | None:
    """The usual columns, where the first line is a message already, or a number."""
    for delimiter in DELIMITERS:
        columns = find_columns(MESSAGE_HEADERS, delimiter, {})
        cells = re.split(re.escape(delimiter), first_line.strip("\r\n"))
        if TenantExport(columns, mapping, KnownPeople({}, "")).fit(cells) is not None:
            return Form.MESSAGES, columns
        numbers = numbers_alone(first_line, delimiter, mapping.country)
        if numbers is not None:
            return Form.PEOPLE, numbers
    return None


def read_source(
    source: Source, file: IO[bytes], mapping: Mapping, people: KnownPeople, saved: SavedFiles
) -> Iterator[Finding]:
    """Everything in an opened file, in its order."""
    if source.form is Form.REPORT:
        yield from _report_of(source, mapping, people).read()
        return
    lines = read_lines(file)
    if source.columns is None:
        yield from JsonLines(mapping, people).read(lines)
        return
    below, first_line = itertools.islice(lines, source.header_lines, None), source.header_lines + 1
    if source.form is Form.MESSAGES:
        yield from TenantExport(source.columns, mapping, people, saved).read(below, first_line=first_line)
    else:
        yield from PeopleList(source.columns, mapping, people).read(below, first_line=first_line)


def _report_of(source: Source, mapping: Mapping, people: KnownPeople) -> ResponseReport:
    """A report's survey is called as its file is."""
    title = Path(source.member or source.path).stem
    return ResponseReport(
        lambda: _opened(source), title=title, delimiter=source.delimiter, mapping=mapping, people=people
    )


@contextmanager
def _opened(source: Source) -> Iterator[IO[bytes]]:
    if not source.member:
        with source.path.open("rb") as file:
            yield file
        return
    with zipfile.ZipFile(source.path) as archive, archive.open(source.member) as member:
        yield member
