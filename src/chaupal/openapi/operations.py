"""One call of the API as an operation object of the document."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from chaupal.openapi.examples import Example, examples_of, slice_of
from chaupal.openapi.failures import error_responses, headers_of, takes_body_of_its_own, takes_idempotency_key
from chaupal.openapi.links import links_from
from chaupal.openapi.needs import needs_extension, needs_sentence
from chaupal.openapi.paths import documented_names
from chaupal.openapi.places import path_parameter, security_of
from chaupal.openapi.schemas import Schema, own_schema, reference_to
from chaupal.serving.routes import JSON, MULTIPART, Route

Object = dict[str, Any]
TextOf = Callable[[Route, str], str]
"""(route, name of a field of its request) -> what the pages say of it, "" where they say nothing."""


def operation_ids(routes: Sequence[Route]) -> Mapping[Route, str]:
    """What each operation is called: its call of the permission table, or its handler where several share one."""
    calls = [route.call for route in routes]
    ids = {route: route.call for route in routes if route.call and calls.count(route.call) == 1}
    names = [_name(route) for route in routes if route not in ids]
    for route in routes:
        if route not in ids:
            name = _name(route)
            ids[route] = f"{name}.{route.method.lower()}" if names.count(name) > 1 else name
    return ids


def _name(route: Route) -> str:
    return f"{slice_of(route)}.{route.handler.__name__}"


def build_operation(route: Route, routes: Sequence[Route], text_of: TextOf) -> Object:
    """The operation object.

    Raises:
        NoExample, PlaceUnknown.
    """
    ids = operation_ids(routes)
    summary, description = _texts(route)
    operation: Object = {"operationId": ids[route], "tags": [slice_of(route)], "summary": summary}
    if description:
        operation["description"] = description
    operation["parameters"] = _parameters(route, documented_names(route, routes), text_of)
    if (body := _request_body(route)) is not None:
        operation["requestBody"] = body
    operation["responses"] = _responses(route, links_from(route, routes, ids.__getitem__))
    operation["security"] = security_of(route.call, route.credentials)
    if route.permission is not None:
        operation["x-chaupal-needs"] = needs_extension(route.permission)
    return operation


def _texts(route: Route) -> tuple[str, str]:
    """(summary, description): the handler's first sentence; what follows it, and what the call needs."""
    text = re.split(r"\n\s*Raises:", inspect.getdoc(route.handler) or "")[0]
    first, _, rest = " ".join(text.split()).partition(". ")
    further = [rest, needs_sentence(route.permission)] if route.permission is not None else [rest]
    return first.removesuffix("."), "\n\n".join(each for each in further if each)


def _parameters(route: Route, names_in_path: Mapping[str, str], text_of: TextOf) -> list[Object]:
    parameters = [path_parameter(name) | {"name": documented} for name, documented in names_in_path.items()]
    parameters += _query_parameters(route, text_of)
    names = ["X-Request-Id", *(["Idempotency-Key"] if takes_idempotency_key(route) else [])]
    return parameters + [{"$ref": f"#/components/parameters/{name}"} for name in names]


def _query_parameters(route: Route, text_of: TextOf) -> list[Object]:
    if route.query is None:
        return []
    schema = own_schema(route.query)
    return [
        _query_parameter(name, each, text_of(route, name), is_required=name in schema.get("required", []))
        | _parameter_examples(name, examples_of(route))
        for name, each in schema["properties"].items()
    ]


def _query_parameter(name: str, schema: Schema, text: str, *, is_required: bool) -> Object:
    own_text = schema.pop("description", "")
    parameter: Object = {"name": name, "in": "query", "schema": schema}
    if text or own_text:
        parameter["description"] = text or own_text
    if is_required:
        parameter["required"] = True
    if schema.get("type") == "array":
        parameter |= {"style": "form", "explode": False}
    return parameter


def _parameter_examples(name: str, examples: Sequence[Example]) -> Object:
    found = {_key(example): _titled(example, example.query[name]) for example in examples if name in example.query}
    return {"examples": found} if found else {}


def _key(example: Example) -> str:
    return re.sub(r"\W+", "-", example.title.lower()).strip("-")


def _titled(example: Example, value: Any) -> Object:
    return {"summary": example.title, "value": value}


def _request_body(route: Route) -> Object | None:
    if takes_body_of_its_own(route):
        return {
            "required": True,
            "content": {media_type: _OWN_BODIES.get(media_type, {}) for media_type in route.takes},
        }
    if route.body is None:
        return None
    content: Object = {"schema": reference_to(route.body)}
    content["examples"] = {_key(each): _titled(each, each.body) for each in examples_of(route) if each.body is not None}
    is_required = any(each.required for each in msgspec.structs.fields(route.body))
    return {"required": is_required, "content": dict.fromkeys(route.takes, content)}


_OWN_BODIES: dict[str, Object] = {
    MULTIPART: {
        "schema": {
            "type": "object",
            "description": "Parts with a file name are the files, whatever the parts are called.",
            "minProperties": 1,
            "additionalProperties": {"type": "string", "format": "binary"},
        }
    }
}


def _responses(route: Route, links: Object) -> Object:
    success: Object = {"description": "Success.", "headers": headers_of(200)}
    if takes_idempotency_key(route):
        success["headers"]["Idempotency-Replayed"] = {"$ref": "#/components/headers/Idempotency-Replayed"}
    success["content"] = _answer_content(route)
    if links:
        success["links"] = links
    others = {
        str(status): {"description": text, "headers": headers_of(status)}
        for status, text in route.other_answers.items()
    }
    return dict(sorted(({"200": success} | others | error_responses(route)).items()))


def _answer_content(route: Route) -> Object:
    if route.gives != (JSON,):
        return {media_type: {} for media_type in route.gives}
    content: Object = {"schema": reference_to(route.reply)}
    content["examples"] = {_key(each): _titled(each, each.reply) for each in examples_of(route)}
    return {JSON: content}
