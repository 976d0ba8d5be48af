"""Writes the part of the Python client that the API's document determines: answers as types, calls as methods of both
clients. Then it writes the client's reference from its code. Run it after a change of `docs/openapi.json` or of the
client; `--check` only says what is out of date.

Every method of the synchronous and the asynchronous client comes from one place, an operation of the document or a flow
in `sdk/src/chaupal_client/flows`, so the two cannot differ.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

from tools.sdk.document import Document, read_document  # noqa: E402 - found from the line above
from tools.sdk.models import write_models  # noqa: E402
from tools.sdk.resources import write_operations, write_resources  # noqa: E402

OPENAPI = PROJECT / "docs" / "openapi.json"
PACKAGE = PROJECT / "sdk" / "src" / "chaupal_client"
PAGES = (PROJECT / "docs" / "sdk-reference.md", PROJECT / "docs" / "sdk-types.md")


def main() -> None:
    if sys.argv[1:] not in ([], ["--check"]):
        sys.exit("usage: tools/write_sdk.py [--check]")
    is_check = "--check" in sys.argv
    is_changed = bring_up_to_date(wanted_files(), is_check=is_check)
    is_changed |= bring_up_to_date(wanted_pages(), is_check=is_check)
    if is_changed and is_check:
        sys.exit(1)


def bring_up_to_date(wanted: dict[Path, str], *, is_check: bool) -> bool:
    """Write the files that differ from what they should hold, or only name them; whether there were any."""
    changed = {path: text for path, text in wanted.items() if not path.is_file() or path.read_text() != text}
    for path, text in changed.items():
        if not is_check:
            path.write_text(text)
        name = path.relative_to(PROJECT)
        print(f"{name} is not what the API says: run tools/write_sdk.py" if is_check else f"{name} written")
    return bool(changed)


def wanted_pages() -> dict[Path, str]:
    """The pages of the reference with what they should hold, by the client as it is on the disk."""
    from tools.sdk.reference import write_page

    return {path: write_page(path.read_text()) for path in PAGES}


def wanted_files() -> dict[Path, str]:
    """Every generated file with what it should hold, in the project's layout."""
    document: Document = read_document(json.loads(OPENAPI.read_text()))
    files = {PACKAGE / "models" / name: text for name, text in write_models(document).items()}
    files |= {PACKAGE / "resources" / name: text for name, text in write_resources(document, PACKAGE / "flows").items()}
    files[PACKAGE / "operations.py"] = write_operations(document)
    return {path: _in_layout(path, text) for path, text in files.items()}


def _in_layout(path: Path, text: str) -> str:
    ruff = [sys.executable, "-m", "ruff"]
    named = ["--stdin-filename", str(path), "-"]
    for command in ([*ruff, "check", "--quiet", "--fix", "--select", "I,F401", *named], [*ruff, "format", *named]):
        text = subprocess.run(command, cwd=PROJECT, input=text, capture_output=True, text=True, check=True).stdout
    return text


if __name__ == "__main__":
    main()
