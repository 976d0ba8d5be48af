"""Errors in the document: which a call may answer, by status, and the sentences that they come with.

What every call of a kind may answer follows from the route's declaration; the rest is in its `errors`.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from typing import Any

from chaupal.auth.access import PermissionLacking, RoleLacking, TokenKindLacking
from chaupal.auth.permissions import Need, Scope, TokenKind
from chaupal.errors import (
    ChaupalError,
    EndpointChanged,
    InternalError,
    InvalidParameters,
    InvalidToken,
    NotFound,
    PayloadTooLarge,
    TooManyRequests,
    Unavailable,
)
from chaupal.idempotency.rules import KeyUsedOtherwise
from chaupal.openapi.schemas import Schema, reference_to, schemas_of
from chaupal.serving.body_stream import RequestTooSlow
from chaupal.serving.request import BodyCompressed
from chaupal.serving.routes import HTML, JSON, Route
from chaupal.wire.errors import ErrorBody

_Error = type[ChaupalError]
_HEADERS = ("X-Request-Id", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
_HEADERS_OF_STATUS = {308: ("Location",), 405: ("Allow",), 429: ("Retry-After",), 503: ("Retry-After",)}


def takes_idempotency_key(route: Route) -> bool:
    """Whether the header `Idempotency-Key` means something to the call: to those with an access token, and to others
    that may find the key used."""
    return route.method == "POST" and (bool(route.call) or KeyUsedOtherwise in route.errors)


def reads_body(route: Route) -> bool:
    """Whether the request's body is read; a key needs it, too, because it names one request."""
    return route.body is not None or takes_body_of_its_own(route) or takes_idempotency_key(route)


def takes_body_of_its_own(route: Route) -> bool:
    """Whether the body is no shape: a file, or a form with one."""
    return route.body is None and route.takes != (JSON,)


def errors_of(route: Route) -> list[_Error]:
    """Every error that the call may answer, by status."""
    found: list[_Error] = []
    if route.body is not None or route.query is not None or reads_body(route):
        found.append(InvalidParameters)
    if route.permission is not None or route.path.startswith("/media/files"):
        found.append(EndpointChanged)
    if route.permission is not None:
        found += [InvalidToken, PermissionLacking, TooManyRequests]
        if route.permission.kinds != frozenset(TokenKind):
            found.append(TokenKindLacking)
        # Who may not manage a bot does not see it.
        if route.permission.need is Need.ADMIN and route.permission.scope is not Scope.BOT:
            found.append(RoleLacking)
    if "{" in route.path:
        found.append(NotFound)
    if reads_body(route):
        found += [RequestTooSlow, PayloadTooLarge]
    if route.body is not None:
        found.append(BodyCompressed)
    if takes_idempotency_key(route):
        found.append(KeyUsedOtherwise)
    found += [InternalError, Unavailable]
    found += [error for error in route.errors if error not in found]
    return sorted(found, key=lambda error: error.status)


def error_responses(route: Route) -> dict[str, Any]:
    """References to the response objects of the call's errors, by status."""
    return {
        str(status): {"$ref": f"#/components/responses/{_response_name(route, errors)}"}
        for status, errors in _by_status(route).items()
    }


def shared_responses(routes: Iterable[Route]) -> dict[str, Any]:
    """What `error_responses` of these routes refers to."""
    found = {}
    for route in routes:
        for status, errors in _by_status(route).items():
            found[_response_name(route, errors)] = _response(route, status, errors)
    return dict(sorted(found.items()))


def _by_status(route: Route) -> dict[int, list[_Error]]:
    by_status: dict[int, list[_Error]] = {}
    for error in errors_of(route):
        by_status.setdefault(error.status, []).append(error)
    return by_status


_NAMES_MOST = 4
"""Errors that name a response; one of more is named for its call."""


def _response_name(route: Route, errors: list[_Error]) -> str:
    form = "Page" if route.is_page else route.error_body.__name__ if route.error_body is not None else ""
    names = [error.__name__ for error in errors]
    if len(names) > _NAMES_MOST:
        names = ["".join(word.capitalize() for word in route.call.split(".")), str(errors[0].status)]
    return "Or".join(names) + (f"As{form}" if form else "")


def _response(route: Route, status: int, errors: list[_Error]) -> dict[str, Any]:
    sentences = dict.fromkeys(_sentence(error) for error in errors)
    content: dict[str, Any] = {HTML: {}} if route.is_page else {JSON: {"schema": _body_schema(route, errors)}}
    return {"description": " Or: ".join(sentences), "headers": headers_of(status), "content": content}


def _body_schema(route: Route, errors: list[_Error]) -> Schema:
    codes = sorted({error.code for error in errors})
    choices = [{"$ref": f"#/components/schemas/{_schema_name(code)}"} for code in codes]
    schema = choices[0] if len(choices) == 1 else {"oneOf": choices}
    return schema if route.error_body is None else {"allOf": [schema, reference_to(route.error_body)]}


def headers_of(status: int) -> dict[str, Any]:
    """References to the headers that an answer with this status carries."""
    names = (*_HEADERS, *_HEADERS_OF_STATUS.get(status, ()))
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def error_schemas(routes: Iterable[Route]) -> dict[str, Schema]:
    """The schema of every error's body, and one that narrows it for each code that a call answers."""
    errors = dict.fromkeys(error for route in routes for error in errors_of(route))
    of_code: dict[str, list[_Error]] = {}
    for error in errors:
        of_code.setdefault(error.code, []).append(error)
    base = schemas_of([ErrorBody])[ErrorBody.__name__]
    base["properties"]["errorCode"]["enum"] = sorted(of_code)
    base["properties"]["errorCategoryKey"]["enum"] = sorted({error.category for error in errors})
    base["examples"] = [_example(InvalidToken), _example(PermissionLacking)]
    return {"Error": base} | {_schema_name(code): _schema_of(same) for code, same in sorted(of_code.items())}


def _schema_name(code: str) -> str:
    return code if code.endswith("Error") else f"{code}Error"


def _schema_of(errors: list[_Error]) -> Schema:
    """What narrows the common body to one code."""
    categories = sorted({error.category for error in errors})
    return {
        "allOf": [{"$ref": "#/components/schemas/Error"}],
        "properties": {"errorCode": {"const": errors[0].code}, "errorCategoryKey": {"enum": categories}},
        "examples": [_example(errors[0])],
    }


def _example(error: _Error) -> dict[str, Any]:
    example = {
        "message": _filled(error.template),
        "errorCode": error.code,
        "errorCategoryKey": error.category,
        "requestId": "01a20bfa-3602-75ae-9d20-ee49fffa30b3",
    }
    if error is EndpointChanged:
        return example | {"endpointUrl": _PLACES["endpoint_url"]}
    return example | ({"details": "The access token has expired."} if error is InvalidToken else {})


_PLACES = {
    "allowed": "POST",
    "endpoint_url": "https://north.example.org/",
    "field": "message",
    "key": "opening-2026-11-24",
    "kind": "group",
    "limit": "1000 characters",
    "limit_s": "30",
    "method": "GET",
    "permission": "Text Message",
    "reason": "The database cannot be reached.",
    "resource": "group",
    "retry_after_s": "12",
    "role": "Admin",
    "rule": "must be at most 4000 characters, not 4001",
    "shown": "The shop opens at ni…",
}


def _filled(template: str) -> str:
    """The sentence as it may come; a place that is not known stands for itself."""
    return re.sub(r"\{(\w+)\}", lambda found: _PLACES.get(found[1], found[1].replace("_", " ")), template)


def _sentence(error: _Error) -> str:
    """What the document says of an error: its sentence, or where that is all placeholders, what the error means."""
    if re.sub(r"\{\w+\}|\W", "", error.template) in ("", "got"):
        return " ".join((inspect.getdoc(error) or "").split(". ")[0].split()).removesuffix(".") + "."
    return error.template
