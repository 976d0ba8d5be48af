"""The ids that a value names: which they are, and the same value with others in their place.

A value is what a rule takes: an id, ids, or a struct whose fields end in `_id` or `_ids`, or hold such structs. What
people have written stands in other fields, and is left alone.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

import msgspec

ValueT = TypeVar("ValueT")

_SEVERAL = (tuple, list, frozenset)


def ids_named(value: object) -> set[str]:
    """Every id in a value, as it stands there."""
    found: set[str] = set()

    def note(named: str) -> str:
        found.add(named)
        return named

    _walk(value, note, is_id=True)
    return found


def with_ids(value: ValueT, others: dict[str, str]) -> ValueT:
    """The value with another id in place of each that `others` has; the value itself where it names none of them."""
    changed: ValueT = _walk(value, lambda named: others.get(named, named), is_id=True) if others else value
    return changed


def _walk(value: Any, put: Callable[[str], str], *, is_id: bool) -> Any:
    if isinstance(value, str):
        return put(value) if is_id else value
    if type(value) in _SEVERAL:
        several = [_walk(each, put, is_id=is_id) for each in value]
        is_same = all(one is other for one, other in zip(several, value, strict=True))
        return value if is_same else type(value)(several)
    if not isinstance(value, msgspec.Struct):
        return value
    changes = {}
    for name, names_ids in _fields_of(type(value)):
        held = getattr(value, name)
        changed = _walk(held, put, is_id=names_ids)
        if changed is not held:
            changes[name] = changed
    return msgspec.structs.replace(value, **changes) if changes else value


@cache
def _fields_of(kind: type[msgspec.Struct]) -> tuple[tuple[str, bool], ...]:
    """The fields of a struct, and whether each holds ids."""
    return tuple((name, name.endswith(("_id", "_ids")) or name == "reply_to") for name in kind.__struct_fields__)
