"""The grants behind bots' tokens: no refresh token stands before them, the API hands out access tokens itself.

There is one for each bot, connector and person who took a token, so that taking one for every call stores nothing. It
holds only as long as that person is the bot's creator or an admin of the tenant; `auth.access` looks at every call.
"""

from __future__ import annotations

import msgspec

from chaupal.auth.permissions import TokenKind
from chaupal.settings import Settings
from chaupal.store.clock import new_id
from chaupal.store.transaction import Transaction
from chaupal.tokens.queries import GrantRow, select_grants_of_person
from chaupal.tokens.rules import revoke_grant, store_grant

_DAY_MS = 86_400_000
_NO_REFRESH_TOKEN = b""
"""No hash of a refresh token is empty, so that none leads to such a grant."""


class BotGrant(msgspec.Struct, frozen=True):
    """Which bot, through which connector, by whom."""

    bot_id: str
    connector_id: str
    maker_id: str


def find_bot_grant(tx: Transaction, wanted: BotGrant) -> GrantRow | None:
    """The grant that holds, or None."""
    for grant in select_grants_of_person(tx, wanted.bot_id):
        is_same = (grant.connector_id, grant.maker_id) == (wanted.connector_id, wanted.maker_id)
        if is_same and grant.expires_at_ms > tx.now_ms:
            return grant
    return None


def ensure_bot_grant(tx: Transaction, wanted: BotGrant, settings: Settings) -> GrantRow:
    """The grant that holds; a new one where there is none. Inside tx."""
    found = find_bot_grant(tx, wanted)
    if found is not None:
        return found
    grant = GrantRow(
        grant_id=new_id(),
        connector_id=wanted.connector_id,
        kind=TokenKind.BOT.value,
        user_id=wanted.bot_id,
        group_id="",
        origin="bot",
        created_at_ms=tx.now_ms,
        expires_at_ms=tx.now_ms + settings.refresh_token_life_days * _DAY_MS,
        renewed_at_ms=None,
        revoked_at_ms=None,
        maker_id=wanted.maker_id,
    )
    store_grant(tx, grant, refresh_hash=_NO_REFRESH_TOKEN)
    return grant


def revoke_grants_of(tx: Transaction, bot_id: str) -> None:
    """Stop every token of a bot. Inside tx. Idempotent."""
    for grant in select_grants_of_person(tx, bot_id):
        revoke_grant(tx, grant)
