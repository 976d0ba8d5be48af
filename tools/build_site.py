"""Builds the documents as a site of plain files, for any web server or a browser alone.

Usage: `.venv/bin/python tools/build_site.py [FOLDER]`; without a folder, into `build/site`. The contents in
docs/index.md are the site's navigation, so that no page is listed in two places. Pages beside docs/ (such as
ARCHITECTURE.md), and other files that the pages lead to, are put below `project/`, and links are made to fit. A link
that leads nowhere, to a page or to a heading, ends the build with exit code 1. The result loads nothing from anywhere
else: no font, no script.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
sys.path[0] = str(PROJECT)

from tests.parts.npm_packages import install_packages  # noqa: E402 - found by the line above

DOCS = PROJECT / "docs"
SOURCES = PROJECT / "tools" / "site"
BESIDE = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")
"""The pages outside of docs/."""
TRANSLATED = ("fr", "hi", "pt")
"""The folders of docs/ that are named for a language."""

_SECTION = re.compile(r"^## (.+)$")
_ENTRY = re.compile(r"^- \[([^\]]+)\]\(([^)#]+)\)")
_FENCE = re.compile(r"^```(\w+)[^\n]*$", re.MULTILINE)
_LINK = re.compile(r"(\]\()([^)\s#]+)([#)])")
_DIAGRAM = "```mermaid"
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class NotBuilt(Exception):
    """The site could not be built. Says what its builder said."""


@dataclass(frozen=True)
class Section:
    """One heading of the contents, with (title, place in the site) of each page below it."""

    title: str
    entries: tuple[tuple[str, str], ...]


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else PROJECT / "build" / "site"
    try:
        build_site(folder)
    except NotBuilt as error:
        sys.exit(str(error))
    print(f"The site is in {folder}; begin with {folder / 'index.html'}.")


def build_site(folder: Path) -> None:
    """Build the site into `folder`, which is made anew.

    Raises:
        NotBuilt: a link leads nowhere, or the builder failed otherwise.
        NotInstalled: what draws diagrams could not be installed.
    """
    with tempfile.TemporaryDirectory(prefix="chaupal-site-") as made:
        workshop = Path(made)
        stage(workshop / "pages")
        (workshop / "zensical.toml").write_text(_configuration(contents()))
        builder = Path(sys.executable).with_name("zensical")
        done = subprocess.run(
            [builder, "build", "--strict"],
            cwd=workshop,
            env={**os.environ, "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise NotBuilt(_COLOURS.sub("", done.stdout + done.stderr))
        _name_languages(workshop / "site")
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(workshop / "site", folder)


def _name_languages(site: Path) -> None:
    """Say of the translated pages which language they are in: for those who listen, and for hyphens and glyphs."""
    for language in TRANSLATED:
        for page in (site / language).rglob("*.html"):
            page.write_text(page.read_text().replace('<html lang="en"', f'<html lang="{language}"', 1))


def stage(pages: Path) -> None:
    """Put everything that the site is made of into one folder, with its links as they are there."""
    shutil.copytree(DOCS, pages)
    shutil.copytree(SOURCES, pages, dirs_exist_ok=True, ignore=lambda _folder, names: set(names) - _OWN)
    (pages / "project").mkdir()
    for source in (*sorted(DOCS.rglob("*.md")), *(PROJECT / name for name in BESIDE)):
        text = source.read_text()
        (pages / place_of(source)).write_text(staged_text(text, source))
        for linked in _files_beside(text, source):
            copied = pages / place_of(linked)
            copied.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(linked, copied)
    drawn = install_packages(SOURCES, "site") / "node_modules" / "mermaid"
    shutil.copy(drawn / "dist" / "mermaid.min.js", pages / "mermaid.min.js")
    shutil.copy(drawn / "LICENSE", pages / "mermaid.LICENSE.txt")


_OWN = {"icon.svg", "site.css"}
"""What of the sources is part of the site."""


def place_of(source: Path) -> str:
    """Where a file of the project stands in the site, from its root."""
    if source.is_relative_to(DOCS):
        return source.relative_to(DOCS).as_posix()
    name = source.relative_to(PROJECT).as_posix()
    return f"project/{name.lower() if name in BESIDE else name}"


def staged_text(text: str, source: Path) -> str:
    """A page as the builder takes it: links that fit, fences without what the tests read, diagrams drawn from here."""
    place = place_of(source)
    text = _FENCE.sub(r"```\1", text)
    text = _LINK.sub(lambda found: found[1] + _staged_link(found[2], source, place) + found[3], text)
    if _DIAGRAM in text:
        script = _from(place, "mermaid.min.js")
        text += f'\n<script src="{script}"></script>\n'
    return text


def _staged_link(link: str, source: Path, place: str) -> str:
    target = (source.parent / link).resolve()
    return _from(place, place_of(target)) if ":" not in link and target.is_relative_to(PROJECT) else link


def _files_beside(text: str, source: Path) -> set[Path]:
    """The files outside of docs/ that a page leads to and that are no pages, such as the samples."""
    targets = {(source.parent / found[2]).resolve() for found in _LINK.finditer(text) if ":" not in found[2]}
    return {
        target
        for target in targets
        if target.is_file()
        and target.is_relative_to(PROJECT)
        and not target.is_relative_to(DOCS)
        and target.suffix != ".md"
    }


def _from(place: str, other: str) -> str:
    return Path(os.path.relpath(other, Path(place).parent)).as_posix()


def contents() -> list[Section]:
    """The sections of docs/index.md, in order."""
    found: list[tuple[str, list[tuple[str, str]]]] = []
    for line in (DOCS / "index.md").read_text().splitlines():
        if heading := _SECTION.match(line):
            found.append((heading[1], []))
        elif entry := _ENTRY.match(line):
            found[-1][1].append((entry[1], place_of((DOCS / entry[2]).resolve())))
    return [Section(title, tuple(entries)) for title, entries in found]


def _configuration(sections: list[Section]) -> str:
    template = (SOURCES / "zensical.toml").read_text()
    return template.replace("[project]", f"[project]\nnav = [{_navigation(sections)}]", 1)


def _navigation(sections: list[Section]) -> str:
    """As TOML's inline tables; its basic strings are JSON's."""

    def tables() -> Iterator[str]:
        yield '{ "Contents" = "index.md" }'
        for section in sections:
            pages = ", ".join(f"{{ {json.dumps(title)} = {json.dumps(place)} }}" for title, place in section.entries)
            yield f"{{ {json.dumps(section.title)} = [{pages}] }}"

    return ", ".join(tables())


if __name__ == "__main__":
    main()
