"""The collection and its environment, in the format v2.1 that Postman and newman read.

Equal routes and journeys give equal files. Source of the format: the collection schema v2.1.0.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from chaupal.openapi.examples import Example, examples_of, key_of
from chaupal.openapi.schemas import Schema, own_schema
from chaupal.postman.journey import SET_BY_THE_USER
from chaupal.postman.steps import PATH_VARIABLES, Leg, Step
from chaupal.serving.routes import JSON, Route

Object = dict[str, Any]

_SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
_NAMESPACE = uuid.UUID("3d0f9e54-6c0e-5d2a-9b44-0f6a1a7c2b11")
"""Ids are made of names in it, so that the files stay the same while the names do."""

_ABOUT = (
    "Every call of Chaupal's API, in an order in which each has what it needs: run the folders from the first to the "
    "last, and the variables fill themselves. Set `mobile-number`, `application-id` and `application-secret` in the "
    "environment first; `mobile-number` is that of an admin of the organization. Files are sent from the folder "
    "`files` beside this collection."
)

_FIRST = """// Two more numbers, next to the caller's own, unless they are set.
const own = pm.environment.get("mobile-number") || "";
for (const [name, distance] of [["mobile-number-2", 1], ["mobile-number-3", 2]]) {
    if (own && !pm.environment.get(name)) {
        const last = own.slice(-6);
        const next = String((Number(last) + distance) % 1000000).padStart(6, "0");
        pm.environment.set(name, own.slice(0, -6) + next);
    }
}"""


class StepMistaken(Exception):
    """A step does not fit its route; the sentence says how."""


def build_collection(journey: Sequence[Leg], routes: Sequence[Route]) -> Object:
    """The collection.

    Raises:
        StepMistaken, NoExample.
    """
    by_key = {key_of(route): route for route in routes}
    return {
        "info": {
            "_postman_id": _id("collection"),
            "name": "Chaupal",
            "description": _ABOUT,
            "schema": _SCHEMA,
        },
        "event": [_script("prerequest", _FIRST)],
        "item": [
            {
                "name": leg.title,
                "description": leg.about,
                "item": [_item(leg, step, by_key) for step in leg.steps],
            }
            for leg in journey
        ],
    }


def build_environment(journey: Sequence[Leg]) -> Object:
    """The environment: what the user sets, then what the run fills, empty."""
    filled = dict.fromkeys(name for leg in journey for step in leg.steps for name in step.fills)
    names = dict.fromkeys(("pin", "mobile-number-2", "mobile-number-3", *filled))
    return {
        "id": _id("environment"),
        "name": "Chaupal",
        "values": [
            {"key": name, "value": value, "type": "secret" if name in _SECRET else "default", "enabled": True}
            for name, value in {**SET_BY_THE_USER, **dict.fromkeys(names, "")}.items()
        ],
        "_postman_variable_scope": "environment",
    }


_SECRET = frozenset({"application-secret", "refresh-token", "access-token", "bot-access-token", "pin"})


def encode_postman(document: Object) -> str:
    """As it is stored: indented, so that a change of it can be read."""
    return msgspec.json.format(msgspec.json.encode(document), indent=1).decode() + "\n"


def _id(name: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, name))


def _item(leg: Leg, step: Step, by_key: Mapping[str, Route]) -> Object:
    if step.call not in by_key:
        raise StepMistaken(f"{step.title}: there is no {step.call}")
    route = by_key[step.call]
    _check_names(step, route)
    events = [_script("prerequest", step.before)] if step.before else []
    request = _request(step, route)
    return {
        "id": _id(f"{leg.title} / {step.title}"),
        "name": step.title,
        "event": [*events, _script("test", _tests(step, route))],
        "request": request,
        "response": [_response(request, example) for example in examples_of(route)],
    }


def _script(listen: str, text: str) -> Object:
    return {"listen": listen, "script": {"type": "text/javascript", "exec": text.split("\n")}}


def _check_names(step: Step, route: Route) -> None:
    """Raise StepMistaken where the step sends what the route does not take."""
    for shape, given in ((route.query, step.query), (route.body, step.body or {})):
        known: Schema = own_schema(shape)["properties"] if shape is not None else {}
        if isinstance(given, Mapping) and (unknown := sorted(given.keys() - known.keys())):
            raise StepMistaken(f"{step.title}: {step.call} takes no {', '.join(unknown)}")


def _request(step: Step, route: Route) -> Object:
    method, path = step.call.split(" ", 1)
    headers = dict(step.headers)
    if route.call:
        headers.setdefault("accessToken", "{{access-token}}")
    if step.body is not None:
        headers["Content-Type"] = JSON
    request: Object = {
        "method": method,
        "header": [{"key": name, "value": value} for name, value in headers.items()],
        "url": _url(step, path),
        "description": " ".join((route.handler.__doc__ or "").split("\n\n")[0].split()),
    }
    if step.files:
        parts = [{"key": "files", "type": "file", "src": f"files/{name}"} for name in step.files]
        request["body"] = {"mode": "formdata", "formdata": parts}
    elif step.body is not None:
        request["body"] = {"mode": "raw", "raw": _indented(step.body), "options": {"raw": {"language": "json"}}}
    return request


def _url(step: Step, path: str) -> Object:
    if step.url:
        return {"raw": step.url, "host": [step.url]}
    variables = {**PATH_VARIABLES, **step.path}
    filled = re.sub(r"\{(\w+)\}", lambda found: "{{" + variables[found[1]] + "}}", path)
    # Both variables end in a slash, as Kaizala's did; clients append `/v1/…`, which makes two, and works.
    base = "{{api-root}}" if step.on_root else "{{endpoint-url}}"
    raw = f"{base}v1{filled}"
    query = [{"key": name, "value": value} for name, value in step.query.items()]
    if query:
        raw += "?" + "&".join(f"{each['key']}={each['value']}" for each in query)
    return {
        "raw": raw,
        "host": [f"{base}v1"],
        "path": filled.strip("/").split("/"),
        **({"query": query} if query else {}),
    }


def _tests(step: Step, route: Route) -> str:
    lines = ['pm.test("It is answered with 200", () => pm.response.to.have.status(200));']
    if JSON in route.gives:
        lines += [
            "const answer = pm.response.json();",
            'pm.test("The answer is no error", () => pm.expect(answer).to.not.have.property("errorCode"));',
        ]
        if needed := own_schema(route.reply).get("required", []):
            words = ", ".join(f'"{name}"' for name in needed)
            lines.append(f'pm.test("It has what it always has", () => pm.expect(answer).to.include.all.keys({words}));')
    lines += list(_holding(step.holds))
    for name, expression in step.fills.items():
        lines += [
            f'pm.test("{name} is filled", () => {{',
            f"    const value = {expression};",
            "    pm.expect(value).to.be.a('string').and.not.be.empty;",
            f'    pm.environment.set("{name}", value);',
            "});",
        ]
    if step.after:
        lines.append(step.after)
    return "\n".join(lines)


def _holding(holds: Mapping[str, str]) -> Iterator[str]:
    for sentence, expression in holds.items():
        text = sentence[:1].upper() + sentence[1:]
        yield f'pm.test("{text}", () => pm.expect({expression}).to.be.true);'


def _response(request: Object, example: Example) -> Object:
    return {
        "name": example.title,
        "originalRequest": {key: value for key, value in request.items() if key != "description"},
        "status": "OK",
        "code": 200,
        "_postman_previewlanguage": "json",
        "header": [{"key": "Content-Type", "value": f"{JSON}; charset=utf-8"}],
        "body": "" if example.reply is None else _indented(example.reply),
    }


def _indented(value: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
