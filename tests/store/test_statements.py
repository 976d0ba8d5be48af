"""Every statement of the program: it names its tenant, and it writes only its own slice's tables."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

import pytest
from sqlalchemy import bindparam, select

import chaupal
from chaupal.store.schema import metadata
from chaupal.store.statements import ACROSS_TENANTS, ALL_STATEMENTS, Dialect, Statement
from chaupal.store.tables import events

OWNERS = {"tenants": ("store", "directory"), "events": ("store", "events")}


def all_modules() -> list[ModuleType]:
    names = [found.name for found in pkgutil.walk_packages(chaupal.__path__, "chaupal.")]
    return [importlib.import_module(name) for name in names if ".migrations" not in name]


MODULES = all_modules()


def owner_of(table_name: str) -> tuple[str, ...]:
    for module in MODULES:
        if module.__name__.endswith(".tables") and any(
            value is metadata.tables[table_name] for value in vars(module).values()
        ):
            return OWNERS.get(table_name, (module.__name__.split(".")[1],))
    raise AssertionError(f"no module defines {table_name}")


def written() -> list[tuple[str, str]]:
    """(slice, table) of each statement that writes."""
    found = []
    for module in MODULES:
        for value in vars(module).values():
            if isinstance(value, Statement) and not value.is_select:
                found.append((module.__name__.split(".")[1], value.construct.table.name))  # type: ignore[attr-defined]
    return found


def test_there_are_statements_to_look_at() -> None:
    assert len(ALL_STATEMENTS) > 50
    assert len(written()) > 20


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_every_statement_names_its_tenant(dialect: str) -> None:
    for statement in ALL_STATEMENTS:
        compiled = statement.compiled(dialect)  # type: ignore[arg-type]
        assert "tenant_id" in compiled.sql
        if id(statement) in ACROSS_TENANTS:
            assert len(ACROSS_TENANTS[id(statement)].split()) > 3
        else:
            assert "tenant_id" in compiled.names, compiled.sql


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_a_statement_that_forgets_its_tenant_is_never_executed(dialect: Dialect) -> None:
    forgetful = Statement(select(events.c.position).where(events.c.group_id == bindparam("group_id")))
    with pytest.raises(TypeError, match="does not bind tenant_id"):
        forgetful.compiled(dialect)


def test_a_slice_writes_only_its_own_tables() -> None:
    assert [
        (by, table) for by, table in written() if by not in owner_of(table) and (by, table) != ("store", "tenants")
    ] == []
