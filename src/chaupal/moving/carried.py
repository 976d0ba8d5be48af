"""What belongs to a tenant and goes along with it: the rows of every table but those that are named here."""

from __future__ import annotations

import importlib
from functools import cache
from pathlib import Path

import chaupal
from chaupal.errors import InvalidParameters
from chaupal.store.schema import metadata
from chaupal.store.tenant_rows import TenantTable, tenant_table

LEFT_BEHIND = {
    "alembic_version": "of the database",
    "application_places": "of tenants that live elsewhere",
    "arrivals": "of this installation: who is on the way in",
    "arriving_rows": "of this installation: who is on the way in",
    "cell_calls_heard": "of this installation: what other cells have said",
    "cell_keys": "of this installation: which cells it knows",
    "cells": "of this installation: which cells it knows",
    "limit_counts": "calls of this minute, at this installation",
    "moves": "of this installation: who is on the way out",
    "removed_cell_keys": "of this installation: which cells it knew",
    "row_changes": "of this installation: who is on the way out",
    "signing_keys": "the installation's own",
    "tenant_keys": "the key goes along by itself, under another seal",
    "tenant_origins": "where the tenant has been goes along by itself",
    "tenant_places": "of tenants that live elsewhere",
    "untold_tenants": "of this installation: what the root has to be told",
    "webhook_workers": "processes of this installation",
}
"""Why each of these tables stays. A new table goes along unless it is named here."""

ACTING = ("connectors", "jobs", "webhook_cursors", "webhooks", "tenants")
"""Tables in which the server looks for sign-ins and for work of all tenants. Their rows are kept apart until the tenant
has arrived whole, so that nothing is done for it before; `tenants` is the last."""


_READ_BY_ROW = (*ACTING, "media_objects")


def is_copied(table: str) -> bool:
    """Whether one PostgreSQL gives the table's rows to another without anybody looking at each."""
    return table not in _READ_BY_ROW


@cache
def carried_tables() -> list[TenantTable]:
    """Every table whose rows go along, by name, whichever rooms are imported."""
    for file in sorted(Path(chaupal.__path__[0]).glob("*/tables.py")):
        importlib.import_module(f"chaupal.{file.parent.name}.tables")
    return [tenant_table(name) for name in sorted(metadata.tables) if name not in LEFT_BEHIND]


def carried_table(name: str) -> TenantTable:
    """The one of this name.

    Raises:
        InvalidParameters: its rows do not go along, or there is none.
    """
    for table in carried_tables():
        if table.name == name:
            return table
    raise InvalidParameters(field="table", value=name, rule="must be a table whose rows go along with a tenant")
