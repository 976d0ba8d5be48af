"""The statements on kept ids."""

from __future__ import annotations

from sqlalchemy import bindparam, insert, select

from chaupal.kept_ids.tables import kept_ids
from chaupal.store.statements import in_list, statement
from chaupal.store.transaction import Transaction

_SELECT_KEPT = statement(
    select(kept_ids.c.guid, kept_ids.c.kept_id).where(
        kept_ids.c.tenant_id == bindparam("tenant_id"), in_list(kept_ids.c.guid, "guids")
    )
)

_INSERT_KEPT = statement(insert(kept_ids), is_aside=True)


def select_kept(tx: Transaction, guids: list[str]) -> dict[str, str]:
    """What those of the GUIDs are kept as that had a scale unit."""
    return {row[0]: row[1] for row in tx.all(_SELECT_KEPT, guids=guids)}


def insert_kept(tx: Transaction, kept: dict[str, str]) -> None:
    """Inside tx. None of the GUIDs is there yet."""
    tx.run_many(_INSERT_KEPT, [{"guid": guid, "kept_id": kept_id} for guid, kept_id in kept.items()])
