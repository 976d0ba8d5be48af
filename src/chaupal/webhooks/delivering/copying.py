"""The statements that queue deliveries again, with the bodies that they had. Nothing of them leaves the database on the
way: a replay may be of a thousand bodies of a hundred kilobytes.
"""

from __future__ import annotations

import msgspec
from sqlalchemy import Insert, Select, Text, bindparam, insert, literal_column, select

from chaupal.store.statements import Statement, bound_rows, in_list, statement
from chaupal.store.transaction import Transaction
from chaupal.webhooks.tables import webhook_bodies, webhook_deliveries

_D = webhook_deliveries.c
_B = webhook_bodies.c
_COPIED = ("webhook_id", "lane", "position", "event_id", "event_type", "body_bytes", "happened_at_ms", "about_id")
_TEXTS = {"origin": "replay", "state": "waiting", "worker_id": ""}
_OLD, _NEW = bound_rows("copies", Text, Text)

_DELIVERIES = select(
    bindparam("tenant_id", type_=Text),
    _NEW,
    literal_column("0"),
    bindparam("at_ms", type_=_D.created_at_ms.type),
    bindparam("at_ms", type_=_D.created_at_ms.type),
    *(literal_column(f"'{text}'") for text in _TEXTS.values()),
    *(_D[name] for name in _COPIED),
).where(_D.tenant_id == bindparam("tenant_id"), _D.delivery_id == _OLD)
_NAMES = ["tenant_id", "delivery_id", "try_count", "created_at_ms", "due_at_ms", *_TEXTS, *_COPIED]
_BODIES = select(bindparam("tenant_id", type_=Text), _NEW, _B.body).where(
    _B.tenant_id == bindparam("tenant_id"), _B.delivery_id == _OLD
)


def _inserts(found: Select[tuple[object, ...]], names: list[str], *, is_listed: bool) -> Statement:
    """`is_listed`: the old ids are bound as a list, too. Without it PostgreSQL would go through the whole tenant, as
    long as it has no statistics; with it SQLite would go through all copies for each row."""
    table = webhook_bodies if "body" in names else webhook_deliveries
    if is_listed:
        found = found.where(in_list(table.c.delivery_id, "old_ids"))
    made: Insert = insert(table).from_select(names, found)
    return statement(made, is_aside=True)


_COPY = {
    is_listed: (
        _inserts(_DELIVERIES, _NAMES, is_listed=is_listed),
        _inserts(_BODIES, ["tenant_id", "delivery_id", "body"], is_listed=is_listed),
    )
    for is_listed in (False, True)
}


def queue_again(tx: Transaction, copies: list[tuple[str, str]]) -> None:
    """Let deliveries wait once more, as new ones: (old, new) ids. Inside tx."""
    noted = msgspec.json.encode(copies).decode()
    if tx.dialect == "sqlite":
        for copying in _COPY[False]:
            tx.run(copying, copies=noted, at_ms=tx.now_ms)
        return
    for copying in _COPY[True]:
        tx.run(copying, copies=noted, at_ms=tx.now_ms, old_ids=[old_id for old_id, _ in copies])
