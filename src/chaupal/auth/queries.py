"""The one statement behind every access check, and the statements on the keys of the installation and its tenants.

The grant, its connector, its person, the group and the membership are read together, so that a revocation of any of
them holds on the very next call, on every node.
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import and_, bindparam, delete, insert, or_, select, update

from chaupal.auth.tables import signing_keys, tenant_keys
from chaupal.bots.tables import bots
from chaupal.connectors.tables import connectors
from chaupal.groups.tables import groups
from chaupal.members.tables import memberships
from chaupal.people.tables import people
from chaupal.store.statements import statement
from chaupal.store.tables import tenants
from chaupal.store.transaction import Transaction
from chaupal.tokens.tables import grants


class AccessRow(NamedTuple):
    """What is known of a grant, and of one group as its person sees it. None where there is no such row."""

    revoked_at_ms: int | None
    connector_deleted_at_ms: int | None
    permissions: str
    shown_application_id: str
    user_id: str
    mobile_number: str
    person_name: str
    profile_pic: str
    tenant_role: str
    person_removed_at_ms: int | None
    group_id: str | None
    group_type: str | None
    is_mapped_to_tenant: bool | None
    shows_history: bool | None
    was_linked: bool | None
    subgroup_count: int | None
    group_deleted_at_ms: int | None
    group_role: str | None
    from_position: int | None
    from_at_us: int | None


_SELECT_ACCESS = statement(
    select(
        grants.c.revoked_at_ms,
        connectors.c.deleted_at_ms,
        connectors.c.permissions,
        connectors.c.shown_id,
        people.c.user_id,
        people.c.mobile_number,
        people.c.name,
        people.c.profile_pic,
        people.c.role,
        people.c.removed_at_ms,
        groups.c.group_id,
        groups.c.group_type,
        groups.c.is_mapped_to_tenant,
        groups.c.shows_history,
        groups.c.was_linked,
        groups.c.subgroup_count,
        groups.c.deleted_at_ms,
        memberships.c.role,
        memberships.c.from_position,
        memberships.c.from_at_us,
    )
    .select_from(grants)
    .join(
        connectors,
        and_(
            connectors.c.tenant_id == bindparam("tenant_id"),
            connectors.c.connector_id == grants.c.connector_id,
        ),
    )
    .join(people, and_(people.c.tenant_id == bindparam("tenant_id"), people.c.user_id == grants.c.user_id))
    .outerjoin(groups, and_(groups.c.tenant_id == bindparam("tenant_id"), groups.c.group_id == bindparam("group_id")))
    .outerjoin(
        memberships,
        and_(
            memberships.c.tenant_id == bindparam("tenant_id"),
            memberships.c.group_id == bindparam("group_id"),
            memberships.c.user_id == grants.c.user_id,
            memberships.c.until_position.is_(None),
        ),
    )
    .where(grants.c.tenant_id == bindparam("tenant_id"), grants.c.grant_id == bindparam("grant_id"))
)


def select_access(tx: Transaction, *, grant_id: str, group_id: str) -> AccessRow | None:
    """The grant with everything a check needs; None where the grant is unknown. `group_id` "" means no group."""
    rows = tx.remembered(_SELECT_ACCESS, grant_id=grant_id, group_id=group_id)
    return AccessRow(*rows[0]) if rows else None


_SELECT_BOT_RIGHT = statement(
    select(bots.c.user_id)
    .select_from(grants)
    .join(bots, and_(bots.c.tenant_id == bindparam("tenant_id"), bots.c.user_id == grants.c.user_id))
    .join(people, and_(people.c.tenant_id == bindparam("tenant_id"), people.c.user_id == grants.c.maker_id))
    .where(
        grants.c.tenant_id == bindparam("tenant_id"),
        grants.c.grant_id == bindparam("grant_id"),
        people.c.removed_at_ms.is_(None),
        or_(people.c.user_id == bots.c.creator_id, people.c.role == "Admin"),
    )
)


def select_bot_right(tx: Transaction, *, grant_id: str) -> bool:
    """Whether whoever took a bot's token is still its creator or an admin of the tenant, and is still there."""
    return bool(tx.remembered(_SELECT_BOT_RIGHT, grant_id=grant_id))


class SigningKeyRow(NamedTuple):
    """A key of this installation's."""

    key_id: str
    sealed_private_key: bytes
    signs_from_ms: int | None
    retired_at_ms: int | None


_SELECT_SIGNING_KEYS = statement(
    select(*(signing_keys.c[name] for name in SigningKeyRow._fields))
    .where(
        signing_keys.c.tenant_id == bindparam("tenant_id"),
        or_(signing_keys.c.retired_at_ms.is_(None), signing_keys.c.retired_at_ms > bindparam("now_ms")),
    )
    .order_by(signing_keys.c.created_at_ms, signing_keys.c.key_id)
)

_SELECT_PAST_SIGNING_KEYS = statement(
    select(*(signing_keys.c[name] for name in SigningKeyRow._fields))
    .where(signing_keys.c.tenant_id == bindparam("tenant_id"), signing_keys.c.retired_at_ms.is_not(None))
    .order_by(signing_keys.c.created_at_ms.desc(), signing_keys.c.key_id.desc())
    .limit(10)
)

_INSERT_SIGNING_KEY = statement(insert(signing_keys))
_UPDATE_SIGNING_KEY = statement(
    update(signing_keys)
    .where(signing_keys.c.tenant_id == bindparam("tenant_id"), signing_keys.c.key_id == bindparam("which_key"))
    .values(signs_from_ms=bindparam("new_start_ms"), retired_at_ms=bindparam("new_end_ms"))
)
_RETIRE_SIGNING_KEYS = statement(
    update(signing_keys)
    .where(signing_keys.c.tenant_id == bindparam("tenant_id"), signing_keys.c.retired_at_ms.is_(None))
    .values(retired_at_ms=bindparam("new_end_ms"))
)


def select_signing_keys(tx: Transaction) -> list[SigningKeyRow]:
    """Those whose signatures are good, oldest first."""
    return [SigningKeyRow(*row) for row in tx.all(_SELECT_SIGNING_KEYS, now_ms=tx.now_ms)]


def select_past_signing_keys(tx: Transaction) -> list[SigningKeyRow]:
    """Those that have, or had, an end; at most ten, newest first."""
    return [SigningKeyRow(*row) for row in tx.all(_SELECT_PAST_SIGNING_KEYS)]


def update_signing_key(tx: Transaction, key_id: str, *, signs_from_ms: int, retired_at_ms: int | None) -> None:
    """Write its times. Inside tx."""
    tx.run(_UPDATE_SIGNING_KEY, which_key=key_id, new_start_ms=signs_from_ms, new_end_ms=retired_at_ms)


def retire_signing_keys(tx: Transaction, *, at_ms: int) -> None:
    """All that have no end yet end then. Inside tx."""
    tx.run(_RETIRE_SIGNING_KEYS, new_end_ms=at_ms)


def insert_signing_key(
    tx: Transaction, *, key_id: str, public_key: bytes, sealed_private_key: bytes, signs_from_ms: int | None = None
) -> None:
    """Inside tx."""
    tx.run(
        _INSERT_SIGNING_KEY,
        key_id=key_id,
        public_key=public_key,
        sealed_private_key=sealed_private_key,
        created_at_ms=tx.now_ms,
        retired_at_ms=None,
        signs_from_ms=signs_from_ms,
    )


_SELECT_TENANT_KEY = statement(
    select(tenants.c.tenant_id, tenant_keys.c.sealed_key)
    .select_from(tenants)
    .outerjoin(tenant_keys, tenant_keys.c.tenant_id == bindparam("tenant_id"))
    .where(tenants.c.tenant_id == bindparam("tenant_id"))
)
_DELETE_TENANT_KEY = statement(delete(tenant_keys).where(tenant_keys.c.tenant_id == bindparam("tenant_id")))
_INSERT_TENANT_KEY = statement(insert(tenant_keys))


def select_tenant_key(tx: Transaction) -> tuple[bool, bytes | None]:
    """(whether the tenant is there, its sealed key). The key is None for a tenant that was made here."""
    row = tx.one_or_none(_SELECT_TENANT_KEY)
    return (False, None) if row is None else (True, None if row[1] is None else bytes(row[1]))


def replace_tenant_key(tx: Transaction, sealed_key: bytes) -> None:
    """Inside tx."""
    tx.run(_DELETE_TENANT_KEY)
    tx.run(_INSERT_TENANT_KEY, sealed_key=sealed_key)
