"""The document as Swagger 2.0: valid, with every call, and saying of each what the OpenAPI document says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV2SpecValidator

from chaupal.openapi.power_automate import operation_id, title_of
from chaupal.openapi.swagger import NoWordFor, build_swagger
from chaupal.serving.routes import HTML
from tests.api.declared import document
from tests.docs.pages import PROJECT


def swagger() -> Any:
    return json.loads((PROJECT / "docs" / "swagger.json").read_text())


def called(of: Any) -> dict[str, Any]:
    return {f"{method} {path}": each for path, item in of["paths"].items() for method, each in item.items()}


class TestSwagger:
    def test_is_valid(self) -> None:
        assert [error.message for error in OpenAPIV2SpecValidator(swagger()).iter_errors()] == []

    def test_has_every_call_that_is_no_page(self) -> None:
        programs = {
            name for name, each in called(document()).items() if HTML not in each["responses"]["200"].get("content", {})
        }
        assert called(swagger()).keys() == programs
        assert len(programs) > 60

    def test_says_of_each_call_what_the_openapi_document_says(self) -> None:
        ours, old = called(document()), called(swagger())
        for name, operation in old.items():
            assert operation["operationId"] == operation_id(ours[name]["operationId"])
            assert operation["responses"].keys() == ours[name]["responses"].keys()
            beside_the_body = [each for each in operation["parameters"] if each.get("in") not in ("body", "formData")]
            credentials = {header for way in ours[name]["security"][:1] for header in way} - {"accessToken"}
            assert credentials <= {each.get("name") for each in beside_the_body}
            assert len(beside_the_body) == len(ours[name]["parameters"]) + len(credentials)
            assert (len(beside_the_body) < len(operation["parameters"])) == ("requestBody" in ours[name])

    def test_a_mobile_number_an_optional_null_and_a_list_in_a_query(self) -> None:
        definitions = swagger()["definitions"]
        assert definitions["ShownResponse"]["properties"]["responseLocation"] == {
            "allOf": [{"$ref": "#/definitions/ShownSpot"}],
            "x-nullable": True,
            "x-ms-summary": "Response Location",
        } | {
            key: value
            for key, value in definitions["ShownResponse"]["properties"]["responseLocation"].items()
            if key == "description"
        }
        assert definitions["NotFoundError"]["properties"]["errorCode"]["enum"] == ["NotFound"]

    @pytest.mark.parametrize("word", ["oneOf", "if", "patternProperties"])
    def test_what_it_cannot_say_is_not_left_out_silently(self, word: str) -> None:
        changed = json.loads(json.dumps(document()))
        changed["components"]["schemas"]["CurrentUser"][word] = []
        with pytest.raises(NoWordFor, match=word):
            build_swagger(changed)


def parameters(of: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every parameter of every call, with where it is."""
    for name, operation in called(of).items():
        for each in operation["parameters"]:
            found = of["parameters"][each["$ref"].rpartition("/")[2]] if "$ref" in each else each
            yield f"{name} {found['name']}", found


class TestCustomConnector:
    """What Power Automate and Logic Apps take. Source: Microsoft's documents of custom connectors, and what its checks
    of connectors say."""

    def test_it_is_small_enough(self) -> None:
        assert (PROJECT / "src" / "chaupal" / "openapi" / "swagger.json").stat().st_size < 1_000_000

    def test_what_it_says_of_itself(self) -> None:
        title, description = swagger()["info"]["title"], swagger()["info"]["description"]
        assert len(title) <= 30
        assert 30 <= len(description) <= 500
        kept = r"\b(api|connector|power apps|power automate|logic apps|copilot studio)\b"
        assert not re.search(kept, f"{title} {description}", re.IGNORECASE)

    def test_operations_have_names_without_points_and_underscores(self) -> None:
        names = [operation["operationId"] for operation in called(swagger()).values()]
        assert [name for name in names if not re.fullmatch(r"[A-Z][A-Za-z0-9]*", name)] == []
        assert len(set(names)) == len(names)

    def test_operations_have_a_title_and_a_text(self) -> None:
        for name, operation in called(swagger()).items():
            assert re.fullmatch(r"[^/\\<>*%&?]{1,79}[A-Za-z0-9]", operation["summary"]), name
            assert operation["description"].endswith("."), name

    def test_parameters_and_fields_have_a_title_and_a_text(self) -> None:
        for place, parameter in parameters(swagger()):
            assert parameter["x-ms-summary"], place
            assert parameter["description"], place
        for name, definition in swagger()["definitions"].items():
            for field, described in definition.get("properties", {}).items():
                assert "$ref" in described or described["x-ms-summary"] == title_of(field), f"{name}.{field}"

    def test_ids_are_not_encoded_twice_in_a_path(self) -> None:
        encodings = [each["x-ms-url-encoding"] for _, each in parameters(swagger()) if each["in"] == "path"]
        assert len(encodings) > 40
        assert set(encodings) == {"single"}

    def test_there_is_one_key_to_sign_in_with(self) -> None:
        [(name, definition)] = swagger()["securityDefinitions"].items()
        assert (name, definition["type"], definition["in"]) == ("accessToken", "apiKey", "header")
        for operation in called(swagger()).values():
            assert operation["security"] in ([{"accessToken": []}], [])

    def test_a_flow_can_exchange_its_refresh_token(self) -> None:
        exchange = swagger()["paths"]["/accessToken"]["get"]
        headers = {each["name"] for each in exchange["parameters"] if each.get("required")}
        assert headers == {"applicationId", "applicationSecret", "refreshToken"}
        assert exchange["security"] == []

    def test_what_a_flow_cannot_use_is_not_offered(self) -> None:
        hidden = {name for name, each in called(swagger()).items() if each.get("x-ms-visibility") == "internal"}
        assert hidden == {"get /events"}

    @pytest.mark.parametrize(
        ("name", "title"),
        [
            ("groupId", "Group ID"),
            ("callBackUrl", "Call Back URL"),
            ("eventIds", "Event IDs"),
            ("Idempotency-Key", "Idempotency Key"),
            ("DurationInMins", "Duration In Mins"),
            ("lt", "Lt"),
        ],
    )
    def test_titles_are_the_names_in_words(self, name: str, title: str) -> None:
        assert title_of(name) == title
