"""What a call needs, in words: the permission table's row as a sentence, for the document and the pages."""

from __future__ import annotations

from typing import Any

from chaupal.auth.permissions import CallPermission, Need, Scope, TokenKind


def needs_sentence(needed: CallPermission) -> str:
    """What a call needs, in one line."""
    parts = [f"permission **{needed.permission}**", who_may(needed)]
    # That a bot is never an admin need not be said with every call.
    usual = frozenset(TokenKind) - ({TokenKind.BOT} if needed.need is Need.ADMIN else set())
    if needed.kinds != usual:
        parts.append(f"a {' or '.join(sorted(kind.value for kind in needed.kinds))} token")
    return f"Needs: {'; '.join(parts)}."


def who_may(needed: CallPermission) -> str:
    """Whose token may make the call."""
    if needed.scope is Scope.CALLER:
        return "anyone whose token holds"
    if needed.scope is Scope.TENANT:
        return "an admin of the organization" if needed.need is Need.ADMIN else "a person of the organization"
    if needed.scope is Scope.HIERARCHY:
        return "a member of the group or of one above or below it, or a subscriber"
    if needed.need is Need.SUBSCRIBER:
        return "a member of the group, or a subscriber"
    if needed.scope is Scope.BOT:
        return "the bot's creator, or an admin of the organization"
    return "an admin of the group" if needed.need is Need.ADMIN else "a member of the group"


def needs_extension(needed: CallPermission) -> dict[str, Any]:
    """The same for programs: the extension `x-chaupal-needs`."""
    return {
        "call": needed.call,
        "connectorPermission": needed.permission.value,
        "role": needed.need.name.lower(),
        "in": needed.scope.value,
        "tokenKinds": sorted(kind.value for kind in needed.kinds),
    }
