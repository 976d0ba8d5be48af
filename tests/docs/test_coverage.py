"""Every call of the API has its section, which names every field; and what the pages name exists."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from msgspec import inspect

from chaupal.app import ALL_ROUTES
from chaupal.members.shapes import ResultAnswer
from chaupal.serving.routes import Route
from chaupal.settings import CONFIG_NAME, describe_settings
from tests.docs.pages import ALL, API, DOCS, Page, page
from tools.write_docs import all_commands

ROUTES = [pytest.param(route, id=f"{route.method} {route.path}") for route in ALL_ROUTES]


class Inner(msgspec.Struct, rename="camel"):
    """A struct inside a list."""

    one_name: str


class Outer(msgspec.Struct):
    """What holds it."""

    inner: list[Inner] | None


def section_of(route: Route) -> tuple[Page, str]:
    heading = f"{route.method} {route.path}"
    found = [(shown, shown.sections(2)[heading]) for shown in API if heading in shown.sections(2)]
    assert len(found) == 1, f"docs/api has {len(found)} sections '{heading}'"
    return found[0]


def field_names(shape: Any) -> set[str]:
    """The names on the wire, those of structs inside included."""
    return set(_names(inspect.type_info(shape), set()))


def _names(described: inspect.Type, seen: set[type]) -> Iterator[str]:
    match described:
        case inspect.StructType():
            if described.cls in seen:
                return
            seen.add(described.cls)
            for each in described.fields:
                yield each.encode_name
                yield from _names(each.type, seen)
        case inspect.ListType():
            yield from _names(described.item_type, seen)
        case inspect.UnionType():
            for each_type in described.types:
                yield from _names(each_type, seen)
        case _:
            return


def missing(names: set[str], text: str) -> list[str]:
    return sorted(name for name in names if f"`{name}`" not in text and f'"{name}"' not in text)


class TestApiPages:
    @pytest.mark.parametrize("route", ROUTES)
    def test_each_call_has_a_section_with_every_field_it_takes(self, route: Route) -> None:
        _, section = section_of(route)
        for shape in filter(None, (route.body, route.query)):
            tables = "".join(re.findall(r"^\|.*$", section, re.MULTILINE))
            assert missing(field_names(shape), tables) == []
            spellings: dict[str, str] = getattr(shape, "spellings", {})
            assert missing(set(spellings), section) == []

    @pytest.mark.parametrize("route", ROUTES)
    def test_each_page_names_every_field_that_comes_back(self, route: Route) -> None:
        shown, _ = section_of(route)
        text = shown.text
        if route.reply is ResultAnswer:  # all pages use it; one tells of its failures
            text += page("docs/api/members.md").text
        assert missing(field_names(route.reply), text) == []

    @pytest.mark.parametrize("route", ROUTES)
    def test_each_section_says_what_the_call_needs(self, route: Route) -> None:
        _, section = section_of(route)
        expected = f"<!-- generated: needs {route.call} -->" if route.call else "Needs no token"
        assert expected in section or route.path == "/accessToken"

    @pytest.mark.parametrize("route", ROUTES)
    def test_each_call_is_shown(self, route: Route) -> None:
        _, section = section_of(route)
        assert f"```http\n{route.method} " in section or f"\n{route.method} /v1" in section

    @pytest.mark.parametrize("shown", API, ids=lambda shown: shown.name)
    def test_no_section_is_about_a_call_that_is_not_there(self, shown: Page) -> None:
        known = {f"{route.method} {route.path}" for route in ALL_ROUTES}
        calls = {heading for heading in shown.sections(2) if re.match(r"(GET|POST|PUT|DELETE) /", heading)}
        assert calls <= known

    def test_the_index_leads_to_every_page(self) -> None:
        index = page("docs/index.md")
        linked = {(index.path.parent / link.split("#")[0]).resolve() for link in index.links}
        assert [shown.name for shown in DOCS if shown.path not in linked and shown.name != index.name] == []


class TestNames:
    @pytest.mark.parametrize("shown", ALL, ids=lambda shown: shown.name)
    def test_every_setting_named_exists(self, shown: Page) -> None:
        known = {setting.variable for setting in describe_settings()} | {CONFIG_NAME, "CHAUPAL_SPEC_DIR"}
        named = set(re.findall(r"\bCHAUPAL_[A-Z_]*[A-Z]\b", shown.text))
        assert sorted(name for name in named - known if not name.startswith("CHAUPAL_TEST_")) == []

    @pytest.mark.parametrize("shown", ALL, ids=lambda shown: shown.name)
    def test_every_command_named_exists(self, shown: Page) -> None:
        codes = [code for code in shown.codes if code.startswith("chaupal ")]
        for block in shown.blocks:
            if block.language == "bash":
                joined = block.text.replace("\\\n", " ")
                codes += re.findall(r"(?:^|bin/)(chaupal [a-z][^\n)]*)", joined, re.MULTILINE)
        for code in codes:
            check_command(code)


def check_command(code: str) -> None:
    """The words and options of a command line are those of a command."""
    words = shlex.split(code)[1:]
    known = dict(all_commands())
    groups = {path.split()[0] for path in known if " " in path}
    path = " ".join(words[:2]) if words[0] in groups else words[0]
    if path in groups:
        return
    assert path in known, code
    options = {option for parameter in known[path].params for option in parameter.opts}
    assert [word for word in words if word.startswith("--") and word not in options] == [], code


class TestFieldNames:
    def test_names_inside_lists_are_found(self) -> None:
        assert field_names(Outer) == {"inner", "oneName"}
