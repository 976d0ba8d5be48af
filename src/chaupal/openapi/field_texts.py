"""What the pages in docs/api say of the fields of each call, read from their tables.

A call's section is the one under the heading `## METHOD /path`. In it a table whose first heading is `body`, `query` or
`form` tells of the request; one whose first heading begins with `answer` or `field` tells of the answer, in the whole
page. The first cell of a row names one field or several, in backquotes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from chaupal.openapi.examples import key_of
from chaupal.serving.routes import Route

_OF_REQUEST = ("body", "query", "form")
_OF_ANSWER = ("answer", "field")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")


@dataclass
class _Texts:
    of_request: dict[str, str] = field(default_factory=dict)
    of_answer: dict[str, str] = field(default_factory=dict)


class PageTexts:
    """The fields' texts of all pages in a folder."""

    def __init__(self, folder: Path) -> None:
        self._sections: dict[str, _Texts] = {}
        self._pages: dict[str, _Texts] = {}
        for path in sorted(folder.glob("*.md")):
            whole = _Texts()
            for heading, text in _sections(path.read_text()):
                self._sections[heading] = section = _Texts()
                self._pages[heading] = whole
                _read_tables(text, section, whole)

    def of_request(self, route: Route, name: str) -> str:
        """Of a field of the call's body or query; "" where its section says nothing."""
        section = self._sections.get(key_of(route), _Texts())
        return section.of_request.get(name, "")

    def of_answer(self, route: Route, name: str) -> str:
        """Of a field of the call's answer: what its section says, else its page."""
        section, page = self._sections.get(key_of(route), _Texts()), self._pages.get(key_of(route), _Texts())
        return section.of_answer.get(name) or page.of_answer.get(name, "")


def _sections(text: str) -> Iterator[tuple[str, str]]:
    """(heading, text below it) of each section of the second level."""
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        heading, _, below = section.partition("\n")
        yield heading.strip(), below


def _read_tables(text: str, section: _Texts, page: _Texts) -> None:
    for table in re.findall(r"(?:^\|.*\n)+", text, flags=re.MULTILINE):
        (heading, *_), _, *rows = (_cells(line) for line in table.splitlines())
        for first, *others in rows:
            meaning = _LINK.sub(r"\1", " ".join(others)).strip()
            if not meaning:
                continue
            for name in re.findall(r"`(\w+)`", first):
                if heading.startswith(_OF_REQUEST):
                    section.of_request.setdefault(name, meaning)
                elif heading.startswith(_OF_ANSWER):
                    section.of_answer.setdefault(name, meaning)
                    page.of_answer.setdefault(name, meaning)


def _cells(line: str) -> list[str]:
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line.strip())[1:-1]]
