"""Paths as clients write them: with or without `/v1`, in any letter case, with doubled or trailing slashes.

Source: contract, section 1. Nothing is cleaned up by a redirect; browser clients cannot follow one after a preflight.

Some clients take the `Location` of a 308, the address of one call, for the base of all others, and put the next path
behind it: `/v1/groups/1/v1/users/me`, or `/v1/sync?cursor=2/v1/users/me`. The part from the last `/v1/` on is meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Generic, TypeVar
from urllib.parse import unquote_to_bytes

TargetT = TypeVar("TargetT")

_PARAMETER_MAX_CHARS = 200
"""Longer than any id; a longer one is looked up nowhere."""

_ALSO_SPELLED = {"bot": "bots", "webhook": "webhooks"}
"""A second word for a fixed segment. Evidence: the old reference calls a resource `/webhook` under the title
`/webhooks`, and clients follow titles; the same is to be expected of `/bot`, whose answer is called `bots`."""

_VERSION_PART = "/v1/"
_ADDRESSES_MAX = 8
"""In one path. Each of them costs a look at all of it, and a client adds one with each move of its organization."""

_QUERY_BEGINS = re.compile("[?&]")
"""A client that adds its own query to an address with one may write either."""

_REMEMBERED_PATHS = 4_096
_REMEMBERED_PATH_CHARS = 200
"""Clients call the same few paths again and again; matching one is a dozen steps."""


class _Node(Generic[TargetT]):
    __slots__ = ("below", "parameter", "targets")

    def __init__(self) -> None:
        self.below: dict[str, _Node[TargetT]] = {}
        self.parameter: _Node[TargetT] | None = None
        self.targets: dict[str, tuple[TargetT, tuple[str, ...]]] = {}


class Matched(Generic[TargetT]):
    """What a path leads to: a target and its path parameters, or, with `target` None, the methods that exist there.

    Shared between calls; nobody changes it.
    """

    __slots__ = ("methods", "parameters", "target")

    def __init__(self, target: TargetT | None, parameters: dict[str, str], methods: tuple[str, ...]) -> None:
        self.target = target
        self.parameters = parameters
        self.methods = methods


class PathTable(Generic[TargetT]):
    """Route patterns such as `/groups/{groupId}/members`, found again in every accepted spelling."""

    def __init__(self) -> None:
        self._root: _Node[TargetT] = _Node()
        self._found: dict[tuple[str, str], Matched[TargetT]] = {}

    def add(self, method: str, pattern: str, target: TargetT) -> None:
        """Add one route. Static segments win over parameters."""
        node = self._root
        names: list[str] = []
        for segment in _segments(pattern):
            if segment.startswith("{"):
                names.append(segment[1:-1])
                if node.parameter is None:
                    node.parameter = _Node()
                node = node.parameter
            else:
                word = segment.lower()
                following = node.below.setdefault(word, _Node())
                if word in _ALSO_SPELLED:
                    node.below[_ALSO_SPELLED[word]] = following
                node = following
        if method in node.targets:
            raise ValueError(f"{method} {pattern} is declared twice")
        node.targets[method] = (target, tuple(names))

    def find(self, method: str, raw_path: str) -> Matched[TargetT] | None:
        """The route of an undecoded path; None where no route has this path.

        Doubled slashes are dropped, so an empty id can only make the path shorter: what is left is either no route or
        looks a word such as "members" up as an id, and never becomes a change of the whole collection. Where the
        shorter path lacks the method, it is no route either: an empty id is a 404 (contract, section 2).
        """
        known = self._found.get((method, raw_path))
        if known is not None:
            return known
        matched = self._match(method, raw_path)
        if matched is not None and len(raw_path) <= _REMEMBERED_PATH_CHARS:
            if len(self._found) >= _REMEMBERED_PATHS:
                self._found.clear()
            self._found[method, raw_path] = matched
        return matched

    def find_in_query(self, method: str, query: str) -> tuple[Matched[TargetT] | None, str, str]:
        """(what the path that begins at the last `/v1/` of a query leads to, that path, its own query).

        For queries that hold such a path. It is never looked past: the call in front of it was not meant.
        """
        tail = query[query.lower().rindex(_VERSION_PART) :]
        path, own_query = _QUERY_BEGINS.split(tail, maxsplit=1) if _QUERY_BEGINS.search(tail) else (tail, "")
        return self.find(method, path), path, own_query

    def _match(self, method: str, raw_path: str) -> Matched[TargetT] | None:
        """The whole path, or else what follows the last `/v1/`, if what stands before it is a call's path as well."""
        whole = self._match_whole(method, raw_path)
        if whole is not None:
            return whole
        folded = raw_path.lower()
        at = folded.rfind(_VERSION_PART)
        if at <= 0 or folded.count(_VERSION_PART) > _ADDRESSES_MAX or not self._is_path(raw_path[:at]):
            return None
        return self._match_whole(method, raw_path[at:])

    def _is_path(self, raw_path: str) -> bool:
        """Whether any call has this path, which may hold further ones in front."""
        while self._match_whole("", raw_path) is None:
            at = raw_path.lower().rfind(_VERSION_PART)
            if at <= 0 or self._match_whole("", raw_path[at:]) is None:
                return False
            raw_path = raw_path[:at]
        return True

    def _match_whole(self, method: str, raw_path: str) -> Matched[TargetT] | None:
        segments = _segments(raw_path)
        if segments and segments[0] in ("v1", "V1"):  # both `/v1/groups` and `/groups` (contract, section 1)
            del segments[0]
        node = self._root
        values: list[str] = []
        for segment in segments:
            following = node.below.get(segment.lower())
            if following is None:
                following = node.parameter
                if following is None:
                    return None
                value = _decoded(segment)
                if value is None or value.lower() == "v1":  # nothing has that id; what follows it is a path of its own
                    return None
                values.append(value)
            node = following
        if not node.targets:
            return None
        found = node.targets.get(method)
        if found is None:
            if method and "//" in raw_path.strip("/"):
                return None
            return Matched(None, {}, tuple(sorted(node.targets)))
        target, names = found
        return Matched(target, dict(zip(names, values, strict=True)), ())

    def patterns(self) -> Iterable[TargetT]:
        """Every target, once."""
        waiting = [self._root]
        while waiting:
            node = waiting.pop()
            waiting.extend({id(below): below for below in node.below.values()}.values())
            if node.parameter is not None:
                waiting.append(node.parameter)
            for target, _ in node.targets.values():
                yield target


def _segments(path: str) -> list[str]:
    return [segment for segment in path.split("/") if segment]


def _decoded(segment: str) -> str | None:
    """A path parameter percent-decoded; None where it cannot be an id: not UTF-8, with NUL or a slash, or too long."""
    if len(segment) > _PARAMETER_MAX_CHARS:
        return None
    if "%" not in segment:
        return segment
    try:
        text = unquote_to_bytes(segment).decode()
    except UnicodeDecodeError:
        return None
    return None if "\x00" in text or "/" in text else text
