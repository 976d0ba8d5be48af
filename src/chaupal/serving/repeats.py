"""Answering a repeated call before anything else is done for it.

`ApiRequest.commit` finds the answer of an earlier call in its transaction, which is soon enough for most. A call that
asks another machine first does not succeed again just because it did before: that machine may be away by now.
"""

from __future__ import annotations

from chaupal.idempotency.rules import OnceKey, find_once
from chaupal.serving.replies import Reply
from chaupal.serving.request import ApiRequest, once_reply


async def stored_reply(request: ApiRequest) -> Reply | None:
    """The answer to an earlier call with the same `Idempotency-Key`; None where there is none, or no key.

    Raises:
        KeyUsedOtherwise, InvalidToken, InvalidParameters.
    """
    key = request.idempotency_key
    if not key:
        return None
    wanted = OnceKey(key, await request.request_hash(key))
    found = await request.house.store.read(find_once, request.caller, wanted)
    return once_reply(found) if found is not None else None
