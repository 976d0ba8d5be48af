"""Who may manage a webhook, and of which groups it may hear. Source: contract, section 11.

A webhook acts for whoever made it, through the connector that it was made with, and no further: both are looked at
again whenever something happens, because neither a role nor a connector is for ever. It outlives the token that it was
made with, since tokens are renewed.
"""

from __future__ import annotations

import msgspec

from chaupal.actions.rules import find_action_item
from chaupal.auth.access import ADMIN, Access, RoleLacking, access_caller, access_group
from chaupal.auth.caller import Caller
from chaupal.auth.permissions import Permission, TokenKind
from chaupal.errors import NotFound
from chaupal.store.transaction import Transaction
from chaupal.subgroups.ancestry import is_below
from chaupal.webhooks.kinds import ACTION, ACTION_PACKAGE, GROUP
from chaupal.webhooks.queries import OwnerRow, WebhookRow, select_is_admin_anywhere, select_owner, select_webhook


class Managed(msgspec.Struct, frozen=True):
    """A caller who may manage webhooks of an object. `group_id` is the group that it is in, "" for a package."""

    access: Access
    group_id: str


def access_object(tx: Transaction, caller: Caller, *, object_type: str, object_id: str) -> Managed:
    """An object that the caller may have webhooks on.

    Raises:
        NotFound, Forbidden.
    """
    if object_type == ACTION_PACKAGE:
        access = access_caller(tx, caller)
        is_admin = caller.token.kind is TokenKind.GROUP or access.is_tenant_admin
        if not is_admin and not select_is_admin_anywhere(tx, access.user_id):
            raise RoleLacking(role="admin of a group")
        return Managed(access, "")
    group_id = object_id
    if object_type == ACTION:
        found = find_action_item(tx, object_id)
        group_id = found[0].group_id if found is not None else ""
    try:
        return Managed(access_group(tx, caller, group_id).caller, group_id)
    except NotFound:
        raise NotFound("group" if object_type == GROUP else "action", object_id=object_id) from None


def access_webhook(tx: Transaction, caller: Caller, webhook_id: str) -> tuple[WebhookRow, Managed]:
    """A webhook that the caller may manage: an admin of its group; of a package, its maker or an organization's admin.

    Raises:
        NotFound, Forbidden.
    """
    webhook = select_webhook(tx, webhook_id)
    try:
        if webhook is not None and webhook.object_type == ACTION_PACKAGE:
            access = access_caller(tx, caller)
            # What one group's token made is not for another's.
            is_own = webhook.owner_id == access.user_id and webhook.via_group_id == caller.token.group_id
            is_admin = access.is_tenant_admin and caller.token.kind is TokenKind.USER
            if not is_own and not is_admin:
                raise NotFound("webhook", webhook_id=webhook_id)
            return webhook, Managed(access, "")
        access = access_group(tx, caller, webhook.group_id if webhook is not None else "").caller
    except NotFound:
        raise NotFound("webhook", webhook_id=webhook_id) from None
    assert webhook is not None, "no group has the id that stands for none"
    return webhook, Managed(access, webhook.group_id)


def access_webhook_to_delete(tx: Transaction, caller: Caller, webhook_id: str) -> tuple[WebhookRow, Managed]:
    """A webhook that the caller may delete: one that it may manage, or made itself. Where its group was deleted, nobody
    else could, and it would count among those of the organization for ever.

    Raises:
        NotFound, Forbidden.
    """
    try:
        return access_webhook(tx, caller, webhook_id)
    except (NotFound, RoleLacking):
        access, webhook = access_caller(tx, caller), select_webhook(tx, webhook_id)
        maker = (access.user_id, caller.token.group_id)
        if webhook is None or (webhook.owner_id, webhook.via_group_id) != maker:
            raise
        return webhook, Managed(access, webhook.group_id)


class Sight(msgspec.Struct, frozen=True):
    """What a webhook's maker may see in a group now. `is_over`: the group was deleted, and nobody is anything in it."""

    is_admin: bool
    is_member: bool
    sees_numbers: bool
    is_over: bool = False


_NOTHING = Sight(is_admin=False, is_member=False, sees_numbers=False)


def sight_of_owner(tx: Transaction, webhook: WebhookRow, group_id: str) -> Sight:
    """What the webhook's maker may see in a group, by role and by the connector's permissions. Inside tx."""
    own_group_id = webhook.via_group_id or group_id
    owner = select_owner(tx, owner_id=webhook.owner_id, connector_id=webhook.connector_id, group_id=own_group_id)
    if owner is None or owner.person_removed_at_ms is not None or owner.connector_deleted_at_ms is not None:
        return _NOTHING
    permissions = owner.connector_permissions.split(";")
    if Permission.OUTGOING_WEBHOOKS.value not in permissions:
        return _NOTHING
    is_admin = _is_admin(owner)
    is_member = owner.group_role is not None
    if webhook.via_group_id and webhook.via_group_id != group_id:
        # Made with a group's token: whoever is an admin there acts in the groups below.
        is_member = is_admin = is_admin and is_below(tx, group_id, webhook.via_group_id)
    return Sight(
        is_admin=is_admin,
        is_member=is_admin or is_member,
        sees_numbers=Permission.GROUP_MEMBER_LIST.value in permissions,
        is_over=owner.group_deleted_at_ms is not None,
    )


def _is_admin(owner: OwnerRow) -> bool:
    return owner.group_role == ADMIN or (owner.person_role == ADMIN and bool(owner.is_mapped_to_tenant))
