"""The OpenAPI document: valid, whole, and its examples are what the shapes read and the schemas allow."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from chaupal.app import SERVED_ROUTES
from chaupal.openapi.examples import Example, examples_of, key_of
from chaupal.openapi.failures import takes_body_of_its_own
from chaupal.openapi.paths import documented_path
from chaupal.openapi.schemas import own_schema, reference_to
from chaupal.serving.routes import JSON, Route
from tests.api.declared import assert_fits, document, operation_of, resolved
from tests.docs.pages import PROJECT

ROUTES = [pytest.param(route, id=key_of(route)) for route in SERVED_ROUTES]
_ASCII_ONLY = re.compile(r"[\x00-\x7f]*")


def all_objects(value: Any, place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object of the document, with its place."""
    if isinstance(value, dict):
        yield place, value
        for name, inner in value.items():
            yield from all_objects(inner, f"{place}/{name}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from all_objects(inner, f"{place}/{index}")


def operations() -> dict[str, dict[str, Any]]:
    return {operation_of(route)["operationId"]: operation_of(route) for route in SERVED_ROUTES}


class TestDocument:
    def test_is_valid(self) -> None:
        errors = [error.message for error in OpenAPIV31SpecValidator(document()).iter_errors()]
        assert errors == []

    def test_has_every_route_and_no_other(self) -> None:
        named = {f"{method.upper()} {path}" for path, item in document()["paths"].items() for method in item}
        assert named == {f"{route.method} {documented_path(route, SERVED_ROUTES)}" for route in SERVED_ROUTES}

    def test_has_one_name_for_one_place_in_a_path(self) -> None:
        places = [re.sub(r"\{\w+\}", "{}", path) for path in document()["paths"]]
        assert len(places) == len(set(places))

    def test_names_each_operation_once(self) -> None:
        assert len(operations()) == len(SERVED_ROUTES)

    def test_each_reference_leads_somewhere_and_each_component_is_used(self) -> None:
        named = {each["$ref"] for _, each in all_objects(document()) if "$ref" in each}
        for reference in named:
            assert resolved({"$ref": reference})
        security = {name for operation in operations().values() for each in operation["security"] for name in each}
        unused = [
            f"{kind}/{name}"
            for kind, components in document()["components"].items()
            for name in components
            if f"#/components/{kind}/{name}" not in named and not (kind == "securitySchemes" and name in security)
        ]
        assert unused == []

    def test_each_link_names_an_operation_and_all_of_its_path(self) -> None:
        links = [each for place, each in all_objects(document()["paths"]) if re.search(r"/links/[^/]+$", place)]
        assert links
        for link in links:
            parameters = operations()[link["operationId"]]["parameters"]
            in_path = {each["name"] for each in map(resolved, parameters) if each["in"] == "path"}
            assert set(link["parameters"]) == in_path

    @pytest.mark.parametrize(
        ("call", "reached"),
        [("groups.create", "members.add"), ("groups.create", "messages.post"), ("messages.post", "messages.edit"),
         ("members.list", "members.remove")],
    )  # fmt: skip
    def test_what_a_call_makes_leads_to_the_calls_about_it(self, call: str, reached: str) -> None:
        assert reached in operations()[call]["responses"]["200"]["links"]

    def test_holds_examples_in_several_scripts(self) -> None:
        text = (PROJECT / "docs" / "openapi.json").read_text()
        for script in (r"[\u0900-\u097f]", r"[\u0600-\u06ff]", r"[\u0b80-\u0bff]"):
            assert re.search(script, text)


class TestOperation:
    @pytest.mark.parametrize("route", ROUTES)
    def test_says_what_it_does_and_what_it_needs(self, route: Route) -> None:
        operation = operation_of(route)
        assert operation["summary"], f"{key_of(route)}: its handler has no docstring"
        if route.permission is not None:
            assert route.permission.permission.value in operation["description"]
            assert operation["x-chaupal-needs"]["call"] == route.call
            assert operation["security"] == [{"accessToken": []}, {"bearer": []}]

    @pytest.mark.parametrize("route", ROUTES)
    def test_says_what_every_field_of_the_request_is(self, route: Route) -> None:
        properties: dict[str, Any] = {}
        if route.body is not None:
            properties |= document()["components"]["schemas"][route.body.__name__]["properties"]
        for parameter in map(resolved, operation_of(route)["parameters"]):
            properties[parameter["name"]] = parameter
        silent = [name for name, each in properties.items() if not each.get("description")]
        assert silent == [], f"a table in the section '## {key_of(route)}' of docs/api should say what these are"

    @pytest.mark.parametrize("route", ROUTES)
    def test_takes_no_null_and_no_unknown_field(self, route: Route) -> None:
        for shape in filter(None, (route.body, route.query)):
            schema = own_schema(shape)
            assert schema["additionalProperties"] is False
            assert "null" not in json.dumps(schema)

    @pytest.mark.parametrize("route", ROUTES)
    def test_declares_the_errors_of_its_kind(self, route: Route) -> None:
        statuses = operation_of(route)["responses"].keys()
        assert {"200", "500", "503"} <= statuses
        assert {"401", "403", "429"} <= statuses or not route.call
        assert ("404" in statuses) or "{" not in route.path
        assert {"400", "408", "413"} <= statuses or route.body is None


class TestExamples:
    @pytest.mark.parametrize("route", ROUTES)
    def test_fit_the_schemas(self, route: Route) -> None:
        for example in examples_of(route):
            what = f"the example '{example.title}' of {key_of(route)}"
            if route.body is not None and example.body is not None:
                assert_fits(example.body, reference_to(route.body), f"{what}, body")
            if route.query is not None:
                assert_fits(dict(example.query), own_schema(route.query), f"{what}, query")
            if route.gives == (JSON,):
                assert_fits(example.reply, reference_to(route.reply), f"{what}, reply")

    @pytest.mark.parametrize("route", ROUTES)
    def test_are_what_the_shapes_read(self, route: Route) -> None:
        for example in examples_of(route):
            if route.body is not None and example.body is not None:
                msgspec.json.decode(json.dumps(example.body), type=route.body)
            if route.gives == (JSON,):
                read = msgspec.json.decode(json.dumps(example.reply), type=route.reply)
                assert msgspec.json.decode(msgspec.json.encode(read)) == example.reply

    @pytest.mark.parametrize("route", ROUTES)
    def test_show_a_body_where_one_is_needed_and_have_titles_of_their_own(self, route: Route) -> None:
        examples = examples_of(route)
        assert len({example.title for example in examples}) == len(examples)
        if route.body is not None and not takes_body_of_its_own(route):
            assert any(example.body is not None for example in examples), f"{key_of(route)}: no example has a body"

    @pytest.mark.parametrize("route", ROUTES)
    def test_name_queries_that_there_are(self, route: Route) -> None:
        known = set() if route.query is None else set(own_schema(route.query)["properties"])
        for example in examples_of(route):
            assert set(example.query) <= known

    def test_errors_have_examples_that_fit(self) -> None:
        schemas = document()["components"]["schemas"]
        errors = {name: schema for name, schema in schemas.items() if name.endswith("Error")}
        assert len(errors) > 8
        for name, schema in errors.items():
            for example in schema["examples"]:
                assert_fits(example, {"$ref": f"#/components/schemas/{name}"}, name)

    def test_texts_are_not_all_in_english(self) -> None:
        texts = [json.dumps(example.body, ensure_ascii=False) for example in all_examples()]
        assert any(not _ASCII_ONLY.fullmatch(text) for text in texts)


def all_examples() -> list[Example]:
    return [example for route in SERVED_ROUTES for example in examples_of(route)]
