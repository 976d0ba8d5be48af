"""Links in the document: what an answer holds that other calls take. Clients and tests follow them.

A POST whose answer names an id leads, by itself, to every call whose path has a parameter of that name. What has
another name in the answer stands in `FOUND_AS`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import inspect

from chaupal.openapi.paths import documented_names, parameters_of
from chaupal.serving.routes import Route

FOUND_AS: dict[str, dict[str, str]] = {
    "members.list": {"memberId": "/members/0/id"},
    "subgroups.create": {"subGroupId": "/groupId"},
}
"""Call -> path parameter -> where the answer of success has it, as a JSON pointer."""


def links_from(route: Route, routes: Sequence[Route], operation_id: Callable[[Route], str]) -> dict[str, Any]:
    """The link objects of a route's answer of success, by the operations that they lead to."""
    found = _found_in_answer(route)
    own, named = parameters_of(route), documented_names(route, routes)
    links: dict[str, Any] = {}
    for other in routes:
        needed = parameters_of(other)
        new = [name for name in needed if name in found and name not in own]
        if not new or any(name not in found and name not in own for name in needed):
            continue
        others = documented_names(other, routes)
        values = {
            others[name]: f"$response.body#{found[name]}" if name in new else f"$request.path.{named[name]}"
            for name in needed
        }
        links[operation_id(other)] = {"operationId": operation_id(other), "parameters": values}
    return links


def _found_in_answer(route: Route) -> dict[str, str]:
    """Parameter -> JSON pointer into the answer."""
    found: dict[str, str] = {}
    if route.method == "POST" and route.reply is not None:
        described = inspect.type_info(route.reply)
        if isinstance(described, inspect.StructType):
            found = {each.encode_name: f"/{each.encode_name}" for each in described.fields}
    return found | FOUND_AS.get(route.call, {})
