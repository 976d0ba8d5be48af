"""How ids of old are kept: as they were, with the scale unit behind them. Contract, section 2.

A GUID is one thing with every scale unit and with none; the first that an import names it with is kept. So rows are
found by what they are called exactly, as those that were made here are, and only what was not found is looked up here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TypeVar

from chaupal.auth.caller import Caller, Operator
from chaupal.kept_ids.named import ids_named, with_ids
from chaupal.kept_ids.queries import insert_kept, select_kept
from chaupal.store.transaction import Transaction

ValueT = TypeVar("ValueT")

_KEPT = re.compile(
    # What was made here has version 7, and never a scale unit.
    r"(?P<guid>[0-9a-f]{8}-[0-9a-f]{4}-[0-689a-f][0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12})(?P<unit>@[0-9]{1,9})?"
)


def kept_guids(value: object) -> dict[str, str]:
    """The ids in a value that may be kept otherwise, each with its bare GUID."""
    matches = ((named, _KEPT.fullmatch(named)) for named in ids_named(value))
    return {named: match["guid"] for named, match in matches if match is not None}


def as_kept(tx: Transaction, _caller: Caller | Operator, value: ValueT) -> ValueT:
    """The value with its ids as they are kept; the value itself where they are right."""
    guids = kept_guids(value)
    if not guids:
        return value
    return _put(value, guids, select_kept(tx, sorted(set(guids.values()))))


def keep(tx: Transaction, value: ValueT, *, are_there: Callable[[Transaction, list[str]], Iterable[str]]) -> ValueT:
    """The value with its ids as they are kept from now on. Inside tx.

    `are_there` says which of some bare GUIDs somebody or something has already: those stay bare.
    """
    guids = kept_guids(value)
    if not guids:
        return value
    kept = select_kept(tx, sorted(set(guids.values())))
    fresh: dict[str, str] = {}
    for named, guid in sorted(guids.items()):
        if named != guid and guid not in kept:
            fresh.setdefault(guid, named)
    if fresh:
        for guid in are_there(tx, list(fresh)):
            del fresh[guid]
        insert_kept(tx, fresh)
    return _put(value, guids, kept | fresh)


def _put(value: ValueT, guids: dict[str, str], kept: dict[str, str]) -> ValueT:
    """The value with what each GUID is kept as, or else with the bare one."""
    others = {named: kept.get(guid, guid) for named, guid in guids.items()}
    return with_ids(value, {named: other for named, other in others.items() if other != named})
