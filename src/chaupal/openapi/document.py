"""The whole document: every route, the schemas of their shapes, and what they share."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Sequence
from typing import Any

import msgspec

from chaupal import __version__
from chaupal.openapi.examples import slice_of
from chaupal.openapi.failures import error_schemas, shared_responses
from chaupal.openapi.field_texts import PageTexts
from chaupal.openapi.operations import build_operation
from chaupal.openapi.paths import documented_path
from chaupal.openapi.places import HEADERS, PARAMETERS, SECURITY_SCHEMES
from chaupal.openapi.schemas import Schema, is_request, schemas_of, structs_within
from chaupal.serving.routes import Route

Object = dict[str, Any]

_INTRODUCTION = (
    "The Kaizala API, and what Chaupal adds to it. Requests are shown here in their strict form; the server also reads "
    "what clients of old send: names in any letter case, unknown names, `null`, numbers as texts, bodies that are not "
    "quite JSON, paths without `/v1`, in any letter case and with doubled slashes. Texts must not hold the character "
    "NUL. Whatever a caller may not see is answered with 404, as if it did not exist."
)


def build_document(routes: Sequence[Route], texts: PageTexts) -> Object:
    """The document as JSON values. Equal routes and texts give an equal document.

    Raises:
        NoExample, PlaceUnknown, NameUsedTwice, BoundsOfNothing.
    """
    order = list(_slices(routes))
    ordered = sorted(routes, key=lambda route: order.index(slice_of(route)))
    paths: Object = {}
    for route in ordered:
        operation = build_operation(route, routes, texts.of_request)
        paths.setdefault(documented_path(route, routes), {})[route.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Chaupal",
            "version": __version__,
            "summary": "Messages, groups and actions for organizations",
            "description": _INTRODUCTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/v1", "description": "This server"}],
        "tags": [{"name": name, "description": _about(name), "x-displayName": _title(name)} for name in order],
        "paths": paths,
        "components": {
            "schemas": _schemas(ordered, texts) | error_schemas(ordered),
            "responses": shared_responses(ordered),
            "parameters": PARAMETERS,
            "headers": HEADERS,
            "securitySchemes": SECURITY_SCHEMES,
        },
    }


def encode_document(document: Object) -> bytes:
    """The document as it is stored: indented, so that a change of it can be read."""
    return msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"


def encode_served_document(document: Object) -> bytes:
    """The document as it is packaged with the server: in one line."""
    return msgspec.json.encode(document) + b"\n"


def _slices(routes: Sequence[Route]) -> dict[str, None]:
    return dict.fromkeys(slice_of(route) for route in routes)


_TITLES = {
    "directory": "Organization",
    "oauth": "Signing in by OAuth",
    "people": "Current user",
    "responses": "Answers",
    "streams": "Live events",
}
"""What readers call those slices whose name they do not know."""


def _title(slice_name: str) -> str:
    return _TITLES.get(slice_name, slice_name.capitalize())


def _about(slice_name: str) -> str:
    text = " ".join((inspect.getdoc(importlib.import_module(f"chaupal.{slice_name}")) or "").split())
    return re.sub(r" ?Source: [^.]*\.$", "", text)


def _schemas(routes: Sequence[Route], texts: PageTexts) -> dict[str, Schema]:
    """The schemas of bodies and answers. What the pages say of a field is taken from the first call that has it."""
    shapes = [shape for route in routes for shape in (route.body, route.reply, route.error_body) if shape is not None]
    schemas = schemas_of(dict.fromkeys(shapes))
    for route in routes:
        for shape in filter(None, (route.body, route.reply)):
            for name, struct in structs_within([shape]).items():
                text_of = texts.of_request if is_request(struct) else texts.of_answer
                for field_name, schema in schemas[name]["properties"].items():
                    if "description" not in schema and (text := text_of(route, field_name)):
                        schema["description"] = text
    return schemas
