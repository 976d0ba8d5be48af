"""What the examples of the document are made of, and where each slice keeps its own.

A slice's `examples.py` holds `EXAMPLES`, by method and path of the call. Only the document's makers read it.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chaupal.serving.routes import Route


class NoExample(Exception):
    """A route has no example; the sentence says where it belongs."""


@dataclass(frozen=True)
class Example:
    """One call and its answer of success, as they would really be: `title` says what it shows.

    `body` and `reply` are JSON values; of what is not JSON they are left out. `query` by the parameters' names.
    """

    title: str
    body: Any = None
    query: Mapping[str, Any] = field(default_factory=dict)
    reply: Any = None


Examples = Mapping[str, tuple[Example, ...]]


def slice_of(route: Route) -> str:
    """The name of the slice that a route belongs to."""
    return route.handler.__module__.split(".")[1]


def key_of(route: Route) -> str:
    """How examples and texts name a route: `POST /groups`."""
    return f"{route.method} {route.path}"


def examples_of(route: Route) -> tuple[Example, ...]:
    """The route's examples, at least one.

    Raises:
        NoExample.
    """
    module_name = f"chaupal.{slice_of(route)}.examples"
    try:
        found: tuple[Example, ...] = importlib.import_module(module_name).EXAMPLES.get(key_of(route), ())
    except ModuleNotFoundError:
        found = ()
    if not found:
        raise NoExample(f"{key_of(route)} has no example: add one to EXAMPLES in {module_name}")
    return found
