"""The permission table: call x connector permission x token kind x role. Checks, docs and tests come from it.

Source: contract, section 4 (connector permissions, token kinds), sections 5 and 6 (roles).
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, IntEnum, StrEnum

import msgspec


class Permission(StrEnum):
    """What a connector may be allowed; the words of the old portal."""

    GROUP_INFORMATION = "Group Information"
    GROUP_MEMBER_LIST = "Group Member List"
    TEXT_MESSAGE = "Text Message"
    ACTION_AND_RESPONSES = "Action & Responses"
    USER_PROFILE = "User Profile"
    MEDIA = "Media"
    OUTGOING_WEBHOOKS = "Outgoing Webhooks"
    TENANT_DATA = "Tenant Data"
    REACTIONS = "Reactions"


class TokenKind(StrEnum):
    """What a token acts as. A tenant token is a user token whose user is a tenant admin; a bot token acts as a bot."""

    USER = "user"
    GROUP = "group"
    BOT = "bot"


class Need(IntEnum):
    """The least that a caller must be, in the group of the call or in the tenant. Ordered: more includes less."""

    NOTHING = 0
    SUBSCRIBER = 1
    MEMBER = 2
    ADMIN = 3


class Scope(Enum):
    """Where the need is looked for."""

    CALLER = "caller"
    GROUP = "group"
    HIERARCHY = "hierarchy"
    """In the group; or the caller is a member of a group above or below it, and reads."""
    TENANT = "tenant"
    BOT = "bot"


_ANY_KIND = frozenset(TokenKind)
_USER_KIND = frozenset({TokenKind.USER})
_BUT_GROUPS = _ANY_KIND - {TokenKind.GROUP}
_BUT_BOTS = _ANY_KIND - {TokenKind.BOT}


class CallPermission(msgspec.Struct, frozen=True):
    """What one call needs."""

    call: str
    permission: Permission
    scope: Scope = Scope.GROUP
    need: Need = Need.MEMBER
    kinds: frozenset[TokenKind] = _ANY_KIND


_TABLE = (
    CallPermission("users.me", Permission.USER_PROFILE, Scope.CALLER, Need.NOTHING),
    # Whoever makes a group becomes its admin, which a bot never is.
    CallPermission("groups.create", Permission.GROUP_INFORMATION, Scope.CALLER, Need.NOTHING, _BUT_BOTS),
    CallPermission("groups.list", Permission.GROUP_INFORMATION, Scope.CALLER, Need.NOTHING),
    CallPermission("groups.find", Permission.TENANT_DATA, Scope.TENANT, Need.ADMIN, _USER_KIND),
    CallPermission("tenant.limits", Permission.TENANT_DATA, Scope.TENANT, Need.ADMIN, _USER_KIND),
    CallPermission("groups.get", Permission.GROUP_INFORMATION, Scope.HIERARCHY, Need.SUBSCRIBER),
    CallPermission("groups.change", Permission.GROUP_INFORMATION, need=Need.ADMIN),
    CallPermission("groups.delete", Permission.GROUP_INFORMATION, need=Need.ADMIN),
    CallPermission("groups.leave", Permission.GROUP_MEMBER_LIST, need=Need.SUBSCRIBER, kinds=_BUT_GROUPS),
    CallPermission("subgroups.list", Permission.GROUP_INFORMATION, Scope.HIERARCHY, Need.SUBSCRIBER),
    # For linking, each of the subgroups needs an admin too; the rule checks it.
    CallPermission("subgroups.create", Permission.GROUP_INFORMATION, need=Need.ADMIN),
    CallPermission("subgroups.link", Permission.GROUP_INFORMATION, need=Need.ADMIN),
    CallPermission("subgroups.unlink", Permission.GROUP_INFORMATION, need=Need.ADMIN),
    CallPermission("members.list", Permission.GROUP_MEMBER_LIST),
    CallPermission("members.add", Permission.GROUP_MEMBER_LIST, need=Need.ADMIN),
    CallPermission("members.remove", Permission.GROUP_MEMBER_LIST, need=Need.ADMIN),
    CallPermission("members.change", Permission.GROUP_MEMBER_LIST, need=Need.ADMIN),
    CallPermission("subscribers.list", Permission.GROUP_MEMBER_LIST, need=Need.ADMIN),
    CallPermission("subscribers.page", Permission.GROUP_MEMBER_LIST, need=Need.ADMIN),
    CallPermission("subscribers.add", Permission.GROUP_MEMBER_LIST, need=Need.ADMIN),
    CallPermission("subscribers.remove", Permission.GROUP_MEMBER_LIST, need=Need.ADMIN),
    CallPermission("messages.post", Permission.TEXT_MESSAGE, need=Need.SUBSCRIBER),
    CallPermission("messages.list", Permission.TEXT_MESSAGE, need=Need.SUBSCRIBER),
    CallPermission("messages.get", Permission.TEXT_MESSAGE, need=Need.SUBSCRIBER),
    # The sender or an admin; who is the sender is known only to the rule.
    CallPermission("messages.edit", Permission.TEXT_MESSAGE, need=Need.SUBSCRIBER),
    CallPermission("messages.retract", Permission.TEXT_MESSAGE, need=Need.SUBSCRIBER),
    CallPermission("bots.create", Permission.USER_PROFILE, Scope.CALLER, Need.NOTHING, _USER_KIND),
    CallPermission("bots.list", Permission.USER_PROFILE, Scope.CALLER, Need.NOTHING, _USER_KIND),
    CallPermission("bots.change", Permission.USER_PROFILE, Scope.BOT, Need.ADMIN, _USER_KIND),
    CallPermission("bots.delete", Permission.USER_PROFILE, Scope.BOT, Need.ADMIN, _USER_KIND),
    CallPermission("bots.token", Permission.USER_PROFILE, Scope.BOT, Need.ADMIN, _USER_KIND),
    CallPermission("bots.revoke", Permission.USER_PROFILE, Scope.BOT, Need.ADMIN, _USER_KIND),
    CallPermission("bots.join", Permission.GROUP_MEMBER_LIST, need=Need.ADMIN),
    CallPermission("reactions.post", Permission.REACTIONS, need=Need.SUBSCRIBER),
    CallPermission("reactions.changes", Permission.REACTIONS, need=Need.SUBSCRIBER),
    CallPermission("reactions.summary", Permission.REACTIONS, need=Need.SUBSCRIBER),
    CallPermission("reactions.details", Permission.REACTIONS, need=Need.SUBSCRIBER),
    # The author or an admin; who is the author is known only to the rule.
    CallPermission("reactions.remove", Permission.REACTIONS, need=Need.SUBSCRIBER),
    # What is told needs, each kind, the permission to read it as well.
    CallPermission("streams.events", Permission.OUTGOING_WEBHOOKS, Scope.CALLER, Need.NOTHING),
    CallPermission("streams.sync", Permission.OUTGOING_WEBHOOKS, Scope.CALLER, Need.NOTHING),
    CallPermission("media.upload", Permission.MEDIA, Scope.CALLER, Need.NOTHING),
    CallPermission("media.fetch", Permission.MEDIA, Scope.CALLER, Need.NOTHING),
    # Whoever of the organization knows a mediaResource: it cannot be guessed.
    CallPermission("media.get", Permission.MEDIA, Scope.CALLER, Need.NOTHING),
    CallPermission("actions.post", Permission.ACTION_AND_RESPONSES, need=Need.SUBSCRIBER),
    CallPermission("actions.list", Permission.ACTION_AND_RESPONSES, need=Need.SUBSCRIBER),
    CallPermission("actions.get", Permission.ACTION_AND_RESPONSES, need=Need.SUBSCRIBER),
    # Whoever sees an action may answer it; whom it is assigned to is known only to the rule.
    CallPermission("responses.post", Permission.ACTION_AND_RESPONSES, need=Need.SUBSCRIBER),
    CallPermission("responses.list", Permission.ACTION_AND_RESPONSES, need=Need.SUBSCRIBER),
    # The sender or an admin; who is the sender is known only to the rule.
    CallPermission("actions.change", Permission.ACTION_AND_RESPONSES, need=Need.SUBSCRIBER),
    CallPermission("actions.properties", Permission.ACTION_AND_RESPONSES, need=Need.SUBSCRIBER),
    CallPermission("actions.remind", Permission.ACTION_AND_RESPONSES, need=Need.SUBSCRIBER),
    CallPermission("actions.close", Permission.ACTION_AND_RESPONSES, need=Need.SUBSCRIBER),
    CallPermission("actions.retract", Permission.ACTION_AND_RESPONSES, need=Need.SUBSCRIBER),
    # In the group that the webhook is about. Of a package, which is about none: whoever made it, or an admin of the
    # organization; the rule checks it.
    CallPermission("webhooks.create", Permission.OUTGOING_WEBHOOKS, need=Need.ADMIN),
    CallPermission("webhooks.list", Permission.OUTGOING_WEBHOOKS, need=Need.ADMIN),
    CallPermission("webhooks.change", Permission.OUTGOING_WEBHOOKS, need=Need.ADMIN),
    CallPermission("webhooks.delete", Permission.OUTGOING_WEBHOOKS, need=Need.ADMIN),
    CallPermission("webhooks.deliveries", Permission.OUTGOING_WEBHOOKS, need=Need.ADMIN),
    CallPermission("webhooks.replay", Permission.OUTGOING_WEBHOOKS, need=Need.ADMIN),
    CallPermission("webhooks.test", Permission.OUTGOING_WEBHOOKS, need=Need.ADMIN),
)


def _with_its_kinds(entry: CallPermission) -> CallPermission:
    """A bot is never an admin, so what needs one cannot be done with its token."""
    return msgspec.structs.replace(entry, kinds=entry.kinds - {TokenKind.BOT}) if entry.need is Need.ADMIN else entry


PERMISSIONS: dict[str, CallPermission] = {entry.call: _with_its_kinds(entry) for entry in _TABLE}

_SCOPES: dict[str, Permission] = {
    "groupinfo.read": Permission.GROUP_INFORMATION,
    "groupinfo.write": Permission.GROUP_INFORMATION,
    "groupinfo.remove": Permission.GROUP_INFORMATION,
    "groupinfo.update": Permission.GROUP_INFORMATION,
    "groupmember.read": Permission.GROUP_MEMBER_LIST,
    "groupmember.write": Permission.GROUP_MEMBER_LIST,
    "groupmember.remove": Permission.GROUP_MEMBER_LIST,
    "textmessage.read": Permission.TEXT_MESSAGE,
    "action.read": Permission.ACTION_AND_RESPONSES,
    "action.write": Permission.ACTION_AND_RESPONSES,
    "action.update": Permission.ACTION_AND_RESPONSES,
    "profile.write": Permission.USER_PROFILE,
    "media.read": Permission.MEDIA,
    "webhook.read": Permission.OUTGOING_WEBHOOKS,
    "webhook.write": Permission.OUTGOING_WEBHOOKS,
    "webhook.remove": Permission.OUTGOING_WEBHOOKS,
    "webhook.update": Permission.OUTGOING_WEBHOOKS,
}


def granted_scope(permissions: Iterable[Permission]) -> str:
    """The comma list that old clients are given as scope: the old names, filtered by the connector's permissions."""
    held = frozenset(permissions)
    return ",".join(name for name, permission in _SCOPES.items() if permission in held)
