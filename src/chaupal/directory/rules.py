"""The rules about tenants: making one, and finding the one that a command means."""

from __future__ import annotations

from chaupal.auth.access import access_caller
from chaupal.auth.caller import Caller, Operator
from chaupal.connectors.rules import list_connectors
from chaupal.directory.events import tenant_created
from chaupal.directory.queries import insert_tenant, select_tenant_name, select_tenants
from chaupal.directory.telling import note_changed
from chaupal.errors import InvalidParameters
from chaupal.store.transaction import Transaction

NAME_MAX_CHARS = 200


def create_tenant(tx: Transaction, caller: Operator, name: str) -> str:
    """Make the caller's tenant, whose id was chosen before; its id.

    Raises:
        InvalidParameters.
    """
    if not name.strip() or len(name) > NAME_MAX_CHARS:
        raise InvalidParameters(field="tenant", value=name, rule=f"must have 1 to {NAME_MAX_CHARS} characters")
    insert_tenant(tx, name=name.strip())
    note_changed(tx)
    tx.append(tenant_created(caller.tenant_id))
    return caller.tenant_id


def list_limited(tx: Transaction, caller: Caller, _request: None) -> list[tuple[str, str, str]]:
    """(connector id, application id, name) of every connector of the organization, oldest first. For its admins.

    Raises:
        Forbidden, InvalidToken.
    """
    access_caller(tx, caller)
    connectors = list_connectors(tx, Operator(tx.tenant_id), None)
    return [(each.connector_id, each.shown_id, each.name) for each in connectors]


def list_tenants(tx: Transaction, _caller: Operator, _request: None) -> list[tuple[str, str]]:
    """(tenant id, name) of every tenant that lives here, oldest first."""
    return select_tenants(tx)


def find_tenant_name(tx: Transaction) -> str:
    """The name of the transaction's own tenant."""
    return select_tenant_name(tx) or ""
