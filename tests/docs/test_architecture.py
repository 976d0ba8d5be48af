"""ARCHITECTURE.md is short, and every name in it exists."""

from __future__ import annotations

import importlib
import re

from tests.docs.pages import ARCHITECTURE, PROJECT

SOURCE = PROJECT / "src" / "chaupal"
ROOMS = {folder.parent.name for folder in SOURCE.glob("*/__init__.py")}
_DOTTED = re.compile(r"[a-z_]+(?:\.\w+)+")


def resolve(dotted: str) -> object:
    """What a name such as `store.writer.Writer` stands for.

    Raises:
        AttributeError, ModuleNotFoundError: nothing.
    """
    parts = dotted.split(".")
    for count in range(len(parts), 0, -1):
        path = SOURCE.joinpath(*parts[:count])
        if path.with_suffix(".py").exists() or (path / "__init__.py").exists():
            found: object = importlib.import_module(".".join(["chaupal", *parts[:count]]))
            for name in parts[count:]:
                found = getattr(found, name)
            return found
    raise AttributeError(f"chaupal has no {dotted}")


class TestArchitecture:
    def test_it_is_short(self) -> None:
        assert ARCHITECTURE.text.count("\n") <= 300

    def test_each_room_has_its_line_and_no_other_is_named(self) -> None:
        named = re.findall(r"^\| `(\w+)/` \| \S", ARCHITECTURE.text, re.MULTILINE)
        assert sorted(named) == sorted(ROOMS)

    def test_every_dotted_name_exists(self) -> None:
        named = [code for code in ARCHITECTURE.codes if _DOTTED.fullmatch(code) and not code.endswith(".py")]
        assert len(named) > 20
        for dotted in named:
            assert resolve(dotted) is not None, dotted

    def test_the_files_of_a_slice_are_those_that_slices_have(self) -> None:
        named = set(re.findall(r"^\| `(\w+)\.py` \|", ARCHITECTURE.text, re.MULTILINE))
        slices = [folder for folder in SOURCE.iterdir() if (folder / "routes.py").exists() and folder.name != "serving"]
        assert named == set.union(*({path.stem for path in folder.glob("*.py")} & named for folder in slices))
        assert {"routes", "rules", "queries", "tables"} <= named
