"""What a command prints: JSON for programs, tables and lines for people. Rich is loaded only for a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from chaupal.cli.failures import plain

_WIDER_THAN_ANY_TABLE = 10_000
_LINE_MAX_CHARACTERS = 60


def print_json(value: object) -> None:
    """One JSON document, indented, and nothing else."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")


def print_facts(facts: Iterable[tuple[str, object]]) -> None:
    """Names and values, one a line; what is empty is left out."""
    shown = [(name, _cell(value)) for name, value in facts]
    shown = [(name, value) for name, value in shown if value]
    width = max((len(name) for name, _ in shown), default=0)
    for name, value in shown:
        print(f"{name:<{width}}  {value}")


def print_table(headers: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> None:
    """A table: drawn on a terminal, else one line a row with columns that two blanks separate."""
    cells = [[_cell(value) for value in row] for row in rows]
    if not cells:
        print(empty)
    elif sys.stdout.isatty():
        _draw(headers, cells)
    else:
        widths = [max(len(row[index]) for row in [list(headers), *cells]) for index in range(len(headers))]
        for row in [list(headers), *cells]:
            print("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())


def one_line(text: str) -> str:
    """The beginning of a text that may be long, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= _LINE_MAX_CHARACTERS else line[: _LINE_MAX_CHARACTERS - 1] + "…"


def _draw(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD)
    for header in headers:
        table.add_column(Text(header), no_wrap=True)
    for row in rows:
        table.add_row(*[Text(cell) for cell in row])  # as text: brackets in a name are no markup
    # A narrower terminal wraps the lines by itself: an id that the table cuts in two could not be copied.
    needed_width = Console(width=_WIDER_THAN_ANY_TABLE).measure(table).maximum
    console = Console()
    console.width = max(console.width, needed_width)
    console.print(table)


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M UTC")
    if isinstance(value, list):
        return plain(", ".join(map(str, value)))
    return plain(str(value))
