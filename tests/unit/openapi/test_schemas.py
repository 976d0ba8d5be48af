"""Shapes as JSON Schema: the strict form of requests, and what of an answer is always there."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec
import pytest
from msgspec import UNSET, UnsetType

from chaupal.openapi.schemas import BoundsOfNothing, NameUsedTwice, own_schema, schemas_of


class Wanted(msgspec.Struct, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """POST /somewhere. Of this text only what follows the route is kept."""

    bounds: ClassVar[dict[str, Any]] = {"oneName": {"maxLength": 5}, "theNumbers": {"items": {"maxLength": 3}}}

    one_name: str
    the_numbers: list[str] | None = None
    either: int | str | None = None


class Given(msgspec.Struct, rename="camel", kw_only=True):
    """GET /somewhere."""

    always_there: str
    there_with_default: str = "true"
    may_be_null: str | None = None
    sometimes_there: str | UnsetType = UNSET


class Sparse(msgspec.Struct, omit_defaults=True):
    """Leaves defaults out."""

    always: str
    inner: list[Given]
    left_out: str = ""


class TestRequest:
    def test_has_no_null_and_nothing_unknown(self) -> None:
        assert own_schema(Wanted) == {
            "type": "object",
            "description": "Of this text only what follows the route is kept.",
            "properties": {
                "oneName": {"type": "string", "maxLength": 5},
                "theNumbers": {"type": "array", "items": {"type": "string", "maxLength": 3}},
                "either": {"anyOf": [{"type": "integer"}, {"type": "string"}]},
            },
            "required": ["oneName"],
            "additionalProperties": False,
        }


class TestAnswer:
    def test_requires_what_is_always_there(self) -> None:
        schema = own_schema(Given)
        assert schema["required"] == ["alwaysThere", "thereWithDefault", "mayBeNull"]
        assert schema["properties"]["mayBeNull"]["anyOf"] == [{"type": "string"}, {"type": "null"}]
        assert "additionalProperties" not in schema
        assert "description" not in schema

    def test_does_not_require_what_is_left_out(self) -> None:
        assert own_schema(Sparse)["required"] == ["always", "inner"]

    def test_brings_the_structs_inside_it(self) -> None:
        schemas = schemas_of([list[Sparse]])
        assert sorted(schemas) == ["Given", "Sparse"]
        assert schemas["Sparse"]["properties"]["inner"]["items"] == {"$ref": "#/components/schemas/Given"}


class TestMistakes:
    def test_bounds_of_a_field_that_is_not_there(self) -> None:
        class Mistaken(msgspec.Struct):
            bounds: ClassVar[dict[str, Any]] = {"nmae": {"maxLength": 5}}
            name: str

        with pytest.raises(BoundsOfNothing, match=r"Mistaken\.bounds names nmae"):
            own_schema(Mistaken)

    def test_two_shapes_of_one_name(self) -> None:
        other = msgspec.defstruct("Given", [("field", str)])
        with pytest.raises(NameUsedTwice, match="two shapes are called Given"):
            schemas_of([Given, other])
