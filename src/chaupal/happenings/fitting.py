"""Keeping what is told under 96 kB, whatever people have written. Source: contract, section 11.

Forms and answers are bounded where they come in, but an answer that chooses every option repeats all of their titles,
and an id of media becomes a long link. What is too large loses, in this order: the options of answered questions, which
their action has; then the ends of texts and of lists. `isShortened` says so; the whole is read with a GET.
"""

from __future__ import annotations

from typing import Any

import msgspec

DATA_MAX_BYTES = 84_000
"""Leaves room under 96 kB for the frame: names, pictures' addresses, and the context that a webhook repeats."""

_CUTS = ((1_000, 50), (300, 10), (100, 3), (30, 1))
"""(characters of a text, entries of a list) that are left, tried in this order."""
_WHOLE = frozenset({"mediaUrl", "url"})
"""Half a link is none."""
_KEPT_LISTS = frozenset({"responseWithQuestions", "questions", "properties"})
"""Receivers read fixed places in them, and they have at most a hundred entries."""

_encode = msgspec.json.Encoder().encode


def fitted(data: dict[str, Any]) -> dict[str, Any]:
    """The data as they may be sent: the same where they are small enough, which they nearly always are."""
    if _fits(data):
        return data
    data = {**data, "isShortened": True}
    details = data.get("responseDetails")
    if isinstance(details, dict) and "responseWithQuestions" in details:
        bare = [{**entry, "options": []} for entry in details["responseWithQuestions"]]
        data["responseDetails"] = {**details, "responseWithQuestions": bare}
    for chars, entries in _CUTS:
        if _fits(data):
            break
        data = {name: _cut(name, value, chars, entries) for name, value in data.items()}
    return data


def _fits(data: dict[str, Any]) -> bool:
    return len(_encode(data)) <= DATA_MAX_BYTES


def _cut(name: str, value: Any, chars: int, entries: int) -> Any:
    match value:
        case str() if name not in _WHOLE and len(value) > chars:
            return value[: chars - 1] + "…"
        case list():
            kept = value if name in _KEPT_LISTS else value[:entries]
            return [_cut("", each, chars, entries) for each in kept]
        case dict():
            return {key: _cut(key, each, chars, entries) for key, each in value.items()}
        case _:
            return value
