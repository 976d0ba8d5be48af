"""The pages say what the code says, and their links lead somewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("bench/*.md")])
_LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)[^)]*\)")


def test_what_is_generated_is_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, "tools/write_docs.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    links = [
        link for link in _LINK.findall(page.read_text()) if not link.startswith(("http://", "https://", "mailto:"))
    ]
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_architecture_names_every_room() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text()
    rooms = {folder.parent.name for folder in ROOT.glob("src/chaupal/*/__init__.py")}
    assert {room for room in rooms if f"`{room}/`" not in text} == set()


def test_every_route_has_its_place_in_the_docs() -> None:
    from chaupal.app import ALL_ROUTES

    text = "\n".join(page.read_text() for page in ROOT.glob("docs/api/*.md"))
    assert [route.path for route in ALL_ROUTES if route.path not in text] == []
