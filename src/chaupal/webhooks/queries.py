"""The statements on webhooks, on the rights of those who made them, and on the cursors."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import BindParameter, and_, bindparam, delete, func, insert, select, update

from chaupal.connectors.tables import connectors
from chaupal.groups.tables import groups
from chaupal.members.tables import memberships
from chaupal.people.tables import people
from chaupal.store.statements import in_list, statement
from chaupal.store.transaction import Transaction
from chaupal.webhooks.tables import webhook_cursors, webhooks


class WebhookRow(NamedTuple):
    """One webhook that has not been deleted."""

    webhook_id: str
    object_type: str
    object_id: str
    group_id: str
    via_group_id: str
    event_types: str
    sealed_target: bytes
    host: str
    connector_id: str
    owner_id: str
    from_position: int
    created_at_ms: int
    valid_until_ms: int
    disabled_at_ms: int | None
    disabled_reason: str
    failing_since_ms: int | None
    last_success_at_ms: int
    failing_told_at_ms: int | None

    def is_active(self, now_ms: int) -> bool:
        """Whether it is called."""
        return self.disabled_at_ms is None and self.valid_until_ms > now_ms


class OwnerRow(NamedTuple):
    """What decides whether a webhook may hear of a group: its maker and connector, and the maker's role there."""

    person_role: str
    person_removed_at_ms: int | None
    connector_permissions: str
    connector_deleted_at_ms: int | None
    is_mapped_to_tenant: bool | None
    group_deleted_at_ms: int | None
    group_role: str | None


_HERE = webhooks.c.tenant_id == bindparam("tenant_id")
_THIS = (_HERE, webhooks.c.webhook_id == bindparam("which_id"))
_IS_THERE = webhooks.c.deleted_at_ms.is_(None)
_COLUMNS = tuple(webhooks.c[name] for name in WebhookRow._fields)
_TYPE = webhooks.c.object_type == bindparam("which_type")
_LIMIT: BindParameter[int] = bindparam("row_limit")

_INSERT = statement(insert(webhooks))
_SELECT_ONE = statement(select(*_COLUMNS).where(*_THIS, _IS_THERE))
_SELECT_THESE = statement(select(*_COLUMNS).where(_HERE, in_list(webhooks.c.webhook_id, "webhook_ids"), _IS_THERE))
_SELECT_OF_OBJECT = statement(
    select(*_COLUMNS)
    .where(_HERE, _TYPE, webhooks.c.object_id == bindparam("which_object"), _IS_THERE)
    .order_by(webhooks.c.webhook_id)
)
_SELECT_OF_OBJECTS = statement(
    select(*_COLUMNS).where(_HERE, _TYPE, in_list(webhooks.c.object_id, "object_ids"), _IS_THERE)
)
_SELECT_OF_TYPE = statement(select(*_COLUMNS).where(_HERE, _TYPE, _IS_THERE))
_SELECT_OF_OWNER = statement(
    select(*_COLUMNS)
    .where(_HERE, webhooks.c.owner_id == bindparam("which_owner"), _IS_THERE)
    .order_by(webhooks.c.webhook_id)
)
_COUNT = statement(select(func.count()).select_from(webhooks).where(_HERE, _IS_THERE))
_UPDATE = statement(
    update(webhooks)
    .where(*_THIS)
    .values(
        object_type=bindparam("new_object_type"),
        object_id=bindparam("new_object_id"),
        group_id=bindparam("new_group_id"),
        via_group_id=bindparam("new_via_group_id"),
        event_types=bindparam("new_event_types"),
        sealed_target=bindparam("new_sealed_target"),
        host=bindparam("new_host"),
        connector_id=bindparam("new_connector_id"),
        owner_id=bindparam("new_owner_id"),
        valid_until_ms=bindparam("new_valid_until_ms"),
        disabled_at_ms=bindparam("new_disabled_at_ms"),
        disabled_reason=bindparam("new_disabled_reason"),
        failing_since_ms=bindparam("new_failing_since_ms"),
        last_success_at_ms=bindparam("new_success_ms"),
        failing_told_at_ms=bindparam("new_told_ms"),
    )
)
_CLOSE = statement(
    update(webhooks)
    .where(*_THIS)
    .values(deleted_at_ms=bindparam("at_ms"), sealed_target=bindparam("nothing"), next_due_ms=None)
)
_SELECT_DELETED = statement(
    select(webhooks.c.webhook_id)
    .where(_HERE, webhooks.c.deleted_at_ms.is_not(None))
    .order_by(webhooks.c.deleted_at_ms)
    .limit(_LIMIT)
)
_DELETE = statement(delete(webhooks).where(*_THIS, webhooks.c.deleted_at_ms.is_not(None)))

_SELECT_OWNER = statement(
    select(
        people.c.role,
        people.c.removed_at_ms,
        connectors.c.permissions,
        connectors.c.deleted_at_ms,
        groups.c.is_mapped_to_tenant,
        groups.c.deleted_at_ms,
        memberships.c.role,
    )
    .select_from(people)
    .join(
        connectors,
        and_(connectors.c.tenant_id == bindparam("tenant_id"), connectors.c.connector_id == bindparam("connector_id")),
    )
    .outerjoin(groups, and_(groups.c.tenant_id == bindparam("tenant_id"), groups.c.group_id == bindparam("group_id")))
    .outerjoin(
        memberships,
        and_(
            memberships.c.tenant_id == bindparam("tenant_id"),
            memberships.c.group_id == bindparam("group_id"),
            memberships.c.user_id == people.c.user_id,
            memberships.c.until_position.is_(None),
        ),
    )
    .where(people.c.tenant_id == bindparam("tenant_id"), people.c.user_id == bindparam("owner_id"))
)
_SELECT_ADMIN_OF_ANY = statement(
    select(memberships.c.group_id)
    .where(
        memberships.c.tenant_id == bindparam("tenant_id"),
        memberships.c.user_id == bindparam("user_id"),
        memberships.c.until_position.is_(None),
        memberships.c.role == "Admin",
    )
    .limit(1)
)

_CURSOR_HERE = webhook_cursors.c.tenant_id == bindparam("tenant_id")
_SELECT_CURSOR = statement(select(webhook_cursors.c.position).where(_CURSOR_HERE))
_INSERT_CURSOR = statement(insert(webhook_cursors))
_DELETE_CURSOR = statement(delete(webhook_cursors).where(_CURSOR_HERE))


def insert_webhook(tx: Transaction, row: WebhookRow) -> None:
    """Inside tx."""
    tx.run(_INSERT, **row._asdict(), deleted_at_ms=None, next_due_ms=None)


def select_webhook(tx: Transaction, webhook_id: str) -> WebhookRow | None:
    """By id."""
    row = tx.one_or_none(_SELECT_ONE, which_id=webhook_id)
    return WebhookRow(*row) if row else None


def select_webhooks(tx: Transaction, webhook_ids: list[str]) -> list[WebhookRow]:
    """Those of the ids that are not deleted."""
    return [WebhookRow(*row) for row in tx.all(_SELECT_THESE, webhook_ids=webhook_ids)]


def select_webhooks_of_object(tx: Transaction, object_type: str, object_id: str) -> list[WebhookRow]:
    """Oldest first."""
    rows = tx.all(_SELECT_OF_OBJECT, which_type=object_type, which_object=object_id)
    return [WebhookRow(*row) for row in rows]


def select_webhooks_of_objects(tx: Transaction, object_type: str, object_ids: list[str]) -> list[WebhookRow]:
    """Those about any of the objects of one type."""
    rows = tx.all(_SELECT_OF_OBJECTS, which_type=object_type, object_ids=object_ids)
    return [WebhookRow(*row) for row in rows]


def select_webhooks_of_type(tx: Transaction, object_type: str) -> list[WebhookRow]:
    """All of the tenant that are about objects of one type."""
    return [WebhookRow(*row) for row in tx.all(_SELECT_OF_TYPE, which_type=object_type)]


def select_webhooks_of_owner(tx: Transaction, owner_id: str) -> list[WebhookRow]:
    """Oldest first."""
    return [WebhookRow(*row) for row in tx.all(_SELECT_OF_OWNER, which_owner=owner_id)]


def count_webhooks(tx: Transaction) -> int:
    """How many the tenant has."""
    return int(tx.all(_COUNT)[0][0])


def update_webhook(tx: Transaction, row: WebhookRow) -> None:
    """Write everything that can change. Inside tx."""
    tx.run(
        _UPDATE,
        which_id=row.webhook_id,
        new_object_type=row.object_type,
        new_object_id=row.object_id,
        new_group_id=row.group_id,
        new_via_group_id=row.via_group_id,
        new_event_types=row.event_types,
        new_sealed_target=row.sealed_target,
        new_host=row.host,
        new_connector_id=row.connector_id,
        new_owner_id=row.owner_id,
        new_valid_until_ms=row.valid_until_ms,
        new_disabled_at_ms=row.disabled_at_ms,
        new_disabled_reason=row.disabled_reason,
        new_failing_since_ms=row.failing_since_ms,
        new_success_ms=row.last_success_at_ms,
        new_told_ms=row.failing_told_at_ms,
    )


def close_webhook(tx: Transaction, webhook_id: str) -> None:
    """Mark as deleted and empty it. Inside tx."""
    tx.run(_CLOSE, which_id=webhook_id, at_ms=tx.now_ms, nothing=b"")


def select_deleted_webhooks(tx: Transaction, *, limit: int) -> list[str]:
    """Ids of deleted webhooks whose rows are still there, those deleted first first."""
    return [row[0] for row in tx.all(_SELECT_DELETED, row_limit=limit)]


def delete_webhook_row(tx: Transaction, webhook_id: str) -> int:
    """Inside tx; the number deleted."""
    return tx.run(_DELETE, which_id=webhook_id)


def select_owner(tx: Transaction, *, owner_id: str, connector_id: str, group_id: str) -> OwnerRow | None:
    """None where there is no such person or connector. `group_id` "" means no group."""
    row = tx.one_or_none(_SELECT_OWNER, owner_id=owner_id, connector_id=connector_id, group_id=group_id)
    return OwnerRow(*row) if row else None


def select_is_admin_anywhere(tx: Transaction, user_id: str) -> bool:
    """Whether the person is an admin of any group."""
    return tx.one_or_none(_SELECT_ADMIN_OF_ANY, user_id=user_id) is not None


def select_cursor(tx: Transaction) -> int | None:
    """Up to where the log was matched; None where the tenant has no webhooks."""
    row = tx.one_or_none(_SELECT_CURSOR)
    return row[0] if row else None


def insert_cursor(tx: Transaction, position: int) -> None:
    """Inside tx."""
    tx.run(_INSERT_CURSOR, position=position)


def delete_cursor(tx: Transaction) -> None:
    """Inside tx."""
    tx.run(_DELETE_CURSOR)
