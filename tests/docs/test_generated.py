"""What tools/write_docs.py writes into the documents is there, and is what the code says."""

from __future__ import annotations

import pytest

from chaupal.events.catalogue import EventType
from chaupal.settings import describe_settings
from tests.docs.pages import DOCS, PROJECT, page
from tools.write_docs import (
    REGIONS,
    UnknownRegion,
    all_commands,
    all_errors,
    changed_documents,
    changed_pages,
    event_makers,
    write_regions,
)


class TestWriteDocs:
    def test_the_pages_are_what_the_code_says(self) -> None:
        stale = [str(path.relative_to(PROJECT)) for path in changed_pages()]
        assert not stale, "run tools/write_docs.py"

    def test_the_openapi_document_is_what_the_code_says(self) -> None:
        stale = [str(path.relative_to(PROJECT)) for path in changed_documents()]
        assert not stale, "run tools/write_docs.py"

    @pytest.mark.parametrize("region", REGIONS)
    def test_each_region_stands_in_a_page(self, region: str) -> None:
        assert any(f"<!-- generated: {region} -->" in shown.text for shown in DOCS)

    def test_a_region_of_another_name_is_refused(self) -> None:
        with pytest.raises(UnknownRegion):
            write_regions("<!-- generated: nothing of this name -->\n<!-- end -->")

    def test_what_is_outside_the_regions_stays(self) -> None:
        text = "Before.\n\n<!-- generated: error codes -->\nstale\n<!-- end -->\n\nAfter.\n"
        written = write_regions(text)
        assert written.startswith("Before.\n\n<!-- generated: error codes -->\n|")
        assert written.endswith("|\n<!-- end -->\n\nAfter.\n")
        assert "stale" not in written
        assert write_regions(written) == written


class TestCompleteness:
    """The pages name everything that there is; the regions alone could be emptied unnoticed."""

    def test_every_setting(self) -> None:
        shown = page("docs/operate/settings.md").text
        assert [setting.variable for setting in describe_settings() if f"| `{setting.variable}` |" not in shown] == []

    def test_every_event(self) -> None:
        shown = page("docs/events.md").text
        assert [kind.value for kind in EventType if f"| `{kind.value}` |" not in shown] == []

    def test_every_event_has_a_constructor(self) -> None:
        assert set(EventType) == set(event_makers())

    def test_every_error(self) -> None:
        shown = page("docs/api/errors.md").text
        assert [error.code for error in all_errors() if f"| {error.status} | `{error.code}` |" not in shown] == []
        assert [
            error.status for error in all_errors() if f"\n| {error.status} | " not in shown.split("## Codes")[1]
        ] == []

    def test_every_command_and_option(self) -> None:
        sections = page("docs/operate/command-line.md").sections(3) | page("docs/cli.md").sections(3)
        for words, command in all_commands():
            begins = (f"`chaupal {words}`", f"`chaupal {words} ")
            [section] = [text for heading, text in sections.items() if heading.startswith(begins)]
            for parameter in command.params:
                if parameter.param_type_name == "option":
                    assert f"`{', '.join(parameter.opts)}" in section, (words, parameter.name)
