"""Paths in the document. OpenAPI allows one name for a parameter at one place, whichever calls have it.

`/x/{likeId}` of one method and `/x/{messageId}` of another are one path: `/x/{likeIdOrMessageId}`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from chaupal.serving.routes import Route

_NAME = re.compile(r"\{(\w+)\}")


def parameters_of(route: Route) -> list[str]:
    """The names in the route's own path."""
    return _NAME.findall(route.path)


def documented_names(route: Route, routes: Sequence[Route]) -> dict[str, str]:
    """What the document calls each parameter of the route's path."""
    alike = [parameters_of(other) for other in routes if _NAME.sub("{}", other.path) == _NAME.sub("{}", route.path)]
    joined = [_joined(list(dict.fromkeys(names))) for names in zip(*alike, strict=True)]
    return dict(zip(parameters_of(route), joined, strict=True))


def documented_path(route: Route, routes: Sequence[Route]) -> str:
    """The route's path as the document has it."""
    names = documented_names(route, routes)
    return _NAME.sub(lambda found: f"{{{names[found[1]]}}}", route.path)


def _joined(names: list[str]) -> str:
    first, *others = names
    return first + "".join(f"Or{name[0].upper()}{name[1:]}" for name in others)
