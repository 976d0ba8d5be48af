"""The API's document, as far as the client is made of it: its shapes and its operations."""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass, field
from typing import Any

RESOURCE_OF_TAG = {
    "directory": "tenant",
    "people": "users",
    "streams": "events",
    "tokens": "sign_in",
    "oauth": "sign_in",
}
"""What the client calls a slice of the server, where it is not the same word."""

BY_HAND = frozenset(
    {
        "tokens.post_generate_pin",
        "tokens.post_login_with_pin",
        "tokens.get_access_token",
        "oauth.get_authorize",
        "oauth.post_authorize",
        "oauth.post_token",
        "media.upload",
        "media.get_file.get",
        "media.get_file.head",
        "streams.events",
        "streams.sync",
    }
)
"""Operations that flows make methods of, because they are more than one call or no JSON."""


@dataclass(frozen=True)
class Field:
    """A property of a shape, or a parameter of an operation."""

    wire_name: str
    schema: dict[str, Any]
    is_required: bool

    @property
    def name(self) -> str:
        return python_name(self.wire_name)

    @property
    def meaning(self) -> str:
        return str(self.schema.get("description", ""))


@dataclass(frozen=True)
class Shape:
    """An object of the document."""

    name: str
    description: str
    fields: tuple[Field, ...]
    refers_to: frozenset[str]


@dataclass(frozen=True)
class Operation:
    """A call of the document. `body` and `answer` name shapes; `""` where there is none."""

    operation_id: str
    tag: str
    method: str
    path: str
    summary: str
    description: str
    path_fields: tuple[Field, ...]
    query_fields: tuple[Field, ...]
    has_idempotency_key: bool
    body: str
    answer: str

    @property
    def name(self) -> str:
        return self.operation_id.split(".")[1]

    @property
    def resource(self) -> str:
        return RESOURCE_OF_TAG.get(self.tag, self.tag)


@dataclass(frozen=True)
class Document:
    """What the client is made of."""

    shapes: dict[str, Shape]
    operations: tuple[Operation, ...]
    answered: dict[str, set[str]] = field(default_factory=dict)
    """Of each shape that is answered, or that a request names, the resources that need it."""


def read_document(raw: dict[str, Any]) -> Document:
    """The document without what the client has no use for."""
    schemas = raw["components"]["schemas"]
    shapes = {
        name: _shape(name, schema) for name, schema in schemas.items() if "properties" in schema or _is_empty(schema)
    }
    operations = []
    for path, methods in raw["paths"].items():
        for method, declared in methods.items():
            if method in ("get", "put", "post", "delete", "head"):
                operations.append(_operation(raw, method.upper(), path, declared))
    answered: dict[str, set[str]] = {}
    for operation in operations:
        needed = {operation.answer} - {""}
        if operation.body:
            needed |= shapes[operation.body].refers_to
        for name in _with_inner(needed, shapes):
            answered.setdefault(name, set()).add(operation.resource)
    return Document(shapes, tuple(operations), answered)


def _is_empty(schema: dict[str, Any]) -> bool:
    return schema.get("type") == "object" and "allOf" not in schema


def _with_inner(names: set[str], shapes: dict[str, Shape]) -> set[str]:
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found and name in shapes:
            found.add(name)
            waiting += shapes[name].refers_to
    return found


def _shape(name: str, schema: dict[str, Any]) -> Shape:
    required = set(schema.get("required", ()))
    fields: dict[str, Field] = {}
    for wire_name, inner in schema.get("properties", {}).items():
        made = Field(wire_name, inner, wire_name in required)
        if made.name not in fields:  # OAuth's own names beside the API's are the same in Python
            fields[made.name] = made
    return Shape(name, schema.get("description", ""), tuple(fields.values()), frozenset(_references(schema)))


def _references(schema: Any) -> set[str]:
    if isinstance(schema, dict):
        found = {schema["$ref"].split("/")[-1]} if "$ref" in schema else set()
        return found.union(*(_references(inner) for inner in schema.values()))
    if isinstance(schema, list):
        return set().union(*(_references(inner) for inner in schema))
    return set()


def _operation(raw: dict[str, Any], method: str, path: str, declared: dict[str, Any]) -> Operation:
    parameters = [_resolved(raw, parameter) for parameter in declared.get("parameters", ())]
    body = declared.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    answer = declared["responses"].get("200", {}).get("content", {}).get("application/json", {}).get("schema", {})
    return Operation(
        operation_id=declared["operationId"],
        tag=declared["tags"][0],
        method=method,
        path=path,
        summary=declared["summary"],
        description=declared.get("description", ""),
        path_fields=_fields(parameters, "path"),
        query_fields=_fields(parameters, "query"),
        has_idempotency_key=any(parameter["name"] == "Idempotency-Key" for parameter in parameters),
        body=body.get("$ref", "").split("/")[-1],
        answer=answer.get("$ref", "").split("/")[-1],
    )


def _resolved(raw: dict[str, Any], parameter: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in parameter:
        return parameter
    found: dict[str, Any] = raw["components"]["parameters"][parameter["$ref"].split("/")[-1]]
    return found


def _fields(parameters: list[dict[str, Any]], place: str) -> tuple[Field, ...]:
    return tuple(
        Field(
            parameter["name"],
            {**parameter["schema"], "description": parameter.get("description", "")},
            bool(parameter.get("required")),
        )
        for parameter in parameters
        if parameter["in"] == place
    )


def python_name(wire_name: str) -> str:
    """`isBotfromUser` has a name of its own."""
    if wire_name == "isBotfromUser":
        return "is_bot_from_user"
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", wire_name).lower()
    return f"{name}_" if keyword.iskeyword(name) else name
