"""Shapes as JSON Schema: requests in their strict form, answers with what is always there marked as required.

What a type does not say (lengths, bounds, words, formats) a shape says in `bounds`, by the names on the wire:

    bounds: ClassVar[dict[str, Any]] = {"message": {"minLength": 1, "maxLength": 4000}}
"""

from __future__ import annotations

import inspect as python_inspect
import re
from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import inspect

Schema = dict[str, Any]

_REFERENCE = "#/components/schemas/{name}"
_NAME_OF_ITS_ROUTE = re.compile(r"^(GET|POST|PUT|DELETE) /\S*?(?:[.:]\s+|[.:]?$)")


class NameUsedTwice(Exception):
    """Two structs of the API have one name, and so would their schemas."""


class BoundsOfNothing(Exception):
    """A shape's `bounds` name a field that it does not have."""


def schemas_of(shapes: Iterable[Any]) -> dict[str, Schema]:
    """The schemas of all structs that these types hold, by the structs' names.

    Raises:
        NameUsedTwice, BoundsOfNothing.
    """
    wanted = list(shapes)
    structs = structs_within(wanted)
    _, components = msgspec.json.schema_components(wanted, ref_template=_REFERENCE)
    return {name: _finished(components[name], struct) for name, struct in sorted(structs.items())}


def reference_to(shape: Any) -> Schema:
    """The schema of a type whose structs stand in the document's components."""
    (schema,), _ = msgspec.json.schema_components([shape], ref_template=_REFERENCE)
    return schema


def own_schema(shape: type[msgspec.Struct]) -> Schema:
    """The schema of one struct by itself, such as a query."""
    return schemas_of([shape])[shape.__name__]


def structs_within(shapes: Iterable[Any]) -> dict[str, type[msgspec.Struct]]:
    """All structs that the types hold, at any depth, by their names.

    Raises:
        NameUsedTwice.
    """
    found: dict[str, type[msgspec.Struct]] = {}
    waiting = [inspect.type_info(shape) for shape in shapes]
    while waiting:
        described = waiting.pop()
        if not isinstance(described, inspect.StructType):
            waiting.extend(_parts_of(described))
            continue
        struct = described.cls
        known = found.get(struct.__name__)
        if known is None:
            found[struct.__name__] = struct
            waiting.extend(each.type for each in described.fields)
        elif known is not struct:
            raise NameUsedTwice(
                f"two shapes are called {struct.__name__}, in {known.__module__} and in {struct.__module__}: rename "
                "one, for the document's schemas have their names"
            )
    return found


def _parts_of(described: inspect.Type) -> tuple[inspect.Type, ...]:
    match described:
        case inspect.ListType() | inspect.SetType() | inspect.FrozenSetType() | inspect.VarTupleType():
            return (described.item_type,)
        case inspect.TupleType():
            return described.item_types
        case inspect.DictType():
            return (described.key_type, described.value_type)
        case inspect.UnionType():
            return described.types
        case inspect.Metadata():
            return (described.type,)
        case _:
            return ()


def is_request(struct: type[msgspec.Struct]) -> bool:
    """Whether the struct is read from clients: those alone forbid unknown fields."""
    return struct.__struct_config__.forbid_unknown_fields


def _finished(schema: Schema, struct: type[msgspec.Struct]) -> Schema:
    finished: Schema = {"type": "object"}
    if text := _text_of(struct):
        finished["description"] = text
    properties: dict[str, Schema] = schema.get("properties", {})
    if is_request(struct):
        properties = {name: _without_null(each) for name, each in properties.items()}
    bounds: dict[str, Schema] = getattr(struct, "bounds", {})
    if unknown := bounds.keys() - properties.keys():
        raise BoundsOfNothing(f"{struct.__name__}.bounds names {', '.join(sorted(unknown))}, which it has no field for")
    finished["properties"] = {name: _merged(each, bounds.get(name, {})) for name, each in properties.items()}
    if required := _required(struct, schema):
        finished["required"] = required
    if is_request(struct):
        finished["additionalProperties"] = False
    return finished


def _text_of(struct: type[msgspec.Struct]) -> str:
    """The docstring as one paragraph; without the route's name, which the document shows anyway."""
    text = " ".join((python_inspect.getdoc(struct) or "").split())
    return _NAME_OF_ITS_ROUTE.sub("", text)


def _without_null(schema: Schema) -> Schema:
    """A request's optional field: null counts as absent, so the strict form has none; nor a default that means that."""
    kept = {name: value for name, value in schema.items() if name != "default" or value not in (None, "")}
    if "anyOf" not in kept:
        return kept
    choices = [each for each in kept.pop("anyOf") if each != {"type": "null"}]
    return {**kept, **choices[0]} if len(choices) == 1 else {**kept, "anyOf": choices}


def _required(struct: type[msgspec.Struct], schema: Schema) -> list[str]:
    """Of an answer everything that is always there: fields with a default, too, unless defaults are left out."""
    if is_request(struct) or struct.__struct_config__.omit_defaults:
        return list(schema.get("required", []))
    return [each.encode_name for each in msgspec.structs.fields(struct) if each.default is not msgspec.UNSET]


def _merged(schema: Schema, bounds: Schema) -> Schema:
    merged = dict(schema)
    for name, value in bounds.items():
        before = merged.get(name)
        merged[name] = _merged(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
    return merged
