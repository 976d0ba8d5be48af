"""The statements on connectors."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import bindparam, insert, select, update

from chaupal.connectors.tables import connectors
from chaupal.store.statements import statement
from chaupal.store.transaction import Transaction


class ConnectorRow(NamedTuple):
    """A connector that has not been deleted."""

    tenant_id: str
    connector_id: str
    shown_id: str
    name: str
    secret_hash: bytes
    permissions: str
    redirect_urls: str
    created_at_ms: int


_COLUMNS = (
    connectors.c.tenant_id,
    connectors.c.connector_id,
    connectors.c.shown_id,
    connectors.c.name,
    connectors.c.secret_hash,
    connectors.c.permissions,
    connectors.c.redirect_urls,
    connectors.c.created_at_ms,
)
_LIVES = connectors.c.deleted_at_ms.is_(None)

_SELECT_ANYWHERE = statement(
    select(*_COLUMNS).where(connectors.c.application_id == bindparam("application_id"), _LIVES),
    across_tenants="an application id is all that a client names when it signs in; the row says which tenant it is",
)
_SELECT_ALL = statement(
    select(*_COLUMNS)
    .where(connectors.c.tenant_id == bindparam("tenant_id"), _LIVES)
    .order_by(connectors.c.created_at_ms, connectors.c.connector_id)
)
_INSERT = statement(insert(connectors))
_UPDATE = statement(
    update(connectors)
    .where(connectors.c.tenant_id == bindparam("tenant_id"), connectors.c.connector_id == bindparam("which_id"), _LIVES)
    .values(
        name=bindparam("new_name"),
        permissions=bindparam("new_permissions"),
        redirect_urls=bindparam("new_redirect_urls"),
    )
)
_DELETE = statement(
    update(connectors)
    .where(connectors.c.tenant_id == bindparam("tenant_id"), connectors.c.connector_id == bindparam("which_id"), _LIVES)
    .values(deleted_at_ms=bindparam("at_ms"))
)


def select_connector_anywhere(tx: Transaction, application_id: str) -> ConnectorRow | None:
    """The connector with this application id (folded), of whichever tenant."""
    row = tx.one_or_none(_SELECT_ANYWHERE, application_id=application_id)
    return ConnectorRow(*row) if row else None


def select_connectors(tx: Transaction) -> list[ConnectorRow]:
    """The tenant's connectors, oldest first."""
    return [ConnectorRow(*row) for row in tx.all(_SELECT_ALL)]


def insert_connector(tx: Transaction, connector: ConnectorRow, *, application_id: str) -> None:
    """Inside tx."""
    tx.run(_INSERT, **connector._asdict(), application_id=application_id, deleted_at_ms=None)


def update_connector(tx: Transaction, connector: ConnectorRow) -> None:
    """Write name, permissions and redirect URLs. Inside tx."""
    tx.run(
        _UPDATE,
        which_id=connector.connector_id,
        new_name=connector.name,
        new_permissions=connector.permissions,
        new_redirect_urls=connector.redirect_urls,
    )


def close_connector(tx: Transaction, connector_id: str) -> int:
    """Mark as deleted; 0 where there is none. Inside tx."""
    return tx.run(_DELETE, which_id=connector_id, at_ms=tx.now_ms)
