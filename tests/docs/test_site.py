"""The site of the documents: everything is in it, links fit where pages have moved, and a broken one ends the build."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, PROJECT, page
from tools import build_site
from tools.build_site import NotBuilt, contents, place_of, staged_text


class TestBuildSite:
    def test_every_page_is_in_it(self, tmp_path: Path) -> None:
        build_site.build_site(tmp_path / "site")
        sources = [shown.path for shown in DOCS] + [PROJECT / name for name in build_site.BESIDE]
        places = [place_of(source).removesuffix(".md") + ".html" for source in sources]
        assert len(places) == len(set(places)) > 30
        assert [place for place in places if not (tmp_path / "site" / place).is_file()] == []
        for further in (
            "mermaid.LICENSE.txt",
            "openapi.json",
            "project/LICENSE",
            "project/samples/curl/first-steps.sh",
        ):
            assert (tmp_path / "site" / further).is_file()

        for place, language in (("getting-started.html", "en"), ("hi/getting-started.html", "hi")):
            assert f'<html lang="{language}"' in (tmp_path / "site" / place).read_text()

    @pytest.mark.parametrize(
        ("added", "said"),
        [
            ("[nowhere](nowhere.md)", "page does not exist"),
            ("[no heading](getting-started.md#nowhere)", "anchor does not exist"),
        ],
    )
    def test_a_broken_link_ends_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, added: str, said: str
    ) -> None:
        copied = tmp_path / "project" / "docs"
        shutil.copytree(build_site.DOCS, copied)
        for name in build_site.BESIDE:
            shutil.copy(PROJECT / name, copied.parent)
        with (copied / "concepts.md").open("a") as opened:
            opened.write(f"\n{added}\n")
        monkeypatch.setattr(build_site, "PROJECT", copied.parent)
        monkeypatch.setattr(build_site, "DOCS", copied)
        with pytest.raises(NotBuilt, match=said):
            build_site.build_site(tmp_path / "site")
        assert not (tmp_path / "site").exists()


class TestContents:
    def test_they_are_those_of_the_index(self) -> None:
        sections = {section.title: section.entries for section in contents()}
        assert list(sections) == list(page("docs/index.md").sections(2))
        assert ("Getting started", "getting-started.md") in sections["Begin"]
        assert ("Architecture", "project/architecture.md") in sections["For contributors"]


class TestStagedText:
    def test_links_out_of_the_folder_lead_to_where_these_pages_are(self) -> None:
        text = "[a](../../ARCHITECTURE.md#rooms), [b](groups.md), [c](https://example.org/README.md)"
        staged = staged_text(text, build_site.DOCS / "api" / "members.md")
        assert staged == "[a](../project/architecture.md#rooms), [b](groups.md), [c](https://example.org/README.md)"

    def test_links_into_it_lead_back(self) -> None:
        staged = staged_text("[a](docs/api/groups.md#post-groups) [b](LICENSE)", PROJECT / "README.md")
        assert staged == "[a](../api/groups.md#post-groups) [b](LICENSE)"

    def test_a_file_beside_keeps_its_place_below_the_projects(self) -> None:
        staged = staged_text("[a](../samples/curl/first-steps.sh)", build_site.DOCS / "samples.md")
        assert staged == "[a](project/samples/curl/first-steps.sh)"

    def test_what_only_the_tests_read_is_left_out_of_fences(self) -> None:
        text = "```http as=+919876500001\nGET /v1/groups\n```\n"
        assert staged_text(text, build_site.DOCS / "concepts.md") == "```http\nGET /v1/groups\n```\n"

    def test_a_page_with_a_diagram_brings_along_what_draws_it(self) -> None:
        staged = staged_text("```mermaid\ngraph\n```\n", build_site.DOCS / "api" / "groups.md")
        assert staged.endswith('<script src="../mermaid.min.js"></script>\n')
