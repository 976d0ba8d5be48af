"""Ids of old at the edge: what a call does not find by its own spelling is looked for by the one that is kept."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from chaupal.auth.caller import Caller
from chaupal.errors import NotFound
from chaupal.store.store import Store

ValueT = TypeVar("ValueT")
AnswerT = TypeVar("AnswerT")


async def find_kept(store: Store, caller: Caller, value: ValueT) -> ValueT:
    """Ids, or what a rule takes, with the ids as they are kept; the value itself where they are right."""
    from chaupal.kept_ids.rules import as_kept, kept_guids

    return await store.read(as_kept, caller, value) if kept_guids(value) else value


async def retry_as_kept(
    store: Store, caller: Caller, draft: ValueT, run: Callable[[ValueT], Awaitable[AnswerT]], missing: NotFound
) -> AnswerT:
    """Run once more what did not find something, where that is kept under another spelling of its id. Only then does a
    spelling cost anything.

    Raises:
        NotFound: the same as before.
    """
    kept = await find_kept(store, caller, draft)
    if kept is draft:
        raise missing
    try:
        return await run(kept)
    except NotFound:
        raise missing from None  # the other one could tell how an id is kept that the caller must not know
