"""Access checks, inside the transaction of the rule that they protect.

In this order: the grant still holds (401), the connector has the permission and the token the kind (403), the group is
visible (404, the same answer as for a group that does not exist), the role suffices (403).
"""

from __future__ import annotations

from functools import lru_cache

import msgspec

from chaupal.auth.caller import Caller
from chaupal.auth.permissions import CallPermission, Need, Permission, Scope, TokenKind
from chaupal.auth.queries import AccessRow, select_access, select_bot_right
from chaupal.errors import Forbidden, InvalidToken, NotFound
from chaupal.store.transaction import Transaction
from chaupal.subgroups.ancestry import is_below, is_member_around

ADMIN = "Admin"
MEMBER = "Member"
SUBSCRIBER = "Subscriber"
"""In a public group: hears its admins, and sees no other subscriber."""
UNINVOLVED = "None"
"""In a group that the caller sees only because it is a member of one above or below it."""
_NEED_OF_ROLE = {ADMIN: Need.ADMIN, MEMBER: Need.MEMBER, SUBSCRIBER: Need.SUBSCRIBER}

CONNECT_GROUP = "ConnectGroup"
"""The type of public groups, the only ones with subscribers."""


class PermissionLacking(Forbidden):
    """The connector was not given a permission. Fields: `permission`."""

    template = "Not allowed: the connector lacks the permission '{permission}'."


class TokenKindLacking(Forbidden):
    """The call cannot be made with this kind of token. Fields: `kind`."""

    template = "Not allowed: this call cannot be made with a {kind} token."


class RoleLacking(Forbidden):
    """The caller's role is not enough. Fields: `role` (the one needed)."""

    template = "Not allowed: this needs the role {role}."


class Access(msgspec.Struct, frozen=True):
    """A caller whose grant holds: the person it acts for, and what the connector may."""

    user_id: str
    mobile_number: str
    name: str
    profile_pic: str
    is_tenant_admin: bool
    permissions: frozenset[str]
    connector_id: str
    application_id: str
    token_group_id: str

    @property
    def sees_numbers(self) -> bool:
        """Whether this caller is told people's mobile numbers. The one place that decides it (contract, section 5)."""
        return Permission.GROUP_MEMBER_LIST.value in self.permissions


class GroupAccess(msgspec.Struct, frozen=True):
    """A caller inside one group that it can see."""

    caller: Access
    group_id: str
    group_type: str
    role: str
    is_member: bool
    sees_all_history: bool
    was_linked: bool
    subgroup_count: int
    from_at_us: int

    @property
    def is_admin(self) -> bool:
        """Whether the caller acts with an admin's rights here."""
        return self.role == ADMIN


def access_caller(tx: Transaction, caller: Caller) -> Access:
    """The caller, checked for a call that is about no group.

    Raises:
        InvalidToken, Forbidden.
    """
    row = _access_row(tx, caller, caller.token.group_id)
    access = _checked(caller, row)
    if caller.token.kind is TokenKind.GROUP and _role(caller, access, row) is None:
        raise InvalidToken("The group of this token does not exist any more.")
    permission = caller.permission
    if permission.scope is Scope.TENANT and permission.need is Need.ADMIN and not access.is_tenant_admin:
        raise RoleLacking(role="tenant admin")
    return access


def access_group(tx: Transaction, caller: Caller, group_id: str) -> GroupAccess:
    """The caller in a group, checked for the call it makes.

    Raises:
        InvalidToken, Forbidden, NotFound.
    """
    row = _access_row(tx, caller, group_id)
    access = _checked(caller, row)
    role = _role_in_force(tx, caller, access, row)
    if role is None:
        raise NotFound("group", group_id=group_id)
    _check_role(caller, role)
    return _in_group(access, row, group_id, role)


def access_related_group(tx: Transaction, caller: Caller, group_id: str) -> GroupAccess:
    """Like `access_group`, for calls that only show what a group is: whoever is a member of a group above or below it
    may read that too, and has no rights in it (role `UNINVOLVED`). A group token looks up no further than its group.

    Raises:
        InvalidToken, Forbidden, NotFound.
    """
    row = _access_row(tx, caller, group_id)
    access = _checked(caller, row)
    role = _role_in_force(tx, caller, access, row)
    if role is None:
        # Asked whether or not there is such a group, so that both take the same statements.
        is_around = is_member_around(tx, group_id, access.user_id)
        exists = row.group_id is not None and row.group_deleted_at_ms is None
        if not (is_around and exists) or caller.token.kind is TokenKind.GROUP:
            raise NotFound("group", group_id=group_id)
        return _in_group(access, row, group_id, UNINVOLVED)
    _check_role(caller, role)
    return _in_group(access, row, group_id, role)


def shown_role(caller: Caller, access: Access, group_role: str | None, *, is_mapped_to_tenant: bool) -> str:
    """What a caller acts as in a group that it sees, given its person's membership there."""
    if caller.token.kind is TokenKind.GROUP or (access.is_tenant_admin and is_mapped_to_tenant):
        return ADMIN
    return group_role or UNINVOLVED


def _in_group(access: Access, row: AccessRow, group_id: str, role: str) -> GroupAccess:
    is_member = row.group_role is not None
    return GroupAccess(
        caller=access,
        group_id=group_id,
        group_type=row.group_type or "",
        role=role,
        is_member=is_member,
        sees_all_history=bool(row.shows_history) or not is_member,
        was_linked=bool(row.was_linked),
        subgroup_count=row.subgroup_count or 0,
        from_at_us=row.from_at_us or 0,
    )


def _access_row(tx: Transaction, caller: Caller, group_id: str) -> AccessRow:
    row = select_access(tx, grant_id=caller.token.grant_id, group_id=group_id)
    if row is None:
        raise InvalidToken("The grant behind the access token does not exist.")
    if caller.token.kind is TokenKind.BOT and not select_bot_right(tx, grant_id=caller.token.grant_id):
        raise InvalidToken("Whoever took this bot token may not act for the bot any more.")
    return row


def _checked(caller: Caller, row: AccessRow) -> Access:
    if row.revoked_at_ms is not None or row.connector_deleted_at_ms is not None or row.person_removed_at_ms is not None:
        raise InvalidToken("The access token was revoked.")
    permissions = _permissions(row.permissions)
    _check_call(caller.permission, permissions, caller.token.kind)
    return Access(
        user_id=row.user_id,
        mobile_number=row.mobile_number,
        name=row.person_name,
        profile_pic=row.profile_pic,
        is_tenant_admin=row.tenant_role == ADMIN,
        permissions=permissions,
        connector_id=caller.token.connector_id,
        application_id=row.shown_application_id,
        token_group_id=caller.token.group_id,
    )


@lru_cache(maxsize=1_000)
def _permissions(stored: str) -> frozenset[str]:
    return frozenset(stored.split(";"))


def _check_call(needed: CallPermission, permissions: frozenset[str], kind: TokenKind) -> None:
    if needed.permission.value not in permissions:
        raise PermissionLacking(permission=needed.permission.value)
    if kind not in needed.kinds:
        raise TokenKindLacking(kind=kind.value)


def _check_role(caller: Caller, role: str) -> None:
    if _NEED_OF_ROLE[role] < caller.permission.need:
        raise RoleLacking(role=MEMBER if caller.permission.need is Need.MEMBER else ADMIN)


def _role_in_force(tx: Transaction, caller: Caller, access: Access, row: AccessRow) -> str | None:
    if _is_below_token(caller, row):
        return _role_of_group_token(tx, caller, access, row)
    return _role(caller, access, row)


def _role(caller: Caller, access: Access, row: AccessRow) -> str | None:
    """The role in force in the group that was asked for; None where the caller cannot see it."""
    if row.group_id is None or row.group_deleted_at_ms is not None:
        return None
    tenant_role = ADMIN if access.is_tenant_admin and row.is_mapped_to_tenant else None
    role = ADMIN if ADMIN in (row.group_role, tenant_role) else row.group_role
    if caller.token.kind is TokenKind.GROUP:
        # A group token acts on its own group, and stops when its maker is no longer admin there.
        if row.group_id != caller.token.group_id:
            return None
        if role != ADMIN:
            raise InvalidToken("Whoever made this group token is no longer an admin of the group.")
    return role


def _is_below_token(caller: Caller, row: AccessRow) -> bool:
    """Whether a group token asks for another group than its own, and that group lies below some other."""
    token = caller.token
    return token.kind is TokenKind.GROUP and row.group_id != token.group_id and bool(row.was_linked)


def _role_of_group_token(tx: Transaction, caller: Caller, access: Access, row: AccessRow) -> str | None:
    """Admin in the groups below the token's own, for as long as its maker is an admin there; else None."""
    if row.group_id is None or row.group_deleted_at_ms is not None:
        return None
    if not is_below(tx, row.group_id, caller.token.group_id):
        return None
    return _role(caller, access, _access_row(tx, caller, caller.token.group_id))
