"""The page for those who bring an old integration: every old call is in its table, and every call there exists."""

from __future__ import annotations

import re
from pathlib import Path

from chaupal.app import ALL_ROUTES
from chaupal.wire.tolerant import read_tolerant_json
from tests.docs.pages import page

PAGE = page("docs/bring-back.md")
_ROW = re.compile(r"^\| (GET|POST|PUT|DELETE) (/\S+) \| as it was", re.MULTILINE)
_ID = re.compile(r"\{[^}]*\}|[0-9a-f]{8}-[0-9a-f-]{27}")


def shape(method: str, path: str) -> str:
    """A call without its ids' names, in lower case."""
    return f"{method} {_ID.sub('{}', path).lower()}"


def test_every_call_of_the_table_is_there_and_none_twice() -> None:
    rows = [shape(method, path) for method, path in _ROW.findall(PAGE.text)]
    assert len(rows) == len(set(rows)) > 40
    served = {shape(route.method, route.path) for route in ALL_ROUTES}
    assert [row for row in rows if row not in served] == []


def test_every_call_of_the_official_reference_is_in_the_table(spec_dir: Path) -> None:
    text = (spec_dir / "kaizala-swagger.json").read_text(encoding="utf-8-sig")
    paths = read_tolerant_json(text)["paths"]  # type: ignore[index,call-overload]
    official = {shape(method.upper(), path) for path, item in paths.items() for method in item}  # type: ignore[union-attr]
    rows = {shape(method, path) for method, path in _ROW.findall(PAGE.text)}
    assert official - rows == set()
    assert len(official) == 25
