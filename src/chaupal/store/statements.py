"""SQL statements, built from SQLAlchemy Core at import and compiled for the database in use when they are first used.

A statement is executed straight on the driver: the profile of posting a message showed SQLAlchemy's own execution above
half of the server's time. Every statement binds `tenant_id`; one that must look across tenants says so and why.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cache
from operator import itemgetter
from typing import Any, Literal

import msgspec
import sqlalchemy
from sqlalchemy import ColumnElement, bindparam, cast, literal_column
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ClauseElement
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine, UserDefinedType

Dialect = Literal["sqlite", "postgresql"]


@cache
def _dialect(name: Dialect) -> Any:
    """SQLAlchemy's dialect; imported here, because the one of the database that is not in use costs a start as much."""
    if name == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.dialect(paramstyle="qmark")
    from sqlalchemy.dialects.postgresql import psycopg

    return psycopg.dialect(paramstyle="format")  # type: ignore[no-untyped-call]


class TextList(UserDefinedType[list[str]]):
    """The type of a bound list of texts: an array on PostgreSQL, a JSON array on SQLite."""

    cache_ok = True

    def get_col_spec(self, **_options: Any) -> str:
        """The column type, which is only ever used in a cast."""
        return "TEXT[]"


class _InList(ColumnElement[bool]):
    """`column` is one of the texts bound as a list, however many there are."""

    inherit_cache = False

    def __init__(self, column: ColumnElement[str], name: str) -> None:
        self.column = column
        self.values = bindparam(name, type_=TextList())


@compiles(_InList, "sqlite")
def _in_list_on_sqlite(element: _InList, compiler: SQLCompiler, **options: Any) -> str:
    column = compiler.process(element.column, **options)
    return f"{column} IN (SELECT value FROM json_each({compiler.process(element.values, **options)}))"


@compiles(_InList, "postgresql")
def _in_list_on_postgresql(element: _InList, compiler: SQLCompiler, **options: Any) -> str:
    column = compiler.process(element.column, **options)
    return f"{column} = ANY({compiler.process(element.values, **options)}::text[])"


def in_list(column: ColumnElement[str], name: str) -> ColumnElement[bool]:
    """A condition: the column's value is in the list of texts bound under `name`. One statement text for any length."""
    return _InList(column, name)


class _EachOf(FunctionElement[Any]):
    """The elements of a bound JSON array, as rows with one column, `value`."""

    name = "each_of"
    inherit_cache = False


@compiles(_EachOf, "sqlite")
def _each_of_on_sqlite(element: _EachOf, compiler: SQLCompiler, **options: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **options)})"


@compiles(_EachOf, "postgresql")
def _each_of_on_postgresql(element: _EachOf, compiler: SQLCompiler, **options: Any) -> str:
    return f"jsonb_array_elements({compiler.process(element.clauses, **options)}::jsonb)"


def bound_rows(name: str, *types: type[TypeEngine[Any]]) -> list[ColumnElement[Any]]:
    """The columns of rows that are bound under `name` as one JSON array of arrays, with values of these types: so that
    one UPDATE gives many rows values of their own."""
    rows = _EachOf(bindparam(name)).table_valued("value", name=name)
    value = rows.c.value
    return [cast(value.op("->>")(literal_column(str(place))), of_type) for place, of_type in enumerate(types)]


_INSERT_TEXTS: dict[tuple[str, int], str] = {}


class CompiledStatement(msgspec.Struct, frozen=True):
    """The text for one database, and how bound values and result columns are turned."""

    sql: str
    names: tuple[str, ...]
    constants: dict[str, Any]
    list_names: tuple[str, ...]
    write_list: Callable[[Sequence[str] | Sequence[int]], str]
    boolean_columns: tuple[int, ...]
    many_rows_sql: str
    """On PostgreSQL, the INSERT of any number of rows, bound as one array for each column."""
    one_row_sql: str
    """On PostgreSQL, the INSERT of one row with SELECT, to which a condition can be added, as to `many_rows_sql`."""
    pick: Callable[[dict[str, Any]], tuple[Any, ...]] | None = None
    """Takes the values of all names, in a third of the time; only where there are several."""

    def arguments(self, params: dict[str, Any]) -> tuple[Any, ...]:
        """The bound values in the order of the text's placeholders.

        Raises:
            KeyError: a value is missing, which is a defect of the caller.
        """
        if self.constants:
            params = {**self.constants, **params}
        if self.list_names:
            params = {**params, **{name: self.write_list(params[name]) for name in self.list_names}}
        if self.pick is not None:
            return self.pick(params)
        return tuple([params[name] for name in self.names])

    def insert_text(self, row_count: int) -> str:
        """The text of an INSERT for so many rows."""
        if row_count == 1:
            return self.sql
        found = _INSERT_TEXTS.get((self.sql, row_count))
        if found is None:
            head, values = self.sql.rsplit(" VALUES ", 1)
            found = f"{head} VALUES {', '.join([values] * row_count)}"
            _INSERT_TEXTS[self.sql, row_count] = found
        return found

    def rows(self, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """The driver's rows with booleans as booleans (SQLite has only integers)."""
        if not self.boolean_columns:
            return rows
        turned = []
        for row in rows:
            values = list(row)
            for index in self.boolean_columns:
                if values[index] is not None:
                    values[index] = bool(values[index])
            turned.append(tuple(values))
        return turned


class Statement:
    """A statement of one slice's `queries.py`. Compared by identity; lives as long as the process."""

    __slots__ = ("_compiled", "construct", "is_aside", "is_beside", "is_insert", "is_select")

    def __init__(self, construct: ClauseElement, *, is_aside: bool = False) -> None:
        self.construct = construct
        self.is_aside = is_aside
        self.is_select = isinstance(construct, sqlalchemy.SelectBase)
        self.is_insert = isinstance(construct, sqlalchemy.Insert)
        self.is_beside = isinstance(construct, sqlalchemy.UpdateBase) and _is_beside(construct)
        self._compiled: dict[str, CompiledStatement] = {}

    def compiled(self, dialect: Dialect) -> CompiledStatement:
        """The statement's text and turns for one database. Made at the first use, then kept.

        Raises:
            TypeError: it neither binds `tenant_id` nor says why not, so it is never executed.
        """
        found = self._compiled.get(dialect)
        if found is None:
            found = _compile(self.construct, dialect)
            if "tenant_id" not in found.names and id(self) not in ACROSS_TENANTS:
                raise TypeError(f"a statement does not bind tenant_id: {found.sql}")
            self._compiled[dialect] = found
        return found


ALL_STATEMENTS: list[Statement] = []
"""Every statement of the program, for the tests that look at all of them."""

ACROSS_TENANTS: dict[int, str] = {}
"""The reason of each statement that does not bind `tenant_id`, by its identity."""


def statement(construct: ClauseElement, *, across_tenants: str = "", is_aside: bool = False) -> Statement:
    """A statement that binds `tenant_id`, or says in `across_tenants` why it looks across them.

    `is_aside`: it changes rows that nobody reads by `Transaction.remembered`, so what is remembered stays true. For
    bookkeeping beside the users' calls, which would otherwise have to read again what they know.
    """
    made = Statement(construct, is_aside=is_aside)
    if across_tenants:
        ACROSS_TENANTS[id(made)] = across_tenants
    ALL_STATEMENTS.append(made)
    return made


def _is_beside(construct: sqlalchemy.UpdateBase) -> bool:
    table = construct.table
    return isinstance(table, sqlalchemy.Table) and bool(table.info.get("is_written_beside"))


def _compile(construct: ClauseElement, dialect: Dialect) -> CompiledStatement:
    compiled: Any = construct.compile(dialect=_dialect(dialect))
    names: Sequence[str] = compiled.positiontup or ()
    constants = {name: compiled.params[name] for name in names if not compiled.binds[name].required}
    list_names = tuple(name for name in names if isinstance(compiled.binds[name].type, TextList | sqlalchemy.ARRAY))
    booleans: tuple[int, ...] = ()
    if dialect == "sqlite":
        booleans = tuple(
            index
            for index, column in enumerate(compiled._result_columns)
            if isinstance(column.type, sqlalchemy.Boolean)
        )
    one_row_sql = many_rows_sql = ""
    if dialect == "postgresql" and isinstance(construct, sqlalchemy.Insert) and construct.select is None:
        one_row_sql, many_rows_sql = _selecting_inserts(compiled, names)
    return CompiledStatement(
        sql=str(compiled),
        names=tuple(names),
        constants=constants,
        list_names=list_names,
        write_list=json.dumps if dialect == "sqlite" else _write_array,
        boolean_columns=booleans,
        many_rows_sql=many_rows_sql,
        one_row_sql=one_row_sql,
        pick=itemgetter(*names) if len(names) > 1 else None,
    )


def _write_array(values: Sequence[str] | Sequence[int]) -> str:
    """An array in PostgreSQL's own spelling. The driver looks at each element to find out what it is, which takes five
    times as long; the statement says it already."""
    return "{" + ",".join([str(each) if isinstance(each, int) else _quoted(each) for each in values]) + "}"


def _quoted(text: str) -> str:
    if "\\" in text or '"' in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def _selecting_inserts(compiled: Any, names: Sequence[str]) -> tuple[str, str]:
    """(INSERT of one row, INSERT of many)."""
    head = str(compiled).rsplit(" VALUES ", 1)[0]
    types = [compiled.binds[name].type.compile(dialect=compiled.dialect) for name in names]
    values = ", ".join(f"%s::{of_type}" for of_type in types)
    arrays = ", ".join(f"%b::{of_type}[]" for of_type in types)
    return f"{head} SELECT {values}", f"{head} SELECT * FROM unnest({arrays})"
