"""Taking an installation from SQLite over into PostgreSQL, row by row.

The data folder stays: media and key are where they were. Until the last row is compared and committed, PostgreSQL holds
nothing that counts; the SQLite database is only read.
"""

from __future__ import annotations

from dataclasses import replace

from chaupal.archive.contents import ArchiveRefused, RowDigest, check_digest, summed_rows
from chaupal.archive.restoring import TENANTS, check_empty, is_filled
from chaupal.archive.writing import Tell, all_tables, check_source
from chaupal.settings import Settings
from chaupal.store.migrating import current_version, migrate
from chaupal.store.opening import DataFolder
from chaupal.store.schema import SCHEMA_VERSION
from chaupal.store.whole_database import ColumnShape, TableShape, WholeDatabase, fill_database, read_database


def move_to_postgres(settings: Settings, url: str, *, tell: Tell = lambda _what: None) -> dict[str, int]:
    """Copy every row; how many each table has. Blocks; no server may run on the data folder.

    Raises:
        ArchiveRefused: there is nothing to take over, or the database at `url` holds something already.
        DataFolderBusy: a server runs.
        OSError, and the databases' errors: run it again.
    """
    if settings.is_postgres:
        raise ArchiveRefused("the installation is on PostgreSQL already (CHAUPAL_DATABASE)")
    target = replace(settings, database=url)
    if not target.is_postgres:
        raise ArchiveRefused("--to must be a postgresql:// URL")
    if not settings.sqlite_path.exists():
        raise ArchiveRefused(f"there is no database at {settings.sqlite_path}: nothing to take over")
    folder = DataFolder(settings.data)
    folder.take_lock()
    try:
        check_source(settings)
        tables = all_tables()
        _make_tables(target, tables)
        with read_database(settings) as here, fill_database(target) as there:
            return {table.name: _move_table(table, here, there, tell) for table in tables}
    finally:
        folder.release_lock()


def _make_tables(target: Settings, tables: list[TableShape]) -> None:
    """Have empty tables there, also where a try was killed while it made them. An older installation, which has
    tenants, is not touched.

    Raises:
        ArchiveRefused: the database holds something already.
    """
    found = current_version(target)
    is_cut_off = False
    if found is not None and found < SCHEMA_VERSION:
        with read_database(target) as there:
            is_cut_off = not is_filled(there, TableShape(TENANTS, (ColumnShape("tenant_id", "text"),)))
    if not is_cut_off:
        check_empty(target, tables)
    migrate(target)


def _move_table(table: TableShape, here: WholeDatabase, there: WholeDatabase, tell: Tell) -> int:
    """Copy the rows of one table and read them back; how many.

    Raises:
        ArchiveRefused: there are others.
    """
    tell(f"table {table.name}")
    given, found = RowDigest(), RowDigest()
    there.replace(table, summed_rows(here.rows(table), given))
    for _row in summed_rows(there.rows(table), found):
        pass
    check_digest(given.contents_of(table), found, where="after it was copied")
    return given.row_count
