"""The document as Swagger 2.0, for importers of that time: Power Automate and Logic Apps take custom connectors in no
other form.

Made from the OpenAPI 3.1 document, so that the two cannot disagree. What the older format has no word for (links,
several examples of one thing, `null` as a type) is left out or said as vendors say it (`x-nullable`). Source of the
format: the Swagger 2.0 specification.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from chaupal.openapi.power_automate import DESCRIPTION, operation_id, titled

Object = dict[str, Any]

_JSON = "application/json"
_FORM = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"
_PAGE = "text/html"
_STREAM = "text/event-stream"
_KEY = "accessToken"

_SAME = frozenset(
    {
        *("format", "title", "description", "default", "enum", "required", "pattern"),
        *("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "uniqueItems", "multipleOf"),
        *("minProperties", "maxProperties"),
    }
)
"""Words of a schema that mean the same in both formats."""

_OF_NO_BODY = frozenset({"description", "title", "required"})
"""Words of a schema that a parameter or header outside the body has not, or has beside it."""


class NoWordFor(Exception):
    """The document holds something that this module does not translate; the sentence names it."""


def build_swagger(document: Object) -> Object:
    """The Swagger 2.0 document. Equal documents give equal ones.

    Raises:
        NoWordFor.
    """
    parts = document["components"]
    return {
        "swagger": "2.0",
        "info": {
            "title": document["info"]["title"],
            "version": document["info"]["version"],
            "description": DESCRIPTION,
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "basePath": document["servers"][0]["url"],
        "schemes": ["https", "http"],
        "consumes": [_JSON],
        "produces": [_JSON],
        "tags": document["tags"],
        "paths": {path: _path(operations, parts) for path, operations in _calls(document)},
        "parameters": {name: _parameter(each, parts) for name, each in parts["parameters"].items()},
        "responses": {name: _response(each, parts) for name, each in parts["responses"].items()},
        "definitions": {name: _schema(each) for name, each in parts["schemas"].items()},
        # One way to sign in: connector makers ask for one key, and take the first of several.
        "securityDefinitions": {_KEY: dict(parts["securitySchemes"][_KEY])},
    }


def _calls(document: Object) -> Iterator[tuple[str, Object]]:
    """The paths with what programs call; pages for people are left out."""
    for path, operations in document["paths"].items():
        called = {method: each for method, each in operations.items() if not _is_page(each)}
        if called:
            yield path, called


def _is_page(operation: Object) -> bool:
    return _PAGE in operation["responses"].get("200", {}).get("content", {})


def _path(operations: Object, parts: Object) -> Object:
    return {method: _operation(each, parts) for method, each in operations.items()}


def _operation(operation: Object, parts: Object) -> Object:
    # Several ways to sign in stand side by side; the first is the one that old clients know.
    credentials = [name for way in operation["security"][:1] for name in way]
    made: Object = {
        "operationId": operation_id(operation["operationId"]),
        **{name: operation[name] for name in ("tags", "summary") if name in operation},
        "description": operation.get("description") or f"{operation['summary']}.",
        "parameters": [
            *(_parameter(each, parts) for each in operation["parameters"]),
            *(_credential(parts["securitySchemes"][name]) for name in credentials if name != _KEY),
        ],
        "responses": {status: _response(each, parts) for status, each in operation["responses"].items()},
        "security": [{_KEY: []}] if _KEY in credentials else [],
    }
    content = operation.get("requestBody", {}).get("content", {})
    if content:
        made["consumes"] = _consumed(content)
        made["parameters"] += _body(operation["requestBody"], made["consumes"][0], parts)
    produced = list(operation["responses"].get("200", {}).get("content", {}))
    if produced and produced != [_JSON]:
        made["produces"] = produced
    if _STREAM in produced:
        made["x-ms-visibility"] = "internal"  # a flow cannot follow a stream
    return made


def _consumed(content: Object) -> list[str]:
    """A form and JSON cannot both be described: JSON where there is a choice."""
    for media_type in (_JSON, _MULTIPART, _FORM):
        if media_type in content:
            return [media_type]
    raise NoWordFor(f"a body of {', '.join(content)}")


def _body(body: Object, media_type: str, parts: Object) -> list[Object]:
    content = body["content"][media_type]
    if media_type == _MULTIPART:
        file = {"name": "file", "in": "formData", "type": "file", "required": True}
        return [titled("file", file | {"description": content["schema"]["description"]})]
    if media_type == _FORM:
        schema = _resolved(content["schema"], parts)
        return [
            titled(
                name, {"name": name, "in": "formData", "required": name in schema.get("required", []), **_plain(each)}
            )
            for name, each in schema["properties"].items()
        ]
    described = "The fields of this operation."
    parameter: Object = {"name": "body", "in": "body", "description": described, "schema": _schema(content["schema"])}
    return [titled("body", parameter | ({"required": True} if body["required"] else {}))]


def _credential(scheme: Object) -> Object:
    """What signs a single call in, as a header of it: the id and secret behind an access token."""
    header: Object = {name: scheme[name] for name in ("name", "in", "description")}
    return titled(scheme["name"], header | {"required": True, "type": "string"})


def _parameter(parameter: Object, parts: Object) -> Object:
    if "$ref" in parameter:
        return {"$ref": parameter["$ref"].replace("#/components/parameters/", "#/parameters/")}
    made: Object = {}
    made |= {name: parameter[name] for name in ("name", "in", "description", "required") if name in parameter}
    made |= _plain(parameter["schema"])
    if made.get("type") == "array":
        made["collectionFormat"] = "csv"
    return titled(parameter["name"], made)


def _response(response: Object, parts: Object) -> Object:
    if "$ref" in response:
        return {"$ref": response["$ref"].replace("#/components/responses/", "#/responses/")}
    made: Object = {"description": response["description"]}
    if headers := response.get("headers"):
        made["headers"] = {name: _header(each, parts) for name, each in headers.items()}
    content = response.get("content", {})
    if _JSON in content:
        made["schema"] = _schema(content[_JSON]["schema"])
        shown = [each["value"] for each in content[_JSON].get("examples", {}).values()]
        if shown:
            made["examples"] = {_JSON: shown[0]}
    elif content:
        # What connector makers write for bytes; the format's own word, `file`, is not taken by all readers.
        made["schema"] = {"type": "string"} | ({} if _STREAM in content else {"format": "binary"})
    return made


def _header(header: Object, parts: Object) -> Object:
    found = _resolved(header, parts)
    return {"description": found["description"], **_plain(found["schema"])}


def _resolved(value: Object, parts: Object) -> Object:
    if "$ref" not in value:
        return value
    _, _, kind, name = value["$ref"].split("/")
    found: Object = parts[kind][name]
    return found


def _plain(schema: Object) -> Object:
    """A schema as the words beside a parameter's or header's name."""
    return {name: value for name, value in _schema(schema).items() if name not in _OF_NO_BODY and name != "example"} | (
        {"description": schema["description"]} if "description" in schema else {}
    )


def _schema(schema: Mapping[str, Any]) -> Object:
    """A schema object in the older words."""
    made: Object = {}
    for word, value in schema.items():
        made |= _word(word, value)
    return made


def _word(word: str, value: Any) -> Object:
    if word in _SAME:
        return {word: value}
    if word not in _TRANSLATED:
        raise NoWordFor(f"{word} in a schema")
    return _TRANSLATED[word](value)


def _types(value: str | list[str]) -> Object:
    names = [value] if isinstance(value, str) else list(value)
    real = [name for name in names if name != "null"]
    made: Object = {"type": real[0]} if len(real) == 1 else {}
    return made | ({"x-nullable": True} if "null" in names else {})


def _one_of(choices: list[Object]) -> Object:
    """One of several: the one that is not null, or, where it may really be either, anything."""
    real = [each for each in choices if each != {"type": "null"}]
    made: Object = {"allOf": [_schema(real[0])]} if len(real) == 1 else {}
    return made | ({"x-nullable": True} if len(real) < len(choices) else {})


_TRANSLATED: Mapping[str, Callable[[Any], Object]] = {
    "type": _types,
    "$ref": lambda value: {"$ref": value.replace("#/components/schemas/", "#/definitions/")},
    "properties": lambda value: {"properties": {name: titled(name, _schema(each)) for name, each in value.items()}},
    "items": lambda value: {"items": _schema(value)},
    "additionalProperties": lambda value: {
        "additionalProperties": _schema(value) if isinstance(value, Mapping) else value
    },
    "allOf": lambda value: {"allOf": [_schema(each) for each in value]},
    "const": lambda value: {"enum": [value]},
    "examples": lambda value: {"example": value[0]} if value else {},
    "anyOf": _one_of,
    "propertyNames": lambda _value: {},  # the older format bounds no names
}
"""Words of a schema that the older format says otherwise."""
