"""The OpenAPI document of this code, and whether an answer is one that it declares.

Stricter than a client may be: an answer must not have a field that the document does not name.
"""

from __future__ import annotations

import json
import re
from copy import deepcopy
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs

from chaupal.app import SERVED_ROUTES
from chaupal.openapi.document import build_document
from chaupal.openapi.examples import key_of
from chaupal.openapi.failures import errors_of
from chaupal.openapi.field_texts import PageTexts
from chaupal.openapi.paths import documented_path
from chaupal.openapi.schemas import Schema
from chaupal.serving.routes import HTML, Route

PAGES = Path(__file__).parents[2] / "docs" / "api"


@cache
def document() -> dict[str, Any]:
    """The document as the code and the pages have it now, as a reader of its JSON sees it."""
    found: dict[str, Any] = json.loads(json.dumps(build_document(SERVED_ROUTES, PageTexts(PAGES))))
    return found


def operation_of(route: Route) -> dict[str, Any]:
    """What the document says of a route."""
    found: dict[str, Any] = document()["paths"][documented_path(route, SERVED_ROUTES)][route.method.lower()]
    return found


def resolved(found: dict[str, Any]) -> dict[str, Any]:
    """The object that a reference of the document leads to; anything else is itself."""
    while "$ref" in found:
        target: Any = document()
        for name in found["$ref"].removeprefix("#/").split("/"):
            target = target[name]
        found = target
    return found


@cache
def _components() -> dict[str, Any]:
    """The components with every object closed, for which the document leaves clients room.

    Not `Error`, to which some calls add; `tests.api.client.assert_error` looks at its fields.
    """
    components = deepcopy(document()["components"])
    for name, schema in components["schemas"].items():
        if schema.get("type") == "object" and name != "Error":
            schema.setdefault("additionalProperties", False)
    return {"schemas": components["schemas"]}


def validator_of(schema: Schema) -> jsonschema_rs.Validator:
    """A validator for a schema of the document, made once for each."""
    return _validator(json.dumps(schema, sort_keys=True))


@cache
def _validator(schema: str) -> jsonschema_rs.Validator:
    whole = {"components": _components(), **json.loads(schema)}
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True)


def assert_fits(value: Any, schema: Schema, what: str) -> None:
    """Fail, saying what is wrong where, if a value is not what a schema of the document allows."""
    wrong = [
        f"{what}, at {'/'.join(map(str, each.instance_path)) or 'its top'}: {each.message}"
        for each in validator_of(schema).iter_errors(value)
    ]
    assert not wrong, "\n".join(wrong)


def assert_declared(answer: httpx.Response, route: Route) -> None:
    """Fail where the document does not allow an answer: its status, headers, media type or body."""
    what = f"the answer {answer.status_code} of {key_of(route)}"
    responses = operation_of(route)["responses"]
    assert str(answer.status_code) in responses, (
        f"{what} is not declared: name its error in the route's `errors`, or its status in `other_answers`: "
        f"{answer.text}"
    )
    response = resolved(responses[str(answer.status_code)])
    for name, header in response.get("headers", {}).items():
        _assert_header(answer, name, resolved(header), what)
    if "content" in response:
        _assert_content(answer, response["content"], what)
    if answer.status_code in (403, 409) and route.gives != (HTML,):
        _assert_sentence(answer, route, what)


def _assert_sentence(answer: httpx.Response, route: Route, what: str) -> None:
    """A refusal is one that the route's `errors` name, or that every call of its kind may answer."""
    message = answer.json()["message"]
    templates = [error.template for error in errors_of(route) if error.status == answer.status_code]
    patterns = [re.sub(r"\\\{\w+\\\}", ".*", re.escape(template)) for template in templates]
    assert any(re.fullmatch(pattern, message, re.DOTALL) for pattern in patterns), (
        f"{what} is not declared: name its error in the route's `errors`: {message}"
    )


def _assert_header(answer: httpx.Response, name: str, header: dict[str, Any], what: str) -> None:
    value = answer.headers.get(name)
    if value is None:
        assert not header.get("required"), f"{what} lacks the header {name}"
        return
    is_number = header["schema"].get("type") == "integer"
    assert_fits(int(value) if is_number else value, header["schema"], f"the header {name} of {what}")


def _assert_content(answer: httpx.Response, content: dict[str, Any], what: str) -> None:
    media_type = answer.headers.get("content-type", "").split(";")[0].strip().lower()
    found = [declared for declared in content if fnmatch(media_type, declared.lower())]
    assert found, f"{what} is {media_type or 'of no media type'}; declared: {', '.join(content)}"
    if schema := content[found[0]].get("schema"):
        assert_fits(answer.json(), schema, what)
