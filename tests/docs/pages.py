"""The pages of the documents as the tests read them: headings, links, and fenced blocks. Knows nothing of
their matter."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

PROJECT = Path(__file__).parents[2]

_FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True)
class Block:
    """A fenced block. `options` are the words behind the language, `name=value` each."""

    language: str
    options: dict[str, str]
    text: str
    line: int


@dataclass(frozen=True)
class Page:
    """One Markdown file."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.relative_to(PROJECT).as_posix()

    @cached_property
    def text(self) -> str:
        return self.path.read_text()

    @cached_property
    def prose(self) -> str:
        """The text without its fenced blocks."""
        return _FENCE.sub("", self.text)

    @property
    def blocks(self) -> list[Block]:
        return [
            Block(
                language=found[1],
                options=dict(word.split("=", 1) for word in found[2].split()),
                text=found[3],
                line=self.text.count("\n", 0, found.start()) + 1,
            )
            for found in _FENCE.finditer(self.text)
        ]

    @property
    def anchors(self) -> set[str]:
        """What a link may name behind `#`, as Git hosts make it from the headings."""
        return {
            re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for _, heading in _HEADING.findall(self.prose)
        }

    @property
    def links(self) -> list[str]:
        return _LINK.findall(self.prose)

    @property
    def codes(self) -> list[str]:
        """What stands between single backquotes."""
        return _CODE.findall(self.prose)

    def sections(self, level: int) -> dict[str, str]:
        """The text below each heading of this level, up to the next of the same or a higher one."""
        text = self.text
        headings = [found for found in _HEADING.finditer(text) if len(found[1]) <= level]
        ends = [found.start() for found in headings[1:]] + [len(text)]
        return {
            found[2]: text[found.end() : end]
            for found, end in zip(headings, ends, strict=True)
            if len(found[1]) == level
        }


README = Page(PROJECT / "README.md")
ARCHITECTURE = Page(PROJECT / "ARCHITECTURE.md")
DOCS = [Page(path) for path in sorted((PROJECT / "docs").rglob("*.md"))]
API = [page for page in DOCS if page.name.startswith("docs/api/")]
ALL = [
    README,
    ARCHITECTURE,
    *(Page(PROJECT / name) for name in ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")),
    *DOCS,
]


def page(name: str) -> Page:
    """A page by its path from the project's root."""
    return Page(PROJECT / name)
