"""The document as Swagger 2.0: valid, with every call, and saying of each what the OpenAPI document says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV2SpecValidator

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
            assert operation["operationId"] == ours[name]["operationId"].replace(".", "_")
            assert operation["responses"].keys() == ours[name]["responses"].keys()
            beside_the_body = [each for each in operation["parameters"] if each.get("in") not in ("body", "formData")]
            assert len(beside_the_body) == len(ours[name]["parameters"])
            assert (len(beside_the_body) < len(operation["parameters"])) == ("requestBody" in ours[name])

    def test_names_that_connector_makers_take(self) -> None:
        assert all(each["operationId"].replace("_", "").isalnum() for each in called(swagger()).values())

    def test_a_mobile_number_an_optional_null_and_a_list_in_a_query(self) -> None:
        definitions = swagger()["definitions"]
        assert definitions["ShownResponse"]["properties"]["responseLocation"] == {
            "allOf": [{"$ref": "#/definitions/ShownSpot"}],
            "x-nullable": True,
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
